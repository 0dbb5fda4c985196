"""What others ask of this room: the open book of a flow, and changes of what people decide."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from connectors import registry
from connectors.clock import database_now
from connectors.contract.ledger import Closed, Locks
from connectors.models import LedgerConnection
from connectors.signals import rules_changed, tell
from mappings import books, gaps, rulebook
from mappings.models import (
    Category,
    Dimension,
    Flow,
    GLAccount,
    Party,
    PartyLink,
    Rule,
    RuleValue,
    Tag,
    TaxCode,
    Value,
)
from mappings.pull import pull_cards, pull_chart, pull_workspace
from mappings.records import rule_of, terms_of
from mappings.texts import day

__all__ = [
    "link_party",
    "open_book",
    "policy_check",
    "poll_now",
    "pull_cards",
    "pull_chart",
    "pull_workspace",
    "save_flow",
    "save_rule",
]


# --- reading -------------------------------------------------------------------------------------


def open_book(flow: Flow) -> books.Book:
    """Everything that `build` needs for the flow, in nine statements whatever its size.

    The flow's workspace and connection are read with it unless they were loaded.
    """
    connection = flow.connection
    dimensions = Dimension.objects.filter(connection=connection).values_list("name", "label")
    # Before the ledger told about tax and currencies, the chart counts as unread.
    is_known = connection.has_tax is not None and connection.is_multicurrency is not None
    return books.Book(
        terms=terms_of(flow),
        company=_company(connection),
        kinds=registry.abilities(connection.ledger).kinds,
        rules=_rules(flow),
        accounts=_accounts(connection),
        values=_values(connection),
        dimension_labels=dict(dimensions),
        parties=_parties(connection),
        tax_codes=_tax_codes(connection),
        links=dict(connection.party_links.values_list("employee_email", "party_id")),
        locks=locks(connection),
        read_at=connection.chart_as_of if is_known else None,
        opened_on=database_now().astimezone(ZoneInfo(flow.zone)).date(),
    )


def locks(connection: LedgerConnection) -> Locks:
    """The days that nothing is written to: the ledger's, as last told, and our own."""
    label = registry.ledger_label(connection.ledger)
    spans = []
    if through := connection.closed_through:
        spans.append(Closed(None, through, f"{label} is closed through {day(through)}"))
    if through := connection.books_closed_through:
        spans.append(Closed(None, through, f"we closed these books through {day(through)}"))
    return Locks(tuple(spans))


def policy_check(flow: Flow, book: books.Book | None = None) -> gaps.PolicyCheck:
    """What of the workspace's lists would hold a report, before one arrives."""
    listed = Category.objects.filter(workspace=flow.workspace, active=True).order_by("name", "id")
    tags = Tag.objects.filter(workspace=flow.workspace, active=True).order_by("level", "name", "id")
    return gaps.check(
        book or open_book(flow),
        [gaps.ListedCategory(*row) for row in listed.values_list("name", "gl_code")],
        [gaps.ListedTag(*row) for row in tags.values_list("level", "name", "level_name")],
    )


def carried(flow: Flow) -> str:
    """What the flow's document can say in this ledger, and what it cannot, for people."""
    abilities = registry.abilities(flow.connection.ledger).kinds.get(flow.kind)
    if abilities is None:
        return f"{registry.ledger_label(flow.connection.ledger)} has no such document."
    labels = dict(Dimension.objects.filter(connection=flow.connection).values_list("name", "label"))
    places = {"line": "on each line", "header": "once per document"}
    said = [
        f"{labels.get(name) or name} {places[where]}"
        for name, where in sorted(abilities.dimensions.items(), key=lambda one: (one[1], one[0]))
    ]
    billable = "the billable flag" if abilities.carries_billable else "not the billable flag"
    text = ", ".join([*said, billable])
    return f"{text[0].upper()}{text[1:]}."


def _company(connection: LedgerConnection) -> books.CompanyFacts:
    return books.CompanyFacts(
        ledger=connection.ledger,
        ledger_label=registry.ledger_label(connection.ledger),
        company_id=connection.company_id,
        name=connection.company_name or connection.name,
        home_currency=connection.home_currency,
        has_tax=bool(connection.has_tax),
        is_multicurrency=bool(connection.is_multicurrency),
    )


def _rules(flow: Flow) -> tuple[rulebook.Rule, ...]:
    values: dict[int, dict[str, int | None]] = {}
    decided = RuleValue.objects.filter(rule__flow=flow, rule__is_active=True)
    for rule_id, dimension, value_id in decided.order_by("dimension__name").values_list(
        "rule_id", "dimension__name", "value_id"
    ):
        values.setdefault(rule_id, {})[dimension] = value_id
    rows = Rule.objects.filter(flow=flow, is_active=True)
    return rulebook.in_order(rule_of(row, values.get(row.pk, {})) for row in rows)


