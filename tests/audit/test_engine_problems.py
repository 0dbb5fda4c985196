"""What the engine says by itself: a stable code, what was not done, and the cure."""

import pytest

from audit.engine import attach, holds, party_ends, poll, settle, twins
from audit.management.commands import poll as poll_command
from audit.models import PartyWish
from audit.states import State
from connectors.contract.company import ChartRow
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    Unreachable,
)
from connectors.models import LedgerConnection
from mappings.parties import PartyWanted
from tests.audit.builders import a_flow, a_posting, a_read_report


@pytest.mark.parametrize(
    ("failure", "code", "cure"),
    [
        (Unreachable("no route"), "connection.unreachable", "Check the network"),
        (AnswerLost("cut off"), "connection.answerlost", "We ask again by ourselves"),
        (Throttled("slowly", after_s=5), "connection.throttled", "Nothing to do"),
        (Unauthorised("who?"), "connection.unauthorised", "Enter the credentials again"),
        (ContractBroken("odd"), "connection.contractbroken", "tell us this message"),
        (
            Blocked(Problem("expensify.workspace.missing", "x", "It is gone.", "Look there.")),
            "expensify.workspace.missing",
            "Look there.",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) and "." in case and " " not in case else "",
)
def test_a_poll_that_fails_says_why(failure, code, cure) -> None:
    told = poll.problem_of(failure)
    assert told["code"] == code and cure in told["cure"] and told["message"]


def test_a_flow_that_cannot_prepare_says_what_is_missing(db, settings) -> None:
    flow = a_flow()
    settings.LEDGERS = {}
    _, told = poll_command._prepared(flow)
    assert told is None, "nothing to prepare needs no ledger"
    a_read_report(flow, is_due=True)
    _, told = poll_command._prepared(flow)
    assert told["code"] == "connection.not_installed" and "Mend the installation" in told["cure"]
    LedgerConnection.objects.update(company_id="")
    flow.connection.refresh_from_db()
    _, told = poll_command._prepared(flow)
    assert told["code"] == "connection.not_connected" and "Press Connect" in told["cure"]


def test_a_card_transaction_is_not_booked_twice(db) -> None:
    posting = a_posting(a_read_report(a_flow()), State.READY, slice_name="card:1001")
    told = settle.card_elsewhere(posting, "R00OTHER")
    assert told.code == "card.stands_elsewhere"
    assert "R00OTHER" in told.message and "not booked a second time" in told.message


def test_codes_that_actions_look_for_stay_what_they_are() -> None:
    assert twins.TWIN == "document.twin"
    assert holds.HAS_CORRECTIONS == "document.has_corrections"


def test_a_vendor_that_was_not_created_says_why() -> None:
    wish = PartyWish(name="Ada Quist", employee_email="ada@acme.example", attempts=8)
    somebody = ChartRow("party", "27", "Ada Quist", kind="customer")
    taken = party_ends._somebody(wish, [somebody])
    assert taken.code == "party.name_taken" and 'customer "Ada Quist"' in taken.message
    unanswered = party_ends.unanswered(wish)
    assert unanswered.code == "party.unanswered" and "8 times" in unanswered.message


def test_a_document_that_stands_waits_for_a_payee_who_is_not_there() -> None:
    told = holds.payee_wanted(PartyWanted("Ada Quist", "ada@acme.example", "USD"))
    assert told.code == "party.wanted" and "Ada Quist" in told.message
    assert told.subject == "employee:ada@acme.example"


def test_a_vendor_that_could_not_be_looked_up_says_so(db) -> None:
    flow = a_flow()
    posting = a_posting(a_read_report(flow))
    wish = PartyWish.objects.create(
        connection=flow.connection,
        name="Ada Quist",
        employee_email="ada@acme.example",
        currency="USD",
        state_at=posting.state_at,
    )
    party_ends.put_off([wish], ContractBroken("a vendor cannot be read"))
    (told,) = PartyWish.objects.get().problems
    assert told["code"] == "party.not_looked_up" and "tried again by itself" in told["cure"]


def test_a_receipt_whose_answer_was_lost_says_so() -> None:
    told = attach._unsure(attach.ReceiptFile(label="taxi.pdf"), "cut off")
    assert told.code == "receipt.unsure" and "taxi.pdf" in told.message
    assert told.cure == "Nothing to do: it is looked up before it is sent again."
