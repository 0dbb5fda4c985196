"""From an answer of any shape to what it means: QuickBooks has four ways to say no, and HTML."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.contract import exact_json
from connectors.contract.ledger import InDoubt, Op, Refused
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    Blocked,
    Response,
    Throttled,
    Unauthorised,
    VendorError,
)
from connectors.ledgers.quickbooks_online import texts
from connectors.ledgers.quickbooks_online.faults import RULES, UNDESCRIBED, Do, Rule

# Documented: wait a minute. A Retry-After header is not documented but honoured.
_THROTTLE_S = 60.0
_PAUSE_S = 300.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 1.0, 3600.0
# From here on the outcome of a fault that nobody has described is open.
_SEVERE = 10000

# Statuses that say enough where the body says nothing: another gateway's page, or none at all.
_BY_STATUS = {401: "qbo.token_expired", 403: "qbo.no_access", 429: "qbo.throttled"}

_XML_ERROR = re.compile(r"<(?:\w+:)?Error\b(?P<head>[^>]*)>(?P<inner>.*?)</(?:\w+:)?Error>", re.S)
_XML_CODE = re.compile(r"""\bcode\s*=\s*["'](\d+)["']""")


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer. `detail` may be "" where QuickBooks gives none."""

    code: str
    message: str = ""
    detail: str = ""
    type: str = ""

    @property
    def words(self) -> str:
        """QuickBooks' own text: the detail, which says more, or else the message."""
        return " ".join((self.detail or self.message).split())[:500]


@dataclass(frozen=True, slots=True)
class Context:
    """What the fault is about, in the words that a person knows. See `members.context`."""

    document: str = "The request to QuickBooks"
    dated_on: date | None = None
    left: str = ""
    op: Op | None = None
    places: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about one fault, and the problem that a person reads."""

    do: Do
    problem: Problem


def read(response: Response) -> tuple[Any, tuple[Fault, ...]]:
    """The JSON of a whole answer, None where it is none (XML, HTML, cut off, empty); and its
    faults, in JSON or in XML (which comes even where JSON was asked for)."""
    try:
        document = exact_json.loads(response.body)
    except (ValueError, RecursionError, ArithmeticError):
        document = None
    return document, faults_in(document) if document is not None else _xml_faults(response)


def faults_in(document: Any) -> tuple[Fault, ...]:
    """The faults of a JSON answer or batch member: `Fault` of the API, `fault` of the gateway."""
    if not isinstance(document, Mapping):
        return ()
    for name in ("Fault", "fault"):
        fault = document.get(name)
        if not isinstance(fault, Mapping):
            continue
        errors = fault.get("Error") or fault.get("error")
        errors = errors if isinstance(errors, list) else [errors]
        kind = _text(fault.get("type"))
        found = tuple(_fault(error, kind) for error in errors if isinstance(error, Mapping))
        return found or (Fault("", "a fault without an error", "", kind),)
    return ()


def _xml_faults(response: Response) -> tuple[Fault, ...]:
    text = response.body[:65536].decode("utf-8", "replace")
    if "Fault" not in text:
        return ()
    return tuple(
        Fault(
            code[1] if (code := _XML_CODE.search(error["head"])) else "",
            _xml_text(error["inner"], "Message"),
            _xml_text(error["inner"], "Detail"),
        )
        for error in _XML_ERROR.finditer(text)
    )


def verdict(fault: Fault, context: Context) -> Verdict:
    """The first rule of the table that fits, with its words filled in."""
    for rule in RULES:
        match = rule.pattern.search(f"{fault.message}\n{fault.detail}") if rule.pattern else None
        if (
            (not rule.codes or fault.code in rule.codes)
            and (rule.pattern is None or match)
            and (rule.ops is None or context.op in rule.ops)
        ):
            break
    do = rule.do
    is_severe = fault.code.isascii() and fault.code.isdigit() and int(fault.code[:9]) >= _SEVERE
    if rule is UNDESCRIBED and (is_severe or "system" in fault.type.lower()):
        do = Do.DOUBT
    found = (match.groupdict().get("id") or "") if match else ""
    return Verdict(do, _problem(rule, fault, context, found))


def verdicts(faults: Iterable[Fault], context: Context) -> tuple[Verdict, ...]:
    """Those of all faults, the most far-reaching first."""
    order = list(Do)
    return tuple(
        sorted((verdict(f, context) for f in faults), key=lambda found: order.index(found.do))
    )


def outcome(found: Sequence[Verdict], tid: str) -> Refused | InDoubt:
    """What faults about one document mean for it: the gravest decides, all of them are told.

    A fault about the connection, inside a batch in which other documents were stored, leaves this
    one certainly unstored: it may succeed as soon as the connection does.
    """
    worst = found[0].do
    if worst is Do.DOUBT:
        problem = found[0].problem
        return InDoubt(f"{problem.message}{f' (request {tid})' if tid else ''}", problem)
    again = {Do.REREAD: "reread", Do.NO: "no"}.get(worst, "later")
    return Refused(tuple(_with_tid(v.problem, tid) for v in found), again)


def connection_error(found: Sequence[Verdict], response: Response) -> VendorError | None:
    """The exception that a fault about the connection is; None for other faults and for none."""
    tid, status = intuit_tid(response), response.status
    if found and found[0].do.is_about_connection:
        do, problem = found[0].do, found[0].problem
    elif status == 403 and found and found[0].problem.code != UNDESCRIBED.problem:
        # A right or a feature that this document needs: no matter of the whole connection.
        return None
    elif status in _BY_STATUS:
        rule = next(rule for rule in RULES if rule.problem == _BY_STATUS[status])
        do, problem = rule.do, _problem(rule, Fault(""), Context(), "")
    else:
        return None
    more = {
        "status": status,
        "vendor_code": problem.facts.get("vendor_code", ""),
        "request_id": tid,
    }
    match do:
        case Do.WAIT:
            return Throttled(problem.message, after_s=_wait_s(response, _THROTTLE_S), **more)
        case Do.PAUSE:
            return Throttled(problem.message, after_s=_wait_s(response, _PAUSE_S), **more)
        case Do.BLOCK:
            return Blocked(_with_tid(problem, tid), **more)
    signed_by = response.signed_by
    return Unauthorised(problem.message, expired=do is Do.RENEW, signed_by=signed_by, **more)


def intuit_tid(response: Response) -> str:
    """Intuit's id of the request, which its support asks for."""
    return response.headers.get("intuit_tid", "")[:100]


def _wait_s(response: Response, otherwise: float) -> float:
    """Seconds until the next try: as advised, between a second and an hour. An advice is seconds or
    a moment, which QuickBooks' own clock measures."""
    advice = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", advice):
        wait = float(advice)
    else:
        try:
            until = parsedate_to_datetime(advice)
        except (TypeError, ValueError):
            return otherwise
        if response.at is None or until.tzinfo is None:
            return otherwise
        wait = (until - response.at).total_seconds()
    return min(max(wait, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)


def _fault(error: Mapping[str, Any], kind: str) -> Fault:
    def of(*names: str) -> str:
        return next((text for name in names if (text := _text(error.get(name)))), "")

    return Fault(of("code", "Code"), of("Message", "message"), of("Detail", "detail"), kind)


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""


def _xml_text(inner: str, name: str) -> str:
    match = re.search(rf"<(?:\w+:)?{name}>(.*?)</(?:\w+:)?{name}>", inner, re.S)
    return html.unescape(match[1]).strip() if match else ""


def _problem(rule: Rule, fault: Fault, context: Context, found: str) -> Problem:
    words = {
        "document": context.document,
        "date": context.dated_on.isoformat() if context.dated_on else "",
        "day": texts.in_words(context.dated_on) if context.dated_on else "",
        "left": context.left,
        "detail": fault.words,
        "id": found,
        "places": (context.places or {}).get(found) or "it uses",
    }
    facts = {"vendor_code": fault.code, "vendor_text": fault.words, "id": found}
    return Problem(
        rule.problem,
        rule.field,
        rule.message.format_map(words).strip(),
        rule.cure,
        subject=rule.subject.format_map(words),
        facts={name: text for name, text in facts.items() if text},
    )


def _with_tid(problem: Problem, tid: str) -> Problem:
    if not tid:
        return problem
    return Problem(
        problem.code,
        problem.field,
        problem.message,
        problem.cure,
        problem.subject,
        {**problem.facts, "request_id": tid},
    )
