"""Processes that belong together: started by one parent, watched, and ended as a whole."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

LOOK_EVERY_S = 0.1


class ChildEnded(RuntimeError):
    """A process that should be running is not; the text names it and has its last words."""


class StopAsked(Exception):
    """Somebody pressed Ctrl-C, or the system asked us to stop."""


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen
    log: Path | None = None

    @property
    def end(self) -> str:
        """How it ended, "" while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    @property
    def last_words(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        return self.log.read_text(errors="replace")[-1500:].strip()


class Children:
    """Starts processes and ends them all together, whatever happens in between.

    Each has a session of its own: Ctrl-C reaches the parent alone, which then ends the children in
    order; and what a child has started goes with it. As a context, it ends them on the way out.
    """

    # Together below ten seconds, in which whoever stopped us expects quiet.
    GRACE_S = 8.0

    def __init__(self, folder: Path) -> None:
        """`folder` is where the children run."""
        self._folder = folder
        self._children: list[Child] = []

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> Child:
        """Start one. It writes where we write, or to the end of the file `log`."""
        given = {"cwd": self._folder, "env": env, "stdin": subprocess.DEVNULL}
        given["start_new_session"] = True
        if log is None:
            process = subprocess.Popen(list(command), **given)
        else:
            with log.open("ab") as file:
                process = subprocess.Popen(
                    list(command), stdout=file, stderr=subprocess.STDOUT, **given
                )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise ChildEnded if one of them is not running any more."""
        for child in self._children:
            if end := child.end:
                words = f": {child.last_words}" if child.last_words else ""
                raise ChildEnded(f"{child.name} {end}{words}")

    def wait_for_port(self, port: int, host: str = "127.0.0.1", timeout_s: float = 30.0) -> None:
        """Until somebody answers there. Raises ChildEnded, TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self.check()
            with suppress(OSError), socket.create_connection((host, port), 0.5):
                return
            time.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"nothing answered at {host}:{port} within {timeout_s:.0f} seconds")

    def watch(self) -> None:
        """Stay while all of them run. Raises ChildEnded when one does not."""
        while True:
            self.check()
            time.sleep(LOOK_EVERY_S)

    def stop(self) -> list[str]:
        """End all of them, the last one started first; the names of those that had to be killed.

        A second request to stop (see `stop_on_signals`) shortens the wait to nothing.
        """
        for child in reversed(self._children):
            # The child alone: it has its own way of ending those that it has started.
            child.process.terminate()
        killed: list[str] = []
        try:
            self._wait_for_all(time.monotonic() + self.GRACE_S)
        except (StopAsked, KeyboardInterrupt):
            pass  # whoever asks twice does not want to wait: killed below
        finally:
            for child in self._children:
                if child.process.poll() is None:
                    killed.append(child.name)
                # What a dead child has left running keeps ports and database files open.
                _kill_group(child)
                child.process.wait()
            self._children.clear()
        return killed

    def _wait_for_all(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if all(child.process.poll() is not None for child in self._children):
                return
            time.sleep(LOOK_EVERY_S)


def _kill_group(child: Child) -> None:
    """The child and all that it has started: they are one group, which outlives its leader."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within, Ctrl-C, SIGTERM and a closed terminal raise StopAsked."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise StopAsked(signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the server does it: a port that closed a second ago counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
