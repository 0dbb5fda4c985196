"""What would stand in the books if reports were posted now: the real path, less every write.

Whoever shows a dry run (a page, a terminal, the API) asks here, so that all of them say the same
as the engine would do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from audit.engine.decide import REPOST, Decision, Intent, Look, Standing, decide
from audit.engine.places import report_place
from audit.engine.prepare import drafted, kept_dates, with_refusals
from audit.models import KINDS, Posting, Report
from audit.selectors import as_read
from audit.states import OPEN, State
from connectors import opening
from connectors.contract import exact_json
from connectors.contract.entry import Entry
from connectors.contract.ledger import Ledger, Op
from connectors.contract.problem import Problem, Problems
from connectors.contract.report import ReportStatus
from connectors.counting import counted
from connectors.registry import UnknownLedger
from mappings import services
from mappings.books import Book
from mappings.build import Built, BuiltSlice, Excluded, Note, Untaken, build
from mappings.models import Flow
from mappings.texts import money

CHUNK = 200
# A connection's ledger is none of this installation, or settings lead nowhere.
NOT_INSTALLED = (UnknownLedger, ImproperlyConfigured)


@dataclass(frozen=True, slots=True)
class Part:
    """One slice of a report as the document that it would become. Amounts in `currency`.

    would     post, amend, keep (it stands and is right), reverse, hold
    entry     what should stand; also where only another part's problem holds it back, and for a
              reversal that makes room for a new document
    payload   the document's text in the ledger's words; "" where it is held, where nothing would
              be sent, and for an amend, which is made from the document as the ledger has it then
    number    the document's number: to be given, or of the document that stands
    standing  the posting because of which a document stands already
    waiting   the posting of this slice that is open: waiting, held or under way
    creates   the vendor who would be created first, "" for nobody; then there is no payload yet
    """

    slice_name: str
    kind: str
    would: str
    entry: Entry | None
    date: date | None
    currency: str
    total: Decimal | None
    party_name: str = ""
    number: str = ""
    payload: str = ""
    problems: Problems = ()
    cuts: tuple[dict[str, str], ...] = ()
    explained: tuple = ()
    standing: Posting | None = None
    waiting: Posting | None = None
    creates: str = ""

    @property
    def kind_label(self) -> str:
        return dict(KINDS)[self.kind]

    @property
    def what(self) -> str:
        """The sentence's end: "Bill R00-AB12 ..."."""
        stands = self.standing.number if self.standing else ""
        first = f'; vendor "{self.creates}" would be created first' if self.creates else ""
        match self.would:
            case "post":
                return f"would be posted{first}"
            case "amend":
                return f"would change no. {stands} in place{first}"
            case "keep":
                return f"stands already as no. {stands} and would stay as it is"
            case "reverse":
                follows = "a new document follows" if self.entry else "nothing is left of it"
                return f"no. {stands} would be reversed, {follows}"
        return "would be held"


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything about one report. `unreadable` says why nothing could be built at all.

    excluded  why the whole report is none of the flow's business
    note      why it becomes no document although nothing is wrong with it
    problems  the report's own, which hold every part
    """

    report: Report
    parts: tuple[Part, ...] = ()
    problems: Problems = ()
    untaken: tuple[Untaken, ...] = ()
    excluded: Excluded | None = None
    note: Note | None = None
    flags: tuple[str, ...] = ()
    unreadable: str = ""

    @property
    def all_problems(self) -> Problems:
        """The report's and its parts', each once."""
        found = list(self.problems)
        for part in self.parts:
            found += [problem for problem in part.problems if problem not in found]
        return tuple(found)

    @property
    def is_held(self) -> bool:
        return bool(self.unreadable or self.problems) or any(
            part.would == "hold" for part in self.parts
        )

    @property
    def left_out(self) -> str:
        """Why nothing would be posted although nothing is held, "" otherwise."""
        if self.excluded or self.note:
            return (self.excluded or self.note).text
        return ""


_BECOMES = {
    "post": "would be posted",
    "amend": "would be changed in place",
    "reverse": "would be reversed",
    "keep": "in the ledger already",
}


@dataclass(slots=True)
class Figures:
    """What many previews come to: documents by what would become of them, kind and currency."""

    reports: int = 0
    held: int = 0
    left_out: int = 0
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    sums: dict[tuple[str, str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, one: Preview) -> None:
        self.reports += 1
        self.held += one.is_held
        self.left_out += not one.is_held and not one.parts
        for part in one.parts:
            if part.would in _BECOMES:
                key = (part.would, part.kind_label, part.currency)
                self.documents[key] += 1
                self.sums[key] += part.total or 0

    def __str__(self) -> str:
        """`31 reports: 26 bills, 11,827.53 USD would be posted; 4 reports held`."""
        said = []
        for would, becomes in _BECOMES.items():
            ours = [key for key in sorted(self.documents) if key[0] == would]
            if ours:
                said.append(f"{', '.join(map(self._of_kind, ours))} {becomes}")
        if self.held:
            said.append(f"{counted(self.held, 'report')} held")
        if self.left_out:
            said.append(f"{counted(self.left_out, 'report')} not taken")
        reports = counted(self.reports, "report")
        return f"{reports}: {'; '.join(said)}" if said else reports

    def _of_kind(self, key: tuple[str, str, str]) -> str:
        _, kind, currency = key
        return f"{counted(self.documents[key], kind.lower())}, {money(self.sums[key], currency)}"


def preview(reports: Iterable[Report]) -> list[Preview]:
    """What each report would become with today's rules. Writes nothing and calls nobody.

    The rules are read once for each flow. A report that cannot be built is answered with its
    reason, never with an exception.
    """
    return list(previews(reports))


def previews(reports: Iterable[Report], as_if: Flow | None = None) -> Iterator[Preview]:
    """The same one by one, for flows of any size; postings are read for a chunk at a time.

    The reports should come with `latest` and `flow__connection`; they need not be stored.
    `as_if`: their flow with choices that are not saved, which then count instead.
    """
    open_books: dict[int, _Opened | str] = {}
    if as_if is not None:
        open_books[as_if.pk] = _opened(as_if)
    rest = iter(reports)
    while chunk := list(islice(rest, CHUNK)):
        posted, waiting = _postings_of(chunk)
        for report in chunk:
            if reason := _unbuildable(report):
                yield Preview(report, unreadable=reason)
                continue
            if report.flow_id not in open_books:
                stored = Flow.objects.select_related("workspace", "connection")
                open_books[report.flow_id] = _opened(stored.get(pk=report.flow_id))
            opened = open_books[report.flow_id]
            if isinstance(opened, str):
                yield Preview(report, unreadable=opened)
                continue
            yield _one(report, opened, posted[report.pk], waiting[report.pk])


def _opened(flow: Flow) -> "_Opened | str":
    """What every report of the flow is built with, or why nothing can be built at all."""
    try:
        return _Opened(flow, services.open_book(flow), opening.offline_ledger(flow.connection))
    except NOT_INSTALLED as error:
        return str(error)


def _unbuildable(report: Report) -> str:
    if report.flow is None or report.latest is None:
        return "It was never read whole. Poll its workspace, then look again."
    if not report.flow.connection.company_id:
        return (
            f"{report.flow.connection.name} is not connected to a company yet. Press Connect on "
            "its page, then look again."
        )
    return ""


_BySlice = dict[str, Posting]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A flow with its rules of today and its ledger's pure half."""

    flow: Flow
    book: Book
    ledger: Ledger


