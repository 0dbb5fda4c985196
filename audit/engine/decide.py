"""What should be written for a report, given what it should be and what stands or is on its way.

Pure: postings and built reports go in, intents come out; `prepare` writes them down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from audit.engine.holds import (
    DECISIONS,
    has_corrections,
    held_by_policy,
    other_part_held,
    payee_wanted,
    stands_elsewhere,
    was_reversed,
)
from audit.models import Posting, Report
from audit.states import NEEDS_PERSON, UNSENT, State
from connectors.contract import exact_json, keys
from connectors.contract.entry import DimensionRef, Entry, Kind, Ref
from connectors.contract.ledger import Op
from connectors.contract.problem import Problems
from mappings.build import Built, BuiltSlice
from mappings.corrections import corrected
from mappings.parties import PartyWanted
from mappings.terms import RevisionPolicy, UnapprovedPolicy

# What a person may ask for, besides what a change of the report asks for.
REPLAY, REPOST = "replay", "repost"
# So much of a name a wish for a vendor keeps.
MOST_OF_NAME = 200
# What a correction reaches that takes everything back.
NOTHING_LEFT = "nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """One slice's history, as far as it decides what comes next."""

    open: Posting | None
    last: Posting | None  # the newest that was posted: a document, or its cancellation

    @property
    def live(self) -> Posting | None:
        return self.last if self.last and self.last.is_live else None


