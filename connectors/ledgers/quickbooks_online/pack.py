"""Payloads into calls: exact bytes, a request id made from them, and the way back to members."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from connectors.contract import exact_json, keys
from connectors.contract.entry import Kind
from connectors.contract.keys import Marker
from connectors.contract.ledger import Call, Op, Payload, Stored
from connectors.contract.transport import Request
from connectors.ledgers.quickbooks_online.abilities import ABILITIES, BATCH_SIZE
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, TRANSACTIONS, WORDS, kind_of
from connectors.ledgers.quickbooks_online.verdicts import Context

MINOR_VERSION = "minorversion=75"
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
# The longest that a batch may have. (Single writes may have 50; we send none.)
_REQUEST_ID_LENGTH = 36

_T = TypeVar("_T")

_OPERATIONS = {Op.POST: "create", Op.AMEND: "update", Op.CANCEL: "delete"}
_LEFT = {
    Op.POST: "Nothing was posted.",
    Op.AMEND: "It was left as it is.",
    Op.CANCEL: "It was left as it is.",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One document of a call, as its bytes have it. `batch_id` is unique within the call."""

    marker: Marker
    batch_id: str
    op: Op
    entity: str
    body: Mapping[str, Any]

    @property
    def document_id(self) -> str:
        return str(self.body.get("Id") or "")

    @property
    def number(self) -> str:
        return str(self.body.get("DocNumber") or "")


def pack(company_id: str, op: Op, payloads: Sequence[Payload], epoch: str) -> list[Call]:
    """The fewest batches for these payloads, in their order.

    A single document goes as a batch of one: one path to prove, one shape of answers to read.
    Raises ValueError for a payload of another operation.
    """
    for payload in payloads:
        if payload.op is not op:
            raise ValueError(f"a payload to {payload.op} cannot go with a call to {op}")
    return [_call(company_id, op, part, epoch) for part in parts(payloads)]


def parts(members: Sequence[_T], size: int = BATCH_SIZE) -> Iterator[Sequence[_T]]:
    """`members` in order, in parts of at most `size`."""
    for start in range(0, len(members), size):
        yield members[start : start + size]


def members(call: Call) -> tuple[Member, ...]:
    """Whose bytes the call carries, in order. ValueError for bytes that `pack` never made."""
    batch = exact_json.loads(call.request.body)["BatchItemRequest"]
    return tuple(
        Member(marker, member["bId"], call.op, entity, member[entity])
        for marker, member in zip(call.members, batch, strict=True)
        for entity in TRANSACTIONS
        if entity in member
    )


def cancelling(stored: Stored, how: str, marker: Marker) -> Payload:
    """The payload that deletes the document. Raises ValueError for a void: the API has none.

    Id and version would do. Number and side go along, as they may, so that a refusal can be told
    by the document's name: all that is known of a call are its bytes.
    """
    if how != "delete":
        raise ValueError(f"QuickBooks Online cannot {how} a {WORDS[stored.kind]}, only delete it")
    body = {"Id": stored.id, "SyncToken": stored.version}
    if stored.number:
        body["DocNumber"] = stored.number
    if stored.kind is Kind.CARD_CREDIT:
        body["Credit"] = True
    return Payload(
        kind=stored.kind,
        op=Op.CANCEL,
        marker=marker,
        body=exact_json.dumps(body),
        number=stored.number,
        document_id=stored.id,
        version=stored.version,
    )


def context(member: Member) -> Context:
    """The words for a fault about this member: which document, when, which lines use which id."""
    word = WORDS[kind_of(member.entity, member.body)].capitalize()
    return Context(
        document=f"{word} {member.number or member.document_id}".strip(),
        dated_on=date.fromisoformat(day) if (day := member.body.get("TxnDate")) else None,
        left=_LEFT[member.op],
        op=member.op,
        places=_places(member.body),
    )


def _call(company_id: str, op: Op, payloads: Sequence[Payload], epoch: str) -> Call:
    batch = [
        {
            # Answers come in any order; the id says which is whose. At most ten characters.
            "bId": f"m{place}",
            "operation": _OPERATIONS[op],
            ENTITIES[payload.kind]: exact_json.Written(payload.body),
        }
        for place, payload in enumerate(payloads)
    ]
    body = exact_json.dumps({"BatchItemRequest": batch}).encode()
    request_id = keys.request_id(body, epoch, _REQUEST_ID_LENGTH)
    path = f"/v3/company/{company_id}/batch?{MINOR_VERSION}&requestid={request_id}"
    return Call(
        op=op,
        members=tuple(payload.marker for payload in payloads),
        request=Request("POST", path, HEADERS, body),
        request_id=request_id,
        resend_window=ABILITIES.resend_window,
        is_batch=True,
    )


def _places(body: Mapping[str, Any]) -> dict[str, str]:
    """Where each id of the ledger's lists is used: id -> `line 2 and 3 use`."""
    places: dict[str, list[int]] = {}
    header = {ref["value"] for ref in body.values() if isinstance(ref, dict) and "value" in ref}
    for number, line in enumerate(body.get("Line") or (), 1):
        for value in _ids(line):
            places.setdefault(value, []).append(number)
    used = dict.fromkeys(header, "it uses")
    for value, numbers in places.items():
        numbers = list(dict.fromkeys(numbers))
        word = "line" if len(numbers) == 1 else "lines"
        verb = "uses" if len(numbers) == 1 else "use"
        used[value] = f"{word} {', '.join(map(str, numbers))} {verb}"
    return used


def _ids(part: Any):
    match part:
        case {"value": str(value)}:
            yield value
        case dict():
            for member in part.values():
                yield from _ids(member)
        case list():
            for member in part:
                yield from _ids(member)


def payload_kind(member: Member) -> Kind:
    """The kind that the answer must have."""
    return kind_of(member.entity, member.body)
