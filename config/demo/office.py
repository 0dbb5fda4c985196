"""What Ann has at hand: the admin in her browser, the queue at work, and a look at our own rows."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from django.contrib.auth import get_user_model
from django_q.tasks import async_task

from audit import tasks
from audit.engine import desk
from audit.models import PollRun, Posting, ReceiptFile, Report
from audit.nudge import TICK, nudge
from audit.states import State
from config.demo import ledger_side
from config.demo.browser import Browser
from config.demo.stage import Stage
from connectors.contract.ledger import Op
from mappings.models import Flow

ACTOR = "ann"
PATIENCE_S = 90
MOVING = (State.READY, State.SENDING, State.IN_DOUBT, State.RETRY_WAIT)


class Office:
    """She works at the admin's pages, the queue works for her; the rest is only looked at."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.sandbox = stage, stage.sandbox
        self.browser = Browser(stage.web_url)

    def create_user(self) -> None:
        tasks.ensure_tick()
        get_user_model().objects.create_superuser(ACTOR, "ann@acme.example", ACTOR)

    # --- doing -----------------------------------------------------------------------------------

    def go_live(self, flow: Flow) -> None:
        page = self._flow_page(flow.pk)
        page.press("Go live").submit(page.form("confirm"))

    def poll(self, flow: Flow) -> PollRun:
        """Press Poll now, and wait until the cluster has read and prepared."""
        before = self._polls_done([flow])
        self._flow_page(flow.pk).press("Poll now")
        return self._polled([flow], before)[flow.pk]

    def open_for_business(self, flows: Sequence[Flow]) -> dict[int, PollRun]:
        """What the same two buttons do, for several flows at once; flow -> its first poll."""
        before = self._polls_done(flows)
        for flow in flows:
            desk.go_live(flow, ACTOR)
            desk.poll_now(flow, ACTOR)
        nudge()
        return self._polled(flows, before)

    def until_settled(self) -> None:
        moving = Posting.objects.filter(state__in=MOVING)
        self._until(lambda: not moving.exists(), "postings still wait")
        files = ReceiptFile.objects.filter(state=ReceiptFile.State.WAITING)
        self._until(lambda: not files.exists(), "receipts still wait")

    def _flow_page(self, pk: int) -> Browser:
        """The flow's page, where the last button may have left her already."""
        path = f"/admin/mappings/flow/{pk}/change/"
        is_there = self.browser.page is not None and self.browser.page.url.endswith(path)
        return self.browser if is_there else self.browser.go(path)

    def _polls_done(self, flows: Sequence[Flow]) -> Counter[int]:
        done = PollRun.objects.filter(flow__in=flows, status=PollRun.Status.DONE)
        return Counter(done.values_list("flow", flat=True))

    def _polled(self, flows: Sequence[Flow], before: Counter[int]) -> dict[int, PollRun]:
        ids = [flow.pk for flow in flows]
        self._until(
            lambda: all(self._polls_done(flows)[pk] > before[pk] for pk in ids),
            "the poll was not done",
        )
        due = Report.objects.filter(flow__in=ids, is_due=True)
        self._until(lambda: not due.exists(), "reports were not prepared")
        done = PollRun.objects.filter(status=PollRun.Status.DONE)
        return {pk: done.filter(flow=pk).latest("finished_at") for pk in ids}

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        nudged = time.monotonic()
        while not done():
            self.stage.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {PATIENCE_S} s {what}")
            if time.monotonic() - nudged > 3:
                async_task(TICK)  # the minute's tick, a little early
                nudged = time.monotonic()
            time.sleep(0.1)

    # --- looking at our side ---------------------------------------------------------------------

    def held(self, *flows: Flow) -> list[Posting]:
        rows = Posting.objects.filter(flow__in=flows, state=State.QUARANTINED)
        return list(rows.select_related("report").order_by("subject", "pk"))

    def standings(self, flow: Flow) -> Counter[str]:
        return Counter(Report.objects.filter(flow=flow).values_list("standing", flat=True))

    def live(self, *flows: Flow) -> list[Posting]:
        """The postings because of which a document stands, oldest first."""
        rows = Posting.objects.filter(flow__in=flows, state=State.POSTED)
        return list(rows.exclude(op=Op.CANCEL.value).select_related("report").order_by("pk"))

    # --- looking at the vendors' side ------------------------------------------------------------

    def asked(self) -> list[dict]:
        """The requests that QuickBooks got."""
        return self.sandbox.control("quickbooks_online", "requests")

    def documents(self, company_id: str) -> list[dict]:
        """Everything that stands or stood in the company's books."""
        found = self.sandbox.control("quickbooks_online", "documents")
        return [one for one in found if one["company"] == company_id]

    def ours(self, company_id: str) -> list[dict]:
        return [one for one in self.documents(company_id) if ledger_side.is_ours(one)]

    def trial_balance(self, company_id: str) -> list[dict]:
        return self.sandbox.control("quickbooks_online", f"trial_balance/{company_id}")["rows"]
