"""Export files on disk: names, when they are ready, how long they live, how they get damaged."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..chassis import Response

OCTETS = "application/octet-stream"
HALF = Decimal("0.5")
PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass
class ExportFile:
    """`made_at` in seconds of the sandbox's clock; `system` is the fileSystem it lies in."""

    path: Path
    system: str
    made_at: float


class Files:
    """The two file systems. Nothing of it survives a restart, which looks like expiry."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="sandbox-expensify-")
        self.files: dict[str, ExportFile] = {}

    def clear(self) -> None:
        for one in self.files.values():
            one.path.unlink(missing_ok=True)
        self.files.clear()

    def fresh(self, basename: str, extension: str) -> tuple[str, Path]:
        """A new name in the vendor's form and where its text is to be written."""
        name = f"{basename}{uuid.uuid4()}.{extension}"
        return name, Path(self.folder.name) / name

    def keep(self, name: str, path: Path, system: str, now: float) -> None:
        self.files[name] = ExportFile(path, system, now)

    def expire(self, now: float, life_s: float) -> None:
        for name, one in list(self.files.items()):
            if now - one.made_at > life_s:
                one.path.unlink(missing_ok=True)
                del self.files[name]

    def readiness(self, name: str, system: str, now: float, settings: dict[str, Any]) -> str:
        """`gone`, `elsewhere` (other fileSystem), `early` or `ready`."""
        self.expire(now, settings["file_life_s"])
        one = self.files.get(name)
        if one is None:
            return "gone"
        if one.system != system:
            return "elsewhere"
        delay = settings["ready_delay_s"]
        return "early" if delay < 0 or now - one.made_at < delay else "ready"

    def answer(self, name: str, damage: str) -> Response:
        """The file as a download, read while it is sent; damaged as the switch says."""
        found = Response.file(self.files[name].path, OCTETS)
        match damage:
            case "truncated":
                return found.until(HALF)
            case "bad_byte":
                length = found.length or 0
                found.stream = _with_bad_byte(found.pieces(), length // 2)
                found.length = length + 1
            case "html":
                found.close()
                return Response(200, PROXY_PAGE, {"Content-Type": OCTETS})
        return found


def _with_bad_byte(pieces: Iterable[bytes], at: int) -> Iterator[bytes]:
    passed = 0
    for piece in pieces:
        if 0 <= at - passed < len(piece):
            piece = piece[: at - passed] + b"\xff" + piece[at - passed :]
            at = -1
        passed += len(piece)
        yield piece
    if at >= 0:  # an empty file
        yield b"\xff"