def _postings_of(reports: Sequence[Report]) -> tuple[dict[int, _BySlice], dict[int, _BySlice]]:
    """By report and slice: the newest that was posted, and the one that is open."""
    posted: dict[int, _BySlice] = defaultdict(dict)
    open_: dict[int, _BySlice] = defaultdict(dict)
    rows = Posting.objects.filter(
        report__in=[report.pk for report in reports if report.pk], state__in=OPEN | {State.POSTED}
    ).order_by("pk")
    for row in rows.defer("payload", "stored", "explained"):
        by_report = posted if row.state == State.POSTED else open_
        by_report[row.report_id][row.slice_name] = row
    return posted, open_


def _one(
    report: Report,
    opened: _Opened,
    posted: _BySlice,
    waiting: _BySlice,
) -> Preview:
    try:
        read = as_read(report)
    except ValueError as misfit:
        return Preview(report, unreadable=f"Its stored copy cannot be read: {misfit}")
    if not ReportStatus(report.status).is_final:
        text = f"It is {report.status} in Expensify: only reports that are final are taken."
        return Preview(report, excluded=Excluded("excluded.state", text))
    live = {name: one for name, one in posted.items() if one.is_live}
    # What is open is left out of the question: the answer is what should be, not what is new, as
    # if a person asked for it.
    history = {name: Standing(None, one) for name, one in posted.items()}
    built = build(read, opened.book, kept_dates=kept_dates(history))
    built = with_refusals(built, opened.flow, report, history, opened.ledger)
    decision = decide(
        built,
        history,
        policy=opened.flow.revision_policy,
        place=report_place(report),
        look=Look(wish=REPOST),
    )
    parts = _parts(report, opened, built, decision)
    parts += [_kept(one, live[one.name]) for one in _unchanged(built, decision, live)]
    shown = [replace(one, waiting=waiting.get(one.slice_name)) for one in parts]
    return Preview(
        report,
        tuple(sorted(shown, key=lambda one: one.slice_name)),
        built.problems,
        built.untaken,
        built.excluded,
        built.note,
        built.flags,
    )


