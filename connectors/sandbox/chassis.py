"""The one interface between the sandbox and its vendors: a simulator is a `Vendor`.

How a vendor plugs in. A package `connectors/sandbox/<name>/` whose `__init__.py` has

    def open_vendor(clock: Clock, seed: int) -> Vendor

is found by itself and answers below `/<name>/...`; `/_control/<name>/...` is its control. The
vendor's class says `name`, its `switches` (every doubtful fact of its sheet, with the sentence it
comes from) and overrides:

    answer(request) -> Response        the vendor's own API, paths below the prefix
    fault_response(fault, request)     throttle, unauthorized, unavailable, refuse, error_in_200,
                                       error_after_store in the vendor's own shape
    documents() -> list[dict]          everything stored, in the contract's shape, amounts as texts
    plant(body), act(id, body)         POST documents, POST documents/{id}
    chart(body), period_lock(body), tokens(body), subscriptions(body), deliver(body), deliveries()
                                       the other verbs; left out = 404 saying so
    control(method, rest, body)        verbs only this vendor has; `rest` is the path below its name
    own_verbs                          the same, listed for the page GET /_control
    reset(), dump(), load(state)       back to the seed; state: JSON values plus Decimal, date,
                                       datetime (keys are texts, tuples come back as lists, no sets)
    is_write(request), is_token_request(request), is_batch(request), fault_applies(fault, request),
    conflict(fault, request)           so that a fault without `match` waits for one it fits
    request_id(request)                the caller's idempotency key, for the request log

A control verb answers with any JSON value (Decimals allowed) or a Response, and refuses by raising
`ControlError(status, text)`. Everything above runs under the vendor's `lock`; sleeping, closing
sockets and sending webhooks are the chassis' business, outside it. `request.fault` is set only for
`partial_batch`: the vendor plays it. `request.log["note"] = ...` adds to the request log.
Webhooks: `deliver(body)` returns the `Delivery` list to send; the server posts them after the lock
is released and fills in `attempts`. `Outbox` keeps them and plays replay, mutate and hold.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .clock import Clock, iso
from .faults import KINDS, STORING, Fault, FaultBook
from .limits import Limit
from .webhooks import Delivery, Outbox
from .wire import Headers, Request, Response, freeze, from_json, thaw, to_json

__all__ = [
    "KINDS",
    "STORING",
    "Clock",
    "ControlError",
    "Delivery",
    "Fault",
    "FaultBook",
    "Headers",
    "Limit",
    "Outbox",
    "Request",
    "Response",
    "Switch",
    "Vendor",
    "freeze",
    "from_json",
    "iso",
    "thaw",
    "to_json",
]

LOG_LENGTH = 100_000


class ControlError(Exception):
    """A control request that can't be done: the HTTP status and what to do about it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Switch:
    """A setting of a simulator: its default (also its type), the sentence behind it, allowed
    answers.
    """

    default: Any
    why: str
    choices: tuple[Any, ...] = ()

    def checked(self, name: str, wanted: Any) -> Any:
        if self.choices:
            if wanted not in self.choices:
                allowed = ", ".join(map(repr, self.choices))
                raise ControlError(400, f"{name} is one of {allowed}, not {wanted!r}")
            return wanted
        if self.default is None or wanted is None:
            return wanted
        wants = type(self.default)
        if isinstance(wanted, bool) != (wants is bool) or not isinstance(wanted, wants):
            raise ControlError(400, f"{name} is a {wants.__name__}, not {wanted!r}")
        return wanted


COMMON_SWITCHES = {
    "latency_ms": Switch(
        0, "Every answer takes at least this long (whole milliseconds), for benchmarks."
    ),
}


