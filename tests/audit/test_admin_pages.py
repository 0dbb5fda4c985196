"""Every page opens for whoever may see it, in the words of accountants, at a fixed price."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import trail
from audit.models import Call, Chain, Event, PartyWish, PollRun, Posting, Report
from audit.states import State
from connectors.models import Channel, Workspace
from mappings.models import Flow
from tests.audit.builders import (
    NO_TOTAL,
    NO_VENDOR,
    NOON,
    a_call,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
    a_report,
    an_attempt,
    an_event,
    expense_line,
    finished,
    revise,
)

LISTS = ("report", "posting", "call", "pollrun", "event", "chain")


def signed_in(name: str, **kwargs: Any) -> Client:
    client = Client()
    client.force_login(a_person(name, **kwargs))
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    return signed_in("vera", group="Viewer")


@pytest.fixture
def boss(db: None) -> Client:
    return signed_in("boss", is_superuser=True)


@pytest.fixture
def flow(db: None) -> Flow:
    flow = a_flow(a_connection(name="Acme US"), name="Acme US bills")
    Workspace.objects.filter(pk=flow.workspace_id).update(policy_id="0810E551A5F2A9C2")
    flow.refresh_from_db()
    return flow


def a_poll(flow: Flow, number: int = 0, **columns: Any) -> PollRun:
    given = {
        "due_at": NOON + timedelta(minutes=number), "status": "done", "owner": "x", "until": NOON,
        "started_at": NOON, "finished_at": NOON, "found": 4, "new": 4, "totals": {"USD": "88.10"},
    }  # fmt: skip
    return PollRun.objects.create(flow=flow, **given | columns)


def fill(flow: Flow, count: int) -> None:
    """`count` more of everything that a list shows."""
    for _ in range(count):
        posted = a_posted(a_read_report(flow))
        a_held(a_read_report(flow))
        set_aside = a_posting(a_read_report(flow), State.IGNORED)
        an_event(
            flow.connection, "posting.ignored", posting_id=set_aside.pk,
            report_id=set_aside.report_id, actor="vera", facts={"reason": "by hand"},
        )  # fmt: skip
        an_attempt(posted)
        a_poll(flow, PollRun.objects.count())


def url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def listed(model: str) -> str:
    return reverse(f"admin:audit_{model}_changelist")


def text_of(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("&#x27;", "'")


# --- lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        ("report", "Connect Expensify and a ledger"),
        ("posting", "poll a flow"),
        ("call", "when a live flow posts"),
        ("pollrun", "press Poll now"),
        ("event", "Nothing has happened yet"),
        ("chain", "the first event starts it"),
    ],
)
def test_an_empty_list_says_what_to_do_next(viewer: Client, model: str, advice: str) -> None:
    assert advice in text_of(viewer, listed(model))


def test_the_empty_held_list_says_that_nothing_waits(viewer: Client) -> None:
    assert "Nothing waits for you" in text_of(viewer, reverse("admin:audit_posting_held"))


@pytest.mark.parametrize("model", LISTS)
def test_a_list_has_an_order_that_ends_in_the_id(boss: Client, flow: Flow, model: str) -> None:
    fill(flow, 1)
    page = boss.get(listed(model))
    ordering = page.context["cl"].queryset.query.order_by
    assert ordering[-1].lstrip("-") in ("id", "pk")


@pytest.mark.parametrize(
    "address",
    [*LISTS, "held", "home"],
)
def test_a_page_costs_the_same_however_many_rows_it_shows(
    viewer: Client, flow: Flow, address: str
) -> None:
    named = {"held": "admin:audit_posting_held", "home": "admin:index"}
    page = reverse(named[address]) if address in named else listed(address)
    fill(flow, 2)
    viewer.get(page)  # what is read once for a session
    with CaptureQueriesContext(database) as few:
        viewer.get(page)
    fill(flow, 9)
    with CaptureQueriesContext(database) as many:
        viewer.get(page)
    assert len(many) == len(few), [query["sql"][:150] for query in many][-8:]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("standing__exact=held", {"held"}),
        ("standing__exact=posted", {"posted", "flagged"}),
        ("period=2026-10", {"held", "posted"}),
        ("period=2026-11", {"flagged"}),
        ("period=nonsense", set()),
        ("badge=unapproved", {"flagged"}),
        ("q=Chlo", {"held"}),
        ("q=FINDME", {"posted"}),
    ],
)
def test_reports_are_narrowed(viewer: Client, flow: Flow, query: str, found: set) -> None:
    rows = {
        "held": a_held(a_read_report(flow, employee_name="Chloé Martin")).report,
        "posted": a_posted(a_read_report(flow), number="FINDME-1").report,
        "flagged": a_posted(
            a_read_report(flow, approved_at=NOON + timedelta(days=30), unapproved_at=NOON)
        ).report,
    }
    page = viewer.get(f"{listed('report')}?{query}")
    shown = {row.pk for row in page.context["cl"].result_list} if page.status_code == 200 else None
    assert shown == {rows[name].pk for name in found}


def test_a_document_number_leads_to_the_ledger(viewer: Client, flow: Flow) -> None:
    posting = a_posted(a_read_report(flow))
    assert f'href="{posting.document_link}"' in text_of(viewer, listed("report"))


def test_the_link_to_a_document_does_not_call_it_open(viewer: Client, flow: Flow) -> None:
    """An open bill is one that is not paid."""
    a_posted(a_read_report(flow), stored={"paid": True})
    page = text_of(viewer, listed("posting"))
    assert ">Look</a>" in page and ">Open</a>" not in page


def test_a_link_that_is_no_web_address_is_not_a_link(viewer: Client, flow: Flow) -> None:
    posting = a_posted(a_read_report(flow), document_link="javascript:alert(1)")
    for address in (listed("report"), listed("posting"), url(posting), url(posting.report)):
        assert "javascript:alert" not in text_of(viewer, address)


def test_held_postings_are_grouped_by_what_they_wait_for(boss: Client, flow: Flow) -> None:
    for _ in range(3):
        a_held(a_read_report(flow))
    a_held(a_read_report(flow), NO_VENDOR)
    a_held(a_read_report(flow), NO_TOTAL)
    page = boss.get(reverse("admin:audit_posting_held"))
    groups = page.context["groups"]
    assert [(one["title"], one["reports"], one["sums"]) for one in groups] == [
        ("Category “Team events”", 3, "55.20 USD"),
        ("The lines don't add up to Expensify's own total.", 1, "18.40 USD"),
        ("Ben Ito", 1, "18.40 USD"),
    ]
    counts = [len(boss.get(one["url"]).context["cl"].result_list) for one in groups]
    assert counts == [3, 1, 1]


def test_the_cure_of_a_missing_account_is_a_rule_that_is_filled_in(
    boss: Client, flow: Flow
) -> None:
    posting = a_held(a_read_report(flow))
    page = text_of(boss, url(posting.report))
    assert f"{reverse('admin:mappings_rule_add')}?flow={flow.pk}&amp;category=Team+events" in page
    assert "map.category.missing" in page and "Choose an account." in page


def test_the_cure_of_a_missing_vendor_is_a_link_that_is_filled_in(boss: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow), NO_VENDOR)
    page = text_of(boss, url(posting))
    assert f"{reverse('admin:mappings_partylink_add')}?connection={flow.connection_id}" in page
    assert "Link Ben Ito to a vendor" in page


def test_a_cure_that_the_user_may_not_do_is_no_button(viewer: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow))
    page = text_of(viewer, url(posting.report))
    assert reverse("admin:mappings_rule_add") not in page and "Choose an account." in page


# --- states --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({"state": State.READY}, "Waiting to post"),
        ({"state": State.READY, "op": "cancel"}, "Being reversed"),
        ({"state": State.POSTED, "op": "cancel", "document_id": "1"}, "Reversed"),
        ({"state": State.QUARANTINED, "op": "cancel"}, "Held: needs you"),
        ({"state": State.IN_DOUBT}, "Sent, checking whether it arrived"),
        ({"state": State.FAILED}, "Failed: we stopped trying"),
        ({"state": State.WITHDRAWN}, "Withdrawn: no longer approved"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_state_has_its_words(viewer: Client, flow: Flow, columns: dict, shown: str) -> None:
    posting = a_posting(a_read_report(flow), **columns)
    for address in (listed("posting"), url(posting)):
        assert f"{shown}\n" in text_of(viewer, address)


def test_a_posting_that_waits_says_when_it_is_tried_again(viewer: Client, flow: Flow) -> None:
    due = timezone.now().replace(hour=14, minute=5)
    a_posting(a_read_report(flow), State.RETRY_WAIT, due_at=due)
    assert "Will try again at 14:05" in text_of(viewer, listed("posting"))


def test_what_was_set_aside_names_the_person_and_the_day(viewer: Client, flow: Flow) -> None:
    posting = a_posting(a_read_report(flow), State.IGNORED)
    an_event(flow.connection, "posting.ignored", posting_id=posting.pk, actor="vera")
    for address in (listed("posting"), url(posting)):
        assert "Set aside by Vera Reyes, 15 Oct" in text_of(viewer, address)


def test_paid_documents_are_marked(viewer: Client, flow: Flow) -> None:
    a_posted(a_read_report(flow), stored={"paid": True})
    assert "Paid" in text_of(viewer, listed("posting"))


# --- pages ---------------------------------------------------------------------------------------


def test_a_report_shows_its_lines_entry_versions_and_history(viewer: Client, flow: Flow) -> None:
    card = {"reimbursable": False, "bank": "visa", "cardName": "Visa Corporate"}
    receipt = {"receiptID": "9", "filename": "a.jpg", "url": "https://www.expensify.com/r/a.jpg"}
    report = a_read_report(
        flow, expense_line("1", 2690), expense_line("2", 999, receipt=receipt, **card)
    )
    report.untaken = [{"transaction_id": "2", "code": "untaken.card", "text": "Line 2: no cards."}]
    report.save()
    revise(report, expense_line("1", 1240), expense_line("2", 999, receipt=receipt, **card))
    a_posted(report)
    an_event(flow.connection, "report.unapproved", report_id=report.pk, actor="vera")
    page = text_of(viewer, url(report))
    for expected in (
        "City Cab", "12.40 USD", "Visa Corporate", "https://www.expensify.com/r/a.jpg",
        "Not taken. Line 2: no cards.", "6120 Ground Transport", "2000 Accounts Payable",
        "lowered by 14.50", "No longer approved in Expensify.", "Vera Reyes",
    ):  # fmt: skip
        assert expected in page, expected


def test_a_receipt_that_is_no_web_address_is_left_out(viewer: Client, flow: Flow) -> None:
    receipt = {"receiptID": "9", "url": "javascript:alert(1)"}
    report = a_read_report(flow, expense_line(receipt=receipt))
    assert "javascript:alert" not in text_of(viewer, url(report))


def test_a_report_that_cannot_be_read_any_more_still_has_its_page(
    viewer: Client, flow: Flow
) -> None:
    assert "cannot be shown" in text_of(viewer, url(a_report(flow)))


def test_a_posting_shows_rules_texts_attempts_and_the_exact_call(
    viewer: Client, flow: Flow
) -> None:
    cut = {"field": "memo", "before": "A long memo", "after": "A long"}
    posting = a_posted(a_read_report(flow), cuts=[cut])
    call = a_call(
        flow.connection,
        members=[posting.marker],
        headers={"Content-Type": "application/json"},
        body=b'{"Line":[{"Amount":18.400}]}',
    )
    an_attempt(posting, "refused", call=call, problems=[{"code": "x", "message": "Duplicate."}])
    page = text_of(viewer, url(posting)).replace("&quot;", '"')
    for expected in ("category Taxi", "Was: A long memo", "Is: A long", "Refused", "Duplicate."):
        assert expected in page, expected
    assert '"Amount": 18.400' in page  # the digits that were sent, not a float's
    assert "Authorization" not in page


@pytest.mark.parametrize("word", ["hash", "lease", "JSON", "fence"])
def test_no_page_speaks_of_our_machinery(boss: Client, flow: Flow, word: str) -> None:
    fill(flow, 1)
    rows = [Report, Posting, Call, PollRun, Event, Chain]
    for model in rows:
        page = text_of(boss, url(model.objects.first()))
        visible = re.sub(r"<(script|style|head)\b.*?</\1>|<[^>]+>", " ", page, flags=re.S)
        assert not re.search(rf"\b{word}\b", visible, flags=re.I), model


def test_dry_run_shows_the_entry_and_writes_nothing(boss: Client, flow: Flow) -> None:
    report = a_read_report(flow)
    before = (Posting.objects.count(), Event.objects.count())
    page = boss.post(reverse("admin:audit_report_do", args=[report.pk, "dry_run"]))
    text = page.content.decode()
    assert page.status_code == 200 and "Nothing was written" in text
    assert "map.category.missing" in text
    assert (Posting.objects.count(), Event.objects.count()) == before


def test_a_poll_tells_what_was_asked_for_in_words(viewer: Client, flow: Flow) -> None:
    window = {
        "workspace": "Acme US",
        "approved_after": "2026-09-28",
        "states": ["APPROVED", "ARCHIVED"],
        "sweep": True,
        "also_read": ["2026-08-01 to 2026-08-31", "2026-09-01 to today"],
        "read_again": 1200,
    }
    run = a_poll(flow, window=window, excluded={"excluded.before_start": 3})
    page = text_of(viewer, url(run))
    for expected in (
        "28 Sep 2026", "Approved, Closed", "1 Aug 2026 to 31 Aug 2026, 1 Sep 2026 to today",
        "1,200", "3: The report was approved before the flow's start.",
    ):  # fmt: skip
        assert expected in page, expected
    for code in ("Sweep", "APPROVED", "excluded.", "2026-09", "True"):
        assert code not in page.split('id="content-main"')[1], code


# --- the timeline ---


def timeline(client: Client, row: Any) -> list[tuple[str, str]]:
    return [(one["text"], one["where"]) for one in client.get(url(row)).context["events"]]


def entered(posting: Posting, number: str = "") -> Event:
    """The event of a posting that was made just now."""
    facts = {"op": posting.op, "slice": posting.slice_name, "number": number}
    return an_event(
        posting.connection, "posting.ready", posting_id=posting.pk, report_id=posting.report_id,
        facts=facts,
    )  # fmt: skip


def test_the_timeline_names_no_document_that_never_was(boss: Client, flow: Flow) -> None:
    report = a_read_report(flow)
    wish = PartyWish.objects.create(
        connection=flow.connection, employee_email="ben.ito@acme.example", name="Ben Ito",
        currency="USD", state_at=NOON,
    )  # fmt: skip
    waiting = a_posting(report, State.SUPERSEDED, number="", waits_for=wish)
    event = entered(waiting)
    assert timeline(boss, report) == [
        ("Document entered, waiting for the vendor to be created.", "Bill")
    ]
    assert "reimbursable" not in text_of(boss, url(event))
    an_event(flow.connection, "posting.ready", posting_id=waiting.pk, report_id=report.pk)
    assert timeline(boss, report)[0] == ("Waiting to be sent.", "Bill")


def test_what_is_built_again_of_the_same_version_is_not_a_newer_one(
    boss: Client, flow: Flow
) -> None:
    report = a_read_report(flow)
    posting = a_posting(report, State.SUPERSEDED, number="BILL-1")
    an_event(flow.connection, "posting.superseded", posting_id=posting.pk, report_id=report.pk)
    for row in (report, posting):
        assert timeline(boss, row) == [("Built again.", "BILL-1")]
    assert "Built again." in text_of(boss, listed("event"))
    assert boss.get(url(posting)).context["state"] == "Built again"
    revise(report, expense_line("1001", 900))
    for row in (report, posting):
        assert timeline(boss, row) == [("Replaced by a newer version.", "BILL-1")]


# --- home ----------------------------------------------------------------------------------------


def test_an_empty_installation_says_what_to_do_first(boss: Client) -> None:
    page = text_of(boss, reverse("admin:index"))
    for step in ("Connect Expensify", "Connect your ledger", "Make a flow"):
        assert step in page


def test_home_shows_counts_causes_flows_and_ledgers(boss: Client, flow: Flow) -> None:
    a_held(a_read_report(flow))
    a_posted(a_read_report(flow))
    finished(a_posting(a_read_report(flow), State.READY))
    a_poll(flow, status="failed", problem={"code": "x", "message": "Expensify is out of reach."})
    Channel.objects.filter(connection=flow.connection).update(
        breaker_until=timezone.now() + timedelta(minutes=9), breaker_reason="HTTP 503"
    )
    page = text_of(boss, reverse("admin:index"))
    for expected in (
        "Category “Team events”", "1 report", "18.40 USD", "Choose an account", "Acme US bills",
        "Expensify is out of reach.", "Nothing is sent until", "HTTP 503", "Waiting longest",
    ):  # fmt: skip
        assert expected in page, expected


def test_home_shows_no_figures_to_somebody_without_permissions(flow: Flow) -> None:
    a_held(a_read_report(flow))
    page = text_of(signed_in("nobody"), reverse("admin:index"))
    assert "18.40" not in page and "Team events" not in page


# --- trails --------------------------------------------------------------------------------------


def test_a_whole_trail_is_verified(viewer: Client, flow: Flow) -> None:
    an_event(flow.connection, "report.found", facts={"total": "1.00"})
    chain = Chain.objects.get(connection=flow.connection)
    page = viewer.post(reverse("admin:audit_chain_do", args=[chain.pk, "verify"]), follow=True)
    assert "Trail of Acme US is whole: 1 event." in page.content.decode()


def test_a_broken_trail_is_told_from_the_list_too(
    viewer: Client, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_event(flow.connection, "report.found")
    chain = Chain.objects.get(connection=flow.connection)
    broken = trail.Break(chain.name, 1, "its content was changed")
    monkeypatch.setattr(trail, "verify", lambda: iter([broken]))
    asked = {"action": "verify_chosen", "_selected_action": [chain.pk]}
    page = viewer.post(listed("chain"), asked, follow=True).content.decode()
    assert "tampered with: event 1: its content was changed" in page


# --- flows and connections -----------------------------------------------------------------------


def test_a_connection_tells_how_many_reports_wait(boss: Client, flow: Flow) -> None:
    finished(a_posting(a_read_report(flow), State.READY))
    assert "Reports waiting: 1 (18.40 USD)" in text_of(boss, url(flow.connection))


def test_a_flow_cannot_be_made_live_by_its_form(boss: Client, flow: Flow) -> None:
    Flow.objects.filter(pk=flow.pk).update(mode="dry_run")
    page = text_of(boss, url(flow))
    assert 'value="dry_run"' in page and 'value="live"' not in page
    assert "Go live" in page
