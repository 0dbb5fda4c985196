"""`serve`: web and cluster come up together, go down together, and say what to do next."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.management.commands import serve
from config.processes import ChildEnded, Children, StopAsked, is_free, stop_on_signals

# Its installation has a SQLite file of its own, so it would be the same run twice.
pytestmark = [pytest.mark.early, pytest.mark.sqlite]
PROJECT = Path(__file__).resolve().parent.parent
SECRETS = {"SECRET_KEY": "s" * 50, "FERNET_KEYS": "f" * 50}
SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
# Says when it is ready to refuse to end: a signal before that would find no handler.
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Running, and not merely waiting for its parent to take note of its end."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout.strip()[:1] not in ("", "Z")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- children ------------------------------------------------------------------------------------


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    found = Children(tmp_path)
    yield found
    found.GRACE_S = 0.2
    found.stop()


def test_children_end_when_they_are_asked_to(children, tmp_path):
    log = tmp_path / "log"
    child = children.start("The sleeper", python(SLEEPER), log=log)
    until(lambda: "up" in child.last_words)
    children.check()
    assert children.stop() == []
    assert child.end == "ended by signal 15"


def test_a_child_that_refuses_is_killed_after_the_grace(children, tmp_path):
    child = children.start("The stubborn", python(STUBBORN), log=tmp_path / "log")
    until(lambda: "up" in child.last_words)
    children.GRACE_S = 0.2
    assert children.stop() == ["The stubborn"]
    assert child.end == "ended by signal 9"


def test_what_a_child_has_started_goes_with_it(children, tmp_path):
    start_another = (
        "import subprocess, sys, time; "
        f"other = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); "
        "print('other', other.pid, flush=True); time.sleep(60)"
    )
    child = children.start("The parent", python(start_another), log=tmp_path / "log")
    until(lambda: "other" in child.last_words and "up" in child.last_words)
    words = child.last_words.split()
    pid = int(words[words.index("other") + 1])
    assert is_alive(pid)
    children.stop()
    until(lambda: not is_alive(pid))


def test_a_child_that_ends_by_itself_is_named_with_its_last_words(children, tmp_path):
    code = "import sys; print('no database'); sys.exit(3)"
    children.start("The cluster", python(code), log=tmp_path / "log")
    with pytest.raises(ChildEnded, match="The cluster ended with exit code 3: no database"):
        children.watch()


def test_waiting_for_a_port_ends_when_somebody_answers(children):
    port = free_port()
    children.start("The web", [sys.executable, "-m", "http.server", "-b", "127.0.0.1", str(port)])
    children.wait_for_port(port)
    assert not is_free(port)


def test_waiting_for_a_port_ends_with_the_child_that_should_answer(children):
    children.start("The web", python("raise SystemExit(1)"))
    with pytest.raises(ChildEnded, match="The web"):
        children.wait_for_port(free_port())


def test_waiting_for_a_port_does_not_last_for_ever(children):
    children.start("The web", python(SLEEPER))
    with pytest.raises(TimeoutError, match="nothing answered"):
        children.wait_for_port(free_port(), timeout_s=0.2)


def test_children_end_with_their_context_whatever_happens(tmp_path):
    with pytest.raises(ZeroDivisionError), Children(tmp_path) as children:
        child = children.start("The sleeper", python(SLEEPER))
        raise ZeroDivisionError
    assert child.end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_is_told_from_everything_else(number):
    before = signal.getsignal(number)
    with pytest.raises(StopAsked, match=number.name), stop_on_signals():
        os.kill(os.getpid(), number)
        time.sleep(0.05)
    assert signal.getsignal(number) is before


def test_asking_twice_shortens_the_wait(children, tmp_path, monkeypatch):
    child = children.start("The stubborn", python(STUBBORN), log=tmp_path / "log")
    until(lambda: "up" in child.last_words)

    def asked_again(deadline: float) -> None:
        raise StopAsked("SIGINT")

    monkeypatch.setattr(children, "_wait_for_all", asked_again)
    assert children.stop() == ["The stubborn"]


# --- serve ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of an installation of its own, on a database that `serve` has to make."""
    folder = tmp_path_factory.mktemp("serve")
    ours = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return ours | {
        **SECRETS,
        "ENV_FILE": "",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": f"sqlite:///{folder}/books.sqlite3",
        "SPOOL_DIR": str(folder / "spool"),
        "SANDBOX_URL": "",
        "PACE": "real",
        "PYTHONUNBUFFERED": "1",
    }