class Vendor:
    """Base of every simulator; see the module's text for what to override."""

    name = ""
    switches: dict[str, Switch] = {}
    own_verbs: tuple[tuple[str, str, str], ...] = ()  # (method, path below its name, what it does)

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.seed = seed
        self.lock = threading.RLock()
        self.faults = FaultBook()
        self.requests: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.late: list[
            tuple[float, Request]
        ] = []  # (due, request), applied when the clock gets there
        self.all_switches = COMMON_SWITCHES | self.switches
        self.settings: dict[str, Any] = {}
        self.reset_settings()

    # -- the vendor's API ----------------------------------------------------------------------
    def answer(self, request: Request) -> Response:
        """Answer one request of the vendor's API."""
        return Response.text(f"{self.name} has nothing at {request.path}", 404)

    def fault_response(self, fault: Fault, request: Request) -> Response:
        """The vendor's shape of a fault that answers without storing (and of error_after_store)."""
        status = {"throttle": 429, "unauthorized": 401, "unavailable": 503, "refuse": 400}
        code = fault.status or (
            200 if fault.kind == "error_in_200" else status.get(fault.kind, 500)
        )
        answer = Response.json({"error": fault.kind}, code)
        if fault.retry_after_s is not None:
            answer.headers["Retry-After"] = f"{fault.retry_after_s:g}"
        return answer

    def is_token_request(self, request: Request) -> bool:
        """Whether this is the token endpoint (where drop_token_answer strikes)."""
        return False

    def is_write(self, request: Request) -> bool:
        """Whether this request may store a document."""
        return request.method != "GET" and not self.is_token_request(request)

    def is_batch(self, request: Request) -> bool:
        """Whether partial_batch has members to refuse here."""
        return self.is_write(request)

    def fault_applies(self, fault: Fault, request: Request) -> bool:
        """Whether the fault makes sense for this request, before `match` is looked at."""
        if fault.kind == "drop_token_answer":
            return self.is_token_request(request)
        if fault.kind == "partial_batch":
            return self.is_batch(request)
        if fault.kind in STORING and fault.match is None:
            return self.is_write(request)
        if fault.kind in ("unauthorized", "refuse", "error_in_200") and fault.match is None:
            return not self.is_token_request(request)
        return True

    def conflict(self, fault: Fault, request: Request) -> None:
        """Let another user write to the document that this request is about to change."""

    def request_id(self, request: Request) -> str:
        """The idempotency key in the request, "" if there is none."""
        return ""

    # -- control -------------------------------------------------------------------------------
    def documents(self) -> list[dict[str, Any]]:
        """Everything stored, in the shape of the contract."""
        return []

    def _without(self, what: str) -> Any:
        raise ControlError(404, f"{self.name} has no {what} in this sandbox")

    def plant(self, body: dict[str, Any]) -> Any:
        """Store a document as a person at the vendor's screen would."""
        return self._without("planting of documents")

    def act(self, id: str, body: dict[str, Any]) -> Any:
        """Do `action` to a stored document: pay, unpay, edit, void, delete, restore, archive,
        match.
        """
        return self._without("actions on documents")

    def chart(self, body: dict[str, Any]) -> Any:
        """Add, rename, re-code, archive, block or delete a member of a list."""
        return self._without("chart")

    def period_lock(self, body: dict[str, Any]) -> Any:
        """Set or lift the closed period."""
        return self._without("period lock")

    def tokens(self, body: dict[str, Any]) -> Any:
        """Mint a consent without a browser."""
        return self._without("tokens")

    def subscriptions(self, body: dict[str, Any]) -> Any:
        """Register where webhooks go."""
        return self._without("webhook subscriptions")

    def deliver(self, body: dict[str, Any]) -> list[Delivery]:
        """The webhooks to send now; also replay, mutate, hold."""
        return self._without("webhooks to deliver")

    def deliveries(self) -> list[dict[str, Any]]:
        """Every webhook made so far."""
        return self._without("webhook deliveries")

    def control(self, method: str, rest: str, body: Any) -> Any:
        """Verbs that only this vendor has."""
        raise ControlError(404, f"{self.name} knows no control verb {method} {rest!r}")

    # -- state ---------------------------------------------------------------------------------
    def reset(self) -> None:
        """Back to the seed. Settings, faults and the request log are reset by the chassis."""

    def dump(self) -> dict[str, Any]:
        """The vendor's state for the state file."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Take back what `dump` gave."""

    # -- what the chassis does with it -----------------------------------------------------------
    def reset_settings(self) -> None:
        self.settings = {name: switch.default for name, switch in self.all_switches.items()}

    def change_settings(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set switches; ControlError 400 on an unknown name, nothing changed then."""
        strange = sorted(set(body) - set(self.all_switches))
        if strange:
            known = ", ".join(sorted(self.all_switches))
            raise ControlError(
                400, f"{self.name} has no setting {', '.join(strange)}; known: {known}"
            )
        checked = {n: self.all_switches[n].checked(n, wanted) for n, wanted in body.items()}
        self.settings.update(checked)
        return self.settings

    def reset_all(self) -> None:
        self.reset_settings()
        self.faults.clear()
        self.requests.clear()
        self.late.clear()
        self.reset()

    def store_late(self) -> None:
        """Let the requests of late_store through whose time has come, each at its own moment."""
        now = self.clock.time()
        while self.late and self.late[0][0] <= now:
            due, request = self.late.pop(0)
            with self.clock.pinned(due):
                self.answer(request)

    def dump_all(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "faults": self.faults.dump(),
            "late": [[due, request.dump()] for due, request in self.late],
            "state": self.dump(),
        }

    def load_all(self, kept: dict[str, Any]) -> None:
        known = {n: v for n, v in kept["settings"].items() if n in self.all_switches}
        self.settings.update(known)
        self.faults.load(kept["faults"])
        self.late = [(due, Request.load(request)) for due, request in kept["late"]]
        self.load(kept["state"])


OpenVendor = Callable[[Clock, int], Vendor]
