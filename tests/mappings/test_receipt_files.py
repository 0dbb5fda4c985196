"""What of a receipt a document gets: nothing, a link on the line, or the file itself."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from connectors import registry
from connectors.contract.entry import Role
from connectors.contract.report import Receipt
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from mappings import services
from mappings.build import build
from mappings.models import Flow
from mappings.terms import ReceiptFiles
from tests.builders import book, expense, report, terms

URL = "https://www.expensify.com/receipts/w_9f.jpg"
WITH_RECEIPT = replace(expense("18.40"), receipt=Receipt("778812", "w_9f.jpg", URL))


def links(policy: ReceiptFiles, *lines) -> list[str]:
    """The link on each expense line of the bill."""
    built = build(report(lines), book(terms=terms(receipt_files=policy)))
    entry = built.slices[0].entry
    assert entry is not None, built
    return [line.receipt_url for line in entry.role(Role.EXPENSE)]


@pytest.mark.parametrize(
    ("policy", "link"),
    [(ReceiptFiles.NONE, ""), (ReceiptFiles.LINK, URL), (ReceiptFiles.FILE, "")],
)
def test_a_line_carries_the_link_only_where_the_flow_wants_links(policy, link) -> None:
    assert links(policy, WITH_RECEIPT) == [link]


@pytest.mark.parametrize("policy", list(ReceiptFiles))
def test_a_line_without_a_receipt_has_no_link(policy) -> None:
    assert links(policy, expense("18.40")) == [""]


def test_a_new_flow_writes_links(flow: Flow) -> None:
    assert flow.receipt_files == "link"
    assert services.open_book(flow).terms.receipt_files is ReceiptFiles.LINK


def test_files_are_refused_where_the_ledger_takes_none(flow: Flow, monkeypatch) -> None:
    kinds = {kind: replace(one, attach="none") for kind, one in ABILITIES.kinds.items()}
    unable = replace(ABILITIES, kinds=kinds, files=None)
    flow.receipt_files = "file"
    services.save_flow(flow)
    monkeypatch.setattr(registry, "abilities", lambda name: unable)
    with pytest.raises(ValidationError, match="takes no files from us"):
        services.save_flow(flow)
    flow.receipt_files = "link"
    services.save_flow(flow)