def _accounts(connection: LedgerConnection) -> dict[int, books.Account]:
    columns = ("pk", "ledger_id", "name", "number", "kind", "currency", "active")
    rows = GLAccount.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {row[0]: books.Account(*row) for row in rows}


def _values(connection: LedgerConnection) -> dict[int, books.Value]:
    rows = Value.objects.filter(dimension__connection=connection).order_by("pk")
    columns = ("pk", "ledger_id", "dimension__name", "full_name", "name", "active")
    return {
        pk: books.Value(pk, ledger_id, dimension, full_name or name, active)
        for pk, ledger_id, dimension, full_name, name, active in rows.values_list(*columns)
    }


def _parties(connection: LedgerConnection) -> dict[int, books.Party]:
    columns = ("pk", "ledger_id", "name", "kind", "email", "currency", "active")
    rows = Party.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {row[0]: books.Party(*row) for row in rows}


def _tax_codes(connection: LedgerConnection) -> dict[int, books.TaxCode]:
    columns = ("pk", "ledger_id", "name", "active")
    rows = TaxCode.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {row[0]: books.TaxCode(*row) for row in rows}


# --- deciding ------------------------------------------------------------------------------------


def save_flow(flow: Flow, *, actor: str = "") -> Flow:
    """Save what passes. Raises ValidationError, with the reason per field."""
    is_new = flow.pk is None
    flow.full_clean()
    with transaction.atomic():
        flow.save()
        _decided("flow.added" if is_new else "flow.changed", flow, {"name": flow.name}, actor)
    return flow


def save_rule(
    *,
    flow: Flow,
    rule: Rule | None = None,
    values: Mapping[str, Value | None] | None = None,
    actor: str = "",
    **columns: Any,
) -> Rule:
    """Add a rule to the flow, or change `rule`; all of it or nothing.

    values   dimension -> value, None to leave the dimension empty on purpose; given, it replaces
             the rule's values, left out, they stay
    columns  of Rule: category, tag, tag_level, employee, account, party, priority, note ...

    Raises ValidationError for what no document of the flow can carry, with the reason.
    """
    is_new = rule is None
    rule = rule or Rule(flow=flow)
    for name, content in columns.items():
        setattr(rule, name, content)
    rule.full_clean()
    with transaction.atomic():
        rule.save()
        if values is not None:
            _replace_values(rule, flow.connection, values)
        facts = {"rule_id": rule.pk, "rule": str(rule)}
        _decided("rule.added" if is_new else "rule.changed", flow, facts, actor)
    return rule


def link_party(
    *, connection: LedgerConnection, employee_email: str, party: Party, actor: str = ""
) -> PartyLink:
    """Decide that the employee is this party, whatever was decided before.

    Raises ValidationError for a party that cannot be owed anything.
    """
    email = employee_email.strip().lower()
    link = PartyLink.objects.filter(connection=connection, employee_email=email).first()
    link = link or PartyLink(connection=connection, employee_email=email)
    link.party = party
    link.full_clean()
    with transaction.atomic():
        link.save()
        announce_link(link, actor=actor)
    return link


def announce_link(link: PartyLink, *, actor: str = "") -> None:
    """For a screen that saved the link itself: the event, and the news for the upper rooms."""
    with transaction.atomic():
        tell(
            "party.linked",
            subject={"connection_id": link.connection_id},
            facts={
                "employee_email": link.employee_email,
                "party": link.party.name,
                "party_id": link.party_id,
            },
            actor=actor,
        )
        rules_changed.send(sender=None, connection_id=link.connection_id, flow_id=None)


def poll_now(flow: Flow, *, actor: str = "") -> None:
    """Make the flow due. A paused flow stays paused and polls when it goes on."""
    now = database_now()
    with transaction.atomic():
        Flow.objects.filter(pk=flow.pk).update(due_at=now, poll_asked_at=now)
        tell("flow.poll_asked", subject={"flow_id": flow.pk}, facts={}, actor=actor)
    flow.due_at = flow.poll_asked_at = now


def announce(flow: Flow, kind: str, facts: dict[str, Any], actor: str) -> None:
    """For screens that save rows themselves: the event, and the news for the upper rooms."""
    with transaction.atomic():
        _decided(kind, flow, facts, actor)


def _replace_values(
    rule: Rule, connection: LedgerConnection, values: Mapping[str, Value | None]
) -> None:
    dimensions = {row.name: row for row in Dimension.objects.filter(connection=connection)}
    rule.dimension_values.all().delete()
    for name, value in values.items():
        if name not in dimensions:
            raise ValueError(f"{connection} has no dimension {name!r}: read its lists first")
        row = RuleValue(rule=rule, dimension=dimensions[name], value=value)
        row.full_clean()
        row.save()


def _decided(kind: str, flow: Flow, facts: dict[str, Any], actor: str) -> None:
    tell(
        kind,
        subject={"flow_id": flow.pk, "connection_id": flow.connection_id},
        facts=facts,
        actor=actor,
    )
    rules_changed.send(sender=None, connection_id=flow.connection_id, flow_id=flow.pk)
