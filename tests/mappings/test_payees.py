"""Vendors that we created and members met on the way go into the lists beside the pulls."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from connectors import registry
from connectors.contract.company import ChartRow
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.signals import chart_changed, happened, rules_changed
from mappings import services
from mappings.models import Dimension, Party, PartyLink, PartyName, Value
from tests.mappings.conftest import SEEN_AT

ADA = "ada.quist@acme.example"
ROW = ChartRow(
    "party", "91", "Ada Quist", kind="vendor", currency="USD", email=ADA, facts={"term": "3"}
)


@pytest.fixture
def heard():
    news: list[tuple] = []

    def on_happened(sender, kind, facts, actor, **kwargs) -> None:
        news.append((kind, actor, facts))

    def on_rules(sender, connection_id, **kwargs) -> None:
        news.append(("rules", connection_id))

    def on_chart(sender, connection_id, **kwargs) -> None:
        news.append(("chart", connection_id))

    happened.connect(on_happened)
    rules_changed.connect(on_rules)
    chart_changed.connect(on_chart)
    yield news
    happened.disconnect(on_happened)
    rules_changed.disconnect(on_rules)
    chart_changed.disconnect(on_chart)


def added(connection, **more) -> Party:
    email = f" {ADA} "
    party = services.add_party(connection=connection, row=ROW, employee_email=email)
    services.announce_party(party, employee_email=email, **more)
    return party


def test_a_created_vendor_is_entered_and_linked_and_told_with_who_asked(connection, heard) -> None:
    party = added(connection, actor="ann")
    assert (party.ledger_id, party.name, party.email) == ("91", "Ada Quist", ADA)
    assert (party.currency, party.terms_id, party.active) == ("USD", "3", True)
    link = PartyLink.objects.get()
    assert (link.employee_email, link.party) == (ADA, party)
    (kind, actor, facts), news = heard
    assert (kind, actor, facts["found"], facts["ledger_id"]) == (
        "party.created",
        "ann",
        False,
        "91",
    )
    assert news == ("rules", connection.pk)


def test_the_same_vendor_twice_is_one_row_and_a_persons_link_stays(connection, ben) -> None:
    services.link_party(connection=connection, employee_email=ADA, party=ben, actor="ann")
    first, second = added(connection), added(connection, was_found=True)
    assert first == second and Party.objects.filter(ledger_id="91").count() == 1
    assert PartyLink.objects.get().party == ben


def test_entering_one_member_makes_no_other_one_gone(connection, ben) -> None:
    added(connection)
    ben.refresh_from_db()
    assert ben.active and ben.gone_at is None and ben.seen_at == SEEN_AT


def test_members_that_were_met_go_into_their_own_lists(connection, heard) -> None:
    customers = Dimension.objects.create(connection=connection, name="customer", label="Customer")
    rows = [
        ChartRow("customer", "58", "Ada Quist", kind="customer", full_name="Globex:Ada Quist"),
        ChartRow("party", "7", "Ada Quist", kind="employee", active=False),
        ChartRow("unknown", "8", "Ada Quist"),
    ]
    services.add_members(connection=connection, rows=rows)
    value = Value.objects.get()
    assert (value.dimension, value.ledger_id, value.full_name) == (
        customers,
        "58",
        "Globex:Ada Quist",
    )
    party = Party.objects.get()
    assert (party.kind, party.active) == ("employee", False)
    assert heard[0][0] == "party.met" and heard[-1] == ("chart", connection.pk)


def test_a_persons_name_for_a_vendor_replaces_the_one_before(connection, heard) -> None:
    for name in ("Ada Quist (employee)", "  Ada   Quist (V) "):
        services.name_party(connection=connection, employee_email=ADA, name=name, actor="ann")
    named = PartyName.objects.get()
    assert (named.employee_email, named.name) == (ADA, "Ada Quist (V)")
    assert [news[:2] for news in heard] == [
        ("party.named", "ann"),
        ("rules", connection.pk),
    ] * 2


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_name_that_nobody_can_have_is_refused(connection, name) -> None:
    with pytest.raises(ValidationError):
        services.name_party(connection=connection, employee_email=ADA, name=name)


def test_the_open_book_knows_the_names_and_what_the_ledger_takes(flow) -> None:
    services.name_party(connection=flow.connection, employee_email=ADA, name="Ada (V)")
    book = services.open_book(flow)
    assert book.party_names == {ADA: "Ada (V)"} and book.can_create_parties
    before = book.fingerprint
    PartyName.objects.all().delete()
    assert services.open_book(flow).fingerprint != before


def test_no_flow_creates_vendors_in_a_ledger_that_takes_none(flow, monkeypatch) -> None:
    unable = replace(ABILITIES, creates_parties=False)
    monkeypatch.setattr(registry, "abilities", lambda name: unable)
    flow.creates_parties = True
    with pytest.raises(ValidationError) as refused:
        services.save_flow(flow)
    assert refused.value.message_dict["creates_parties"] == [
        "QuickBooks Online takes no new vendors from us; add them there."
    ]
