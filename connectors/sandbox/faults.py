"""Faults on order: what goes wrong, on which requests, how often; the server and the vendors play
them.
"""

import random
from dataclasses import asdict, dataclass
from typing import Any

from .wire import Request, Response

KINDS = {
    "reset_before_store": "close the socket before the vendor sees the request",
    "drop_after_store": "the vendor stores, the socket is closed without an answer",
    "error_after_store": "the vendor stores, the answer is a 500 (or `status`, `body`)",
    "late_store": "close now; the vendor stores `delay_s` later on the sandbox's clock",
    "throttle": "the vendor's own too-many-requests, with `retry_after_s`; nothing stored",
    "unauthorized": "the vendor's own 401; nothing stored",
    "unavailable": "503 (or `status`, `body`); nothing stored",
    "slow": "the vendor stores, the answer comes `delay_s` real seconds later",
    "garbled": "the vendor stores, the answer is 200 with its JSON cut in the middle",
    "refuse": "the vendor's own refusal of a document; nothing stored",
    "error_in_200": "the vendor's error body under status 200; nothing stored",
    "partial_batch": 'some members of a batch are refused; with `body` "missing" they are left out',
    "conflict": "another user's write changes the document's version just before this one",
    "drop_token_answer": "the token endpoint rotates and stores, the answer is dropped",
}
# Kinds about storing: without `match` they wait for the next request that writes.
STORING = frozenset(
    ("reset_before_store", "drop_after_store", "error_after_store", "late_store", "conflict")
)


@dataclass
class Fault:
    """One order. `times` None means without end. `match`: see `Fault.matches`."""

    id: int
    kind: str
    match: Any = None
    times: int | None = 1
    rate: float | None = None
    seed: int = 0
    delay_s: float = 0.0
    retry_after_s: float | None = None
    status: int | None = None
    body: str | None = None
    played: int = 0

    def matches(self, request: Request) -> bool:
        """A string is looked for in "METHOD /path?query" and in the body; an object
        `{method, path, body}` must be found in each of its places. Raw and decoded text both count.
        """
        if self.match is None:
            return True
        target, body = request.matchable()
        if isinstance(self.match, str):
            return self.match in target or self.match in body
        wanted = self.match
        return (
            wanted.get("method", request.method).upper() == request.method
            and wanted.get("path", "") in target
            and wanted.get("body", "") in body
        )

    def ordered_answer(self) -> Response | None:
        """The answer if the order spelled it out with `body`, else None: the vendor knows its
        shape.
        """
        if self.body is None or self.kind == "partial_batch":
            return None
        status = self.status or (200 if self.kind in ("garbled", "error_in_200") else 500)
        shape = "application/json" if self.body[:1] in ("{", "[") else "text/html; charset=utf-8"
        headers = {"Content-Type": shape}
        if self.retry_after_s is not None:
            headers["Retry-After"] = f"{self.retry_after_s:g}"
        return Response(status, self.body.encode(), headers)


class FaultBook:
    """The orders of one vendor, oldest first; the first that fits a request is played."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []
        self._draws: dict[int, random.Random] = {}
        self._next = 1

    def add(self, body: dict[str, Any]) -> Fault:
        """ValueError with what is wrong. Without `rate` an order plays once; with it, until
        cleared.
        """
        fault = Fault(id=self._next, **_checked(body))
        self._next += 1
        self.orders.append(fault)
        return fault

    def clear(self) -> None:
        self.orders.clear()
        self._draws.clear()

    def take(self, request: Request, fits: Any) -> Fault | None:
        """The fault to play on this request, if any; `fits(fault)` is the vendor's word on it."""
        for fault in self.orders:
            if not fits(fault) or not fault.matches(request):
                continue
            if fault.rate is not None and self._draw(fault) >= fault.rate:
                continue
            fault.played += 1
            if fault.times is not None and fault.played >= fault.times:
                self.orders = [kept for kept in self.orders if kept is not fault]
            return fault
        return None

    def _draw(self, fault: Fault) -> float:
        if fault.id not in self._draws:
            self._draws[fault.id] = random.Random(fault.seed)
        return self._draws[fault.id].random()

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.orders]

    def load(self, kept: list[dict[str, Any]]) -> None:
        self.clear()
        self.orders = [Fault(**one) for one in kept]
        self._next = max((fault.id for fault in self.orders), default=0) + 1


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    wanted = dict(body)
    known = set(Fault.__dataclass_fields__) - {"id", "played"}
    strange = sorted(set(wanted) - known)
    if strange:
        raise ValueError(
            f"unknown field {', '.join(strange)}; known are {', '.join(sorted(known))}"
        )
    if wanted.get("kind") not in KINDS:
        raise ValueError(f"unknown kind {wanted.get('kind')!r}; known are {', '.join(KINDS)}")
    for name in ("rate", "delay_s", "retry_after_s"):
        if wanted.get(name) is not None:
            wanted[name] = float(wanted[name])
    if "times" not in wanted:
        wanted["times"] = None if wanted.get("rate") is not None else 1
    elif wanted["times"] is not None and (type(wanted["times"]) is not int or wanted["times"] < 1):
        raise ValueError("times is a whole number from 1, or null for without end")
    if wanted.get("rate") is not None and not 0 <= wanted["rate"] <= 1:
        raise ValueError("rate is a share from 0 to 1")
    match = wanted.get("match")
    if isinstance(match, dict) and set(match) - {"method", "path", "body"}:
        raise ValueError("match as an object has method, path and body only")
    if match is not None and not isinstance(match, str | dict):
        raise ValueError("match is a text, or an object with method, path, body")
    if wanted.get("body") is not None and not isinstance(wanted["body"], str):
        raise ValueError("body is the answer's text")
    if wanted["kind"] == "late_store" and not wanted.get("delay_s"):
        raise ValueError("late_store needs delay_s")
    return wanted
