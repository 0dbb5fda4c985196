"""Webhooks out of the sandbox: kept, sent on command, and mistreated on command."""

import http.client
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

SECONDS_TO_ANSWER = 3.0


@dataclass
class Delivery:
    """One POST to a subscriber: the exact bytes (as text), every attempt `{at, status, error}`."""

    id: str
    url: str
    headers: dict[str, str]
    body: str
    made_at: str
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def send(self, at: str) -> None:
        """Post it once; what came of it ends `attempts` (status None: nobody answered)."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        attempt: dict[str, Any] = {"at": at, "status": None, "error": None}
        connection = kind(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, self.body.encode(), self.headers)
            attempt["status"] = connection.getresponse().status
        except (OSError, http.client.HTTPException) as failure:
            attempt["error"] = f"{type(failure).__name__}: {failure}"
        finally:
            connection.close()
        self.attempts.append(attempt)


class Outbox:
    """The deliveries of one vendor. Held ones stay until released; nothing is sent by itself."""

    def __init__(self) -> None:
        self.sent: list[Delivery] = []
        self.held: list[Delivery] = []
        self.is_holding = False
        self._made = 0

    def next_id(self) -> str:
        self._made += 1
        return f"d{self._made}"

    def act(self, body: dict[str, Any], make: Any, fail: type[Exception]) -> list[Delivery]:
        """`action` send (default), hold, release, replay `id`, mutate `id` (`body`, old signature).

        `make()` gives the deliveries for what happened since the last time. `fail(status, text)`
        is raised for a wrong order.
        """
        action = body.get("action", "send")
        if action == "hold":
            self.is_holding = True
            return []
        if action == "release":
            self.is_holding = False
            return self._out(self._take_held() + make())
        if action == "send":
            fresh = make()
            if self.is_holding:
                self.held += fresh
                return []
            return self._out(fresh)
        if action in ("replay", "mutate"):
            return [self._again(body, action, fail)]
        raise fail(400, f"deliver knows send, hold, release, replay and mutate, not {action!r}")

    def _again(self, body: dict[str, Any], action: str, fail: type[Exception]) -> Delivery:
        known = {one.id: one for one in self.sent}
        wanted = body.get("id") or (self.sent[-1].id if self.sent else None)
        if wanted not in known:
            raise fail(
                404, f"there is no delivery {wanted!r} to {action}; known: {', '.join(known)}"
            )
        if action == "replay":
            return known[wanted]
        old = known[wanted]
        changed = Delivery(
            self.next_id(), old.url, old.headers, body.get("body", old.body + " "), old.made_at
        )
        self.sent.append(changed)
        return changed

    def _take_held(self) -> list[Delivery]:
        held, self.held = self.held, []
        return held

    def _out(self, fresh: list[Delivery]) -> list[Delivery]:
        self.sent += fresh
        return fresh

    def listed(self) -> list[dict[str, Any]]:
        shown = [asdict(one) | {"held": False} for one in self.sent]
        return shown + [asdict(one) | {"held": True} for one in self.held]

    def dump(self) -> dict[str, Any]:
        return {
            "sent": [asdict(one) for one in self.sent],
            "held": [asdict(one) for one in self.held],
            "is_holding": self.is_holding,
            "made": self._made,
        }

    def load(self, kept: dict[str, Any]) -> None:
        self.sent = [Delivery(**one) for one in kept["sent"]]
        self.held = [Delivery(**one) for one in kept["held"]]
        self.is_holding = kept["is_holding"]
        self._made = kept["made"]
