"""The files behind the links of receipts: small pictures and PDFs, and who may fetch them.

Reports are kept with the vendor's own addresses; an export shows them below the sandbox's address,
so that whoever reads the export can fetch them here.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ..chassis import Clock, Request, Response
from ..month.build import Expense, Report
from .answers import tomcat_page

PATH = "/receipts/"
PUBLISHED = "https://www.expensify.com/receipts/"
ADDRESSES = ("url", "thumbnail", "smallThumbnail")
SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Expensify - Sign In</title></head>"
    "<body><form method='post' action='/signin'>Email <input name='email'></form></body></html>"
)
DENIED = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'


class Receipts:
    """`base_url` is the vendor's address as its callers see it, "" before the first request."""

    def __init__(self, clock: Clock, settings: Mapping[str, Any], seed: int) -> None:
        self.clock, self.settings, self.seed = clock, settings, seed
        self.base_url = ""

    # -- links -----------------------------------------------------------------------------------
    def linked(self, report: Report) -> Report:
        """The report with addresses that lead here; the stored one is left as it is."""
        lines = report["transactionList"]
        if not self.base_url or not any(line["receiptObject"] for line in lines):
            return report
        return report | {"transactionList": [self._linked(line) for line in lines]}

    def _linked(self, line: Expense) -> Expense:
        given = line["receiptObject"]
        found = {name: self.address(given[name]) for name in ADDRESSES if given.get(name)}
        return line | {"receiptObject": given | found} if found else line

    def address(self, published: str) -> str:
        """Where the file of a published address lies here; any other address stays as it is."""
        if not self.base_url or not published.startswith(PUBLISHED):
            return published
        name = published.removeprefix(PUBLISHED)
        address = f"{self.base_url}{PATH}{name}"
        if life := self.settings["receipt_life_s"]:
            until = int(self.clock.time()) + life
            return f"{address}?until={until}&signature={self._signature(name, until)}"
        return address

    def _signature(self, name: str, until: int) -> str:
        return hashlib.sha256(f"{self.seed} {name} {until}".encode()).hexdigest()[:32]

    # -- files -----------------------------------------------------------------------------------
    def answer(self, request: Request, reports: Any) -> Response:
        """The file that a report names, as far as the caller may have it."""
        name = request.path.removeprefix(PATH)
        if request.method != "GET":
            return tomcat_page(405, f"HTTP method {request.method} is not supported by this URL")
        match self.settings["receipt_access"]:
            case "login":
                return Response.html(SIGN_IN)
            case "login_redirect" if name != "signin":
                return Response.redirect(f"{self.base_url}{PATH}signin")
            case "login_redirect":
                return Response.html(SIGN_IN)
            case "expired":
                return Response.text(DENIED, 403, "application/xml")
        if not any(_names(line, name) for report in reports for line in report["transactionList"]):
            return tomcat_page(404, request.path)
        if self.settings["receipt_life_s"] and not self._is_signed(name, request.query):
            return Response.text(DENIED, 403, "application/xml")
        content_type, content = _file(name)
        missing = self.settings["receipt_bytes"] - len(content)
        return Response(200, content + bytes(max(0, missing)), {"Content-Type": content_type})

    def _is_signed(self, name: str, query: Mapping[str, str]) -> bool:
        until = query.get("until", "")
        is_due = until.isdigit() and int(until) > self.clock.time()
        return is_due and query.get("signature") == self._signature(name, int(until))


def _names(line: Expense, name: str) -> bool:
    file = line["receiptFilename"]
    return bool(file) and name in (file, f"{file}.1024.jpg", f"{file}.320.jpg")


def _file(name: str) -> tuple[str, bytes]:
    """Content type and bytes of a file of that name: always the same, and no two alike."""
    ending = name.rpartition(".")[2].lower()
    kind, make = _KINDS.get(ending, ("image/jpeg", jpeg))
    return kind, make(name)


def jpeg(comment: str) -> bytes:
    """A grey picture of 64 by 64, with the comment inside."""
    blocks = 64
    text = comment.encode()

    def segment(marker: int, content: bytes) -> bytes:
        return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content

    one_code = b"\x01" + bytes(15) + b"\x00"  # a single code, of one bit, for the symbol 0
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            segment(0xFE, text),
            segment(0xDB, b"\x00" + b"\x01" * 64),
            segment(0xC0, b"\x08\x00\x40\x00\x40\x01\x01\x11\x00"),
            segment(0xC4, b"\x00" + one_code),
            segment(0xC4, b"\x10" + one_code),
            segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            bytes(blocks * 2 // 8),  # each block: no change, no detail
            b"\xff\xd9",
        )
    )


def pdf(title: str) -> bytes:
    """One page that shows its name."""
    shown = title.replace("\\", "").replace("(", "").replace(")", "").encode("ascii", "replace")
    text = b"BT /F1 12 Tf 20 100 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + head + table + end % (len(objects) + 1, len(made))


def heic(comment: str) -> bytes:
    """The beginning of a telephone's picture, which hardly any ledger takes."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + comment.encode()


_KINDS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "jpg": ("image/jpeg", jpeg),
    "jpeg": ("image/jpeg", jpeg),
    "pdf": ("application/pdf", pdf),
    "heic": ("image/heic", heic),
}
