"""What the demo runs: the sandbox, the web and the cluster, each a process of its own."""

import os
import secrets
import socket
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import requests

from config.processes import Child, ChildEnded, Children

ROOT = Path(__file__).parents[2]
LOOPBACK = "http://127.0.0.1:"


class StageFailed(RuntimeError):
    """A process of the demo did not start or stopped early; the text has its last words."""


class Sandbox:
    """The simulators' control plane, spoken to as DESIGN's contract says."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, vendor: str, verb: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        address = f"{self.url}/_control/{vendor}/{verb}"
        answer = requests.request(method, address, json=body, timeout=30)
        if answer.status_code != requests.codes.ok:
            raise StageFailed(f"the sandbox refused {verb}: {answer.text}")
        return answer.json(parse_float=str)


class Stage:
    """Starts processes with an environment of their own, and ends them all together."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="ml-connector-demo-"))
        self._children = Children(ROOT)
        self.sandbox: Sandbox | None = None
        self.web_url = ""

    def open_sandbox(self) -> Sandbox:
        command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
        child = self._start("sandbox", command)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            self.check()
            words = [word for word in child.log.read_text().split() if word.startswith(LOOPBACK)]
            if words:
                self.sandbox = Sandbox(words[0].rstrip("/"))
                # Five requests in ten seconds is Expensify's pace; nobody wants to watch that.
                self.sandbox.control("expensify", "settings", {"limits": False})
                return self.sandbox
            time.sleep(0.05)
        raise StageFailed(f"the sandbox did not start: {child.last_words or 'it said nothing'}")

    def set_environment(self) -> None:
        """Settings of the demo alone: nothing of the user's .env or DATABASE_URL is looked at."""
        self.web_url = f"{LOOPBACK}{free_port()}"
        app = self.sandbox.control("quickbooks_online", "tokens", {})
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": "",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "FERNET_KEYS": secrets.token_urlsafe(48),
            "BASE_URL": self.web_url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{self.folder}/demo.sqlite3",
            "SPOOL_DIR": str(self.folder / "spool"),
            "SANDBOX_URL": self.sandbox.url,
            "PACE": "fast",
            "LOG_LEVEL": "WARNING",
            "INTUIT_CLIENT_ID": app["client_id"],
            "INTUIT_CLIENT_SECRET": app["client_secret"],
        }

    def open_web(self) -> None:
        """The web server, which takes its time to start; ask it when there are tables."""
        port = self.web_url.removeprefix(LOOPBACK)
        gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
        gunicorn += ["--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        self._start("web", gunicorn)

    def open_office(self) -> None:
        """The cluster too, when the database has been migrated; returns when the web answers."""
        self._start("cluster", [sys.executable, "manage.py", "qcluster"])
        try:
            self._children.wait_for_port(int(self.web_url.removeprefix(LOOPBACK)))
        except (ChildEnded, TimeoutError) as failure:
            raise StageFailed(f"the web server did not start: {failure}") from None

    def check(self) -> None:
        """Raise StageFailed if a process has stopped."""
        try:
            self._children.check()
        except ChildEnded as ended:
            raise StageFailed(str(ended)) from None

    def close(self) -> None:
        self._children.stop()

    def _start(self, name: str, command: list[str]) -> Child:
        log = self.folder / f"{name}.log"
        log.touch()
        return self._children.start(name, command, log=log)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
