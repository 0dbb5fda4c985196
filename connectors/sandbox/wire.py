"""What travels: requests, answers and JSON whose amounts are Decimals and print exactly as they
are.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote_plus


class Headers(Mapping[str, str]):
    """Header fields; names in any case. A repeated field keeps its last value."""

    def __init__(self, pairs: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): text for name, text in (pairs or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass
class Request:
    """One call as it came in; `path` begins with "/" and is percent-decoded, below the vendor's
    prefix.
    """

    method: str
    path: str
    raw_query: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    fault: Any = None  # the Fault, for the kinds that only the vendor can play (partial_batch)
    log: dict[str, Any] = field(default_factory=dict)  # facts a vendor adds to the request log
    base_url: str = (
        ""  # scheme, host and vendor prefix as the caller sees them, no slash at the end
    )

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON, amounts as Decimal; ValueError (UnicodeDecodeError) if it isn't."""
        return from_json(self.body)

    def form(self) -> dict[str, str]:
        """The body as application/x-www-form-urlencoded."""
        return dict(parse_qsl(self.text, keep_blank_values=True))

    def matchable(self) -> tuple[str, str]:
        """What a fault's `match` is looked for in: (target, body), raw and decoded one after the
        other.
        """
        target = f"{self.method} {self.path}" + (f"?{self.raw_query}" if self.raw_query else "")
        body = self.text
        return f"{target}\n{unquote_plus(target)}", f"{body}\n{unquote_plus(body)}"

    def dump(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "raw_query": self.raw_query,
            "headers": dict(self.headers),
            "body": self.body.decode("latin-1"),
            "base_url": self.base_url,
        }

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "Request":
        return cls(
            kept["method"],
            kept["path"],
            kept["raw_query"],
            Headers(kept["headers"]),
            kept["body"].encode("latin-1"),
            base_url=kept["base_url"],
        )


CHUNK = 256 * 1024


@dataclass
class Response:
    """One answer. `Content-Length`, `Date` and `Connection` are added by the server.

    A body too large for memory goes into `stream` instead of `body`: pieces of bytes, sent as they
    come. With `length` (bytes) it has a Content-Length, without it is sent chunked.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None
    length: int | None = None

    @classmethod
    def file(cls, path: Path, content_type: str, status: int = 200, **headers: str) -> "Response":
        """The file's bytes, read while they are sent. It is opened now, so that removing it in the
        meantime (expiry, reset) does no harm.
        """
        length = path.stat().st_size
        sent = {"Content-Type": content_type} | _spelled(headers)
        return cls(status, b"", sent, FilePieces(path.open("rb"), length), length)

    def pieces(self) -> Iterable[bytes]:
        """The body, whichever of the two it is."""
        return (self.body,) if self.stream is None else self.stream

    def until(self, share: Decimal) -> "Response":
        """The same answer with only this share of its body (at least a byte), well formed to HTTP.

        A stream of unknown length is read to its end for that.
        """
        if self.stream is None or self.length is None:
            whole = b"".join(self.pieces())
            cut = max(1, int(len(whole) * share))
            return Response(self.status, whole[:cut], self.headers)
        length = min(self.length, max(1, int(self.length * share)))
        return Response(self.status, b"", self.headers, _first(self.stream, length), length)

    def close(self) -> None:
        """Let go of what a stream holds open; a stream cannot be read after that."""
        if hasattr(self.stream, "close"):
            self.stream.close()

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Response":
        """`headers` in Python spelling: `retry_after="60"` becomes `retry-after`."""
        return cls(status, to_json(value), {"Content-Type": "application/json"} | _spelled(headers))

    @classmethod
    def text(
        cls,
        text: str,
        status: int = 200,
        content_type: str = "text/plain; charset=utf-8",
        **headers: str,
    ) -> "Response":
        return cls(status, text.encode(), {"Content-Type": content_type} | _spelled(headers))

    @classmethod
    def html(cls, text: str, status: int = 200) -> "Response":
        return cls.text(text, status, "text/html; charset=utf-8")

    @classmethod
    def redirect(cls, location: str) -> "Response":
        return cls(302, b"", {"Location": location})


class FilePieces:
    """The first `length` bytes of an open file, in pieces; the file is closed after the last."""

    def __init__(self, opened: BinaryIO, length: int) -> None:
        self.opened, self.length = opened, length

    def __iter__(self) -> Iterator[bytes]:
        left = self.length
        with self.opened:
            while left > 0 and (piece := self.opened.read(min(CHUNK, left))):
                left -= len(piece)
                yield piece

    def close(self) -> None:
        self.opened.close()


def _first(pieces: Iterable[bytes], length: int) -> Iterable[bytes]:
    if isinstance(pieces, FilePieces):
        return FilePieces(pieces.opened, length)
    return _cut(pieces, length)


def _cut(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        if length <= 0:
            return
        yield piece[:length]
        length -= len(piece)


def _spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): str(text) for name, text in headers.items()}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def from_json(body: bytes | str) -> Any:
    """Strict JSON; numbers with a point become Decimal, never float."""
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; a Decimal is printed digit for digit (`412.30`), a float is refused."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).encode()


def _write(value: Any, out: Any) -> None:
    # the stdlib's encoder knows no Decimal and offers no way to print a bare number
    kind = type(value)
    if kind is str:
        out(encode_basestring(value))
    elif kind is dict:
        mark = "{"
        for name, member in value.items():
            out(mark + encode_basestring(name) + ":")
            _write(member, out)
            mark = ","
        out("}" if value else "{}")
    elif kind is list or kind is tuple:
        mark = "["
        for member in value:
            out(mark)
            _write(member, out)
            mark = ","
        out("]" if value else "[]")
    elif value is None:
        out("null")
    elif value is True:
        out("true")
    elif value is False:
        out("false")
    elif kind is int:
        out(str(value))
    elif kind is Decimal and value.is_finite():
        out(format(value, "f"))
    elif isinstance(value, str):
        out(encode_basestring(str(value)))
    else:
        raise TypeError(f"{value!r} ({kind.__name__}) has no place in an answer")


def freeze(value: Any) -> str:
    """JSON for the state file: as to_json, but Decimals, dates and times come back as what they
    were.
    """
    return json.dumps(value, default=_tagged, ensure_ascii=False)


def thaw(text: str) -> Any:
    return json.loads(text, object_hook=_untagged)


def _tagged(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, date):
        return {"$on": value.isoformat()}
    raise TypeError(f"{value!r} cannot be kept in the state file")


def _untagged(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        [(tag, text)] = found.items()
        if tag == "$decimal":
            return Decimal(text)
        if tag == "$at":
            return datetime.fromisoformat(text)
        if tag == "$on":
            return date.fromisoformat(text)
    return found
