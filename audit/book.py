"""The only way to write in the book: set-based moves, their events and the chain, together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from audit.models import Posting, Report
from audit.states import IN_FLIGHT, State, check_move
from audit.trail import Fact, append
from connectors.clock import database_now
from connectors.contract.ledger import Op

# Which word a report shows when its parts are in different states: the first that applies.
_STANDING_ORDER = [
    (Report.Standing.FAILED, {State.FAILED}),
    (Report.Standing.HELD, {State.QUARANTINED}),
    (Report.Standing.IN_DOUBT, {State.IN_DOUBT}),
    (
        Report.Standing.WAITING,
        {State.READY, State.SENDING, State.QUEUED, State.RETRY_WAIT},
    ),
]


class Lease(Protocol):
    """What lets one writer at a time touch postings in flight; see `engine.lease`."""

    fence: int

    def confirm(self) -> datetime: ...


class Page:
    """One transaction's worth of writing for one connection. Made by `writing`."""

    def __init__(
        self, connection_id: int | None, actor: str, now: datetime, lease: Lease | None
    ) -> None:
        self.connection_id, self.actor, self.now, self.lease = connection_id, actor, now, lease
        self._facts: list[Fact] = []
        self._reports: set[int] = set()
        self._locked: set[int] = set()

    def note(
        self,
        kind: str,
        facts: dict[str, Any] | None = None,
        *,
        report_id: int | None = None,
        posting_id: int | None = None,
    ) -> None:
        """An event that goes into the trail together with everything else on this page."""
        self._facts.append(Fact(kind, facts or {}, report_id, posting_id))

    def create(self, postings: list[Posting]) -> list[Posting]:
        """Enter new postings, with an event each."""
        for posting in postings:
            posting.state_at = self.now
        created = Posting.objects.bulk_create(postings)
        for posting in created:
            self._reports.add(posting.report_id)
            facts = {"op": posting.op, "slice": posting.slice_name, "number": posting.number}
            facts |= {"total": posting.total, "currency": posting.currency}
            if posting.problems:
                facts["problems"] = [problem["code"] for problem in posting.problems]
            self._note_state(posting, facts)
        return created

    def move(
        self,
        postings: Iterable[Posting],
        old: Iterable[State],
        new: State,
        *,
        facts: dict[int, dict[str, Any]] | None = None,
        fields: Iterable[str] = (),
        held: set[int] | None = None,
        **changes: Any,
    ) -> list[Posting]:
        """Move those of `postings` that are still in `old` to `new`, and return them.

        `changes` are set on every one; `fields` names columns that the caller has set on the
        instances, row by row; `held` is what `hold` said of them on this page. Postings in flight
        move only under the lease that put them there. What is missing from the answer went to
        somebody else first; its instance is unchanged in the database, so the caller must not use
        it any more.
        """
        postings, old = list(postings), frozenset(old)
        check_move(old, new)
        if not postings:
            return []
        if old & IN_FLIGHT and self.lease is None:
            raise PermissionError("postings in flight move only under the channel's lease")
        held = self.hold(postings, old) if held is None else held
        moved = [posting for posting in postings if posting.pk in held]
        columns = {"state", "state_at", *fields, *changes}
        if self.lease is not None:
            columns.add("fence")
        for posting in moved:
            posting.state, posting.state_at = new, self.now
            if self.lease is not None:
                posting.fence = self.lease.fence
            for column, content in changes.items():
                setattr(posting, column, content)
            self._reports.add(posting.report_id)
            self._note_state(posting, (facts or {}).get(posting.pk, {}))
        if fields:
            write_columns(moved, sorted(columns))
        elif moved:
            same = {"state": new, "state_at": self.now, **changes}
            if self.lease is not None:
                same["fence"] = self.lease.fence
            Posting.objects.filter(pk__in=[posting.pk for posting in moved]).update(**same)
        return moved

    def hold(self, postings: Sequence[Posting], old: Iterable[State]) -> set[int]:
        """Lock those of `postings` that are still in `old` until the page is closed; their keys.

        Their reports are locked first, as everybody does who locks both: the standing of each is
        written at the end of the page.
        """
        self.lock(postings)
        return set(
            Posting.objects.select_for_update()
            .filter(pk__in=[posting.pk for posting in postings], state__in=frozenset(old))
            .order_by("pk")
            .values_list("pk", flat=True)
        )

    def lock(self, postings: Iterable[Posting]) -> None:
        """Lock the reports of these postings, in order, until the page is closed.

        A page that makes several moves begins with all of their postings: each move locks its own
        in order, but the second may begin before the first.
        """
        if missing := {posting.report_id for posting in postings} - self._locked:
            lock_reports(missing)
            self._locked |= missing

    def touch(self, report_ids: Iterable[int]) -> None:
        """Have the standing of these reports worked out again."""
        self._reports.update(report_ids)

    def _note_state(self, posting: Posting, facts: dict[str, Any]) -> None:
        self.note(
            f"posting.{State(posting.state).value}",
            facts,
            report_id=posting.report_id,
            posting_id=posting.pk,
        )

    def _close(self) -> None:
        _update_standings(self._reports)
        append(self.connection_id, self._facts, self.actor, self.now)


