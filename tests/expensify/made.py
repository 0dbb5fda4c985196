"""Builders for what Expensify prints and answers, and a transport that answers from a list."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from connectors.contract.transport import Request, Response
from connectors.expensify.client import ExpensifyClient

TWO_REPORTS = Path(__file__).with_name("two_reports.jsonl").read_bytes()
FILE_NAME = b"mlc0fd99e06-a636-4974-b6bc-3ceb12163386.txt"
SECRET = "5e884898da28047151d0e56f8dc6292773603d0d"
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def expense(**members: Any) -> dict[str, Any]:
    """An expense as the template prints it: 12.50 USD, reimbursable, no card."""
    return {
        "transactionID": "7310226548190027355",
        "amount": 1250,
        "modifiedAmount": None,
        "convertedAmount": None,
        "currency": "USD",
        "created": "2026-10-06",
        "merchant": "Taxi Nord",
        "category": "Taxi & Rideshare",
        "ntags": [],
        "reimbursable": True,
        "billable": False,
        "hasTax": False,
        "units": None,
        "receipt": None,
    } | members


def report(*expenses: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A report line as the template prints it: approved, in USD, with one expense unless given."""
    listed = list(expenses) if expenses else [expense()]
    return {
        "_type": "report",
        "_schema": 1,
        "reportID": "R00KmcW7Qx3a",
        "reportName": "October",
        "status": "Approved",
        "policyID": "0810E551A5F2A9C2",
        "currency": "USD",
        "total": 1250,
        "approved": "2026-10-08 15:30:45",
        "accountEmail": "ben.ito@acme.example",
        "expenses": listed,
    } | members


def line(*expenses: dict[str, Any], **members: Any) -> str:
    return json.dumps(report(*expenses, **members))


def end(reports: int, expenses: int) -> dict[str, Any]:
    return {"_type": "end", "reports": reports, "expenses": expenses}


def export_of(reports: Iterable[dict[str, Any]]) -> bytes:
    """A whole file with its end line."""
    listed = list(reports)
    lines = [*listed, end(len(listed), sum(len(one["expenses"]) for one in listed))]
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def answer(body: bytes | str | dict, status: int = 200, **headers: str) -> Response:
    if isinstance(body, dict):
        body = json.dumps(body)
    content = body.encode() if isinstance(body, str) else body
    return Response(
        status, {name.replace("_", "-"): text for name, text in headers.items()}, content
    )


class Answers:
    """A transport that gives the listed answers in turn (an exception is raised) and keeps the
    requests. A call too many is a failure of the test."""

    def __init__(self, *given: Response | Exception) -> None:
        self.given = list(given)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        assert self.given, "the client asked once more than it had a reason to"
        given = self.given.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    @property
    def forms(self) -> list[dict[str, str]]:
        bodies = [parse_qs(request.body.decode(), strict_parsing=True) for request in self.requests]
        return [{name: texts[0] for name, texts in body.items()} for body in bodies]

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return [json.loads(form["requestJobDescription"]) for form in self.forms]


class StreamedAnswers(Answers):
    """The same, with downloads put in place of the file, as a transport over HTTP does."""

    def download(self, request: Request, path: Path) -> Response:
        given = self.send(request)
        finished = path.with_name(path.name + ".part")
        finished.write_bytes(given.body)
        finished.replace(path)
        return Response(given.status, given.headers, b"")


class Bench:
    """A client over answers, and what it did: `transport`, `slept`, `paced`."""

    def __init__(
        self, folder: Path, *given: Response | Exception, now: datetime = NOON, streams: bool = True
    ) -> None:
        self.transport = (StreamedAnswers if streams else Answers)(*given)
        self.slept: list[float] = []
        self.paced = 0
        self.folder = folder
        self.client = ExpensifyClient(
            "aa_ops_acme_example",
            SECRET,
            self.transport,
            pace=self._pace,
            sleep=self.slept.append,
            spool_dir=folder,
            clock=lambda: now,
        )

    def _pace(self) -> None:
        self.paced += 1
