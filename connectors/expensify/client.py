"""Asks Expensify for reports and lists. It has no method that writes, and no job that does."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from connectors.contract.report import Report
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Request,
    Response,
    Throttled,
    Transport,
)
from connectors.expensify import answers, jobs, parse, policy, spool
from connectors.expensify.answers import Asked, NotReady
from connectors.expensify.jobs import Job, Window, batches
from connectors.expensify.parse import Unreadable
from connectors.expensify.policy import Card, Policy, PolicyLists
from connectors.expensify.spool import SpooledFile
from connectors.expensify.template import template_text
from connectors.expensify.values import STANDARD, Conventions, Misfit

__all__ = ["DownloadTransport", "ExpensifyClient", "Unreadable", "Window", "batches"]

# An export is made while the caller waits; Expensify's own old script speaks of many minutes.
_EXPORT_TIMEOUT_S, _DOWNLOAD_TIMEOUT_S, _LIST_TIMEOUT_S = 300.0, 120.0, 60.0

_DOWNLOAD_WAITS_S = (2.0, 4.0, 8.0, 16.0, 30.0)
_DOWNLOAD_PATIENCE_S = 600.0

# As much of a downloaded file as may be an error message instead.
_LONGEST_ENVELOPE = 64 * 1024


Listed = TypeVar("Listed")
Answer = TypeVar("Answer")


class DownloadTransport(Transport, Protocol):
    """A transport that can also write an answer to disk without holding it in memory."""

    def download(self, request: Request, path: Path) -> Response:
        """Writes the body, whatever the status, into the existing file `path`, whose permissions
        stay; the Response has no body. Raises as `send` does."""


class ExpensifyClient:
    """One Expensify account: a pair of partner user ID and secret, and what may be read with it.

    transport    its base is the whole address of the Integration Server; with a `download` method
                 (see DownloadTransport) exports never stand whole in memory
    pace         called before every request; returns when the account may send one. The limits
                 hold for the account over all processes, so they are not kept here
    sleep        waits so many seconds between two tries to download
    spool_dir    where exports lie while they are read, each in a folder that only we can enter
    clock        the time, aware
    conventions  what Expensify leaves open about its files

    Only a download that is not ready is tried again here. All else is raised, as in
    `contract.transport`: Unreachable and AnswerLost (ask again), Throttled, Unauthorised, Blocked,
    ContractBroken (the answer cannot be used; nothing of it was).
    """

    def __init__(
        self,
        user_id: str,
        user_secret: str,
        transport: Transport,
        *,
        pace: Callable[[], None],
        sleep: Callable[[float], None],
        spool_dir: Path,
        clock: Callable[[], datetime],
        conventions: Conventions = STANDARD,
    ) -> None:
        self._user_id, self._secret = user_id, user_secret
        self._transport, self._pace, self._sleep = transport, pace, sleep
        self._spool_dir, self._clock = Path(spool_dir), clock
        self._conventions = conventions
        self._throttled_in_a_row = 0

    def __repr__(self) -> str:
        return f"<ExpensifyClient {self._user_id}>"

    # --- reports --------------------------------------------------------------------------------

    def export(self, window: Window) -> SpooledFile:
        """The reports of `window`, on disk and checked whole; use it as a context manager.

        Two requests or more; may take minutes. A window that begins over a year ago is asked for
        year by year, because Expensify takes no longer one.
        """
        asked, folder = self._asked_for_reports(window), spool.new_folder(self._spool_dir)
        paths: list[Path] = []
        try:
            for part in jobs.in_years(window, self._clock().astimezone(UTC).date()):
                paths.append(spool.new_file(folder, len(paths) + 1))
                response = self._send(jobs.export_job(part), _EXPORT_TIMEOUT_S, template_text())
                name = self._read(answers.file_name, response, asked)
                self._fetch(name, paths[-1], asked)
            return spool.checked(paths, window)
        except BaseException:
            spool.remove(folder)
            raise

    def read(self, spooled: SpooledFile) -> Iterator[Report | Unreadable]:
        """The reports of a checked file, one in memory at a time, in the file's order. One that
        cannot be taken comes as Unreadable and does not stop the rest."""
        return parse.read(spooled, self._conventions)

    def _fetch(self, name: str, path: Path, asked: Asked) -> None:
        """Downloads until the file is there; patience is counted in waits and by the clock, so
        that neither a clock that stands nor slow answers make it endless."""
        started_at, waited_s, tries = self._clock(), 0.0, 0
        while True:
            try:
                self._download(name, path, asked)
                return
            except NotReady as not_ready:
                elapsed_s = (self._clock() - started_at).total_seconds()
                wait_s = _DOWNLOAD_WAITS_S[min(tries, len(_DOWNLOAD_WAITS_S) - 1)]
                if max(waited_s, elapsed_s) + wait_s > _DOWNLOAD_PATIENCE_S:
                    raise AnswerLost(
                        f"Expensify promised a file for {asked.what}, but did not have it ready "
                        f"within {_DOWNLOAD_PATIENCE_S / 60:.0f} minutes ({not_ready.message}). "
                        "Nothing was taken over. The next poll asks again.",
                        status=not_ready.status,
                        vendor_code=not_ready.vendor_code,
                    ) from None
            self._sleep(wait_s)
            waited_s, tries = waited_s + wait_s, tries + 1

    def _download(self, name: str, path: Path, asked: Asked) -> None:
        request = self._request(jobs.download_job(name), _DOWNLOAD_TIMEOUT_S)
        self._pace()
        if stream := getattr(self._transport, "download", None):
            response = stream(request, path)
        else:
            response = self._transport.send(request)
            path.write_bytes(response.body)
        with path.open("rb") as file:
            beginning = file.read(_LONGEST_ENVELOPE + 1)
        shown = Response(response.status, response.headers, beginning, response.at)
        self._read(answers.check_download, shown, asked)

    # --- lists ----------------------------------------------------------------------------------

    def policies(self) -> tuple[Policy, ...]:
        """Every workspace that the account can see."""
        asked = Asked("the list of workspaces", secret=self._secret)
        return self._listed(jobs.policy_list_job(), asked, policy.policies)

    def policy(self, policy_id: str) -> PolicyLists:
        """The lists of one workspace. Raises Blocked when it is gone or out of sight."""
        asked = Asked(f"the lists of workspace {policy_id}", "workspace", policy_id, self._secret)

        def lists(answer: Mapping[str, Any]) -> PolicyLists | None:
            return policy.lists(policy_id, answer)

        found = self._listed(jobs.policy_job(policy_id), asked, lists)
        if found is None:
            raise Blocked(answers.missing(asked))
        return found

    def cards(self, domain: str) -> tuple[Card, ...]:
        """The company cards of a domain; the account must be an admin of it."""
        asked = Asked(f"the company cards of {domain}", "domain", domain, self._secret)
        return self._listed(jobs.card_list_job(domain), asked, policy.cards)

    def _listed(
        self, job: Job, asked: Asked, read: Callable[[Mapping[str, Any]], Listed]
    ) -> Listed:
        response = self._send(job, _LIST_TIMEOUT_S)
        members = self._read(answers.members, response, asked)
        try:
            return read(members)
        except Misfit as misfit:
            raise ContractBroken(
                f"Expensify's answer for {asked.what} cannot be used: {misfit}. Nothing of it was "
                "taken over. Report this if it comes again.",
                status=response.status,
            ) from None

    # --- one request ----------------------------------------------------------------------------

    def _send(self, job: Job, timeout_s: float, template: str = "") -> Response:
        request = self._request(job, timeout_s, template)
        self._pace()
        return self._transport.send(request)

    def _request(self, job: Job, timeout_s: float, template: str = "") -> Request:
        credentials = {"partnerUserID": self._user_id, "partnerUserSecret": self._secret}
        return Request(
            method="POST",
            path="",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=jobs.form(job, credentials, template),
            timeout_s=timeout_s,
        )

    def _read(
        self, reading: Callable[[Response, Asked, int], Answer], response: Response, asked: Asked
    ) -> Answer:
        """What the answer says; counts refusals for frequency, which make the next wait longer."""
        try:
            answer = reading(response, asked, self._throttled_in_a_row)
        except Throttled:
            self._throttled_in_a_row += 1
            raise
        self._throttled_in_a_row = 0
        return answer

    def _asked_for_reports(self, window: Window) -> Asked:
        if not window.policy_ids:
            return Asked("the export of reports", secret=self._secret)
        ids = ", ".join(window.policy_ids)
        return Asked(f"the export of reports from {ids}", "workspace", ids, self._secret)