def lock_reports(report_ids: Iterable[int]) -> None:
    """Lock the reports in the order of their keys, until the transaction ends."""
    if not connections[DEFAULT_DB_ALIAS].features.has_select_for_update:
        return  # the transaction has the whole database
    locked = Report.objects.select_for_update().filter(pk__in=report_ids).order_by("pk")
    list(locked.values_list("pk", flat=True))


def write_columns(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """UPDATE each row by its key, all in one round trip.

    Django's bulk_update says the same in one statement of CASE WHEN, which takes longer to
    compose than the database needs to run it.
    """
    if not rows:
        return
    meta, connection = type(rows[0])._meta, connections[DEFAULT_DB_ALIAS]
    given = [meta.get_field(name) for name in columns]
    quote = connection.ops.quote_name
    placed = ", ".join(f"{quote(field.column)} = %s" for field in given)
    key = quote(meta.pk.column)
    statement = f"UPDATE {quote(meta.db_table)} SET {placed} WHERE {key} = %s"  # noqa: S608
    contents = [
        [
            *(field.get_db_prep_save(getattr(row, field.attname), connection) for field in given),
            row.pk,
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, contents)


@contextmanager
def writing(
    connection_id: int | None, *, actor: str = "", lease: Lease | None = None
) -> Iterator[Page]:
    """Open a page: one transaction that ends with the events and the head of the chain.

    With a `lease`, it is confirmed first (LeaseLost if another writer has taken over) and stays
    locked until the page is closed.
    """
    with transaction.atomic():
        now = database_now() if lease is None else lease.confirm()
        page = Page(connection_id, actor, now, lease)
        yield page
        page._close()


def _update_standings(report_ids: set[int]) -> None:
    if not report_ids:
        return
    parts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    standing: dict[int, str] = {}
    rows = (
        # What could not be read needs a person, whatever stands of it.
        Posting.objects.filter(report_id__in=report_ids, report__unread_text="")
        .exclude(state=State.SUPERSEDED)
        .values_list("report_id", "state", "op", "report__standing")
    )
    for report_id, state, op, standing[report_id] in rows:
        parts[report_id].append((state, op))
    by_standing: dict[str, list[int]] = defaultdict(list)
    for report_id, states in parts.items():
        if (now := standing_of(states)) != standing[report_id]:
            by_standing[now].append(report_id)
    for now, ids in by_standing.items():
        Report.objects.filter(pk__in=ids).update(standing=now)


def standing_of(parts: list[tuple[str, str]]) -> Report.Standing:
    """One word for a report from the (state, op) of its postings, superseded ones left out."""
    states = {state for state, _ in parts}
    for standing, members in _STANDING_ORDER:
        if states & members:
            return standing
    if any(state == State.POSTED and op != Op.CANCEL for state, op in parts):
        return Report.Standing.POSTED
    if State.POSTED in states:
        return Report.Standing.REVERSED
    return Report.Standing.IGNORED if State.IGNORED in states else Report.Standing.WITHDRAWN
