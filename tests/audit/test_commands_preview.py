"""A preview says what the engine would do: for every report of the month, and for what stands."""

import pytest

from audit.engine import desk
from audit.models import Posting, Report
from audit.preview import preview
from audit.states import State
from connectors.contract import exact_json
from connectors.models import LedgerConnection
from connectors.sandbox.month import cases, revision, story, unapproval
from mappings import services as mapping
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit.rows import a_flow, a_posting, a_report

pytestmark = pytest.mark.django_db
STORY = story()


def of(report_id: str):
    return preview(Report.objects.filter(report_id=report_id))[0]


def test_it_foretells_every_posting_that_the_engine_enters(big_town):
    from audit.engine import poll

    desk.poll_now(big_town.flow, "ann")
    poll.poll(big_town.flow.pk, big_town.flow.due_at)
    foretold = {one.report.pk: one for one in preview(Report.objects.all())}
    assert not Posting.objects.exists()
    from audit.engine.prepare import prepare

    prepare(big_town.flow.pk)
    entered = list(Posting.objects.all())
    assert len(entered) == sum(len(one.parts) for one in foretold.values()) > 30
    for posting in entered:
        (part,) = [
            one for one in foretold[posting.report_id].parts if one.slice_name == posting.slice_name
        ]
        assert part.would == ("hold" if posting.state == State.QUARANTINED else "post")
        assert (part.kind, part.number, part.payload, part.total, part.party_name) == (
            posting.kind,
            posting.number,
            posting.payload,
            posting.total,
            posting.party_name,
        )
        assert exact_json.plain(part.problems) == posting.problems
        if posting.entry:
            assert exact_json.plain(part.entry) == posting.entry
    for report in Report.objects.all():
        assert (foretold[report.pk].left_out != "") == bool(report.not_taken_code)


def test_what_stands_and_is_right_would_be_kept(posted_town):
    (part,) = of(STORY[cases.REVISED]).parts
    assert (part.would, part.standing) == ("keep", posted_town.posting(STORY[cases.REVISED]))
    assert part.what.startswith(f"stands already as no. {STORY[cases.REVISED]}")


def test_a_revised_report_would_change_its_document_in_place(posted_town):
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    (part,) = of(STORY[cases.REVISED]).parts
    assert (part.would, part.payload) == ("amend", "")
    assert part.waiting.op == "amend"
    assert part.what == f"would change no. {part.standing.number} in place"


def test_a_rule_that_changed_shows_in_the_preview_before_it_is_replayed(polled_town):
    mapping.save_rule(
        flow=polled_town.flow,
        category="Team events",
        account=towns.account(polled_town.flow, "6130"),
    )
    report = Report.objects.filter(postings__subject="category:Team events").first()
    (part,) = of(report.report_id).parts
    assert (part.would, part.waiting.state) == ("post", State.QUARANTINED)
    assert part.entry.lines[0].account.number == "6130"


def test_a_reversed_report_would_wait_for_a_decision_under_a_new_number(posted_town):
    before = posted_town.posting(STORY[cases.REVISED])
    desk.reverse([before], "ann")
    posted_town.drain()
    (part,) = of(STORY[cases.REVISED]).parts
    assert part.would == "hold"
    assert [problem.code for problem in part.problems] == ["report.was_reversed"]
    assert part.number != before.number


def test_a_report_that_is_no_longer_approved_is_left_out_with_the_reason(polled_town):
    polled_town.sandbox.control("expensify", "reports", unapproval())
    polled_town.poll()
    one = of(STORY[cases.UNAPPROVED_LATER])
    assert not one.parts and not one.is_held
    assert one.excluded.code == "excluded.state"


def test_every_problem_is_told_once_although_it_holds_report_and_part(polled_town):
    LedgerConnection.objects.update(chart_as_of=None)
    one = of(STORY[cases.REVISED])
    codes = [problem.code for problem in one.all_problems]
    assert codes == list(dict.fromkeys(codes)) == ["map.chart.unread"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda report: Report.objects.update(latest=None), "never read whole"),
        (lambda report: LedgerConnection.objects.update(company_id=""), "not connected"),
        (lambda report: LedgerConnection.objects.update(ledger="abacus"), "'abacus' is not a"),
        (lambda report: None, "cannot be read"),
    ],
    ids=["never read", "not connected", "ledger not installed", "stored copy unreadable"],
)
def test_what_cannot_be_built_says_why(spoil, says):
    report = a_report(a_flow())
    spoil(report)
    one = of(report.report_id)
    assert says in one.unreadable
    assert one.is_held and not one.parts


def test_books_are_opened_once_for_each_flow_and_postings_read_in_chunks(
    big_town, django_assert_num_queries
):
    big_town.poll()
    rows = list(Report.objects.select_related("latest", "flow__connection"))
    with django_assert_num_queries(12):
        assert len(preview(rows)) == len(rows) > 30


def test_a_paused_flow_in_dry_run_previews_all_the_same(polled_town):
    Flow.objects.update(mode="dry_run", is_paused=True)
    assert sum(part.would == "post" for one in preview(Report.objects.all()) for part in one.parts)


def test_an_open_posting_of_another_report_is_not_mixed_in():
    flow = a_flow()
    mine, other = a_report(flow), a_report(flow)
    a_posting(other)
    assert of(mine.report_id).report == mine
