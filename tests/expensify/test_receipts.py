"""Receipts: what comes back from a link is looked at, and only a file that fits is one."""

import pytest

from connectors.contract.abilities import FileLimits
from connectors.contract.transport import AnswerLost, Response, Unreachable
from connectors.expensify import receipts
from connectors.expensify.codes import CODES
from connectors.expensify.receipts import NotFetched

LINK = "https://www.expensify.com/receipts/w_9f.jpg?signature=CANARY"
LABEL = "2026-10-05 Hilton 286.40 USD"
LIMITS = FileLimits(frozenset("csv gif jpg pdf png tif txt".split()), 1000)
JPEG = b"\xff\xd8\xff\xe0 a grey picture"
SIGN_IN = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def came(body: bytes = JPEG, status: int = 200, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, body)


def file(*answers: Response | Exception, filename: str = "w_9f.jpg", asked: list | None = None):
    left = list(answers)

    def fetch(address: str, most_bytes: int) -> Response:
        assert most_bytes == 1000
        if asked is not None:
            asked.append(address)
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return receipts.receipt(LINK, LABEL, filename, LIMITS, fetch, "QuickBooks Online")


@pytest.mark.parametrize(
    ("content", "filename", "ending", "media_type"),
    [
        (JPEG, "w_9f.jpg", "jpg", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n...", "w_9f.jpg", "png", "image/png"),
        (b"%PDF-1.7 ...", "", "pdf", "application/pdf"),
        (b"GIF89a...", "x", "gif", "image/gif"),
        (b"II*\x00...", "x.tiff", "tif", "image/tiff"),
        (b"a;b\n1;2\n", "mileage.CSV", "csv", "text/csv"),
        (b"Taxi, 18.40", "note.txt", "txt", "text/plain"),
    ],
)
def test_a_file_is_what_its_content_is_and_is_called_what_people_call_it(
    content, filename, ending, media_type
):
    made = file(came(content), filename=filename)
    assert (made.name, made.media_type) == (f"{LABEL}.{ending}", media_type)
    assert made.content == content


@pytest.mark.parametrize(
    ("answer", "code", "is_final"),
    [
        (came(SIGN_IN), "guarded", False),
        (came(b"\xef\xbb\xbf\n  <HTML>"), "guarded", False),
        (came(b"anything", content_type="text/html; charset=utf-8"), "guarded", False),
        (came(b"", 401), "gone", False),
        (came(b"", 403), "gone", False),
        (came(b"", 404), "gone", False),
        (came(b"", 410), "gone", False),
        (came(SIGN_IN, 503), "unavailable", False),
        (came(b"", 429), "unavailable", False),
        (came(b""), "unavailable", False),
        (Unreachable("nobody is there"), "unavailable", False),
        (AnswerLost("the connection broke"), "unavailable", False),
        (came(JPEG + bytes(1000)), "oversized", True),
        (came(b"", content_length="100000001"), "oversized", True),
        (came(b"\x00\x00\x00\x18ftypheic...."), "unsupported", True),
        (came(b"\x00\x01\x02"), "unsupported", True),
        (came(b"MZ...."), "unsupported", True),
    ],
    ids=range(17),
)
def test_what_is_no_file_is_told_with_its_cure(answer, code, is_final):
    with pytest.raises(NotFetched) as failed:
        file(answer, filename="w_9f.exe")
    problem = failed.value.problem
    assert problem.code == f"expensify.receipt.{code}" and problem.code in CODES
    assert failed.value.is_final is is_final
    assert LABEL in problem.message and "the document stands" in problem.message
    assert problem.cure
    assert "CANARY" not in str(problem)


def test_a_fresh_link_is_worth_a_try_only_where_the_link_may_be_over():
    with pytest.raises(NotFetched) as guarded:
        file(came(SIGN_IN))
    with pytest.raises(NotFetched) as away:
        file(came(b"", 500))
    assert guarded.value.problem.code in receipts.LINK_IS_OVER
    assert away.value.problem.code not in receipts.LINK_IS_OVER


def test_a_redirect_is_followed_from_where_it_points():
    asked = []
    made = file(
        came(b"", 302, location="/other/w_9f.jpg"),
        came(b"", 307, location="https://files.example/w_9f.jpg"),
        came(),
        asked=asked,
    )
    assert made.content == JPEG
    assert asked[1:] == [
        "https://www.expensify.com/other/w_9f.jpg",
        "https://files.example/w_9f.jpg",
    ]


@pytest.mark.parametrize("target", [LINK, "http://[", ""])
def test_redirects_that_lead_nowhere_are_given_up(target):
    with pytest.raises(NotFetched) as failed:
        file(*[came(b"", 302, location=target)] * 4)
    assert failed.value.problem.code == "expensify.receipt.unavailable"


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        (LINK, "https://www.expensify.com/receipts/w_9f.jpg"),
        ("https://ann:secret@x.example:8443/a#b", "https://x.example:8443/a"),
        ("file:///etc/passwd", ""),
        ("no address", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_without_what_opens_it(link, kept):
    assert receipts.without_secrets(link) == kept
