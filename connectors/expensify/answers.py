"""Tells Expensify's answers apart: it says "200 OK" to nearly everything, so the body decides.

A JSON object with a `responseCode` is an envelope and outranks the HTTP status. The answer to an
export is a bare file name, that to a download the bare file; only their errors are envelopes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NoReturn

from connectors.contract import exact_json
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Response,
    Throttled,
    Unauthorised,
)

KEYS_PAGE = "https://www.expensify.com/tools/integrations/"

# Expensify gives no Retry-After that anybody has seen; this is what others wait in practice.
_THROTTLE_STEPS_S = (30.0, 60.0, 120.0)

_RATE_LIMIT = re.compile(r"rate.?limit", re.IGNORECASE)
_CREDENTIALS = re.compile(r"authori[sz]ed|authenticat|credential", re.IGNORECASE)
# The servlet's own error pages for a request that it could not read: ours to mend, not to repeat.
_OUR_FAULT = re.compile(r"HTTP Status 500 - (?:requestJobDescription|JSONObject)")
_FILE_NAME = re.compile(r"[\w.\- ]+\.(?:csv|txt|json|xml|xlsx?|pdf)", re.ASCII | re.IGNORECASE)
_LOOKS_LIKE_HTML = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)

MAX_QUOTED = 200


class NotReady(AnswerLost):
    """The exported file is not there yet (or not any more)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was about, in the words that a message about its failure needs.

    what     "the export of approved reports", "the lists of workspace 0810E551A5F2A9C2"
    about    what a refusal is about; `subject` names it: an id, a domain
    secret   is blotted out wherever Expensify's own text is quoted
    """

    what: str
    about: Literal["account", "workspace", "domain"] = "account"
    subject: str = ""
    secret: str = ""

    def quoted(self, message: str) -> str:
        """Expensify's own words, on one line, short enough for a screen, without the secret."""
        message = " ".join(message.split())
        if self.secret:
            message = message.replace(self.secret, "***")
        return message[:MAX_QUOTED] + ("…" if len(message) > MAX_QUOTED else "")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A JSON object that Expensify answered; `code` is None where it carries no responseCode."""

    code: int | None
    message: str
    members: Mapping[str, Any]


def envelope(body: bytes) -> Envelope | None:
    """The body as an envelope, None when it is no JSON object at all."""
    try:
        members = exact_json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict):
        return None
    return Envelope(_code(members), str(members.get("responseMessage") or ""), members)


def _code(members: Mapping[str, Any]) -> int | None:
    """Codes come as number, as text, and as 200.0. One that is none of these counts as 0."""
    match members.get("responseCode"):
        case None:
            return None
        case bool():
            return 0
        case int(code):
            return code
        case Decimal() as code if code.is_finite() and code == code.to_integral_value():
            return int(code)
        case str(code) if re.fullmatch(r"\s*\d{1,9}(?:\.0+)?\s*", code, re.ASCII):
            return int(code.split(".")[0])
    return 0


def settled(response: Response, asked: Asked, throttled_before: int = 0) -> Envelope | None:
    """The envelope of an answer that succeeded, None for an answer that is no JSON object.

    Raises Throttled, Unauthorised, Blocked, ContractBroken, and AnswerLost for faults at
    Expensify that pass by themselves. `throttled_before` counts refusals in a row before this one.
    """
    found = envelope(response.body)
    code = found.code if found else None
    if _is_throttled(response, found):
        raise Throttled(
            f"Expensify takes no more requests from this account for now, so {asked.what} was not "
            "read. It is asked for again by itself.",
            after_s=_wait_s(response, throttled_before),
            status=response.status,
            vendor_code=str(code or ""),
        )
    if code is None:
        _check_status(response, found, asked)
    elif code != 200:
        _refuse(code, found.message, response.status, asked)
    return found


def _is_throttled(response: Response, found: Envelope | None) -> bool:
    if response.status == 429 or (found and found.code == 429):
        return True
    if found:
        return found.code != 200 and bool(_RATE_LIMIT.search(found.message))
    # A downloaded report may well contain the words: only a short text that is no JSON counts.
    text = _text(response.body).strip()
    return len(text) < 1000 and not text.startswith("{") and bool(_RATE_LIMIT.search(text))


def _wait_s(response: Response, throttled_before: int) -> float:
    advised = response.headers.get("retry-after", "")
    step = _THROTTLE_STEPS_S[min(throttled_before, len(_THROTTLE_STEPS_S) - 1)]
    return max(step, float(advised)) if re.fullmatch(r"\d{1,5}", advised, re.ASCII) else step


def _check_status(response: Response, found: Envelope | None, asked: Asked) -> None:
    status, text = response.status, _text(response.body)
    if status in (401, 403):
        raise Unauthorised(_dead_credentials(asked, ""), status=status)
    if status >= 500:
        if _OUR_FAULT.search(text):
            raise ContractBroken(
                f"Expensify could not read our request for {asked.what}. Nothing was taken over. "
                "Report this: the request and Expensify no longer fit each other.",
                status=status,
            )
        raise AnswerLost(
            f"Expensify failed over {asked.what}. Nothing was taken over. "
            "The next poll asks again.",
            status=status,
        )
    if not 200 <= status < 300:
        raise ContractBroken(
            f"Expensify answered {asked.what} with HTTP {status}, which its manual does not know. "
            "Nothing was taken over. Check the address of the Expensify account.",
            status=status,
        )
    if found and found.message:
        raise ContractBroken(
            f'Expensify answered {asked.what} with "{asked.quoted(found.message)}" and no code. '
            "Nothing was taken over. The next poll asks again.",
            status=status,
        )


def _refuse(code: int, message: str, status: int, asked: Asked) -> NoReturn:
    facts = {"status": status, "vendor_code": str(code)}
    says = f' Expensify says: "{asked.quoted(message)}".' if message.strip() else ""
    names_credentials = bool(_CREDENTIALS.search(message))
    if code == 401 or (code in (403, 500) and names_credentials):
        raise Unauthorised(_dead_credentials(asked, says), **facts)
    if code in (403, 404):
        raise Blocked(_blocked(code, says, asked), **facts)
    if 500 <= code < 600:
        raise AnswerLost(
            f"Expensify failed over {asked.what}.{says} Nothing was taken over. "
            "The next poll asks again.",
            **facts,
        )
    raise ContractBroken(
        f"Expensify refused {asked.what}.{says} Nothing was taken over. Report this: the request "
        "and Expensify no longer fit each other.",
        **facts,
    )


def _dead_credentials(asked: Asked, says: str) -> str:
    return (
        f"Expensify refused the partner user ID and secret, so {asked.what} was not read.{says} "
        f"Make a new pair at {KEYS_PAGE} and enter it in the Expensify account."
    )


_ALLOW = {
    "account": "Share the workspaces of these reports with the account that made the credentials.",
    "workspace": "Make the account that made the credentials an admin of the workspace.",
    "domain": "Make the account that made the credentials an admin of the domain.",
}
_REPAIR = {
    "account": "Check which workspaces the account that made the credentials still sees.",
    "workspace": "Check that it still exists and is shared with the account that made the "
    "credentials; otherwise pause its flows.",
    "domain": "Check the name of the domain.",
}


def _blocked(code: int, says: str, asked: Asked) -> Problem:
    subject = f"{asked.about}:{asked.subject}" if asked.subject else ""
    if code == 403:
        return Problem(
            code=f"expensify.{asked.about}.forbidden",
            field=asked.about,
            message=f"Expensify does not let this account read {asked.what}.{says}",
            cure=_ALLOW[asked.about],
            subject=subject,
        )
    return missing(asked, says)


def missing(asked: Asked, says: str = "") -> Problem:
    """What was asked for does not exist, or is out of this account's sight: nobody can tell."""
    return Problem(
        code=f"expensify.{asked.about}.missing",
        field=asked.about,
        message=f"Expensify has nothing under this name for {asked.what}.{says}",
        cure=_REPAIR[asked.about],
        subject=f"{asked.about}:{asked.subject}" if asked.subject else "",
    )


