"""What others ask of this room: the open book of a flow, and changes of what people decide."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from connectors.clock import database_now
from connectors.models import LedgerConnection
from connectors.signals import rules_changed, tell
from mappings.models import Dimension, ExchangeRate, Flow, Party, PartyLink, Rule, RuleValue, Value
from mappings.payees import add_members, add_party, announce_name, announce_party, name_party
from mappings.pull import pull_cards, pull_chart, pull_workspace
from mappings.saving import fill_back, save_row
from mappings.selectors import carried, locks, open_book, policy_check

__all__ = [
    "add_members",
    "add_party",
    "announce_party",
    "announce",
    "announce_link",
    "announce_name",
    "announce_rate",
    "backfill",
    "carried",
    "link_party",
    "locks",
    "name_party",
    "open_book",
    "policy_check",
    "poll_now",
    "pull_cards",
    "pull_chart",
    "pull_workspace",
    "save_flow",
    "save_row",
    "save_rule",
]


def save_flow(flow: Flow, *, actor: str = "") -> Flow:
    """Save what passes. Raises ValidationError, with the reason per field."""
    is_new = flow.pk is None
    flow.full_clean()
    with transaction.atomic():
        save_row(flow, actor=actor)
        _decided("flow.added" if is_new else "flow.changed", flow, {"name": flow.name}, actor)
    return flow


def backfill(
    flow: Flow, first: date, last: date, *, facts: Mapping[str, Any], actor: str = ""
) -> None:
    """Take what was approved from `first` to `last` too, although the flow begins later.

    `facts` are the figures that whoever decides has seen.
    """
    with transaction.atomic():
        fill_back(flow, first, last)
        days = {"from": first.isoformat(), "to": last.isoformat()}
        _decided("flow.backfilled", flow, {"flow": flow.name, **days, **facts}, actor)


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
        announce_link(link, "party.linked", actor=actor)
    return link


def announce_link(link: PartyLink, kind: str, *, actor: str = "") -> None:
    """For a screen that changed the link itself: the event, and the news for the upper rooms."""
    with transaction.atomic():
        tell(
            kind,
            subject={"connection_id": link.connection_id},
            facts={
                "employee_email": link.employee_email,
                "party": link.party.name,
                "party_id": link.party_id,
            },
            actor=actor,
        )
        rules_changed.send(sender=None, connection_id=link.connection_id, flow_id=None)


def announce_rate(rate: ExchangeRate, kind: str, actor: str = "") -> None:
    """For a screen that changed the rate table itself: the event, and the news for upper rooms."""
    with transaction.atomic():
        tell(
            kind,
            subject={"connection_id": rate.connection_id},
            facts={"rate": str(rate), "source": rate.source},
            actor=actor,
        )
        rules_changed.send(sender=None, connection_id=rate.connection_id, flow_id=None)


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
