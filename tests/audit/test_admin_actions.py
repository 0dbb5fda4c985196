"""What people do on the screens: asked first, bound to permissions, told what was left alone."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import Event, Posting, Report
from audit.states import State
from connectors.models import Workspace
from mappings.models import Flow
from tests.audit.builders import (
    a_call,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
    confirmed,
    finished,
)

ACTIONS = ["replay", "release", "ignore", "reverse"]


def signed_in(name: str, **kwargs: Any) -> Client:
    client = Client()
    client.force_login(a_person(name, **kwargs))
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    return signed_in("vera", group="Viewer")


@pytest.fixture
def poster(db: None) -> Client:
    return signed_in("paul", group="Poster")


@pytest.fixture
def boss(db: None) -> Client:
    return signed_in("boss", is_superuser=True)


@pytest.fixture
def flow(db: None) -> Flow:
    flow = a_flow(a_connection(name="Acme US"), name="Acme US bills")
    Workspace.objects.filter(pk=flow.workspace_id).update(policy_id="0810E551A5F2A9C2")
    flow.refresh_from_db()
    return flow


def postings_list() -> str:
    return reverse("admin:audit_posting_changelist")


def chosen(action: str, *rows: Any, **more: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [row.pk for row in rows], **more}


def do(model: str, row: Any, name: str) -> str:
    return reverse(f"admin:audit_{model}_do", args=[row.pk, name])


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_a_viewer_is_offered_nothing_and_can_do_nothing(
    viewer: Client, flow: Flow, action: str
) -> None:
    posting = a_held(a_read_report(flow), payload="{}")
    page = viewer.get(postings_list())
    assert f'value="{action}"' not in page.content.decode()
    viewer.post(postings_list(), chosen(action, posting, confirm="1", reason="because"))
    pressed = viewer.post(do("posting", posting, f"{action}_one"), {"confirm": "1", "reason": "x"})
    assert pressed.status_code == 403
    posting.refresh_from_db()
    assert posting.state == State.QUARANTINED and not Event.objects.filter(actor="vera").exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_poster_is_offered_every_action(poster: Client, flow: Flow, action: str) -> None:
    a_held(a_read_report(flow))
    assert f'value="{action}"' in poster.get(postings_list()).content.decode()


def test_a_viewer_cannot_poll_and_a_poster_can(viewer: Client, poster: Client, flow: Flow) -> None:
    address = reverse("admin:mappings_flow_do", args=[flow.pk, "poll_now"])
    assert viewer.post(address).status_code == 403
    assert "polls within a minute" in poster.post(address, follow=True).content.decode()
    flow.refresh_from_db()
    assert flow.poll_asked_at is not None


def test_a_viewer_may_see_everything_but_secrets(viewer: Client) -> None:
    vera = User.objects.get(username="vera")
    seen = set(vera.get_all_permissions())
    assert {"audit.view_call", "mappings.view_rule", "connectors.view_ledgerconnection"} <= seen
    assert not {"connectors.view_credential", "connectors.view_oauthstate"} & seen
    doing = {"add_", "change_", "delete_", "replay_", "reverse_", "ignore_", "poll_", "connect_"}
    assert not [name for name in seen if any(f".{verb}" in name for verb in doing)]


@pytest.mark.parametrize("model", ["report", "posting", "call", "pollrun", "event", "chain"])
def test_nobody_adds_changes_or_deletes_what_was_posted(
    boss: Client, flow: Flow, model: str
) -> None:
    a_posted(a_read_report(flow))
    a_call(flow.connection)
    row = {"report": Report, "posting": Posting, "event": Event}.get(model, Posting).objects.first()
    assert boss.get(reverse(f"admin:audit_{model}_add")).status_code == 403
    if row is not None and model in ("report", "posting"):
        assert boss.post(reverse(f"admin:audit_{model}_change", args=[row.pk])).status_code == 403
        address = reverse(f"admin:audit_{model}_delete", args=[row.pk])
        assert boss.post(address, {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()


# --- what happens --------------------------------------------------------------------------------


def test_nothing_happens_before_the_question_is_answered(poster: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow), payload="{}")
    page = poster.post(postings_list(), chosen("release", posting)).content.decode()
    assert "Release 1 posting?" in page and "18.40\N{NO-BREAK SPACE}USD" in page.replace(
        "18.40 USD", "18.40\N{NO-BREAK SPACE}USD"
    )
    posting.refresh_from_db()
    assert posting.state == State.QUARANTINED


def test_release_sends_what_was_built_and_says_what_it_left(poster: Client, flow: Flow) -> None:
    ready = a_held(a_read_report(flow), payload="{}", number="BILL-1")
    unbuilt = a_held(a_read_report(flow), number="BILL-2")
    page = confirmed(poster, postings_list(), chosen("release", ready, unbuilt))
    ready.refresh_from_db()
    unbuilt.refresh_from_db()
    assert (ready.state, unbuilt.state) == (State.READY, State.QUARANTINED)
    assert "1 posting released" in page and "1 posting left alone" in page
    assert "it could not be built" in page
    assert reverse("admin:audit_posting_change", args=[ready.pk]) in page
    assert Event.objects.filter(posting=ready, actor="paul", kind="posting.ready").exists()


def test_the_question_of_release_counts_what_it_will_leave_alone(
    poster: Client, flow: Flow
) -> None:
    ready = a_held(a_read_report(flow), payload="{}")
    unbuilt = [a_held(a_read_report(flow)) for _ in range(2)]
    posted = a_posted(a_read_report(flow))
    page = poster.post(postings_list(), chosen("release", ready, *unbuilt, posted))
    facts = [text for label, text in page.context["confirmation"].facts if label == "Not released"]
    assert facts == [
        "2 have nothing built and stay held: use Replay",
        "1 is not held and stays as it is",
    ]
    page = poster.post(postings_list(), chosen("release", ready))
    assert "Not released" not in dict(page.context["confirmation"].facts)


def test_the_question_of_setting_aside_says_what_becomes_of_the_expenses(
    poster: Client, flow: Flow
) -> None:
    held = a_held(a_read_report(flow))
    page = poster.post(do("posting", held, "ignore_one")).content.decode()
    assert "These expenses are not posted. They stay listed under Set aside in the month" in page
    assert "reversal" not in page.split("confirmation", 1)[-1]
    reversal = a_held(a_read_report(flow), op="cancel")
    page = poster.post(do("posting", reversal, "ignore_one")).content.decode()
    assert "the document stays in the ledger" in page and "are not posted" not in page


def test_setting_aside_asks_for_the_reason_and_keeps_it(poster: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow))
    question = poster.post(postings_list(), chosen("ignore", posting)).content.decode()
    assert re.search(r'<textarea[^>]+name="reason"[^>]+required', question, re.S)
    page = confirmed(
        poster, postings_list(), chosen("ignore", posting), reason="Booked by hand in October"
    )
    posting.refresh_from_db()
    assert posting.state == State.IGNORED and posting.note == "Booked by hand in October"
    assert "1 posting set aside" in page
    history = poster.get(reverse("admin:audit_posting_change", args=[posting.pk]))
    assert "Booked by hand in October" in history.content.decode()


def test_without_a_reason_nothing_is_set_aside(poster: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow))
    page = confirmed(poster, postings_list(), chosen("ignore", posting), reason="   ")
    posting.refresh_from_db()
    assert posting.state == State.QUARANTINED and "Nothing was done" in page


def test_reversing_enters_a_reversal_and_leaves_what_does_not_stand(
    poster: Client, flow: Flow
) -> None:
    posted = a_posted(a_read_report(flow))
    held = a_held(a_read_report(flow))
    page = confirmed(
        poster, postings_list(), chosen("reverse", posted, held), reason="Wrong company"
    )
    reversal = Posting.objects.get(op="cancel")
    assert reversal.replaces == posted and reversal.note == "Wrong company"
    assert "1 posting to be reversed" in page and "no document of ours stands" in page


def test_replay_builds_again_with_todays_rules(poster: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow))
    page = confirmed(poster, reverse("admin:audit_posting_held"), chosen("replay", posting))
    posting.refresh_from_db()
    newest = Posting.objects.filter(report=posting.report).latest("pk")
    assert posting.state == State.SUPERSEDED and newest.state == State.QUARANTINED
    assert "1 report replayed; now 1 held: needs you" in page
    assert Event.objects.filter(kind="report.replayed", actor="paul").count() == 1


def test_a_report_is_replayed_from_its_page(poster: Client, flow: Flow) -> None:
    report = a_held(a_read_report(flow)).report
    question = poster.post(do("report", report, "replay_one"))
    assert "Replay 1 report?" in question.content.decode()
    page = poster.post(do("report", report, "replay_one"), {"confirm": "1"}, follow=True)
    assert "1 report replayed" in page.content.decode()


def test_a_selection_that_changed_is_asked_about_again(poster: Client, flow: Flow) -> None:
    first, second = (a_held(a_read_report(flow), payload="{}") for _ in range(2))
    shown = dict(poster.post(postings_list(), chosen("release", first)).context["hidden"])
    poster.post(postings_list(), {**shown, **chosen("release", first, second)})
    assert Posting.objects.filter(state=State.READY).count() == 0


def test_buttons_fit_the_state(poster: Client, flow: Flow) -> None:
    held = a_held(a_read_report(flow))
    posted = a_posted(a_read_report(flow))
    sending = a_posting(a_read_report(flow), State.SENDING)

    def buttons(row: Posting) -> set[str]:
        page = poster.get(reverse("admin:audit_posting_change", args=[row.pk]))
        return {one.name for one in page.context["row_buttons"]}

    assert buttons(held) == {"replay_one", "ignore_one"}
    assert buttons(posted) == {"reverse_one"}
    assert buttons(sending) == set()


def test_what_is_posted_is_not_replayed_but_posted_again_with_current_rules(
    poster: Client, flow: Flow
) -> None:
    report = a_posted(a_read_report(flow)).report
    Report.objects.update(standing="posted")

    def buttons() -> set[str]:
        page = poster.get(reverse("admin:audit_report_change", args=[report.pk]))
        return {one.name for one in page.context["row_buttons"]} & {"replay_one", "repost_one"}

    assert buttons() == {"repost_one"}
    question = poster.post(do("report", report, "repost_one")).content.decode()
    assert "Re-post" in question
    a_posting(report, State.IGNORED, slice_name="card:1")
    assert buttons() == {"replay_one", "repost_one"}, "what was set aside can be built again"


def test_the_address_of_a_button_leads_to_the_page_where_it_stands(
    poster: Client, flow: Flow
) -> None:
    """After a reload, or when somebody had to sign in again."""
    posting = a_held(a_read_report(flow), payload="{}")
    page = poster.get(do("posting", posting, "release_one"))
    assert page.url == reverse("admin:audit_posting_change", args=[posting.pk])
    posting.refresh_from_db()
    assert posting.state == State.QUARANTINED
    nowhere = reverse("admin:audit_posting_do", args=[posting.pk + 99, "release_one"])
    assert poster.get(nowhere).url == reverse("admin:index")


# --- flows ---------------------------------------------------------------------------------------


def test_going_live_shows_the_counts_first(boss: Client, flow: Flow) -> None:
    Flow.objects.filter(pk=flow.pk).update(mode="dry_run")
    finished(a_posting(a_read_report(flow), State.READY))
    address = reverse("admin:mappings_flow_do", args=[flow.pk, "go_live"])
    question = boss.post(address).content.decode()
    assert "Let Acme US bills post to Acme US?" in question and "1 (18.40 USD)" in question
    flow.refresh_from_db()
    assert flow.mode == "dry_run"
    page = boss.post(address, {"confirm": "1"}, follow=True).content.decode()
    flow.refresh_from_db()
    assert flow.mode == "live" and "is live: 1 report built again" in page


def test_test_postings_are_taken_back_together(boss: Client, flow: Flow) -> None:
    Flow.objects.filter(pk=flow.pk).update(mode="test", test_prefix="TEST")
    posted = a_posted(a_read_report(flow, name="TEST trip"))
    a_posted(a_read_report(flow, name="October trip"))
    address = reverse("admin:mappings_flow_do", args=[flow.pk, "reverse_tests"])
    assert "Reverse 1 test posting of Acme US bills?" in boss.post(address).content.decode()
    boss.post(address, {"confirm": "1"})
    assert [one.replaces for one in Posting.objects.filter(op="cancel")] == [posted]


# --- the record behind a document ----------------------------------------------------------------


def test_a_marker_leads_to_its_posting(viewer: Client, flow: Flow) -> None:
    posting = a_posted(a_read_report(flow))
    there = reverse("admin:audit_posting_change", args=[posting.pk])
    for marker in (posting.marker, posting.marker[:10], posting.marker[:7]):
        assert viewer.get(f"/r/{marker}").url == there


@pytest.mark.parametrize("marker", ["ABC", "abcdefghij", "A" * 60, "ABCDEFG%25"])
def test_what_is_no_marker_leads_nowhere(viewer: Client, flow: Flow, marker: str) -> None:
    a_posted(a_read_report(flow))
    assert viewer.get(f"/r/{marker}").status_code == 404


def test_a_record_is_for_people_who_are_signed_in_and_may_see_it(flow: Flow) -> None:
    posting = a_posted(a_read_report(flow))
    address = f"/r/{posting.marker}"
    assert Client().get(address).url.startswith(reverse("admin:login"))
    assert signed_in("nobody").get(address).status_code == 403
