"""Receipts: from the link in a report to the file itself, or to why there is none.

Whether a link can be fetched without signing in, and how long it lives, Expensify does not say:
what comes back is looked at, and a page where a picture should be is never taken for one.
"""

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from connectors.contract.abilities import FileLimits
from connectors.contract.ledger import File
from connectors.contract.problem import Problem
from connectors.contract.transport import AnswerLost, Response, Unreachable

_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_GONE = (401, 403, 404, 410)
_PAGE = (b"<!doctype", b"<html", b"<head", b"<body")
_PICTURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (b"%PDF-", "pdf", "application/pdf"),
    (b"GIF87a", "gif", "image/gif"),
    (b"GIF89a", "gif", "image/gif"),
    (b"II*\x00", "tif", "image/tiff"),
    (b"MM\x00*", "tif", "image/tiff"),
)
_HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc")
# Files whose beginning says nothing: those are what their name says.
_BY_NAME = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "rtf": "application/rtf",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}

# Problems in which another, fresh link to the same receipt may lead to it.
LINK_IS_OVER = frozenset({"expensify.receipt.gone", "expensify.receipt.guarded"})

Fetch = Callable[[str, int], Response]


class NotFetched(Exception):
    """The receipt could not be had. `problem` is for a person.

    is_final  no further try will bring it, until a person does something
    """

    def __init__(self, problem: Problem, *, is_final: bool = False) -> None:
        super().__init__(problem.message)
        self.problem, self.is_final = problem, is_final


def receipt(
    link: str, label: str, filename: str, limits: FileLimits, fetch: Fetch, ledger: str
) -> File:
    """The file behind `link`, within what the ledger takes. Raises NotFetched.

    label     what people call it: `2026-10-05 Hilton 286.40 USD`; becomes the file's name
    filename  Expensify's, which tells the type where the content does not
    fetch     (address, most bytes) -> answer, without a redirect followed; at most a byte more of
              the body, none of one that is announced as larger. Raises Unreachable, AnswerLost
    ledger    its name on the screen
    """
    if not link:
        raise NotFetched(_over(label, "Expensify names none for it"))
    try:
        answer = _followed(link, limits.most_bytes, fetch)
    except (Unreachable, AnswerLost) as failure:
        raise NotFetched(unavailable(label, failure.message)) from None
    if answer.status in _GONE:
        raise NotFetched(_over(label, f"HTTP {answer.status}"))
    if answer.status != 200:
        raise NotFetched(unavailable(label, f"HTTP {answer.status}"))
    announced = answer.headers.get("content-length", "")
    size = max(len(answer.body), int(announced) if announced.isdecimal() else 0)
    if size > limits.most_bytes:
        raise NotFetched(_too_large(label, size, limits.most_bytes, ledger), is_final=True)
    if _is_page(answer):
        raise NotFetched(_signed_out(label))
    if not answer.body:
        raise NotFetched(unavailable(label, "an empty answer"))
    ending, media_type = _kind(answer.body, filename)
    if ending not in limits.endings:
        raise NotFetched(_unsupported(label, ending, limits.endings, ledger), is_final=True)
    return File(f"{label}.{ending}", media_type, answer.body)


def without_secrets(link: str) -> str:
    """The address without what a signature, a password or a token may stand in; "" for no address.

    What is left says which file it is, and no longer opens it where it is guarded.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _followed(link: str, most_bytes: int, fetch: Fetch) -> Response:
    answer = fetch(link, most_bytes)
    for _ in range(_MOST_REDIRECTS):
        if answer.status not in _REDIRECTS:
            break
        try:
            link = urljoin(link, answer.headers.get("location", ""))
        except ValueError:
            break  # it points nowhere
        answer = fetch(link, most_bytes)
    return answer


def _is_page(answer: Response) -> bool:
    beginning = answer.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return beginning.startswith(_PAGE) or media_type in ("text/html", "application/xhtml+xml")


def _kind(content: bytes, filename: str) -> tuple[str, str]:
    """Ending and media type: what the content is counts more than what it is called."""
    for beginning, ending, media_type in _PICTURES:
        if content.startswith(beginning):
            return ending, media_type
    if content[4:12] in _HEIC:
        return "heic", "image/heic"
    ending = filename.rpartition(".")[2].strip().lower() if "." in filename else ""
    return (ending, _BY_NAME[ending]) if ending in _BY_NAME else ("", "")


# --- what a person reads --------------------------------------------------------------------------

_BY_HAND = "Open the report in Expensify and attach the receipt in the ledger by hand"


def _over(label: str, why: str) -> Problem:
    return Problem(
        "expensify.receipt.gone",
        "receipt",
        f"Receipt {label}: Expensify does not give it out under its link ({why}). It was not "
        "attached; the document stands.",
        f"If the receipt is there in Expensify, try again: the link is then read anew. {_BY_HAND} "
        "if that does not help.",
    )


def _signed_out(label: str) -> Problem:
    return Problem(
        "expensify.receipt.guarded",
        "receipt",
        f"Receipt {label}: a page came instead of a picture, as where somebody has to sign in. It "
        "was not attached; the document stands.",
        f"{_BY_HAND}; if all receipts of the workspace are like this, let the flow write links.",
    )


def unavailable(label: str, why: str) -> Problem:
    return Problem(
        "expensify.receipt.unavailable",
        "receipt",
        f"Receipt {label} could not be fetched from Expensify ({why}). It was not attached; the "
        "document stands.",
        f"Try again later. {_BY_HAND} if it stays so.",
    )


def _too_large(label: str, size: int, most: int, ledger: str) -> Problem:
    return Problem(
        "expensify.receipt.oversized",
        "receipt",
        f"Receipt {label} has {_megabytes(size)}, and {ledger} takes {_megabytes(most)} at most. "
        "It was not attached; the document stands.",
        "Attach a smaller copy in the ledger by hand, or put one into Expensify and try again.",
    )


def _unsupported(label: str, ending: str, taken: frozenset[str], ledger: str) -> Problem:
    kind = f"is a {ending.upper()} file" if ending else "is of a type that nobody can tell"
    return Problem(
        "expensify.receipt.unsupported",
        "receipt",
        f"Receipt {label} {kind}, which {ledger} does not take. It was not attached; the document "
        "stands.",
        "Attach it by hand as a PDF or a picture, or put such a copy into Expensify and try again.",
        facts={"takes": ", ".join(sorted(taken))},
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
