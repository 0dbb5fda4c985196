"""A sandbox over real HTTP for every test here, started once, reset before each test."""

import http.client
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.sandbox.main import Running
from tests.sandbox.quickbooks_calls import Books


class Refused(Exception):
    """A control verb that answered with an error: `status` and what it said."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Answer:
    """One HTTP answer: `.status`, `.headers` (lower case), `.body`, `.text`, `.json()`."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)


class Sandbox:
    """A running sandbox: `.url`, `.control(vendor, verb, body)`, `.request(method, path, ...)`."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.url = running.url
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | dict | list | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> Answer:
        """One call to `url + path` on a kept-alive connection; a reset raises ConnectionError."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                urlsplit(self.url).netloc, timeout=timeout
            )
        sent = dict(headers or {})
        if isinstance(body, dict | list):
            body = json.dumps(body, default=str)
            sent.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        try:
            self._connection.request(method, path, body, sent)
            answer = self._connection.getresponse()
            found = Answer(
                answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
            )
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.will_close:
            self.close()
        return found

    def control(self, vendor: str, verb: str, body: Any = None, method: str | None = None) -> Any:
        """A control verb: POST with a body, GET without (or `method`). `vendor` "" for the
        sandbox's own.
        """
        path = "/_control/" + "/".join(part for part in (vendor, verb) if part)
        answer = self.request(method or ("GET" if body is None else "POST"), path, body)
        if answer.status != 200:
            raise Refused(answer.status, answer.text)
        return answer.json()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Running]:
    running = Running(port=0, seed=7)
    yield running
    running.stop()


@pytest.fixture
def sandbox(running_sandbox: Running) -> Iterator[Sandbox]:
    found = Sandbox(running_sandbox)
    found.control("", "reset", {})
    yield found
    found.close()


@pytest.fixture
def books(sandbox: Sandbox) -> Books:
    """Of a company in the United States, without throttling."""
    found = Books(sandbox)
    found.settings(limits=False)
    return found