class Serving:
    """A running `manage.py serve`; `said` is all that it and its children wrote so far."""

    def __init__(self, environment: dict[str, str], log: Path, *words: str) -> None:
        self.port, self._log = free_port(), log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), *words],
                cwd=PROJECT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_until_up(self) -> None:
        until(lambda: "Ctrl-C ends it." in self.said or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said

    def child(self, word: str) -> int:
        """The process id of the direct child whose command has the word in it."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        found = [
            int(pid)
            for pid, parent, args in rows
            if int(parent) == self.process.pid and word in args
        ]
        assert len(found) == 1, listed
        return found[0]


@pytest.fixture
def serving(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def start(*words: str) -> Serving:
        started.append(Serving(environment, tmp_path / "said", *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(timeout=15)


def test_it_migrates_serves_works_and_ends_on_ctrl_c(serving, environment):
    one = serving()
    one.wait_until_up()
    with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/admin/login/", timeout=10) as page:
        assert page.status == 200
    assert f"Log in at http://127.0.0.1:{one.port}/admin/" in one.said
    assert "manage.py createsuperuser" in one.said
    assert "BASE_URL is http://127.0.0.1:8000, which is another port" in one.said
    web, cluster = one.child("gunicorn"), one.child("qcluster")
    began = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(timeout=10) == 0
    assert time.monotonic() - began < 10
    assert "Stopped." in one.said
    assert not is_alive(web) and not is_alive(cluster)
    assert is_free(one.port)
    assert not any(secret in one.said for secret in SECRETS.values())
    assert not any(text in one.said for text in ("Traceback", environment["DATABASE_URL"]))


@pytest.mark.parametrize(
    ("dies", "name"), [("gunicorn", "The web server"), ("qcluster", "The cluster")]
)
def test_when_one_of_the_two_dies_the_other_is_stopped_too(serving, dies, name):
    one = serving()
    one.wait_until_up()
    other = one.child({"gunicorn": "qcluster", "qcluster": "gunicorn"}[dies])
    os.kill(one.child(dies), signal.SIGKILL)
    assert one.process.wait(timeout=15) == 1
    assert f"{name} ended by signal 9. Everything else was stopped too" in one.said
    assert not is_alive(other)
    assert is_free(one.port)


def test_without_a_cluster_there_is_the_web_alone(serving):
    one = serving("--no-cluster")
    one.wait_until_up()
    assert "`poll` and `post` from cron" in one.said
    with pytest.raises(AssertionError):
        one.child("qcluster")
    one.process.terminate()
    assert one.process.wait(timeout=10) == 0


def test_a_taken_port_is_told_before_anything_is_started(serving):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        one = serving("--port", port)
        assert one.process.wait(timeout=20) == 1
    assert f"Port {port} on 127.0.0.1 is taken" in one.said
    assert "Database" not in one.said


def test_a_database_that_cannot_be_reached_is_told_without_its_password(environment, tmp_path):
    away = f"postgres://books:hidden-word@127.0.0.1:{free_port()}/books"
    one = Serving(environment | {"DATABASE_URL": away}, tmp_path / "said")
    assert one.process.wait(timeout=30) == 1
    assert "The database is not usable" in one.said
    assert "hidden-word" not in one.said and "Traceback" not in one.said


def test_settings_that_would_lose_tokens_stop_it(environment, tmp_path):
    one = Serving(environment | {"FERNET_KEYS": "short"}, tmp_path / "said")
    assert one.process.wait(timeout=30) == 1
    assert "config.E003" in one.said


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1"])
def test_a_port_is_a_number_that_exists(text):
    with pytest.raises(Exception, match="is no port"):
        serve.port(text)


def test_the_web_server_has_one_process_and_no_control_socket():
    command = serve.web_command("127.0.0.1", 8000)
    assert command[3:6] == ["config.wsgi", "--bind", "127.0.0.1:8000"]
    assert "--no-control-socket" in command and "--workers" not in command
    assert "[::1]:8000" in serve.web_command("::1", 8000)
