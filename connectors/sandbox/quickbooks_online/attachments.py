"""Receipts: uploads as sloppy as real clients send them, notes, temporary addresses."""

import base64
import binascii
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .change import Change, carry_out
from .company import Company, Obj
from .errors import Refusal

TYPES = (
    "ai", "csv", "doc", "docx", "eps", "gif", "jpeg", "jpg", "png", "ods", "pdf", "rtf", "tif",
    "txt", "xls", "xlsx", "xml",
)  # fmt: skip
MOST_BYTES = 100 * 1024 * 1024
LINK_LIVES_S = 900


@dataclass
class Piece:
    """One part of a multipart body."""

    name: str
    filename: str
    content_type: str
    content: bytes


def pieces(body: bytes, content_type: str) -> list[Piece]:
    """The parts, forgiving about line ends, blank lines and case, as the vendor is."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.lower().startswith("multipart/") or not found:
        raise Refusal("6040", "The request is not multipart/form-data with a boundary.")
    mark = b"--" + found.group(1).strip().encode()
    return [piece for piece in (_piece(part) for part in _cut(body, mark)) if piece is not None]


def _cut(body: bytes, mark: bytes) -> list[bytes]:
    """What stands between the lines that are the mark; found by the mark, since a file may have
    many megabytes of lines that are none.
    """
    rest_of_line = re.compile(rb"(?:--)?[ \t]*(?=\r?\n|$)")
    ends, place = [], body.find(mark)
    while place >= 0:
        start, stop = place, rest_of_line.match(body, place + len(mark))
        while start and body[start - 1] in b" \t":
            start -= 1
        if stop and (not start or body[start - 1] == ord("\n")):
            start -= len(b"\r\n") if body[max(start - 2, 0) : start] == b"\r\n" else bool(start)
            ends.append((start, stop.end()))
        place = body.find(mark, place + len(mark))
    starts = [end for _, end in ends]
    stops = [start for start, _ in ends[1:]] + [len(body)]
    return [body[start:stop] for start, stop in zip(starts, stops, strict=True)]


def _piece(part: bytes) -> Piece | None:
    part = re.sub(rb"^\r?\n", b"", part, count=1)
    halves = re.split(rb"\r?\n\r?\n", part, maxsplit=1)
    if len(halves) != 2:
        return None
    heads: dict[str, str] = {}
    for line in halves[0].decode("utf-8", "replace").splitlines():
        name, _, text = line.partition(":")
        heads[name.strip().lower()] = text.strip()
    place = heads.get("content-disposition", "")
    name, filename = (
        re.search(r'\bname="?([^";]*)', place),
        re.search(r'filename="?([^";]*)', place),
    )
    content = halves[1]
    if heads.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(re.sub(rb"\s", b"", content), validate=True)
        except binascii.Error:
            raise Refusal("6040", "The file's content is not base64.") from None
    return Piece(
        name.group(1) if name else "",
        filename.group(1) if filename else "",
        heads.get("content-type", "").split(";")[0],
        content,
    )


def upload(company: Company, settings: dict[str, Any], body: bytes, content_type: str) -> list[Obj]:
    """One slot per file, `{"Attachable": ...}` or `{"Fault": ...}`; a failed file spoils only its
    slot.
    """
    if len(body) > MOST_BYTES:
        raise Refusal(
            "6030",
            f"Attachment size exceeds allowed limit : {len(body)} bytes, at most {MOST_BYTES}.",
        )
    metadata: dict[int, Piece] = {}
    contents: dict[int, Piece] = {}
    for piece in pieces(body, content_type):
        found = re.fullmatch(r"file_(metadata|content)_(\d+)", piece.name)
        if found:
            (metadata if found.group(1) == "metadata" else contents)[int(found.group(2))] = piece
    if not contents:
        raise Refusal("6040", "There is no part file_content_01 in the request.")
    slots: list[Obj] = []
    for number in sorted({*metadata, *contents}):
        try:
            stored = _one(company, settings, metadata.get(number), contents.get(number))
            slots.append({"Attachable": stored})
        except Refusal as refusal:
            slots.append({"Fault": refusal.fault()})
    return slots


def _one(
    company: Company, settings: dict[str, Any], about: Piece | None, content: Piece | None
) -> Obj:
    if content is None:
        text = "Required parameter file_content is missing in the request"
        raise Refusal("2020", text, "file_content")
    given = _metadata(about) if about else {}
    if settings["upload_note"] == "dropped":
        given.pop("Note", None)
    given.setdefault("FileName", content.filename)
    if not given["FileName"]:
        raise Refusal("2020", "Required parameter FileName is missing in the request", "FileName")
    ending = given["FileName"].rpartition(".")[2].lower()
    if ending not in TYPES:
        raise Refusal("6041", f"Attachment type is not supported : {ending}", "FileName")
    given.setdefault("ContentType", content.content_type or "application/octet-stream")
    change = Change(company, settings, "Attachable", "create", given)
    id = carry_out(change)["Id"]
    stored = company.table("Attachable")[id]
    stored["Size"] = len(content.content)
    company.files[id] = base64.b64encode(content.content).decode()
    return stored


def _metadata(piece: Piece) -> Obj:
    try:
        if "xml" in piece.content_type or piece.content.lstrip()[:1] == b"<":
            tree = ElementTree.fromstring(piece.content)  # noqa: S314 - our own clients, on loopback
            return _from_xml(tree)
        given = json.loads(piece.content, parse_float=Decimal)
    except (ValueError, ElementTree.ParseError):
        raise Refusal("6040", "Attachment metadata is not an Attachable.") from None
    if not isinstance(given, dict):
        raise Refusal("6040", "Attachment metadata is not an Attachable.")
    return given


def _from_xml(root: ElementTree.Element) -> Obj:
    """The few properties that the PHP kit sends, out of its XML."""
    if _tag(root) != "Attachable":
        raise ValueError("another element")
    given: Obj = {}
    for child in root:
        if _tag(child) == "AttachableRef":
            ref = next((one for one in child if _tag(one) == "EntityRef"), None)
            entity = {"value": ref.text, "type": ref.get("type", "")} if ref is not None else {}
            given.setdefault("AttachableRef", []).append({"EntityRef": entity})
        else:
            given[_tag(child)] = child.text
    return given


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def shown(stored: Obj, realm: str, base_url: str, until: int) -> Obj:
    """With the addresses that an answer adds when there is a file."""
    if "Size" not in stored:
        return stored
    return stored | {
        "FileAccessUri": f"/v3/company/{realm}/download/{stored['Id']}",
        "TempDownloadUri": temporary(stored["Id"], realm, base_url, until),
    }


def temporary(id: str, realm: str, base_url: str, until: int) -> str:
    return f"{base_url}/files/{realm}/{id}?until={until}"