@dataclass(frozen=True, slots=True)
class Intent:
    """A posting that should be entered.

    `entry` is None for a cancel, and where a problem must be cured before anything can be sent,
    so that no release can send it.
    """

    slice_name: str
    kind: Kind
    op: Op
    generation: int
    entry: Entry | None
    problems: Problems
    explained: tuple = ()
    total: Decimal | None = None
    replaces: Posting | None = None  # the live one that an amend or a cancel takes the place of
    waits_for: PartyWanted | None = None  # of the whole report nothing else is missing
    cause: str = "report"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to enter, and which open postings it makes obsolete."""

    intents: tuple[Intent, ...] = ()
    drops: tuple[Posting, ...] = ()


_NOTHING = Standing(None, None)


@dataclass(frozen=True, slots=True)
class Look:
    """Why a report is looked at: because its content is another than when it was looked at last,
    or because a person wishes it ("replay", "repost"), or for what Expensify says around it."""

    is_new: bool = True
    wish: str = ""


def decide(
    built: Built,
    slices: dict[str, Standing],
    *,
    policy: str = RevisionPolicy.AMEND,
    revision_id: int | None = None,
    place: str = "The report",
    look: Look = Look(),
) -> Decision:
    """Pure: what should be written, given what should stand and what stands. `place` begins the
    messages: which report, whose, how much.

    What stands is built again only where the report changed or a person says so: a rule that
    changed, or books that were closed meanwhile, are no reason.

    A problem in any part holds every part that was never posted, so that a report is never
    half in the books; a part that stands already is amended or held on its own. The same goes for
    a vendor who must be created first, which happens only where nothing is held.
    """
    intents: list[Intent] = []
    drops: list[Posting] = []
    wanted: set[str] = set()
    alone = {name for name in slices if _is_left_alone(name, slices, look, revision_id)}
    alone |= {part.name for part in built.slices if _stays_reversed(part, slices, look)}
    # A part that was set aside is settled, as is what stays as it is: it holds the others no
    # longer.
    counting = [
        part
        for part in built.slices
        if part.name not in alone
        and not is_set_aside(slices.get(part.name, _NOTHING).open, revision_id)
    ]
    blocking = built.problems + tuple(p for part in counting for p in part.problems)
    awaited = next((part.party_wanted for part in counting if part.party_wanted), None)
    awaited = None if blocking else awaited
    for part in () if built.excluded else built.slices:
        wanted.add(part.name)
        standing = slices.get(part.name, _NOTHING)
        if is_taken_back(standing.open) or part not in counting:
            continue
        corrections = _corrections(part.name, slices)
        if part.entry is not None and corrections.reaches == entry_hash(part.entry):
            drops += [standing.open] if standing.open is not None else []
            continue
        drops += corrections.unsent
        if corrections.live and standing.live is not None:
            problems = (has_corrections(standing.live, corrections.live),)
            intent = _intent(
                part, Op.AMEND, standing.live.generation, problems, standing.live, None
            )
        elif standing.live is not None:
            intent = _change(part, standing.live, built.problems, awaited, policy, place)
        else:
            intent = _first(part, standing, built.problems, blocking, awaited, place)
        if intent is not None:
            intent = _after_the_others(intent, built, slices, place)
        if intent is not None and standing.open is not None and _is_same(standing.open, intent):
            continue
        if standing.open is not None:
            drops.append(standing.open)
        if intent is not None:
            intents.append(intent)
    for name, standing in slices.items():
        base = corrected(name)
        corrections = _corrections(base, slices)
        is_settled = corrections.reaches == NOTHING_LEFT
        if base in wanted or is_settled or is_taken_back(standing.open) or name in alone:
            continue
        if is_set_aside(standing.open, revision_id) and standing.open.op == Op.CANCEL:
            continue  # a person left the document where it is
        if corrections.live:
            if name == base and standing.live is not None:
                problem = has_corrections(standing.live, corrections.live)
                intent = replace(_take_back(name, standing.live), problems=(problem,))
                if standing.open is None or not _is_same(standing.open, intent):
                    drops += [standing.open] if standing.open is not None else []
                    intents.append(intent)
            continue
        if _is_of_no_account(standing.open, revision_id):
            drops.append(standing.open)
        elif standing.open is not None and standing.open.state in UNSENT:
            if standing.open.document_id and standing.open.op == Op.POST:
                continue  # held, and something stands in the ledger: a person has to see it
            drops.append(standing.open)
        if standing.live is not None and not built.problems and not built.excluded:
            intents.append(_take_back(name, standing.live))
    return Decision(tuple(intents), tuple(drops))


def _is_left_alone(
    name: str, slices: Mapping[str, Standing], look: Look, revision_id: int | None
) -> bool:
    """It stands, or a person took it back, and neither the report's content nor anybody asks for
    another look at that."""
    standing = slices[name]
    is_open = standing.open is not None and standing.open.state != State.IGNORED
    if look.is_new or is_open or _corrections(corrected(name), slices).unsent:
        return False
    if standing.live is not None:
        # What was built for an older content may be asked for anew: its change was set aside.
        is_current = standing.live.revision_id == revision_id
        return not look.wish or (look.wish == REPLAY and is_current)
    return standing.last is not None and standing.last.cause == "person" and not look.wish


def _stays_reversed(part: BuiltSlice, slices: Mapping[str, Standing], look: Look) -> bool:
    """A person took it back, and what changed of the report since is in another part."""
    standing = slices.get(part.name, _NOTHING)
    last = standing.last
    if look.wish or standing.open is not None or last is None or last.cause != "person":
        return False
    was = last.replaces if last.op == Op.CANCEL else None
    return was is not None and part.entry is not None and entry_hash(part.entry) == was.entry_hash


def _after_the_others(
    intent: Intent, built: Built, slices: Mapping[str, Standing], place: str
) -> Intent:
    """No expense is booked anew while it stands in another document of the report: that one is to
    be changed, or taken back, first, and may turn out to be paid or locked."""
    if intent.entry is None:
        return intent
    gained = {line.transaction_id for line in intent.entry.lines if line.transaction_id}
    if intent.replaces is not None:
        gained -= _expenses_of(intent.replaces)
    meant = {part.name: part.entry for part in built.slices}
    for name, standing in slices.items():
        if standing.live is None or corrected(name) != name or name == intent.slice_name:
            continue
        if intent.op is Op.AMEND and keys.whole_slice(name) == keys.whole_slice(intent.slice_name):
            continue  # parts of one document, between which lines move with every change
        reached, entry = _corrections(name, slices).reaches, meant.get(name)
        is_right = reached and reached in (NOTHING_LEFT, entry_hash(entry) if entry else "")
        if not is_right and gained & _expenses_of(standing.live):
            problem = stands_elsewhere(place, standing.live)
            return replace(intent, problems=(problem, *intent.problems), waits_for=None)
    return intent


def _expenses_of(posting: Posting) -> set[str]:
    lines = posting.entry["lines"] if posting.entry else ()
    return {line["transaction_id"] for line in lines if line["transaction_id"]}


def _first(
    part: BuiltSlice,
    standing: Standing,
    report_problems: Problems,
    blocking: Problems,
    awaited: PartyWanted | None,
    place: str,
) -> Intent:
    own = report_problems + part.problems
    if not own and blocking:
        own = (other_part_held(place),)
    generation = 1
    if standing.last is not None:
        generation = standing.last.generation + 1
    if standing.last is not None and standing.last.cause == "person":
        # Its document was taken back by somebody: only a person may decide to book it again.
        own += (payee_wanted(awaited),) if awaited else ()
        own += (was_reversed(standing.last),)
    elif standing.last is None and standing.open is not None:
        generation = standing.open.generation
    return _intent(part, Op.POST, generation, own, None, None if own else awaited)


def _change(
    part: BuiltSlice,
    live: Posting,
    report_problems: Problems,
    awaited: PartyWanted | None,
    policy: str,
    place: str,
) -> Intent | None:
    """The amend that the part needs; None when the document is right as it stands."""
    problems = report_problems + part.problems
    if part.entry is not None and entry_hash(part.entry) == live.entry_hash:
        return None
    if policy == RevisionPolicy.HOLD and not problems:
        problems += (held_by_policy(part, live),)
        problems += (payee_wanted(part.party_wanted),) if part.party_wanted else ()
    if part.entry is None and not problems and awaited is None:
        problems = (other_part_held(place),)  # a vendor is not created for a report that is held
    if part.entry is not None and not problems and _needs_new_document(part, live, policy):
        # First the old one goes; when it is gone the report is looked at again, and the new one
        # follows under the next generation.
        return _take_back(part.name, live)
    waits_for = awaited if part.entry is None and not problems else None
    return _intent(part, Op.AMEND, live.generation, problems, live, waits_for)


def _intent(
    part: BuiltSlice,
    op: Op,
    generation: int,
    problems: Problems,
    live: Posting | None,
    waits_for: PartyWanted | None,
) -> Intent:
    is_whole = waits_for is None and all(problem.code in DECISIONS for problem in problems)
    return Intent(
        slice_name=part.name,
        kind=part.kind,
        op=op,
        generation=generation,
        entry=part.entry if is_whole else None,
        problems=problems,
        explained=part.explained,
        total=part.total,
        replaces=live,
        waits_for=waits_for,
    )


def _take_back(name: str, live: Posting) -> Intent:
    return Intent(name, Kind(live.kind), Op.CANCEL, live.generation, None, (), (), live.total, live)


def _needs_new_document(part: BuiltSlice, live: Posting, policy: str) -> bool:
    """No amend turns a bill into a credit, or hands it to another payee or currency."""
    stood = live.as_entry()
    party, was = part.entry.party, stood.party if stood else None
    return (
        policy == RevisionPolicy.REPOST
        or part.kind != live.kind
        or part.entry.currency != live.currency
        or (party.id if party else "") != (was.id if was else "")
    )


def _is_same(open_: Posting, intent: Intent) -> bool:
    """The open posting already says this, so that replacing it would only make noise."""
    if open_.state in {State.WITHDRAWN, State.IGNORED}:
        return False
    wanted = entry_hash(intent.entry) if intent.entry else ""
    same_problems = [p["code"] for p in open_.problems] == [p.code for p in intent.problems]
    same_place = open_.op == intent.op and open_.generation == intent.generation
    same_place &= _waits_alike(open_, intent.waits_for)
    clean = not intent.problems and open_.state not in NEEDS_PERSON
    return (
        same_place and open_.entry_hash == wanted and same_problems and (clean or intent.problems)
    )


def _waits_alike(open_: Posting, wanted: PartyWanted | None) -> bool:
    """A wish is carried out as it was entered: for another name, person or currency it is replaced
    together with the posting."""
    wish = open_.waits_for
    if wish is None or wanted is None:
        return wish is None and wanted is None
    asked = (wish.employee_email, wish.name, wish.currency)
    return asked == (wanted.email, wanted.name[:MOST_OF_NAME], wanted.currency)


def is_set_aside(open_: Posting | None, revision_id: int | None) -> bool:
    """A person set this very revision aside; only a replay or a change of the report undoes it."""
    return open_ is not None and open_.state == State.IGNORED and open_.revision_id == revision_id


def _is_of_no_account(open_: Posting | None, revision_id: int | None) -> bool:
    """Set aside or withdrawn, of a part that the report does not have any more."""
    if open_ is None:
        return False
    is_aside = open_.state == State.IGNORED and open_.revision_id != revision_id
    return is_aside or open_.state == State.WITHDRAWN


def is_taken_back(open_: Posting | None) -> bool:
    """A person's reversal waits to be sent; no revision undoes it, until it is set aside."""
    if open_ is None or open_.state == State.IGNORED:
        return False
    return open_.op == Op.CANCEL and open_.cause == "person"


