"""The month's equation: every approved amount is in one place, and what is missing is named."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.completeness import (
    Equation,
    Place,
    PostingRow,
    ReportRow,
    completeness,
    month_of,
    newest_month,
)
from audit.models import Report
from audit.states import State
from mappings.models import Flow
from tests.audit.builders import (
    APPROVED,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
    expense_line,
    revise,
)

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
IN_OCTOBER, IN_NOVEMBER = date(2026, 10, 20), date(2026, 11, 1)
TOTAL = Decimal("412.60")
PAGE = "admin:audit_report_completeness"


def row(pk: int = 1, state: State = State.POSTED, total: str | None = "412.60", **rest: Any):
    given_ = {
        "pk": pk, "report": 1, "slice_name": "reimbursable", "state": state, "currency": "USD",
        "total": None if total is None else Decimal(total), "on": IN_OCTOBER,
    }  # fmt: skip
    return PostingRow(**given_ | rest)


def of(*postings: PostingRow, **columns: Any) -> Equation:
    report = ReportRow(**{"pk": 1, "currency": "USD", "total": TOTAL} | columns)
    (equation,) = completeness([report], postings, FIRST, LAST)
    return equation


def shares(equation: Equation) -> dict[str, str]:
    """Place -> amount of all shares that are not nothing."""
    found = {place.value: term.amount.amount for place, term in equation.terms.items()}
    found |= {"difference": equation.difference.amount, "gone": equation.gone.amount.amount}
    return {name: f"{amount:.2f}" for name, amount in found.items() if amount}


# --- one report ----------------------------------------------------------------------------------

CANCEL = {"is_cancel": True}
BY_PERSON = {"is_cancel": True, "by_person": True}


@pytest.mark.parametrize(
    ("postings", "columns", "expected"),
    [
        pytest.param([row()], {}, {"posted": "412.60"}, id="posted"),
        pytest.param([row(state=State.READY)], {}, {"waiting": "412.60"}, id="waiting"),
        pytest.param([row(state=State.RETRY_WAIT)], {}, {"waiting": "412.60"}, id="will-try-again"),
        pytest.param([row(state=State.SENDING)], {}, {"sent": "412.60"}, id="sending"),
        pytest.param([row(state=State.QUEUED)], {}, {"sent": "412.60"}, id="queued"),
        pytest.param([row(state=State.IN_DOUBT)], {}, {"sent": "412.60"}, id="in-doubt"),
        pytest.param([row(state=State.QUARANTINED)], {}, {"held": "412.60"}, id="held"),
        pytest.param([row(state=State.FAILED)], {}, {"failed": "412.60"}, id="failed"),
        pytest.param([row(state=State.IGNORED)], {}, {"ignored": "412.60"}, id="set-aside"),
        pytest.param([], {"is_excluded": True}, {"excluded": "412.60"}, id="excluded"),
        pytest.param([], {"is_due": True}, {"unseen": "412.60"}, id="not-looked-at-yet"),
        pytest.param([row(**BY_PERSON)], {}, {"reversed": "412.60"}, id="reversed"),
        pytest.param(
            [row(1, **BY_PERSON), row(2, State.READY)], {}, {"waiting": "412.60"},
            id="reversed-and-to-be-posted-again",
        ),
        pytest.param(
            [row(1), row(2, State.QUARANTINED, **BY_PERSON)], {}, {"held": "412.60"},
            id="a-reversal-that-is-held",
        ),
        pytest.param(
            [row(1, total="30.00"), row(2, State.IN_DOUBT, "30.00", **BY_PERSON)], {},
            {"sent": "412.60"}, id="a-report-that-changed-while-its-document-was-being-reversed",
        ),
        pytest.param(
            [row(1), row(2, State.IGNORED, **BY_PERSON)], {}, {"posted": "412.60"},
            id="a-reversal-that-was-set-aside",
        ),
        pytest.param(
            [row(1, total="430.00"), row(2, State.QUARANTINED)], {}, {"held": "412.60"},
            id="a-change-that-is-held-counts-with-its-own-amount",
        ),
        pytest.param(
            [row(1), row(2, State.POSTED, "50.00", slice_name="card:7", is_cancel=True)], {},
            {"posted": "412.60"}, id="a-part-that-the-report-no-longer-has",
        ),
        pytest.param(
            [row(1, total="430.00"), row(2, State.READY, "430.00", **CANCEL)], {},
            {"waiting": "412.60"}, id="a-document-that-is-replaced-by-another-kind",
        ),
        pytest.param(
            [row(1, total="400.00"), row(2, State.READY, "12.60", slice_name="card:7")], {},
            {"posted": "400.00", "waiting": "12.60"}, id="parts-in-different-states",
        ),
        pytest.param(
            [row(total="400.00")], {"untaken": (Decimal("12.60"),)},
            {"posted": "400.00", "untaken": "12.60"}, id="lines-that-are-not-taken",
        ),
        pytest.param(
            [row(total="400.00")], {"is_due": True}, {"posted": "400.00", "unseen": "12.60"},
            id="revised-and-not-looked-at-yet",
        ),
        pytest.param(
            [row(1, State.QUARANTINED, None), row(2, State.QUARANTINED, "100.00", slice_name="x")],
            {}, {"held": "412.60"}, id="a-held-part-without-an-amount",
        ),
        pytest.param(
            [row(total="441.48", currency="EUR")], {}, {"posted": "412.60"},
            id="posted-in-another-currency",
        ),
        pytest.param(
            [row(1, currency="EUR"), row(2, State.READY, "9.00", currency="EUR", slice_name="x")],
            {}, {"mixed": "412.60"}, id="in-another-currency-and-in-two-states",
        ),
        pytest.param(
            [row(1, State.SUPERSEDED, "9.00"), row(2)], {}, {"posted": "412.60"},
            id="what-was-replaced-does-not-count",
        ),
        pytest.param(
            [row(state=State.WITHDRAWN)], {"is_approved": False}, {"gone": "412.60"},
            id="no-longer-approved",
        ),
        pytest.param(
            [row(state=State.QUARANTINED, total="412.61")], {},
            {"held": "412.60"}, id="lines-that-do-not-add-up-are-held-as-a-whole",
        ),
        pytest.param([row(total="412.61")], {}, {"posted": "412.61", "difference": "-0.01"},
            id="posted-for-another-amount",
        ),
        pytest.param([], {}, {"difference": "412.60"}, id="nothing-explains-it"),
    ],
)  # fmt: skip
def test_each_part_of_a_report_is_in_one_place(
    postings: list[PostingRow], columns: dict, expected: dict
) -> None:
    equation = of(*postings, **columns)
    assert shares(equation) == expected
    assert equation.agrees == ("difference" not in expected)


def test_what_is_dated_in_another_month_stands_in_its_own_column() -> None:
    term = of(row(on=IN_NOVEMBER)).terms[Place.POSTED]
    assert (term.amount.amount, term.elsewhen.amount) == (TOTAL, TOTAL)
    assert not of(row()).terms[Place.POSTED].elsewhen.reports
    converted = of(row(on=IN_NOVEMBER, currency="EUR", total="380.00")).terms[Place.POSTED]
    assert converted.elsewhen.amount == TOTAL and converted.documents == {"EUR": Decimal(380)}


def test_a_held_change_shows_what_the_ledger_has_meanwhile() -> None:
    equation = of(row(1, total="430.00"), row(2, State.QUARANTINED))
    assert equation.terms[Place.HELD].documents == {"USD": Decimal("430.00")}


def test_a_document_of_a_report_that_is_no_longer_approved_is_shown_outside_the_sum() -> None:
    equation = of(row(), is_approved=False)
    assert equation.gone.documents == {"USD": TOTAL}
    assert not equation.approved.reports and equation.agrees


def test_two_differences_that_cancel_out_are_two_differences() -> None:
    reports = [ReportRow(1, "USD", TOTAL), ReportRow(2, "USD", TOTAL)]
    postings = [row(1, total="412.61"), row(2, total="412.59", report=2)]
    (equation,) = completeness(reports, postings, FIRST, LAST)
    assert equation.difference.amount == 0 and not equation.agrees


# --- any month -----------------------------------------------------------------------------------

cents = st.integers(-50_000, 90_000).map(lambda n: Decimal(n) / 100)
currencies = st.sampled_from(["USD", "EUR"])


@st.composite
def months(draw: st.DrawFn) -> tuple[list[ReportRow], list[PostingRow]]:
    reports, postings = [], []
    for pk in range(1, draw(st.integers(1, 8)) + 1):
        reports.append(
            ReportRow(
                pk,
                draw(currencies),
                draw(cents),
                is_approved=draw(st.booleans()),
                is_excluded=draw(st.booleans()),
                is_due=draw(st.booleans()),
                untaken=tuple(draw(st.lists(st.none() | cents, max_size=2))),
            )
        )
        for name in ("reimbursable", "card:1", "card:2")[: draw(st.integers(0, 3))]:
            for _ in range(draw(st.integers(1, 3))):
                state = draw(st.sampled_from(list(State)))
                postings.append(
                    row(
                        len(postings) + 1, state, None, report=pk, slice_name=name,
                        currency=draw(currencies),
                        on=draw(st.sampled_from([None, IN_OCTOBER, IN_NOVEMBER])),
                        is_cancel=draw(st.booleans()), by_person=draw(st.booleans()),
                    )
                )  # fmt: skip
                if state == State.POSTED or draw(st.booleans()):
                    postings[-1] = _priced(postings[-1], draw(cents))
    return reports, postings


def _priced(posting: PostingRow, total: Decimal) -> PostingRow:
    columns = {name: getattr(posting, name) for name in posting.__dataclass_fields__}
    return PostingRow(**columns | {"total": total})


@settings(max_examples=150, deadline=None)
@given(months())
def test_whatever_the_states_the_sum_holds_or_names_what_is_missing(month: tuple) -> None:
    reports, postings = month
    equations = completeness(reports, postings, FIRST, LAST)
    approved = {r.currency: Decimal(0) for r in reports}
    for report in reports:
        approved[report.currency] += report.total if report.is_approved else 0
    assert {one.currency: one.approved.amount for one in equations} == approved
    for one in equations:
        assert one.explained + one.difference.amount == one.approved.amount
        assert one.agrees == (not one.difference.reports)


@settings(max_examples=100, deadline=None)
@given(months())
def test_every_approved_report_is_listed_behind_a_figure_and_no_other(month: tuple) -> None:
    reports, postings = month
    for one in completeness(reports, postings, FIRST, LAST):
        behind = set(one.difference.reports)
        for term in one.terms.values():
            assert term.elsewhen.reports <= term.amount.reports
            behind |= term.amount.reports
        ours = {r.pk for r in reports if r.currency == one.currency}
        approved = {r.pk for r in reports if r.pk in ours and r.is_approved}
        worth = {r.pk for r in reports if r.pk in approved and r.total}
        assert worth <= behind <= approved == one.approved.reports
        assert one.gone.amount.reports == ours - approved


@settings(max_examples=60, deadline=None)
@given(months())
def test_the_order_of_the_rows_does_not_matter(month: tuple) -> None:
    reports, postings = month
    assert completeness(reports, postings, FIRST, LAST) == completeness(
        reports[::-1], postings[::-1], FIRST, LAST
    )


# --- reading -------------------------------------------------------------------------------------


@pytest.fixture
def flow(db: None) -> Flow:
    return a_flow(a_connection(name="Acme US"), name="Acme US bills", zone="America/New_York")


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client()
    client.force_login(a_person("vera", group="Viewer"))
    return client


def october(flow: Flow) -> Any:
    return month_of(flow, FIRST, LAST)


def page(client: Client, **query: Any) -> str:
    answer = client.get(reverse(PAGE), query)
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_the_month_begins_at_midnight_in_the_flows_zone(flow: Flow) -> None:
    """New York is four hours behind UTC in October."""
    before = a_read_report(flow, approved_at=datetime(2026, 10, 1, 3, 59, tzinfo=UTC))
    after = a_read_report(flow, approved_at=datetime(2026, 10, 1, 4, 0, tzinfo=UTC))
    last = a_read_report(flow, approved_at=datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC))
    a_read_report(flow, approved_at=datetime(2026, 11, 1, 4, 0, tzinfo=UTC))
    assert october(flow).equations[0].approved.reports == {after.pk, last.pk}
    assert before.pk not in october(flow).equations[0].approved.reports
    assert newest_month(flow) == date(2026, 11, 1)


def test_a_report_without_an_approval_counts_by_its_submission_and_without_both_is_named(
    flow: Flow, viewer: Client
) -> None:
    closed = {"status": "closed", "approved_at": None}
    a_posted(a_read_report(flow, submitted_at=APPROVED, **closed))
    a_read_report(flow, **closed)
    month = october(flow)
    assert (len(month.equations[0].approved.reports), month.undated) == (1, 1)
    assert "In no month" in page(viewer)


def test_documents_of_another_months_reports_are_told_beside(flow: Flow) -> None:
    a_posted(a_read_report(flow), date=IN_OCTOBER)
    early = a_posted(a_read_report(flow, approved_at=APPROVED - timedelta(days=30)))
    month = october(flow)
    assert (month.dated, month.others) == ({"USD": Decimal("18.40")}, {"USD": Decimal("18.40")})
    assert month.other_ids == {early.report_id}


def test_the_latest_revision_counts(flow: Flow) -> None:
    posted = a_posted(a_read_report(flow), total=Decimal("18.40"))
    revise(posted.report, expense_line(cents=2000))
    Report.objects.filter(pk=posted.report_id).update(is_due=True)
    (equation,) = october(flow).equations
    assert equation.approved.amount == Decimal("20.00")
    assert shares(equation) == {"posted": "18.40", "unseen": "1.60"}


def fill(flow: Flow, count: int) -> None:
    for _ in range(count):
        a_posted(a_read_report(flow), date=IN_NOVEMBER)
        a_held(a_read_report(flow))
        a_posting(a_read_report(flow), State.IN_DOUBT)
        a_read_report(flow, not_taken_code="excluded.state", standing="excluded")
        a_read_report(flow, unapproved_at=APPROVED, status="open")
        a_posted(a_read_report(flow, approved_at=APPROVED - timedelta(days=30)))


def test_a_month_is_read_in_the_same_statements_however_many_reports_it_has(
    flow: Flow, viewer: Client
) -> None:
    fill(flow, 2)
    query = {"flow": flow.pk, "month": "2026-10"}
    page(viewer, **query)
    with CaptureQueriesContext(database) as few, CaptureQueriesContext(database) as read:
        page(viewer, **query)
    fill(flow, 9)
    with CaptureQueriesContext(database) as many:
        page(viewer, **query)
    assert len(many) == len(few)
    with CaptureQueriesContext(database) as read:
        october(flow)
    assert len(read) == 4


# --- the page ------------------------------------------------------------------------------------


def test_each_figure_leads_to_the_reports_behind_it(flow: Flow, viewer: Client) -> None:
    fill(flow, 2)
    found = viewer.get(reverse(PAGE), {"flow": flow.pk, "month": "2026-10"}).context
    (equation,) = found["equations"]
    lines = [equation["approved"], *equation["lines"], equation["gone"]]
    lines += [equation["difference"]] if equation["difference"] else []
    counts = {}
    for line in lines:
        if line["url"]:
            listed = viewer.get(line["url"])
            assert listed.status_code == 200
            counts[line["label"]] = len(listed.context["cl"].result_list)
            assert f"{counts[line['label']]:,}" == line["count"]
        if line["elsewhen"]:
            assert len(viewer.get(line["elsewhen_url"]).context["cl"].result_list) == 2
    assert counts == {
        "Approved in the month": 8,
        "Posted": 2,
        "Held: needs you": 2,
        "Sent, not confirmed yet": 2,
        "Not taken by this flow: whole reports": 2,
        "No longer approved, or no longer listed by Expensify": 2,
    }
    others = viewer.get(found["ledger"][0]["others_url"]).context["cl"]
    assert len(others.result_list) == 2


@pytest.mark.parametrize("figure", ["nonsense", "1:2:3:4", "9999:2026-10:USD:posted", "a:b:c:d"])
def test_a_figure_that_makes_no_sense_lists_nothing(
    flow: Flow, viewer: Client, figure: str
) -> None:
    a_posted(a_read_report(flow))
    listed = viewer.get(reverse("admin:audit_report_changelist"), {"figure": figure})
    assert not listed.context["cl"].result_list


def test_the_page_says_when_the_month_agrees_and_when_not(flow: Flow, viewer: Client) -> None:
    a_posted(a_read_report(flow))
    assert "Agrees" in page(viewer) and "Does not agree" not in page(viewer)
    a_posted(a_read_report(flow), total=Decimal("18.41"))
    text = page(viewer)
    assert "Does not agree" in text and "Not explained" in text and "-0.01 USD" in text


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"flow": "99999"}, "There is no flow 99999"),
        ({"flow": "x"}, "There is no flow x"),
        ({"month": "2026-13"}, "2026-13"),
        ({"month": "October"}, "write it like 2026-10"),
    ],
)
def test_a_choice_that_does_not_exist_is_named(
    flow: Flow, viewer: Client, query: dict, complaint: str
) -> None:
    answer = viewer.get(reverse(PAGE), query)
    assert answer.status_code == 400 and complaint in answer.content.decode()


def test_without_flows_or_reports_the_page_says_what_to_do(viewer: Client) -> None:
    assert "Make one under Flows" in page(viewer)
    a_flow()
    assert "No report was approved in" in page(viewer)


def test_who_may_not_see_reports_may_not_see_the_page(flow: Flow) -> None:
    client = Client()
    client.force_login(a_person("nobody"))
    assert client.get(reverse(PAGE)).status_code == 403


def test_home_sidebar_and_flow_lead_to_the_page(flow: Flow, viewer: Client) -> None:
    a_posted(a_read_report(flow))
    address = f"{reverse(PAGE)}?flow={flow.pk}"
    home = viewer.get(reverse("admin:index")).content.decode()
    assert address in home and f'href="{reverse(PAGE)}"' in home
    on_flow = viewer.get(reverse("admin:mappings_flow_change", args=[flow.pk])).content.decode()
    assert address in on_flow


def test_the_file_says_what_the_page_says(flow: Flow, viewer: Client) -> None:
    Flow.objects.filter(pk=flow.pk).update(name="=Acme US bills")
    fill(flow, 1)
    answer = viewer.get(reverse(PAGE), {"flow": flow.pk, "month": "2026-10", "as": "csv"})
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {line["Flow"] for line in rows} == {"'=Acme US bills"}
    amounts = {line["Line"]: line["Amount"] for line in rows}
    assert amounts["Approved in the month"] == "73.60" and amounts["Not explained"] == "0.00"
    assert amounts["Posted"] == "18.40" and amounts["No longer approved"] == "18.40"
    (posted,) = (line for line in rows if line["Line"] == "Posted")
    assert posted["Dated in another month"] == posted["In the ledger"] == "18.40"


# --- the seeded month ----------------------------------------------------------------------------


def test_the_seeded_month_agrees(town: Any) -> None:
    town.poll()
    town.drain()
    month = october(town.flow)
    assert month.equations
    counted = Counter(pk for one in month.equations for pk in one.approved.reports)
    assert set(counted.values()) == {1}
    for one in month.equations:
        assert one.agrees and one.explained == one.approved.amount
