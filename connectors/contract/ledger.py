"""The protocol that every ledger fulfils: what the engine may ask, and what the answers mean.

The engine never asks *which* ledger it talks to; where behaviour differs, `abilities` says so.
`render` and `pack` are pure. `post` sends exactly one request. Everything that a ledger refuses
is an outcome; exceptions (see `transport`) say what the caller must do next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Protocol

from connectors.contract.abilities import Abilities
from connectors.contract.company import ChartRow, Company, Cursor, Locks
from connectors.contract.entry import Entry, Kind
from connectors.contract.keys import Marker
from connectors.contract.problem import Problem, Problems
from connectors.contract.transport import Request


class Op(StrEnum):
    POST = "post"
    AMEND = "amend"
    CANCEL = "cancel"


# --- documents ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as the ledger has it: debit positive, accounts and values by the ledger's ids."""

    account_id: str
    amount: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tax_code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as the ledger has it, in the ledger's ids; `raw` is the ledger's own body.

    total    signed like Entry.total: positive for a bill, negative for a credit
    paid     anything was paid on it, wholly or in part
    linked   other documents hold on to it (bank match, billed on): it cannot be changed freely
    markers  the raw texts of the fields in which markers stand
    """

    kind: Kind
    id: str
    number: str
    version: str
    date: date
    currency: str
    total: Decimal
    lines: tuple[StoredLine, ...]
    markers: tuple[str, ...] = ()
    party_id: str = ""
    offset_account_id: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    status: Literal["active", "draft", "voided", "deleted"] = "active"
    paid: bool = False
    linked: bool = False
    due_date: date | None = None
    edited_at: datetime | None = None
    link: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """A display text that was shortened to fit, or what this kind of document has no place for
    (then `after` is ""); identifiers are never cut."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Payload:
    """One document (or one change of one) in the ledger's own words; `body` is exact JSON text.

    document_id and version name the target of an amend or a cancel, "" for a post.
    """

    kind: Kind
    op: Op
    marker: Marker
    body: str
    number: str = ""
    document_id: str = ""
    version: str = ""
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Exact bytes for one request, and whose they are, in order.

    The request carries no credential: that is added when it leaves. `request_id` is the vendor's
    idempotency key ("" where it has none); within `resend_window` the identical call is safe.
    """

    op: Op
    members: tuple[Marker, ...]
    request: Request
    request_id: str
    resend_window: timedelta
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The ledger's proof of one document."""

    document_id: str
    number: str
    version: str
    kind: Kind
    link: str = ""


# --- outcomes of a call, findings of a look-up ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """Stored (or, for a cancel, gone). `stored` is the document as the ledger answered."""

    receipt: Receipt
    stored: Stored | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """Taken over; the outcome comes later under `ticket`."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not stored, and certainly so.

    again: no = a person must change something; later = the same call may succeed by itself;
    reread = it changed under us: read it again and decide anew.
    """

    problems: Problems
    again: Literal["no", "later", "reread"] = "no"


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Nobody can tell from the answer whether it is stored.

    problem  what the ledger said of this very document, where it did ("its number exists"): a
             person is told so if look-ups keep finding nothing
    """

    why: str
    problem: Problem | None = None


Outcome = Posted | Deferred | Refused | InDoubt


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for: by marker, and by what else is known of it."""

    marker: Marker
    kind: Kind
    payload: Payload | None
    sent_at: datetime | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Found:
    stored: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Illegible:
    """It is there, and we cannot read it whole: never taken for absent, never adopted unseen.

    problem      for a person: which document, what in it cannot be read; its facts hold
                 `document_id`, `document_number` and `link` as far as they are known
    document_id  "" where not even that can be read; the same for `number`
    """

    problem: Problem
    document_id: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """Not in the ledger, as of the ledger's own clock."""

    as_of: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """The ledger cannot say yet."""

    why: str


Finding = Found | Illegible | Absent | Pending


@dataclass(frozen=True, slots=True)
class Gone:
    """It was there and has been deleted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of ours whose content in the ledger is not what we sent."""

    field: str
    ours: str
    theirs: str


# --- payees that we create ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewParty:
    """A payee who is to be entered in the ledger's list.

    name      as people call the payee; never cut, for it is what finds the payee again
    email     by which we know our own; never ""
    currency  of the documents that wait for the payee: ledgers fix it with the creation
    """

    name: str
    email: str
    currency: str


@dataclass(frozen=True, slots=True)
class PartyCall:
    """Exact bytes of the one request that enters one payee. Like a `Call` it carries no credential;
    within `resend_window` the identical call is answered as the first was, never run twice."""

    marker: Marker
    request: Request
    request_id: str
    resend_window: timedelta


# --- files on a document --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    """A receipt to attach. `name` is for people and has an ending that the ledger takes."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileCall:
    """Exact bytes of the one request that hangs one file on one document.

    marker   of the file (`keys.file_marker`), by which it is found again
    name     the file's, as the ledger will show it
    receipt  the document's
    Like a `Call` it carries no credential; within `resend_window` the identical call is answered
    as the first was, never run twice.
    """

    marker: Marker
    name: str
    receipt: Receipt
    request: Request
    request_id: str
    resend_window: timedelta