def file_name(response: Response, asked: Asked, throttled_before: int = 0) -> str:
    """The name under which an export can be downloaded: bare text, or in an envelope."""
    found = settled(response, asked, throttled_before)
    if found:
        name = found.members.get("filename") or found.members.get("fileName")
    else:
        name = _text(response.body).strip()
    if isinstance(name, str) and _FILE_NAME.fullmatch(name):
        return name
    raise ContractBroken(
        f"Expensify answered {asked.what} with {described(response.body)} instead of the name of "
        "a file. Nothing was taken over. The next poll asks again.",
        status=response.status,
    )


def members(response: Response, asked: Asked, throttled_before: int = 0) -> Mapping[str, Any]:
    """What a `get` job answered. Only an envelope with code 200 is an answer."""
    found = settled(response, asked, throttled_before)
    if found is None or found.code != 200:
        raise ContractBroken(
            f"Expensify answered {asked.what} with {described(response.body)} instead of a list. "
            "Nothing was taken over. The next poll asks again.",
            status=response.status,
        )
    return found.members


def check_download(response: Response, asked: Asked, throttled_before: int = 0) -> None:
    """Passes when the body is content. `response.body` may be the file's beginning alone.

    Raises NotReady for what early downloads were seen or are assumed to get: 404 in either layer,
    an empty answer, a server error.
    """
    found = envelope(response.body)
    code = found.code if found else None
    is_ok = 200 <= response.status < 300
    if code == 404 or (code is None and response.status == 404):
        raise NotReady("Expensify does not have the file", status=response.status)
    if is_ok and not response.body.strip():
        raise NotReady("Expensify answered with an empty file", status=response.status)
    try:
        settled(response, asked, throttled_before)
    except AnswerLost as lost:
        raise NotReady(lost.message, status=lost.status, vendor_code=lost.vendor_code) from lost


def described(body: bytes) -> str:
    """What a body is, without showing it: it may carry people's names."""
    if not body.strip():
        return "nothing at all"
    if _LOOKS_LIKE_HTML.match(body):
        return "an HTML page (from a proxy?)"
    return f"{len(body):,} bytes that it never sent before"


def _text(body: bytes) -> str:
    return body[:100_000].decode("utf-8", "replace")
