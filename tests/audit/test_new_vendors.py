"""An employee who is no vendor yet: created once, before the bill, and never for what is held."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.admin.words import state_text
from audit.engine import decide, desk, naming, prepare
from audit.models import Call, Event, PartyWish, Posting, Report
from audit.preview import preview
from audit.states import State
from connectors.contract.entry import Kind
from connectors.contract.problem import Problem
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline
from mappings.build import Built, BuiltSlice
from mappings.models import Flow, GLAccount, Party, PartyLink
from mappings.parties import PartyWanted
from mappings.services import link_party
from tests.audit.builders import an_entry
from tests.audit.newcomers import (
    ADA,
    INES,
    QBO,
    codes,
    creations,
    filed,
    is_creation,
    one_vendor_is_owed,
    order,
    quiet,
    quiet_firm,
    spent,
    vendors,
    wish,
    with_and_without,
    without_look_up,
)
from tests.audit.town import Town, party

pytestmark = pytest.mark.django_db
Wish = PartyWish.State


@pytest.fixture
def firm(db: None, sandboxed: Any) -> Town:
    return quiet_firm(sandboxed)


# --- the good way ---------------------------------------------------------------------------------


def test_a_report_waits_for_its_vendor_and_is_then_posted_to_it(firm):
    report_id = filed(firm)
    firm.poll()
    posting = firm.posting(report_id)
    assert (posting.state, posting.payload, posting.problems) == (State.READY, "", [])
    assert state_text(posting) == "Waiting: vendor is being created"
    assert firm.report(report_id).standing == Report.Standing.WAITING
    assert not creations(firm), "only the drain speaks to the ledger"

    firm.drain()
    one_vendor_is_owed(firm, report_id)
    (sent,) = creations(firm)
    assert sent["status"] == 200
    party = Party.objects.get(name="Ada Quist")
    assert (party.email, party.kind, party.active) == (ADA, "vendor", True)
    assert PartyLink.objects.get().party == party
    assert (wish().state, wish().party) == (Wish.CREATED, party)
    happened = Event.objects.get(kind="party.created")
    assert happened.facts["employee_email"] == ADA and happened.facts["found"] is False
    assert posting_is_replaced(posting)


def posting_is_replaced(posting: Posting) -> bool:
    posting.refresh_from_db()
    return posting.state == State.SUPERSEDED


def test_the_vendor_carries_no_tax_form_and_the_employees_address(firm):
    filed(firm)
    firm.poll()
    firm.drain()
    body = bytes(Call.objects.get(op="create").body)
    assert body == (
        b'{"DisplayName":"Ada Quist","PrimaryEmailAddr":{"Address":"ada.quist@acme.example"},'
        b'"Vendor1099":false}'
    )


def test_two_reports_of_one_new_employee_make_one_vendor(firm):
    both = filed(firm, "First"), filed(firm, "Second trip")
    firm.poll()
    firm.drain()
    one_vendor_is_owed(firm, *both)
    assert len(creations(firm)) == 1 and PartyWish.objects.count() == 1


def test_several_new_employees_are_looked_up_together(firm):
    for who in ("ada.quist", "olu.bello", "pia.lang"):
        filed(firm, who, f"{who}@acme.example")
    firm.poll()
    firm.sandbox.control(QBO, "requests", method="DELETE")
    firm.drain()
    asked = firm.sandbox.control(QBO, "requests")
    first_creation = next(n for n, one in enumerate(asked) if is_creation(one))
    assert first_creation == 1, "one look-up for all of them"
    assert len(creations(firm)) == 3 and len(firm.ours()) == 3


def test_a_later_report_needs_nobody_to_be_created(firm):
    first = filed(firm)
    firm.poll()
    firm.drain()
    second = filed(firm, "November, already")
    firm.poll()
    firm.drain()
    one_vendor_is_owed(firm, first, second)
    assert len(creations(firm)) == 1


# --- who is there already -------------------------------------------------------------------------


def test_a_customers_name_is_held_without_asking_and_a_person_creates_another_name(firm):
    report_id = filed(firm, who=INES)
    firm.poll()
    held = firm.posting(report_id)
    assert (held.state, codes(held)) == (State.QUARANTINED, ["map.party.clash"])
    assert "A customer of the same name exists, so none was created." in held.problems[0]["message"]
    assert held.problems[0]["cure"] == (
        'Link Ines Duarte to a vendor, or create "Ines Duarte (employee)".'
    )
    firm.drain()
    assert not creations(firm) and not firm.ours()

    offered = naming.proposal(held)
    naming.create_under(held, offered.name, "ann")
    firm.drain()
    one_vendor_is_owed(firm, report_id, name="Ines Duarte (employee)")
    assert Event.objects.get(kind="party.named").actor == "ann"
    assert Event.objects.get(kind="party.created").actor == "ann"
    assert [one.kind for one in vendors(firm, "Ines Duarte")] == ["customer"]


@with_and_without
def test_the_look_up_sees_a_customer_that_came_since_the_lists_were_read(firm, monkeypatch, guard):
    report_id = filed(firm)
    firm.poll()
    add = {"kind": "customer", "action": "add", "name": "ADA QUIST"}
    firm.sandbox.control(QBO, "chart", add)
    if not guard:
        without_look_up(monkeypatch)
    firm.drain()
    held = firm.posting(report_id)
    assert held.state == State.QUARANTINED and not firm.ours()
    if guard:
        assert not creations(firm), "QuickBooks had to refuse nothing"
        assert codes(held) == ["map.party.clash"] and wish().state == Wish.MET
        assert naming.proposal(held).name == "Ada Quist (employee)"
    else:
        assert len(creations(firm)) == 1, "only QuickBooks itself stood between us and a doublet"


def test_a_vendor_that_somebody_added_since_the_lists_were_read_is_used(firm):
    report_id = filed(firm)
    firm.poll()
    fields = {"PrimaryEmailAddr": {"Address": "Ada.Quist@acme.example"}}
    add = {"kind": "vendor", "action": "add", "name": "Ada Quist", "fields": fields}
    firm.sandbox.control(QBO, "chart", add)
    firm.drain()
    one_vendor_is_owed(firm, report_id)
    assert not creations(firm)
    assert (wish().state, wish().party) == (Wish.MET, None), "that one is not ours"


def test_an_inactive_vendor_of_the_name_is_held(firm):
    report_id = filed(firm)
    firm.poll()
    for action in ("add", "archive"):
        one = {"kind": "vendor", "action": action, "name": "Ada Quist"}
        firm.sandbox.control(QBO, "chart", one)
    firm.drain()
    assert codes(firm.posting(report_id)) == ["map.party.inactive"]
    assert not creations(firm)


def test_two_people_of_one_name_are_not_taken_for_one(firm):
    her = {"firstName": "Ada", "lastName": "Quist", "fullName": "Ada Quist"}
    first = filed(firm)
    second = filed(firm, "Another Ada", "aquist@acme.example", submitter=her)
    firm.poll()
    firm.drain()
    one_vendor_is_owed(firm, first)
    held = firm.posting(second)
    assert (held.state, codes(held)) == (State.QUARANTINED, ["map.party.clash"])
    assert f"stands for {ADA}" in held.problems[0]["message"]
    naming.create_under(held, naming.proposal(held).name, "ann")
    firm.drain()
    assert firm.posting(second).state == State.POSTED
    assert len({bill["party_id"] for bill in firm.ours()}) == 2


# --- nobody is created ----------------------------------------------------------------------------


def test_a_dry_run_creates_nobody_and_says_whom_it_would(firm):
    Flow.objects.update(mode="dry_run")
    report_id = filed(firm)
    firm.poll()
    firm.drain()
    assert not creations(firm) and not firm.ours()
    posting = firm.posting(report_id)
    assert (posting.state, state_text(posting)) == (
        State.READY,
        "Waiting: vendor would be created",
    )
    (part,) = preview([firm.report(report_id)])[0].parts
    assert part.what == 'would be posted; vendor "Ada Quist" would be created first'

    desk.go_live(Flow.objects.get(), "ann")
    firm.drain()
    one_vendor_is_owed(firm, report_id)


def test_a_paused_flow_creates_nobody(firm):
    filed(firm)
    firm.poll()
    Flow.objects.update(is_paused=True)
    firm.drain()
    assert not creations(firm)


def test_test_mode_creates_for_tests_alone(firm):
    Flow.objects.update(mode="test", test_prefix="TEST ")
    filed(firm, "For real", "olu.bello@acme.example")
    test = filed(firm, "TEST of the flow")
    firm.poll()
    firm.drain()
    one_vendor_is_owed(firm, test)
    assert len(creations(firm)) == 1


@pytest.mark.parametrize(
    "lines",
    [
        [spent(), spent(4000, "Team events")],
        [spent(), spent(4000, "Airfare", card="1979")],
    ],
    ids=["another line is held", "another part is held"],
)
def test_nobody_is_created_for_a_report_that_is_held_for_another_reason(firm, lines):
    Flow.objects.update(takes_cards=True)
    report_id = filed(firm, "October", ADA, *lines)
    firm.poll()
    firm.drain()
    assert not creations(firm) and not firm.ours()
    assert firm.report(report_id).standing == Report.Standing.HELD
    assert not PartyWish.objects.exists()


def takes_cards(firm: Town) -> None:
    visa = GLAccount.objects.get(connection=firm.connection, number="2110")
    Flow.objects.update(takes_cards=True, card_account=visa)


def refused_card(monkeypatch: pytest.MonkeyPatch) -> None:
    render = QuickBooksOnline.render

    def rendered(self: Any, entry: Any, *rest: Any, **more: Any) -> Any:
        if entry.kind is Kind.EXPENSE:
            return (Problem("qbo.too_large", "lines[0]", "Line 1 is too large.", "Split it."),)
        return render(self, entry, *rest, **more)

    monkeypatch.setattr(QuickBooksOnline, "render", rendered)


def test_nobody_is_created_for_a_report_of_which_quickbooks_would_refuse_another_part(
    firm, monkeypatch
):
    takes_cards(firm)
    refused_card(monkeypatch)
    report_id = filed(firm, "October", ADA, spent(), spent(4000, "Airfare", card="1979"))
    firm.poll()
    parts = preview([firm.report(report_id)])[0].parts
    assert [part.would for part in parts] == ["hold", "hold"]
    firm.drain()
    assert not creations(firm) and not firm.ours() and not PartyWish.objects.exists()
    held = Posting.objects.filter(report__report_id=report_id).order_by("slice_name")
    assert [codes(one) for one in held] == [["qbo.too_large"], ["report.other_part_held"]]
    assert held[0].problems[0]["message"].startswith(f"Report {report_id} (Ada Quist, 58.40 USD)")

    monkeypatch.undo()
    desk.replay([firm.report(report_id)], "ann")
    firm.drain()
    one_vendor_is_owed(firm, report_id)
    assert len(firm.documents("Purchase")) == 1


def test_a_part_that_is_set_aside_holds_the_others_no_longer(firm, monkeypatch):
    """The charge was booked by hand, and the employee still waits for the money."""
    takes_cards(firm)
    refused_card(monkeypatch)
    report_id = filed(firm, "October", ADA, spent(), spent(4000, "Airfare", card="1979"))
    firm.poll()
    charge = Posting.objects.get(report__report_id=report_id, slice_name__startswith="card")
    desk.ignore([charge], "ann", "booked by hand")
    prepare.prepare(firm.flow.pk)
    firm.drain()
    one_vendor_is_owed(firm, report_id)
    assert not firm.documents("Purchase")
    charge.refresh_from_db()
    assert charge.state == State.IGNORED


def test_no_part_goes_out_of_a_report_of_which_quickbooks_would_refuse_another(firm, monkeypatch):
    """Nothing half: a problem before the first write holds all parts."""
    takes_cards(firm)
    refused_card(monkeypatch)
    ben = "ben.ito@acme.example"
    report_id = filed(firm, "October", ben, spent(), spent(4000, "Airfare", card="1979"))
    firm.poll()
    firm.drain()
    assert not firm.ours() and not firm.documents("Purchase")
    assert firm.report(report_id).standing == Report.Standing.HELD


def test_all_parts_of_a_report_wait_together(firm):
    """Were the card posted first and the vendor refused, half a report would stand."""
    takes_cards(firm)
    report_id = filed(firm, "October", ADA, spent(), spent(4000, "Airfare", card="1979"))
    firm.poll()
    order(firm, "refuse")
    firm.drain()
    parts = Posting.objects.filter(report__report_id=report_id).exclude(state="superseded")
    assert [one.state for one in parts] == [State.QUARANTINED] * 2
    assert not firm.documents("Purchase") and not firm.ours()
    desk.replay([firm.report(report_id)], "ann")
    firm.drain()
    one_vendor_is_owed(firm, report_id)
    assert len(firm.documents("Purchase")) == 1


def test_a_report_that_is_taken_back_in_time_creates_nobody(firm):
    report_id = filed(firm)
    firm.poll()
    back = {"action": "unapprove", "reportID": report_id}
    firm.sandbox.control("expensify", "reports", back)
    firm.poll()
    firm.drain()
    assert not creations(firm) and firm.posting(report_id).state == State.WITHDRAWN


def test_a_report_that_waited_too_long_is_read_again_first(firm):
    report_id = filed(firm)
    firm.poll()
    back = {"action": "unapprove", "reportID": report_id}
    firm.sandbox.control("expensify", "reports", back)
    Report.objects.update(read_at=datetime.now(UTC) - timedelta(hours=2))
    firm.drain()
    assert not creations(firm) and not firm.ours()


# --- wanted otherwise meanwhile -------------------------------------------------------------------

MARRIED = {"firstName": "Ada", "lastName": "Quist-Bell", "fullName": "Ada Quist-Bell"}


def test_whoever_is_renamed_before_the_vendor_was_created_gets_one_of_the_new_name(firm):
    report_id = filed(firm)
    firm.poll()
    filed(firm, submitter=MARRIED)
    firm.poll()
    assert wish().name == "Ada Quist-Bell"
    firm.drain()
    one_vendor_is_owed(firm, report_id, name="Ada Quist-Bell")
    assert vendors(firm, "Ada Quist") == []


def test_nobody_of_the_old_name_is_sent_again_once_the_employee_is_renamed(firm):
    report_id = filed(firm)
    firm.poll()
    order(firm, "reset_before_store")
    firm.drain(times=1)
    assert wish().state == Wish.IN_DOUBT
    filed(firm, submitter=MARRIED)
    firm.poll()
    assert firm.report(report_id).is_due, "what is on the wire is settled first"
    quiet(firm)
    one_vendor_is_owed(firm, report_id, name="Ada Quist-Bell")
    assert vendors(firm, "Ada Quist") == []


def test_a_second_report_under_another_name_is_looked_at_again_when_the_first_is_settled(firm):
    first = filed(firm)
    firm.poll()
    order(firm, "reset_before_store")
    firm.drain(times=1)
    second = filed(firm, "Second trip", submitter=MARRIED)
    back = {"action": "unapprove", "reportID": first}
    firm.sandbox.control("expensify", "reports", back)
    firm.poll()
    quiet(firm)
    one_vendor_is_owed(firm, second, name="Ada Quist-Bell")
    assert vendors(firm, "Ada Quist") == []


def test_a_report_that_becomes_somebody_elses_creates_nobody_for_the_first(firm):
    report_id = filed(firm)
    firm.poll()
    filed(firm, "October", "olu.bello@acme.example")
    firm.poll()
    firm.drain()
    one_vendor_is_owed(firm, report_id, name="Olu Bello")
    assert vendors(firm, "Ada Quist") == []


def test_whoever_is_linked_by_a_person_meanwhile_is_not_created(firm):
    report_id = filed(firm)
    firm.poll()
    ben = party(firm.flow, "Ben Ito")
    link_party(connection=firm.connection, employee_email=ADA, party=ben, actor="ann")
    quiet(firm)
    assert not creations(firm)
    assert firm.posting(report_id).party_name == "Ben Ito"


# --- what is decided ------------------------------------------------------------------------------

WANTED = PartyWanted("Ada Quist", ADA, "USD")


def built(*, problems: dict[str, tuple[Problem, ...]] | None = None) -> Built:
    """A report whose reimbursable part wants a vendor, beside a card that could be posted."""
    told = problems or {}
    entry = an_entry()
    return Built(
        (
            BuiltSlice(
                "reimbursable", Kind.BILL, None, entry.total, told.get("reimbursable", ()), (),
                WANTED,
            ),
            BuiltSlice("card:7", Kind.EXPENSE, entry, entry.total, told.get("card:7", ())),
        )
    )  # fmt: skip


def decided(given: Built, slices: dict[str, decide.Standing] | None = None, **more: Any) -> dict:
    intents = decide.decide(given, slices or {}, **more).intents
    return {
        one.slice_name: (
            one.op.value,
            [problem.code for problem in one.problems],
            one.waits_for.name if one.waits_for else "",
            one.entry is not None,
        )
        for one in intents
    }


def test_every_part_that_was_never_posted_waits_for_the_vendor_without_an_entry():
    assert decided(built()) == {
        "reimbursable": ("post", [], "Ada Quist", False),
        "card:7": ("post", [], "Ada Quist", False),
    }


def test_a_problem_anywhere_leaves_nobody_to_wait_for():
    bad = Problem("map.category.missing", "expenses[0].category", "No account.", "Choose one.")
    assert decided(built(problems={"card:7": (bad,)})) == {
        "reimbursable": ("post", ["report.other_part_held"], "", False),
        "card:7": ("post", ["map.category.missing"], "", False),
    }


def standing(**columns: Any) -> decide.Standing:
    report = Report(report_id="R1", employee_name="Ada Quist", total=Decimal(18), currency="USD")
    given = {"state": State.POSTED, "op": "post", "kind": "bill", "generation": 1, "number": "7"}
    given["total"] = Decimal(18)
    return decide.Standing(None, Posting(report=report, **given | columns))


def test_a_document_that_stands_waits_for_its_new_payee_alone():
    waiting = decided(built(), {"reimbursable": standing(currency="USD")})
    assert waiting["reimbursable"] == ("amend", [], "Ada Quist", False)


@pytest.mark.parametrize(
    ("asked", "replaced"),
    [
        ({}, []),
        ({"name": "Ada Q"}, ["reimbursable"]),
        ({"currency": "EUR"}, ["reimbursable"]),
        ({"employee_email": INES}, ["reimbursable"]),
    ],
    ids=["as it was", "another name", "another currency", "another person"],
)
def test_a_posting_waits_on_only_for_the_very_vendor_that_is_wanted(asked, replaced):
    given = {"name": "Ada Quist", "employee_email": ADA, "currency": "USD"}
    waits = Posting(
        state=State.READY, op="post", generation=1, waits_for=PartyWish(pk=1, **given | asked)
    )
    only = Built(built().slices[:1])
    decision = decide.decide(only, {"reimbursable": decide.Standing(waits, None)})
    assert [one.slice_name for one in decision.intents] == replaced
    assert decision.drops == ((waits,) if replaced else ())


@pytest.mark.parametrize(
    ("history", "policy", "codes_told"),
    [
        (
            standing(op="cancel", cause="person"),
            "amend",
            ["party.wanted", "report.was_reversed"],
        ),
        (standing(currency="USD"), "hold", ["revision.policy_hold", "party.wanted"]),
    ],
    ids=["taken back by a person", "held by the flow's policy"],
)
def test_nobody_is_created_where_a_persons_word_is_missing(history, policy, codes_told):
    (_, told, waits_for, has_entry) = decided(built(), {"reimbursable": history}, policy=policy)[
        "reimbursable"
    ]
    assert (told, waits_for, has_entry) == (codes_told, "", False)
