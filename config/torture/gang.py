"""The workers, each a process that does what ticks would, and the killer among them."""

import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connections

from audit.engine import drain, poll, prepare
from audit.engine.kill_points import NAMES

ANYWHERE = "anywhere"


@dataclass
class Gang:
    """Workers forked from this process, which must have no open database connection then.

    kills  how many died by SIGKILL, at a kill point or anywhere
    """

    log: Path
    size: int
    chance: random.Random
    is_deadly: bool = True
    kills: int = 0
    killed_at: dict[str, int] = field(default_factory=dict)
    paused: int = 0
    _members: dict[int, str] = field(default_factory=dict)
    _asleep: dict[int, int] = field(default_factory=dict)  # and the process that will wake it
    _turn: int = 0

    def fill(self) -> None:
        """Count the dead, replace the missing."""
        for pid, waker in list(self._asleep.items()):
            if os.waitpid(waker, os.WNOHANG)[0]:
                del self._asleep[pid]
        for pid, place in list(self._members.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            del self._members[pid]
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                self.kills += 1
                self.killed_at[place] = self.killed_at.get(place, 0) + 1
        while len(self._members) < self.size:
            place = self._next_place()
            self._members[self._fork(place)] = place.partition(":")[0] or ANYWHERE

    def die_at(self, place: str, patience_s: float = 60.0) -> None:
        """One worker alone, until it dies at the kill point. Raises RuntimeError if it does not."""
        pid, end = self._fork(f"{place}:1"), time.monotonic() + patience_s
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                raise RuntimeError(f"no worker came to {place} in {patience_s:.0f} s")
            time.sleep(0.02)
        if not (os.WIFSIGNALED(ended[1]) and os.WTERMSIG(ended[1]) == signal.SIGKILL):
            raise RuntimeError(f"a worker ended by itself before it came to {place}")
        self.kills += 1
        self.killed_at[place] = self.killed_at.get(place, 0) + 1

    def kill_one(self) -> None:
        """SIGKILL, wherever it is; one that carries a kill point is left to reach it."""
        awake = [pid for pid in self._members if pid not in self._asleep]
        idle = [pid for pid in awake if self._members[pid] == ANYWHERE]
        if awake and (idle or self.chance.random() < 0.2):
            victim = self.chance.choice(idle or awake)
            self._members[victim] = ANYWHERE
            os.kill(victim, signal.SIGKILL)

    def pause_one(self) -> None:
        """Stop one for longer than its lease and the visibility delay, as a closed lid does."""
        awake = [pid for pid in self._members if pid not in self._asleep]
        if awake and not self._asleep:
            victim = self.chance.choice(awake)
            self._asleep[victim] = _waker(victim, self.chance.uniform(1.0, 4.0))
            self.paused += 1

    def retire(self) -> None:
        """End them all; these are no kills."""
        for pid in self._members:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for waker in self._asleep.values():
            os.kill(waker, signal.SIGKILL)
            os.waitpid(waker, 0)
        self._members.clear()
        self._asleep.clear()

    def _next_place(self) -> str:
        """All but one of the workers carry a kill point, each in its turn."""
        if not self.is_deadly or ANYWHERE not in self._members.values():
            return ""
        self._turn += 1
        return f"{NAMES[self._turn % len(NAMES)]}:{self.chance.randint(1, 2)}"

    def _fork(self, place: str) -> int:
        connections.close_all()
        seed = self.chance.random()
        pid = os.fork()
        if pid:
            return pid
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            random.seed(seed)
            os.environ["MLC_KILL_AT"] = place
            with self.log.open("a") as log:
                os.dup2(log.fileno(), sys.stdout.fileno())
                os.dup2(log.fileno(), sys.stderr.fileno())
            work()
        finally:
            os._exit(1)


def _waker(victim: int, seconds: float) -> int:
    """Stop `victim` for so long. The one who wakes it is a process of its own: it may sleep on a
    lock that this process waits for."""
    os.kill(victim, signal.SIGSTOP)
    pid = os.fork()
    if not pid:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(seconds)
            os.kill(victim, signal.SIGCONT)
        finally:
            os._exit(0)
    return pid


def work() -> None:
    """Ticks without end. What raises is written to the log and tried again, as the queue does."""
    while True:
        step(read)
        step(prepare_left)
        step(post)
        time.sleep(0.05 + random.random() * 0.1)  # noqa: S311 - spreads load, guards nothing


def step(what) -> None:
    try:
        what()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        connections.close_all()


def read() -> None:
    """Poll what is due and prepare it."""
    for flow_id, due_at in poll.due_flows():
        if poll.poll(flow_id, due_at) is not None:
            prepare.prepare(flow_id)


def prepare_left() -> None:
    """Prepare what a worker that died had read."""
    for flow_id in drain.due_preparations():
        prepare.prepare(flow_id)


def post() -> None:
    """Drain what is due."""
    for connection_id in drain.due_connections():
        drain.drain(connection_id)