def of_taken_away(report: Report, policy: str, slices: dict[str, Standing]) -> Decision:
    """No longer approved, or deleted: what stands is left alone, unless the flow takes it back.
    The drain does so only while the document is open, unpaid, unedited and its date open."""
    if policy != UnapprovedPolicy.REVERSE or not report.is_taken_away:
        return Decision()
    going = {
        name: one
        for name, one in slices.items()
        if one.live is not None
        and not _is_going(one.open)
        and not _corrections(corrected(name), slices).live  # one without the other is wrong
    }
    return Decision(
        intents=tuple(
            replace(_take_back(name, one.live), cause="away") for name, one in going.items()
        ),
        drops=tuple(one.open for one in going.values() if one.open is not None),
    )


def _is_going(open_: Posting | None) -> bool:
    """A cancel is under way, or was given up by a person; one that was withdrawn is neither."""
    return open_ is not None and open_.op == Op.CANCEL and open_.state != State.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Corrections:
    """The further documents of a part. `reaches`: what all of them, also those that are still to
    be sent, amount to together with its document; "" without any."""

    live: tuple[Posting, ...] = ()
    unsent: tuple[Posting, ...] = ()
    reaches: str = ""


def _corrections(name: str, slices: Mapping[str, Standing]) -> Corrections:
    found = [one for other, one in slices.items() if other != name and corrected(other) == name]
    live = tuple(one.live for one in found if one.live is not None)
    unsent = tuple(one.open for one in found if one.open is not None and not one.open.document_id)
    # One that was withdrawn or could not be built will not be sent: what is missing is asked for
    # anew.
    counting = (
        one
        for one in (*live, *unsent)
        if one.state != State.WITHDRAWN and not (one.state in NEEDS_PERSON and one.entry is None)
    )
    newest = max(counting, key=lambda one: one.pk, default=None)
    return Corrections(live, unsent, newest.reaches if newest is not None else "")


def entry_hash(entry: Entry) -> str:
    """Names what should stand in the books.

    Members count by their ids: an account that was renamed in the ledger changes no document.
    Notes about the entry and receipt links, which are signed anew each time, do not count.
    """

    def ids(ref: Ref | None) -> str:
        return ref.id if ref else ""

    def values(dimensions: Sequence[DimensionRef]) -> list[tuple[str, str]]:
        return sorted((one.dimension, one.value.id) for one in dimensions)

    lines = [
        (
            ids(line.account),
            line.amount,
            line.role,
            line.text,
            values(line.dimensions),
            ids(line.tax_code),
            line.tax_amount,
            ids(line.party),
            line.billable,
        )
        for line in entry.lines
    ]
    head = (entry.kind, entry.date, entry.due_date, entry.currency, entry.rate, entry.memo)
    return keys.content_hash(
        exact_json.dumps([head, ids(entry.party), values(entry.dimensions), lines])
    )
