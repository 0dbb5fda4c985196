"""Receipts on documents: one upload with its exact bytes, and how an attachment is found again."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from connectors.contract import exact_json, keys
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Attached,
    File,
    FileCall,
    InDoubt,
    Receipt,
    Refused,
    SoughtFile,
)
from connectors.contract.problem import Problem
from connectors.contract.transport import AnswerLost, ContractBroken, Request, Response
from connectors.ledgers.quickbooks_online import texts, verdicts
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.client import Client, Missing, Select, among
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, TRANSACTIONS, WORDS
from connectors.ledgers.quickbooks_online.lookup import IN_LIST
from connectors.ledgers.quickbooks_online.pack import MINOR_VERSION, parts
from connectors.ledgers.quickbooks_online.verdicts import Context, Fault

_REQUEST_ID_LENGTH = 50
_UPLOAD_TIMEOUT_S = 120.0
_LONGEST_NAME = 100
_LEFT = "It was not attached; the {word} stands as it is."
# A query that names a property which cannot be asked for.
_NOT_QUERYABLE = ("4000", "4001")

Row = Mapping[str, Any]


def attach(
    company_id: str, file: File, receipt: Receipt, marker: Marker, epoch: str = ""
) -> FileCall:
    """The upload of one file with what it hangs on. Pure; see the protocol.

    Our marker stands in the note, which is made for such things, and in the name, because nobody
    vouches that the note of an upload is kept.
    """
    name = _file_name(file.name, marker)
    about = {
        "AttachableRef": [
            {
                "EntityRef": {"type": ENTITIES[receipt.kind], "value": receipt.document_id},
                # Nothing of ours is sent to customers.
                "IncludeOnSend": False,
            }
        ],
        "FileName": name,
        "ContentType": file.media_type,
        "Note": f"Receipt from Expensify {texts.marker_text(marker)}",
    }
    metadata = exact_json.dumps(about).encode()
    boundary = _boundary(metadata, file.content)
    body = _multipart(
        boundary,
        (_part_head("file_metadata_01", "application/json"), metadata),
        (_part_head("file_content_01", file.media_type, name), file.content),
    )
    request_id = keys.request_id(body, epoch, _REQUEST_ID_LENGTH)
    request = Request(
        "POST",
        f"/v3/company/{company_id}/upload?{MINOR_VERSION}&requestid={request_id}",
        {
            "Accept": "application/json",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
        body,
        _UPLOAD_TIMEOUT_S,
    )
    return FileCall(marker, name, receipt, request, request_id, ABILITIES.resend_window)


def post_file(client: Client, call: FileCall) -> Attached | Refused | InDoubt:
    """One upload and what it brought. Raises what says that nothing was carried out."""
    try:
        response = client.send(call.request)
    except AnswerLost as lost:
        return InDoubt(str(lost))
    document, faults = verdicts.read(response)
    found = _verdicts(faults, call, response)
    if response.status == 413:
        found = found or _verdicts((Fault("6030"),), call, response)
    elif response.status >= 500:
        return InDoubt(_why(f"QuickBooks answered HTTP {response.status}", response))
    if found:
        return verdicts.outcome(found, verdicts.intuit_tid(response))
    slot = _only_slot(document) if response.status == 200 else None
    if slot is None:
        return InDoubt(_why("the answer has no single part for the file", response))
    # A refused file says so in its own place, under HTTP 200.
    if found := _verdicts(verdicts.faults_in(slot), call, response):
        return verdicts.outcome(found, verdicts.intuit_tid(response))
    raw = slot.get("Attachable")
    # A repeated request id is answered with the first answer, so it must be the one we asked for.
    if not isinstance(raw, Mapping) or not _is_ours(raw, call.marker, call.receipt):
        return InDoubt(_why("the answer shows another file than the one sent", response))
    return _attached(raw)


def attached(client: Client, sought: Sequence[SoughtFile]) -> dict[Marker, Attached]:
    """Each file that hangs on its document: by what it is attached to, or else among all there are.

    Whether QuickBooks can be asked for what hangs on a document is documented nowhere.
    """
    if not sought:
        return {}
    try:
        rows = list(_rows(client, _by_document(sought)))
    except ContractBroken as refused:
        if refused.vendor_code not in _NOT_QUERYABLE:
            raise
        rows = list(_rows(client, [Select("Attachable")]))
    found = {}
    for one in sought:
        hit = next((row for row in rows if _is_ours(row, one.marker, one.receipt)), None)
        if hit is not None:
            found[one.marker] = _attached(hit)
    return found


# --- the bytes ------------------------------------------------------------------------------------


def _file_name(name: str, marker: Marker) -> str:
    """`2026-10-05 Hilton 286.40 USD K7Q2M4XA.jpg`: plain letters, because a name stands in the
    head of its part as well, where nobody says how others are written."""
    stem, _, ending = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = " ".join(re.sub(r'[\x00-\x1f\x7f"\\/:*?<>|;%]', " ", plain).split())
    return f"{plain[:_LONGEST_NAME].strip() or 'Receipt'} {marker.k(8)}.{ending.lower()}"


def _boundary(*contents: bytes) -> str:
    """The same contents give the same boundary, and it stands in none of them."""
    digest = sha256(b"\x00".join(contents))
    while any(digest.hexdigest()[:32].encode() in content for content in contents):
        digest.update(b"again")
    return f"mlc{digest.hexdigest()[:32]}"


def _part_head(name: str, media_type: str, filename: str = "") -> str:
    place = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"Content-Disposition: {place}\r\nContent-Type: {media_type}\r\n\r\n"


def _multipart(boundary: str, *members: tuple[str, bytes]) -> bytes:
    line = f"--{boundary}\r\n".encode()
    pieces = [piece for head, body in members for piece in (line, head.encode(), body, b"\r\n")]
    return b"".join((*pieces, f"--{boundary}--\r\n".encode()))


# --- answers --------------------------------------------------------------------------------------


def _verdicts(
    faults: Sequence[Fault], call: FileCall, response: Response
) -> tuple[verdicts.Verdict, ...]:
    """What the faults mean for the file. Raises those that are about the connection."""
    word = WORDS[call.receipt.kind]
    context = Context(document=f"Receipt {call.name}", left=_LEFT.format(word=word))
    found = verdicts.verdicts(faults, context)
    if (error := verdicts.connection_error(found, response)) is not None:
        raise error
    return tuple(
        verdicts.Verdict(one.do, _document_gone(call))
        if one.problem.facts.get("vendor_code") == "610"
        else one
        for one in found
    )


def _document_gone(call: FileCall) -> Problem:
    word, number = WORDS[call.receipt.kind], call.receipt.number or call.receipt.document_id
    return Problem(
        "qbo.file_document_gone",
        "document",
        f"Receipt {call.name} was not attached: {word} {number} is not in QuickBooks any more.",
        f"If the {word} is to be there, reverse it here and replay the report; else leave it.",
        facts={"vendor_code": "610"},
    )


def _only_slot(document: Any) -> Row | None:
    slots = document.get("AttachableResponse") if isinstance(document, Mapping) else None
    if not isinstance(slots, list) or len(slots) != 1:
        return None
    return slots[0] if isinstance(slots[0], Mapping) else None


def _is_ours(raw: Row, marker: Marker, receipt: Receipt) -> bool:
    """The attachment holds the file's marker, and hangs on the document."""
    note, name = str(raw.get("Note") or ""), str(raw.get("FileName") or "")
    is_marked = texts.marker_text(marker) in note or f" {marker.k(8)}." in name
    wanted = (ENTITIES[receipt.kind].lower(), receipt.document_id)
    return is_marked and wanted in _documents(raw)