@dataclass(frozen=True, slots=True)
class SoughtFile:
    """A file to look for, and the document that it should hang on."""

    marker: Marker
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Attached:
    """The ledger's proof of one file: its id and name there."""

    id: str
    name: str


class Ledger(Protocol):
    """One ledger connection. See DESIGN for who calls what when; errors as in `transport`."""

    name: str
    abilities: Abilities

    def check(self) -> Company:
        """Company, role and locks of today, by as few reads as the vendor allows."""

    def chart(
        self, kinds: frozenset[str] | None = None, cursor: Cursor | None = None
    ) -> Iterator[ChartRow | Cursor]:
        """Every member of the lists `kinds` (None = all that the ledger has), inactive ones too."""

    def locks(self) -> Locks:
        """The ledger's closed spans."""

    def render(
        self, entry: Entry, marker: Marker, facts: Mapping[str, Any], current: Stored | None = None
    ) -> Payload | Problems:
        """Pure: the document in the ledger's words; with `current`, the amend of that document,
        in which other people's fields are kept. Problems when the ledger cannot express it."""

    def pack(self, op: Op, payloads: Sequence[Payload], epoch: str) -> list[Call]:
        """Pure: the fewest calls for these payloads, in their order. The same payloads and epoch
        give the same bytes and request ids."""

    def post(self, call: Call) -> dict[Marker, Outcome]:
        """Send the call once. Every member of the call has an outcome in the answer."""

    def find(self, sought: Sequence[Sought]) -> dict[Marker, Finding]:
        """Look the markers up, in as few reads as possible. Confirms the marker on our side.

        Illegible where any document of the marker cannot be read whole: that one alone is held."""

    def twins(self, payloads: Sequence[Payload]) -> dict[Marker, tuple[Stored | Illegible, ...]]:
        """Documents that somebody else entered and that look like these: same payee, date and
        total, without any marker of ours. Markers without any are left out; a ledger that cannot
        be asked narrowly enough answers {}. Of what cannot be read whole the payee, date and total
        decide as well; where these cannot be read either, our number or our payee in it does."""

    def read(
        self, receipts: Sequence[Receipt]
    ) -> dict[Receipt, Stored | Illegible | Gone | Pending]:
        """The documents as they stand now."""

    def scan(self, first: date, last: date) -> Iterator[Stored | Illegible]:
        """Every document of our kinds dated in the span, both ends included, ours or not."""

    def differences(self, payload: Payload, stored: Stored) -> tuple[Difference, ...]:
        """Pure: the fields of ours in which `stored` is not what `payload` says; () = as sent."""

    def cancel(self, stored: Stored, how: Literal["void", "delete"], marker: Marker) -> Payload:
        """Pure: the payload that takes the document back in the ledger itself."""

    # Payees; asked only where `abilities.creates_parties`.

    def named(self, names: Sequence[str]) -> dict[str, tuple[ChartRow, ...]]:
        """Who has these names already, name as given -> rows; () where it is free.

        Of every list that shares its names with payees (vendors, customers, employees), inactive
        members too, as the ledger has them now and in as few reads as possible. Names count as the
        same without regard to case and to what the ledger itself appends to inactive ones. Raises
        VendorError."""

    def create(self, party: NewParty, marker: Marker) -> PartyCall | Problems:
        """Pure: the call that enters the payee, with nothing about it that people decide (no tax
        reporting, no terms). The same party and marker give the same bytes and request id, another
        marker another id. Problems where the ledger has no room for such a name."""

    def enter_party(self, call: PartyCall) -> ChartRow | Refused | InDoubt:
        """Send the call once. ChartRow: the payee as the ledger answered. Refused with `again`:
        reread = somebody has the name, though a look-up may not have shown it; later = the same
        may succeed by itself; no = a person must change something. Raises VendorError where it
        certainly was not carried out."""

    # Files; asked only for kinds whose `attach` is "after", and then `abilities.files` says which.
    # A file never changes its document, and whatever becomes of it says nothing of the document.

    def attached(self, sought: Sequence[SoughtFile]) -> dict[Marker, Attached]:
        """Those of the files that hang on their documents already, in as few reads as possible;
        confirms marker and document on our side. Markers of others are left out. A ledger that
        has no files says so when one is posted, not here. Raises VendorError."""

    def attach(self, file: File, receipt: Receipt, marker: Marker, epoch: str) -> FileCall:
        """Pure: the call that hangs the file on the document. The same file, document, marker and
        epoch give the same bytes and request id; after a refusal the next try has a new epoch."""

    def post_file(self, call: FileCall) -> Attached | Refused | InDoubt:
        """Send the call once. Refused with `again`: later = the same may succeed by itself; no = a
        person must change something. Raises VendorError where it certainly was not carried out."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The plain values that a ledger is opened with; no row of ours, no secret.

    base_url  the vendor's API, without a trailing slash; web_url: where people look at documents
    """

    company_id: str
    web_url: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
