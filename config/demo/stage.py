"""What the demo runs: the sandbox, the web and the cluster, each a process of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import requests

ROOT = Path(__file__).parents[2]


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
        self._running: list[tuple[str, subprocess.Popen, Path]] = []
        self.sandbox: Sandbox | None = None
        self.web_url = ""

    def open_sandbox(self) -> Sandbox:
        log = self.folder / "sandbox.log"
        process = self._start("sandbox", [sys.executable, "manage.py", "sandbox", "--port", "0"])
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            said = log.read_text() if log.exists() else ""
            words = [word for word in said.split() if word.startswith("http://127.0.0.1:")]
            if words:
                self.sandbox = Sandbox(words[0].rstrip("/"))
                # Five requests in ten seconds is Expensify's pace; nobody wants to watch that.
                self.sandbox.control("expensify", "settings", {"limits": False})
                return self.sandbox
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise StageFailed(f"the sandbox did not start: {self._last_words(log)}")

    def set_environment(self) -> None:
        """Settings of the demo alone: nothing of the user's .env or DATABASE_URL is looked at."""
        port = free_port()
        self.web_url = f"http://127.0.0.1:{port}"
        app = self.sandbox.control("quickbooks_online", "tokens", {})
        os.environ.pop("DATABASE_URL", None)
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

    def open_office(self) -> None:
        """Web and cluster, when the database has been migrated."""
        port = self.web_url.rpartition(":")[2]
        gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
        gunicorn += ["--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        self._start("web", gunicorn)
        self._start("cluster", [sys.executable, "manage.py", "qcluster"])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self.check()
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 0.2):
                return
            time.sleep(0.1)
        raise StageFailed(f"the web server did not start: {self._last_words('web')}")

    def check(self) -> None:
        """Raise StageFailed if a process has stopped."""
        for name, process, log in self._running:
            if process.poll() is not None:
                raise StageFailed(f"{name} stopped by itself: {self._last_words(log)}")

    def close(self) -> None:
        for _, process, _ in reversed(self._running):
            process.terminate()
        deadline = time.monotonic() + 8
        for _, process, _ in self._running:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, name: str, command: list[str]) -> subprocess.Popen:
        log = self.folder / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._running.append((name, process, log))
        return process

    def _last_words(self, log: Path | str) -> str:
        path = log if isinstance(log, Path) else self.folder / f"{log}.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        return text[-1500:] or "it said nothing"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
