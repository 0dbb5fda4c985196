"""New vendors on the screens: what waits, what was created, and the decision about a name."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from audit.admin.words import event_text
from audit.engine import wishes
from audit.models import Event, PartyWish, Posting, Report
from audit.states import State
from connectors.admin_base import change_url
from connectors.models import LedgerConnection
from mappings.models import Flow, Party, PartyLink, PartyName
from mappings.parties import PartyWanted
from tests.audit.builders import (
    NOON,
    a_call,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posting,
    a_read_report,
    confirmed,
    expense_line,
    finished,
)

pytestmark = pytest.mark.django_db
ADA = "ada.quist@acme.example"
TAKEN = {
    "code": "map.party.clash",
    "field": "party",
    "message": "Ada Quist was not found among the vendors. A customer of the same name exists.",
    "cure": 'Link Ada Quist to a vendor, or create "Ada Quist (employee)".',
    "subject": f"employee:{ADA}",
    "facts": {
        "employee_email": ADA,
        "employee_name": "Ada Quist",
        "proposed_name": "Ada Quist (employee)",
    },
}


@pytest.fixture
def connection() -> LedgerConnection:
    return a_connection(name="Acme US")


@pytest.fixture
def flow(connection: LedgerConnection) -> Flow:
    return a_flow(connection)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def boss() -> Client:
    return signed_in(a_person("boss", is_superuser=True))


@pytest.fixture
def held(flow: Flow) -> Posting:
    report = a_read_report(flow, expense_line(), employee_name="Ada Quist", employee_email=ADA)
    return a_held(report, TAKEN)


def page(client: Client, row) -> str:
    answer = client.get(change_url(row))
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def a_wish(connection: LedgerConnection, **columns) -> PartyWish:
    given = {"employee_email": ADA, "name": "Ada Quist", "currency": "USD", "state_at": NOON}
    return PartyWish.objects.create(connection=connection, **given | columns)


def press(posting: Posting) -> str:
    return reverse("admin:audit_posting_do", args=[posting.pk, "create_party"])


# --- the decision ---------------------------------------------------------------------------------


def test_the_button_asks_creates_the_name_with_the_persons_own_and_builds_again(boss, held):
    assert "Create vendor" in page(boss, held)
    question = boss.post(press(held), {}).content.decode()
    assert "Create vendor “Ada Quist (employee)” in Acme US?" in question and ADA in question
    confirmed(boss, press(held), {})
    named = PartyName.objects.get()
    assert (named.employee_email, named.name) == (ADA, "Ada Quist (employee)")
    event = Event.objects.get(kind="party.named")
    assert event.actor == "boss"
    assert event_text(event) == f"The vendor of {ADA} is to be called Ada Quist (employee)."
    assert Event.objects.filter(kind="report.replayed", actor="boss").exists()


def test_nobody_decides_without_the_permission(held):
    viewer = signed_in(a_person("vera", group="Viewer"))
    assert "Create vendor" not in page(viewer, held)
    assert viewer.post(press(held), {"confirm": "1"}).status_code == 403
    assert not PartyName.objects.exists()
    clerk = a_person("cleo", group="Viewer")
    clerk.user_permissions.add(Permission.objects.get(codename="add_partyname"))
    assert "Create vendor" in page(signed_in(clerk), held)


def test_the_button_is_there_only_while_it_makes_sense(boss, flow, held):
    other = a_held(a_read_report(flow, expense_line("1002"), report_id="R00000000002"))
    assert "Create vendor" not in page(boss, other)
    Posting.objects.filter(pk=held.pk).update(state=State.IGNORED)
    assert "Create vendor" not in page(boss, held)
    answer = confirmed(boss, press(held), {})
    assert "Nothing was done" in answer and not PartyName.objects.exists()


def test_a_name_can_be_taken_back_on_its_page(boss, connection):
    named = PartyName.objects.create(connection=connection, employee_email=ADA, name="Ada (V)")
    boss.post(reverse("admin:mappings_partyname_delete", args=[named.pk]), {"post": "yes"})
    assert not PartyName.objects.exists()
    assert Event.objects.get(kind="party.unnamed").actor == "boss"


def test_a_link_that_is_taken_back_is_told(boss, connection):
    cleo = Party.objects.create(
        connection=connection, ledger_id="61", name="Cleo Quist", seen_at=NOON
    )
    link = PartyLink.objects.create(connection=connection, employee_email=ADA, party=cleo)
    boss.post(reverse("admin:mappings_partylink_delete", args=[link.pk]), {"post": "yes"})
    assert not PartyLink.objects.exists()
    event = Event.objects.get(kind="party.unlinked")
    assert event.actor == "boss"
    assert event_text(event) == f"{ADA} no longer linked to vendor Cleo Quist."


# --- what waits, what was created -----------------------------------------------------------------


def test_a_posting_that_waits_says_for_whom(boss, flow, connection):
    report = a_read_report(flow, expense_line(), employee_name="Ada Quist", employee_email=ADA)
    wish = a_wish(connection)
    posting = finished(a_posting(report, waits_for=wish, payload="", number="", date=None))
    shown = page(boss, posting)
    assert "Waiting: vendor is being created" in shown
    assert change_url(wish) in shown
    assert report.standing == Report.Standing.WAITING
    assert "as soon as the vendor is there" in page(boss, report)
    listed = boss.get(reverse("admin:audit_posting_changelist")).content.decode()
    assert "Waiting: vendor is being created" in listed
    Flow.objects.update(mode="dry_run")
    assert "Waiting: vendor would be created" in page(boss, posting)


def test_the_list_of_new_vendors_tells_how_each_stands(
    boss, connection, django_assert_max_num_queries
):
    empty = boss.get(reverse("admin:audit_partywish_changelist")).content.decode()
    assert "No vendor was ever wanted." in empty
    call = a_call(connection, op="create", members=["A" * 52])
    a_wish(connection, state="in_doubt", call=call)
    for number in range(9):
        a_wish(connection, employee_email=f"p{number}@acme.example", name=f"Person {number}")
    with django_assert_max_num_queries(14):
        listed = boss.get(reverse("admin:audit_partywish_changelist")).content.decode()
    assert "Ada Quist" in listed and "Sent, checking whether it arrived" in listed


def test_a_new_vendors_page_shows_the_call_and_why_it_is_held(boss, connection):
    call = a_call(connection, op="create", members=["A" * 52], body=b'{"DisplayName":"Ada Quist"}')
    told = TAKEN | {"message": "Vendor Ada Quist: refused."}
    wish = a_wish(connection, state="held", call=call, problems=[told], asked_by="ann")
    shown = page(boss, wish)
    assert "Held: needs you" in shown and "Vendor Ada Quist: refused." in shown
    assert "DisplayName" in shown and "ann" in shown
    assert "Create a vendor" in page(boss, call)


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        ("party.sending", {"party": "Ada"}, "Vendor Ada sent to the ledger, to be created there."),
        (
            "party.created",
            {"party": "Ada", "employee_email": ADA},
            f"Vendor Ada created, and {ADA} linked to it.",
        ),
        (
            "party.held",
            {"party": "Ada", "problems": ["map.party.clash"]},
            "Vendor Ada was not created. Somebody else in the ledger has the name of this "
            "employee.",
        ),
        (
            "party.met",
            {"members": ["customer Ada"]},
            "Met in the ledger since its lists were read: customer Ada.",
        ),
    ],
)
def test_events_are_sentences(kind, facts, text):
    assert event_text(Event(kind=kind, facts=facts)) == text


# --- entered with the postings --------------------------------------------------------------------


def test_wishes_of_one_page_are_one_for_each_employee_and_keep_what_is_on_the_wire(
    flow, connection
):
    from audit.book import writing

    call = a_call(connection, op="create", members=["A" * 52])
    busy = a_wish(connection, state="in_doubt", call=call)
    ended = a_wish(
        connection, employee_email="olu@acme.example", name="Olu", state="held", attempts=3
    )
    drafts = []
    for number, (email, name) in enumerate(
        [(ADA, "Ada Q."), ("olu@acme.example", "Olu Bello"), ("olu@acme.example", "Olu Bello")]
    ):
        report = a_read_report(flow, expense_line(str(number)), report_id=f"R0000000000{number}")
        wanted = wishes.wish(flow, PartyWanted(name, email, "USD"))
        drafts.append(Posting(report=report, waits_for=wanted))
    with writing(connection.pk, actor="ann") as page_:
        wishes.enter(page_, drafts)
    busy.refresh_from_db()
    ended.refresh_from_db()
    assert (busy.state, busy.name) == ("in_doubt", "Ada Quist")
    assert (ended.state, ended.name, ended.attempts) == ("waiting", "Olu Bello", 0)
    assert ended.asked_by == "ann"
    assert [draft.waits_for for draft in drafts] == [busy, ended, ended]
    assert PartyWish.objects.count() == 2
