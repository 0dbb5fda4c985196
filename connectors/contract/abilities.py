"""What a ledger can do: per kind of document, per call, and how fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from connectors.contract.entry import Kind


@dataclass(frozen=True, slots=True)
class KindAbilities:
    """What one kind of document can carry.

    dimensions          name -> where it stands: "header" or "line"
    line_account_types  the ledger's account types that a line may use; empty = any
    offset_account_types  the same for the credit side
    text_lengths        `memo`, `line`, `number`: characters; display texts are cut, ids never
    cancel              how a document may be taken back in the ledger itself: void, delete
    counter             the kind that takes it back as a document of its own, if any
    negative_lines      a line may be negative while the total is not
    zero_total          a document of 0.00 is taken
    carries_billable    a line can be marked billable to its customer
    """

    dimensions: Mapping[str, Literal["header", "line"]]
    text_lengths: Mapping[str, int]
    line_account_types: frozenset[str] = frozenset()
    offset_account_types: frozenset[str] = frozenset()
    max_lines: int = 1000
    amend: bool = True
    cancel: frozenset[str] = frozenset()
    counter: Kind | None = None
    attach: Literal["before", "after", "none"] = "none"
    negative_lines: bool = True
    zero_total: bool = True
    party_required: bool = False
    carries_billable: bool = False


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Which files a ledger takes: `endings` in lower case without the dot, the size of one file."""

    endings: frozenset[str]
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests in `per_s` seconds to paths that contain `path` ("" = any)."""

    count: int
    per_s: float
    path: str = ""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a ledger can do, per kind of document and as a whole.

    batch_size        members that one call can carry
    find_many         markers that one look-up can ask for
    concurrency       calls in flight at once
    visibility_delay  how long a stored document may stay unseen by a look-up
    resend_window     how long the identical call is answered as the first was, never run twice
    deferred          outcomes come later (Desktop)
    creates_parties   payees can be entered by `create`; otherwise people enter them there
    files             which files `attach` takes, None where no kind of document has any
    """

    kinds: Mapping[Kind, KindAbilities]
    batch_size: int
    find_many: int
    concurrency: int
    limits: tuple[Limit, ...]
    visibility_delay: timedelta
    resend_window: timedelta
    deferred: bool = False
    creates_parties: bool = False
    files: FileLimits | None = None
