"""Which receipts are due, and under which link each lies today."""

import logging
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.models import ReceiptFile
from audit.pace import pace
from connectors import opening
from connectors.clock import database_now
from connectors.contract.report import Report
from connectors.contract.transport import VendorError
from connectors.expensify import parse
from connectors.expensify.jobs import Window, batches
from connectors.expensify.values import Misfit
from connectors.models import Workspace
from mappings.terms import Mode

log = logging.getLogger(__name__)

State = ReceiptFile.State

# Fresh links that one drain asks for; the others come next.
MOST_FRESH = 200


def due_files() -> QuerySet[ReceiptFile]:
    """Files that could be attached now."""
    return ReceiptFile.objects.filter(
        Q(due_at__isnull=True) | Q(due_at__lte=Now()),
        state=State.WAITING,
        posting__flow__mode__in=[Mode.LIVE.value, Mode.TEST.value],
        posting__flow__is_paused=False,
    )


def fresh_links(connection_id: int) -> dict[int, str]:
    """What Expensify gives today as the links of due files whose own is over: file -> link.

    Asked before anybody has the channel: an export may take minutes. If there is no answer, those
    files are due again later.
    """
    of_it = {"connection_id": connection_id, "link_is_over": True}
    if not ReceiptFile.objects.filter(**of_it, state=State.WAITING).exists():
        return {}
    over = due_files().filter(**of_it)
    rows = over.select_related("posting__flow__workspace__account", "posting__report")
    by_workspace: dict[Workspace, list[ReceiptFile]] = defaultdict(list)
    for row in rows.order_by("pk")[:MOST_FRESH]:
        by_workspace[row.posting.flow.workspace].append(row)
    links: dict[int, str] = {}
    for workspace, members in by_workspace.items():
        try:
            links |= _links_of_today(workspace, members)
        except VendorError as failure:
            log.warning("links unread workspace=%s: %s", workspace.pk, failure)
            later = database_now() + pace().poll_retry
            ReceiptFile.objects.filter(pk__in=[row.pk for row in members]).update(due_at=later)
    return links


def _links_of_today(workspace: Workspace, rows: Sequence[ReceiptFile]) -> dict[int, str]:
    client = opening.open_expensify(workspace.account)
    found: dict[str, Report] = {}
    for group in batches(sorted({row.posting.report.report_id for row in rows})):
        with client.export(Window(policy_ids=(workspace.policy_id,), report_ids=group)) as spooled:
            read = (one for one in client.read(spooled) if isinstance(one, Report))
            found |= {one.report_id: one for one in read}
    reports = {row.pk: found.get(row.posting.report.report_id) for row in rows}
    return {row.pk: _link_in(reports[row.pk], row) if reports[row.pk] else "" for row in rows}


def known_link(row: ReceiptFile) -> str:
    """The link as it was read last, "" where no version of the report names this receipt."""
    for revision in filter(None, (row.posting.report.latest, row.posting.revision)):
        try:
            link = _link_in(parse.report(revision.raw), row)
        except Misfit:  # read by an older version of ours
            continue
        if link:
            return link
    return ""


def _link_in(report: Report, row: ReceiptFile) -> str:
    """Where the report says that this very receipt lies."""
    wanted = (row.transaction_id, row.receipt_id)
    return next(
        (
            one.receipt.url
            for one in report.expenses
            if one.receipt and (one.transaction_id, one.receipt.receipt_id) == wanted
        ),
        "",
    )
