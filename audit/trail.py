"""The trail: append-only events in hash chains, so that what happened cannot be rewritten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.models import Chain, Event
from connectors.contract import exact_json, keys

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, before it has its place in a chain. No secrets, no bodies."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    report_id: int | None = None
    posting_id: int | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is no longer what was written."""

    chain: str
    seq: int
    what: str


def chain_name(connection_id: int | None) -> str:
    return SYSTEM if connection_id is None else f"connection-{connection_id}"


def append(
    connection_id: int | None, happened: Sequence[Fact], actor: str, at: datetime | None = None
) -> None:
    """Write the facts at the end of the connection's chain (None = the system's). They happened
    `at`, or now by the database's clock.

    Inside the caller's transaction, as its last step: the head row is the last lock taken, so
    that two writers cannot wait for each other.
    """
    if not happened:
        return
    name = chain_name(connection_id)
    heads = Chain.objects.select_for_update().filter(name=name).annotate(asked_at=Now())
    head = heads.first()
    if head is None:
        Chain.objects.bulk_create(
            [Chain(name=name, connection_id=connection_id)], ignore_conflicts=True
        )
        head = heads.get()
    at = at or head.asked_at
    events = []
    for fact in happened:
        event = Event(
            chain=head,
            seq=head.seq + 1,
            at=at,
            kind=fact.kind,
            actor=actor,
            report_id=fact.report_id,
            posting_id=fact.posting_id,
            facts=exact_json.plain(fact.facts),
            previous=head.head,
        )
        event.hash = event_hash(name, event)
        head.seq, head.head = event.seq, event.hash
        events.append(event)
    Event.objects.bulk_create(events)
    head.save(update_fields=["seq", "head"])


def record(
    kind: str,
    facts: dict[str, Any] | None = None,
    *,
    connection_id: int | None = None,
    report_id: int | None = None,
    posting_id: int | None = None,
    actor: str = "",
) -> None:
    """One fact in a transaction of its own, or in the caller's where there is one."""
    with transaction.atomic(savepoint=False):
        fact = Fact(kind, facts or {}, report_id, posting_id)
        append(connection_id, [fact], actor)


def event_hash(chain: str, event: Event) -> str:
    """Hash over everything the event says, and over its predecessor."""
    return keys.content_hash(
        exact_json.dumps(
            [
                chain,
                event.seq,
                event.at.astimezone(UTC),
                event.kind,
                event.actor,
                event.report_id,
                event.posting_id,
                event.facts,
                event.previous,
            ]
        )
    )


def verify() -> Iterator[Break]:
    """Walk every chain and yield each place where it was changed, cut or continued by hand."""
    for chain in Chain.objects.order_by("name", "id"):
        seq, previous = 0, "0" * 64
        for event in chain.events.order_by("seq").iterator(chunk_size=2000):
            if event.seq != seq + 1:
                yield Break(chain.name, event.seq, f"events {seq + 1} to {event.seq - 1} are gone")
            if event.previous != previous:
                yield Break(chain.name, event.seq, "does not continue the event before it")
            if event.hash != event_hash(chain.name, event):
                yield Break(chain.name, event.seq, "its content was changed")
            seq, previous = event.seq, event.hash
        if (chain.seq, chain.head) != (seq, previous):
            yield Break(chain.name, chain.seq, "the newest events are gone")
