"""A report that changes after its bill was paid: the bill stays, a person posts the difference."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.completeness import month_of, newest_month
from audit.engine import corrections, desk
from audit.models import Posting, Report
from audit.states import State
from connectors.contract.entry import Kind
from connectors.contract.problem import Problem
from mappings.models import Flow, GLAccount, Rule
from mappings.services import save_rule
from tests.audit.builders import a_person, confirmed
from tests.audit.fake_ledger import FakeLedger

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(village) -> str:
    """Airfare 100.00 and taxi 20.00, posted and paid."""
    report_id = village.expensify.file({"Airfare": 10000, "Taxi & Rideshare": 2000})
    village.work()
    village.books.change(village.standing(report_id)[0].id, paid=True)
    return report_id


def documents(village, report_id) -> list[tuple[str, str]]:
    return [(one.kind.value, f"{one.total:.2f}") for one in village.standing(report_id)]


def lines(posting: Posting) -> list[tuple[str, str]]:
    return [(one.account.number, f"{one.amount:.2f}") for one in posting.as_entry().lines]


def month_is_explained(village) -> bool:
    flow = Flow.objects.get()
    first = newest_month(flow)
    return month_of(flow, first, first.replace(day=31)).agrees


def correct(village, report_id) -> Posting:
    entered = corrections.post_difference(village.posting(report_id), "ann", "agreed with Ben")
    village.come_to_rest()
    return entered


def test_lowered_after_payment_a_credit_of_the_difference(village, paid):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    held = village.posting(paid)
    problem = held.problems[0]
    assert problem["code"] == "document.paid"
    assert problem["message"] == (
        "Report R00village01 (ben.ito@acme.example) changed after posting (120.00 USD -> "
        f"105.50 USD: 2026-10-06 Taxi Nord lowered by 14.50), but bill {held.number} was paid. "
        "It was left as it is."
    )
    assert corrections.can_be_corrected(held)
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-14.50")]
    credit = village.posting(paid)
    assert (credit.state, credit.note) == (State.POSTED, "agreed with Ben")
    assert lines(credit) == [("6100", "-14.50"), ("2000", "14.50")]
    assert "120.00 USD -> 105.50 USD" in credit.as_entry().memo
    assert village.report(paid).standing == Report.Standing.POSTED
    assert month_is_explained(village)


def test_raised_after_payment_a_bill_of_the_difference(village, paid):
    village.expensify.edit(paid, 1, 3000)
    village.work()
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("bill", "10.00")]
    assert month_is_explained(village)


def test_moved_between_accounts_a_bill_of_nothing_that_moves_it(village, paid):
    village.expensify.reports[paid]["expenses"][0]["category"] = "Taxi & Rideshare"
    village.work()
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("bill", "0.00")]
    assert lines(village.posting(paid)) == [
        ("6100", "-100.00"), ("6120", "100.00"), ("2000", "0.00"),
    ]  # fmt: skip


def test_nothing_more_is_asked_until_the_report_changes_again(village, paid):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    correct(village, paid)
    before = Posting.objects.count()
    village.work()
    desk.replay([village.report(paid)], "ann", repost=True)
    village.come_to_rest()
    assert Posting.objects.count() == before
    village.expensify.edit(paid, 0, 8000)
    village.work()
    held = village.posting(paid)
    assert (held.op, held.problems[0]["code"]) == ("amend", corrections.HAS_CORRECTIONS)
    done = desk.release([held], "ann")
    assert done.left, "the paid bill is not amended beside its correction"
    correct(village, paid)
    assert documents(village, paid) == [
        ("bill", "120.00"), ("credit", "-14.50"), ("credit", "-5.50"),
    ]  # fmt: skip
    assert month_is_explained(village)


def test_changed_again_before_the_difference_was_sent_the_difference_is_worked_out_anew(
    village, paid
):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    corrections.post_difference(village.posting(paid), "ann")
    village.expensify.edit(paid, 0, 8000)
    village.work()
    assert documents(village, paid) == [("bill", "120.00")]
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-20.00")]


def test_back_to_what_was_paid_and_the_credit_is_countered(village, paid):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    correct(village, paid)
    village.expensify.edit(paid, 0, 10000)
    village.work()
    correct(village, paid)
    assert documents(village, paid) == [
        ("bill", "120.00"), ("credit", "-14.50"), ("bill", "14.50"),
    ]  # fmt: skip
    assert month_is_explained(village)


def test_the_whole_part_left_the_report_and_a_credit_takes_all_of_it(village, paid):
    for line in village.expensify.reports[paid]["expenses"]:
        line["reimbursable"] = False
    village.work()
    held = village.posting(paid)
    assert (held.op, held.problems[0]["code"]) == ("cancel", "document.paid")
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-120.00")]
    village.work()
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-120.00")]


def test_a_new_day_of_approval_does_not_ask_for_the_same_difference_again(village, paid):
    """The bill keeps its date, and what it and its correction amount to is dated like it."""
    village.expensify.edit(paid, 0, 8550)
    village.expensify.reports[paid]["approved"] = "2026-10-25 12:00:00"
    village.work()
    correct(village, paid)
    before = Posting.objects.count()
    desk.replay([village.report(paid)], "ann", repost=True)
    village.come_to_rest()
    assert Posting.objects.count() == before


def test_reversing_the_bill_drops_a_difference_that_was_not_sent(village, paid):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    bill = village.report(paid).postings.get(state=State.POSTED)
    corrections.post_difference(village.posting(paid), "ann")
    village.books.change(bill.document_id, paid=False)
    desk.reverse([bill], "ann", "wrong company")
    village.come_to_rest()
    assert documents(village, paid) == []


def test_another_payee_is_no_difference(village, paid):
    village.expensify.reports[paid]["accountEmail"] = "chloe.martin@acme.example"
    village.expensify.reports[paid]["employee"] = None
    village.work()
    held = village.posting(paid)
    with pytest.raises(corrections.NotCorrectable, match="payee"):
        corrections.post_difference(held, "ann")
    assert documents(village, paid) == [("bill", "120.00")]


def test_what_is_held_for_another_reason_cannot_be_corrected(village):
    report_id = village.expensify.file({"Unknown": 10000})
    village.work()
    held = village.posting(report_id)
    assert not corrections.can_be_corrected(held)
    with pytest.raises(corrections.NotCorrectable):
        corrections.post_difference(held, "ann")


@pytest.mark.parametrize("is_emptied", [False, True])
def test_a_difference_that_was_withdrawn_is_asked_for_again_when_its_report_is_approved_again(
    village, is_emptied
):
    paid = village.expensify.file({"Airfare": 10000, "Taxi & Rideshare": 2000})
    village.work()
    village.books.change(village.standing(paid)[0].id, paid=True)
    if is_emptied:
        for line in village.expensify.reports[paid]["expenses"]:
            line["reimbursable"] = False
    else:
        village.expensify.edit(paid, 0, 8550)
    village.work()
    corrections.post_difference(village.posting(paid), "ann")
    village.expensify.set_status(paid, "Processing")
    village.work()
    assert village.posting(paid).state == "withdrawn"
    village.expensify.set_status(paid, "Approved")
    village.work()
    assert corrections.can_be_corrected(village.posting(paid))
    corrections.post_difference(village.posting(paid), "ann")
    village.come_to_rest()
    rest = "0.00" if is_emptied else "105.50"
    assert str(sum(one.total for one in village.standing(paid))) == rest
    assert not Posting.objects.filter(state="withdrawn").exists()


# --- what the ledger would not take ---------------------------------------------------------------


def refuses_credits(monkeypatch) -> None:
    render = FakeLedger.render

    def rendered(self, entry, *rest, **more):
        if entry.kind is Kind.CREDIT:
            message = "Line 1: account 6100 takes no credits."
            return (Problem("fake.no_credit", "lines[0]", message, "Open the account for them."),)
        return render(self, entry, *rest, **more)

    monkeypatch.setattr(FakeLedger, "render", rendered)


def test_a_difference_that_the_ledger_would_refuse_is_not_entered_and_can_be_posted_later(
    village, paid
):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    held = village.posting(paid)
    with pytest.MonkeyPatch.context() as patch:
        refuses_credits(patch)
        for asked in (corrections.correction_for, lambda one: correct(village, paid)):
            with pytest.raises(corrections.NotCorrectable) as told:
                asked(held)
            assert str(told.value) == (
                "Report R00village01 (ben.ito@acme.example, 105.50 USD): line 1: account 6100 "
                "takes no credits. Open the account for them. Then post the difference again."
            )
    assert village.posting(paid).pk == held.pk
    assert corrections.can_be_corrected(village.posting(paid))
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-14.50")]


def test_a_difference_that_is_held_because_it_could_not_be_built_is_asked_for_anew_by_a_replay(
    village, paid
):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    entered = corrections.post_difference(village.posting(paid), "ann")
    problem = {"code": "fake.no_credit", "field": "", "message": "No credits.", "cure": "Replay."}
    Posting.objects.filter(pk=entered.pk).update(
        state=State.QUARANTINED, entry=None, entry_hash="", payload="", problems=[problem]
    )
    entered.refresh_from_db()
    assert desk.release([entered], "ann").left, "there is nothing that could be sent"
    desk.replay([village.report(paid)], "ann")
    village.come_to_rest()
    assert corrections.can_be_corrected(village.posting(paid))
    correct(village, paid)
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-14.50")]
    assert month_is_explained(village)


# --- on the screen -------------------------------------------------------------------------------


@pytest.fixture
def ann(db) -> Client:
    client = Client()
    client.force_login(a_person("ann", group="Poster"))
    return client


def page(posting: Posting, button: str) -> str:
    return reverse("admin:audit_posting_do", args=[posting.pk, button])


def test_the_button_shows_what_would_be_posted_and_posts_it(village, paid, ann):
    village.expensify.edit(paid, 0, 8550)
    village.work()
    held = village.posting(paid)
    asked = ann.post(page(held, "correct_one")).content.decode()
    assert "Post a vendor credit of 14.50 USD?" in asked
    assert "6100 Airfare: -14.50 USD" in asked
    told = confirmed(ann, page(held, "correct_one"), {}, reason="agreed with Ben")
    assert "14.50 USD will be posted" in told
    village.come_to_rest()
    assert documents(village, paid) == [("bill", "120.00"), ("credit", "-14.50")]


def test_a_dry_run_of_the_flow_adds_up_what_would_be_posted(village, paid, db):
    village.expensify.file({"Airfare": 5000})
    village.expensify.file({"Airfare": 2550})
    village.expensify.file({"Gifts": 100})
    village.poll()
    boss = Client()
    boss.force_login(a_person("boss", is_superuser=True))
    answer = boss.post(reverse("admin:mappings_flow_do", args=[village.flow.pk, "dry_run"]))
    assert answer.context["summary"] == (
        "4 reports: 2 bills, 75.50 USD would be posted; "
        "1 bill, 120.00 USD in the ledger already; 1 report held"
    )
    assert answer.context["summary"] in answer.content.decode()


def test_the_button_says_why_no_difference_is_possible(village, paid, ann):
    village.expensify.reports[paid]["accountEmail"] = "chloe.martin@acme.example"
    village.expensify.reports[paid]["employee"] = None
    village.work()
    held = village.posting(paid)
    assert "payee" in ann.post(page(held, "correct_one")).content.decode()
    assert "Nothing was posted" in confirmed(ann, page(held, "correct_one"), {})
    assert documents(village, paid) == [("bill", "120.00")]


def test_reposting_with_current_rules_shows_what_changes_and_amends(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    taxi = GLAccount.objects.get(number="6120")
    save_rule(flow=village.flow, rule=Rule.objects.get(category="Airfare"), account=taxi)
    village.come_to_rest()
    assert village.posting(report_id).op == "post", "changing a rule never touches what is posted"
    address = reverse("admin:audit_report_changelist")
    chosen = {"action": "repost", "_selected_action": [village.report(report_id).pk]}
    boss = Client()
    boss.force_login(a_person("boss", is_superuser=True))
    assert "dry run" in boss.post(address, chosen).content.decode()
    confirmed(boss, address, chosen)
    village.come_to_rest()
    now = village.posting(report_id)
    assert (now.op, now.state) == ("amend", State.POSTED)
    assert now.as_entry().lines[0].account.number == "6120"
    assert len(village.standing(report_id)) == 1
