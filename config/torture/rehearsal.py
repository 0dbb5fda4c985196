"""Before the storm: every branch of the look-ups, and a death at every kill point, on purpose.

One worker and one fault at a time, so that what is reached does not depend on how busy the machine
is; the storm then does it all again by luck, with many workers.
"""

import time
from collections.abc import Callable
from typing import Any

from audit.engine import desk
from audit.engine.kill_points import NAMES
from audit.models import PollRun, Posting
from audit.states import State
from config.torture import gang, verdict
from config.torture.gang import Gang
from config.torture.storm import LATE_S, Storm
from connectors.clock import database_now
from connectors.models import Channel, Credential
from mappings.models import Flow

PATIENCE_S = 60.0


class NeverReached(RuntimeError):
    """A branch that was ordered did not come: the torture would prove less than it says."""


class Rehearsal:
    """Plays on the storm's ground; what it files is beyond the storm's own reports."""

    def __init__(self, storm: Storm, workers: Gang) -> None:
        self._storm, self._workers = storm, workers
        self._writes = {"match": storm.ground.victim.writes}
        self._tokens = {"match": storm.ground.victim.tokens}

    def play(self) -> None:
        """All scenes, then nothing is on order or on its way. Raises NeverReached."""
        for scene in (
            self._answers_that_are_lost,
            self._batches_that_come_apart,
            self._a_copy_in_the_ledger,
            self._late_and_refused,
            self._changes_on_the_way,
            self._sign_ins,
            self._deaths,
        ):
            scene()
            self._until("at rest", verdict.at_rest)
        self._storm.clear_faults()
        if missed := [branch for branch, times in self._branches().items() if not times]:
            raise NeverReached(f"never in the rehearsal: {'; '.join(missed)}")

    # -- scenes ------------------------------------------------------------------------------------
    def _answers_that_are_lost(self) -> None:
        """Of a post, an amend and a cancel that were carried out; and of a post that was not."""
        one, other = self._file(2)
        self._lost("in doubt, found once: adopted (post)", self._poll)
        self._lost(
            "in doubt, found as sent: adopted (amend)",
            lambda: (self._storm.amend(one), self._poll()),
        )
        self._lost("in doubt, found gone: reversed (cancel)", lambda: self._storm.reverse(other))
        self._storm.order("reset_before_store", **self._writes)
        self._file(1)
        self._poll()
        self._reach("absent within the window: the identical call")

    def _lost(self, branch: str, deed: Callable[[], Any]) -> None:
        self._storm.order("drop_after_store", **self._writes)
        deed()
        self._reach(branch)

    def _batches_that_come_apart(self) -> None:
        self._storm.order("partial_batch", body="missing", **self._writes)
        self._file(4)
        self._poll()
        self._reach("a batch answered in part")
        self._reach("absent after it, or in part: a new call")
        self._storm.order("reset_before_store", times=2, **self._writes)
        self._file(4)
        self._poll()
        self._reach("a whole batch lost twice: halved")

    def _a_copy_in_the_ledger(self) -> None:
        """Somebody enters the bill again while we are in doubt; then the copy is deleted."""
        self._storm.order("drop_after_store", **self._writes)
        self._file(1)
        self._poll()
        self._until("in doubt", Posting.objects.filter(state=State.IN_DOUBT).exists)
        self._storm.enter_a_copy()
        self._reach("in doubt, found changed or twice: held")
        self._storm.take_copies_back()
        self._reach("looked up before the first post, and found")

    def _late_and_refused(self) -> None:
        self._storm.order("late_store", delay_s=LATE_S, **self._writes)
        self._file(1)
        self._poll()
        self._reach("stored late, found and adopted")
        self._storm.order("throttle", retry_after_s=1, **self._writes)
        self._file(1)
        self._poll()
        self._reach("certainly not carried out: ready again")

    def _changes_on_the_way(self) -> None:
        (one,) = self._file(1)
        self._poll()
        gang.read()
        self._storm.amend(one)
        self._poll()
        gang.read()
        self._reach("revised before it left: replaced")

    def _sign_ins(self) -> None:
        """The token endpoint is out of order, which disconnects nobody; then it loses an answer."""
        self._storm.order("unavailable", times=3, **self._tokens)
        self._storm.tokens_expire()
        self._file(1)
        self._poll()
        self._until("posted with a renewed token", verdict.at_rest)
        if Credential.objects.exclude(state=Credential.State.WORKING).exists():
            raise NeverReached("three answers of 503 from the token endpoint have disconnected it")
        self._storm.order("drop_token_answer")
        self._storm.tokens_expire()
        self._file(1)
        self._poll()
        self._reach("the sign-in was lost: a person connected again")

    def _deaths(self) -> None:
        for place in NAMES:
            if place.startswith("resolve."):
                self._storm.order("drop_after_store", **self._writes)
            self._file(1)
            self._poll()
            self._workers.die_at(place, PATIENCE_S)
            self._forget_the_dead()
            self._until(f"at rest after a death at {place}", verdict.at_rest)
        self._reach("its sender stopped, looked up by the next")

    # -- hands -------------------------------------------------------------------------------------
    def _file(self, count: int) -> list[str]:
        self._storm.postings += count
        self._storm.file(count)
        return self._storm.filed[-count:]

    def _poll(self) -> None:
        desk.poll_now(Flow.objects.get(pk=self._storm.ground.flow_id), "torture")

    def _forget_the_dead(self) -> None:
        """Nobody else works now: what the dead one leased need not be waited out."""
        past = database_now()
        Channel.objects.filter(until__isnull=False).update(until=past)
        PollRun.objects.filter(status="running").update(until=past)

    def _branches(self) -> dict[str, int]:
        return verdict.sometimes(self._storm.late_request_ids())

    def _reach(self, branch: str) -> None:
        self._until(branch, lambda: self._branches()[branch])

    def _until(self, what: str, condition: Callable[[], Any]) -> None:
        """Work, one turn after the other, until it is so."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise NeverReached(f"not in {PATIENCE_S:.0f} s of the rehearsal: {what}")
            gang.read()
            gang.prepare_left()
            gang.post()
            self._storm.connect_again()
            time.sleep(0.02)