def _documents(raw: Row) -> Iterator[tuple[str, str]]:
    refs = raw.get("AttachableRef")
    for one in refs if isinstance(refs, list) else ():
        target = one.get("EntityRef") if isinstance(one, Mapping) else None
        if isinstance(target, Mapping):
            yield str(target.get("type") or "").lower(), str(target.get("value") or "")


def _attached(raw: Row) -> Attached:
    return Attached(str(raw.get("Id") or ""), str(raw.get("FileName") or ""))


def _why(text: str, response: Response) -> str:
    tid = verdicts.intuit_tid(response)
    return f"{text} (request {tid})" if tid else text


# --- looking up -----------------------------------------------------------------------------------


def _by_document(sought: Sequence[SoughtFile]) -> list[Select]:
    wanted = dict.fromkeys((ENTITIES[s.receipt.kind], s.receipt.document_id) for s in sought)
    ref = "AttachableRef.EntityRef"
    return [
        Select("Attachable", f"{ref}.Type = '{entity}' AND {among(f'{ref}.value', part)}")
        for entity in TRANSACTIONS
        for part in parts([document_id for name, document_id in wanted if name == entity], IN_LIST)
    ]


def _rows(client: Client, selects: Sequence[Select]) -> Iterator[Row]:
    for answer in client.ask(selects):
        if isinstance(answer, Missing):
            continue  # the plan has no attachments: the upload is told so, in a person's words
        yield from answer.rows
        for page in () if answer.is_last else client.pages(answer.following, answer.rows):
            yield from page.rows
