"""Log lines: one line, greppable, and nothing in them that could be a body."""

import logging

import pytest

from config.logs import KeyValueFormatter, quoted


def line(message: str, *args: object, exc_info=None, **extra: object) -> str:
    record = logging.LogRecord("audit.trail", logging.INFO, "", 0, message, args, exc_info)
    vars(record).update(extra)
    return KeyValueFormatter().format(record)


def test_a_fact_stands_behind_its_key():
    found = line("posted", posting=7, report="R00X9oNOn2MO", ledger="Acme US")
    assert found.endswith(
        'level=INFO logger=audit.trail event=posted posting=7 report=R00X9oNOn2MO ledger="Acme US"'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "no"', '"say \\"no\\""'),
        ("a=b", '"a=b"'),
        ("first\nlevel=INFO forged", '"first\\nlevel=INFO forged"'),
        ("Chloé 魏", '"Chloé 魏"'),
    ],
)
def test_a_text_cannot_leave_its_quotes(text, expected):
    assert quoted(text) == expected


def test_a_request_is_withheld():
    assert "secret" not in line("bad request", request="POST /token secret=1", status_code=400)


def test_an_exception_is_followed_by_its_frames():
    try:
        raise ValueError("no such account")
    except ValueError as error:
        found = line("failed", exc_info=(ValueError, error, error.__traceback__))
    assert found.splitlines()[0].endswith("event=failed")
    assert found.endswith("ValueError: no such account")
