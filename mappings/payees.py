"""Who is whom in the ledger, beside the pulls: vendors that we created, members met on the way,
and what people call a vendor whose plain name is taken."""

from collections.abc import Sequence

from django.db import transaction

from connectors.contract.company import ChartRow
from connectors.models import LedgerConnection
from connectors.signals import chart_changed, rules_changed, tell
from mappings.models import Party, PartyLink, PartyName
from mappings.pull import take_in


def add_party(*, connection: LedgerConnection, row: ChartRow, employee_email: str) -> Party:
    """Enter a payee that was created in the ledger for this employee, and link the two; whoever
    does so announces it in the same transaction.

    A link that a person made meanwhile stays.
    """
    email = employee_email.strip().lower()
    with transaction.atomic():
        (party,) = take_in(connection, [row])
        PartyLink.objects.get_or_create(
            connection=connection, employee_email=email, defaults={"party": party}
        )
    return party


def announce_party(
    party: Party, *, employee_email: str, was_found: bool = False, actor: str = ""
) -> None:
    """The event, and the news for the upper rooms. `was_found`: the answer to our creation was
    lost, and a look-up found the payee; `actor`: who decided on the creation, "" for the flow's
    policy.
    """
    email = employee_email.strip().lower()
    with transaction.atomic():
        facts = {"party": party.name, "party_id": party.pk, "employee_email": email}
        facts |= {"ledger_id": party.ledger_id, "found": was_found}
        of_ledger = {"connection_id": party.connection_id}
        tell("party.created", subject=of_ledger, facts=facts, actor=actor)
        rules_changed.send(sender=None, flow_id=None, **of_ledger)


def add_members(*, connection: LedgerConnection, rows: Sequence[ChartRow]) -> None:
    """Enter members of the ledger's lists that somebody met there since the lists were read."""
    with transaction.atomic():
        take_in(connection, rows)
        named = [f"{row.kind or row.list_name} {row.name}" for row in rows]
        tell("party.met", subject={"connection_id": connection.pk}, facts={"members": named})
        chart_changed.send(sender=None, connection_id=connection.pk)


def name_party(
    *, connection: LedgerConnection, employee_email: str, name: str, actor: str = ""
) -> PartyName:
    """Decide what the employee's vendor is called, whatever was decided before.

    Raises ValidationError for a name that is empty or too long for us.
    """
    email = employee_email.strip().lower()
    named = PartyName.objects.filter(connection=connection, employee_email=email).first()
    named = named or PartyName(connection=connection, employee_email=email)
    named.name = name
    named.full_clean()
    with transaction.atomic():
        named.save()
        announce_name(named, "party.named", actor=actor)
    return named


def announce_name(named: PartyName, kind: str, *, actor: str = "") -> None:
    """For a screen that changed the name itself: the event, and the news for the upper rooms."""
    with transaction.atomic():
        tell(
            kind,
            subject={"connection_id": named.connection_id},
            facts={"employee_email": named.employee_email, "name": named.name},
            actor=actor,
        )
        rules_changed.send(sender=None, connection_id=named.connection_id, flow_id=None)
