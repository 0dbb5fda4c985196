"""How bytes reach a vendor, and how a failed attempt says what its caller must do.

VendorError
 +- Unreachable     nothing was sent: try again later, no document is at risk
 +- Throttled       refused unread: wait, the channel (or the whole app) slows down
 +- Unauthorised    the credential is dead: a person reconnects
 +- Blocked         plan, permission, wrong company: reconnecting will not help
 +- ContractBroken  the vendor answered in a way its sheet does not know
 +- AnswerLost      sent, and no usable answer: only a look-up can tell what happened
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from connectors.contract.problem import Problem


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is below the vendor's base URL and may carry a query string."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)  # Expensify's secret travels in it
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whole. Header names are lower case. `at` is the vendor's Date, in UTC.

    `signed_by` is the fingerprint of the Authorization that the request carried, "" for none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime | None = None
    signed_by: str = ""


def fingerprint(credential: str) -> str:
    """Equal for equal credentials, and of no use to who reads it; "" for none."""
    return hashlib.sha256(credential.encode()).hexdigest()[:16] if credential else ""


class Transport(Protocol):
    """Sends exactly one request: no retries, no redirects followed, credentials added on the way.

    Raises Unreachable when the request certainly did not leave, AnswerLost when it may have.
    Every HTTP answer, whatever its status, is a Response.
    """

    def send(self, request: Request) -> Response: ...


class VendorError(Exception):
    """A call that settled nothing. Carries what support asks for, never a token or a body."""

    def __init__(
        self, message: str, *, status: int = 0, vendor_code: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.status = message, status
        self.vendor_code, self.request_id = vendor_code, request_id

    def __str__(self) -> str:
        facts = [f"request {self.request_id}"] if self.request_id else []
        facts += [f"HTTP {self.status}"] if self.status else []
        facts += [f"code {self.vendor_code}"] if self.vendor_code else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class Unreachable(VendorError):
    """Nothing was sent: no route, refused connection, name not found, TLS failed."""


class AnswerLost(VendorError):
    """The request may have arrived and no answer that can be read came back."""


class Throttled(VendorError):
    """Refused for its frequency. Wait `after_s` seconds; `scope` says who must slow down."""

    def __init__(
        self,
        message: str,
        *,
        after_s: float,
        scope: Literal["call", "connection", "app"] = "connection",
        **facts,
    ) -> None:
        super().__init__(message, **facts)
        self.after_s, self.scope = after_s, scope


class Unauthorised(VendorError):
    """The token was refused. `expired` is True where a fresh token may cure it.

    `signed_by` is the refused answer's: whoever acts on it later can tell whether it is about the
    token that is stored by then. "" where nobody can say; it then counts as about that one.
    """

    def __init__(
        self, message: str, *, expired: bool = False, signed_by: str = "", **facts
    ) -> None:
        super().__init__(message, **facts)
        self.expired, self.signed_by = expired, signed_by


class Blocked(VendorError):
    """The vendor will not serve this connection at all; `problem` tells a person why."""

    def __init__(self, problem: Problem, **facts) -> None:
        super().__init__(str(problem), **facts)
        self.problem = problem


class ContractBroken(VendorError):
    """The answer has a shape or a code that the vendor's sheet does not know."""