def _parts(report: Report, opened: _Opened, built: Built, decision: Decision) -> list[Part]:
    meant = {one.name: one for one in built.slices}
    parts = []
    for intent in decision.intents:
        draft = drafted(opened.flow, report, intent, opened.ledger)
        entry = meant[intent.slice_name].entry if intent.slice_name in meant else None
        parts.append(
            Part(
                slice_name=intent.slice_name,
                kind=intent.kind.value,
                would=_would(intent, draft),
                entry=entry,
                date=entry.date if entry and intent.op is not Op.CANCEL else draft.date,
                currency=draft.currency,
                total=draft.total,
                party_name=draft.party_name,
                number=draft.number,
                payload=draft.payload,
                problems=tuple(Problem(**problem) for problem in draft.problems),
                cuts=tuple(draft.cuts),
                explained=intent.explained,
                standing=intent.replaces,
                creates=draft.waits_for.name if draft.waits_for else "",
            )
        )
    return parts


def _would(intent: Intent, draft: Posting) -> str:
    if draft.problems:
        return "hold"
    return {Op.POST: "post", Op.AMEND: "amend", Op.CANCEL: "reverse"}[intent.op]


def _unchanged(built: Built, decision: Decision, live: _BySlice) -> list[BuiltSlice]:
    """Slices whose document is right as it stands: the engine has no intent for them."""
    meant = {intent.slice_name for intent in decision.intents}
    parts = () if built.excluded else built.slices
    return [one for one in parts if one.name in live and one.name not in meant]


def _kept(part: BuiltSlice, live: Posting) -> Part:
    return Part(
        slice_name=part.name,
        kind=live.kind,
        would="keep",
        entry=part.entry,
        date=live.date,
        currency=live.currency,
        total=live.total,
        party_name=live.party_name,
        number=live.number,
        explained=part.explained,
        standing=live,
    )


# --- for machines --------------------------------------------------------------------------------


def as_plain(one: Preview) -> dict[str, Any]:
    """The preview as JSON values; amounts are texts, debits positive."""
    return {
        "report": one.report.report_id,
        "name": one.report.name,
        "employee": one.report.employee_name,
        "total": exact_json.plain(one.report.total),
        "currency": one.report.currency,
        "not_taken": one.left_out,
        "unreadable": one.unreadable,
        "problems": exact_json.plain(one.problems),
        "untaken": exact_json.plain(one.untaken),
        "documents": [_part_as_plain(part) for part in one.parts],
    }


def _part_as_plain(part: Part) -> dict[str, Any]:
    return exact_json.plain(
        {
            "part": part.slice_name,
            "kind": part.kind,
            "would": part.would,
            "number": part.number,
            "date": part.date,
            "party": part.party_name,
            "total": part.total,
            "currency": part.currency,
            "entry": part.entry,
            "payload": part.payload,
            "problems": part.problems,
            "cuts": part.cuts,
            "stands_as": part.standing.number if part.standing else "",
            "waiting": part.waiting.state if part.waiting else "",
            "creates": part.creates,
        }
    )
