"""The reports that Expensify keeps, and what people do to them there.

Explicit reports (the seeded month, whatever a test adds) are kept whole; generated ones are made
when asked for and kept only once somebody has changed them.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ..chassis import Clock, ControlError
from ..month.build import (
    STATUSES,
    TIME,
    Report,
)
from ..month.volume import Volume
from .receipts import Receipts
from .workspaces import Workspaces


@dataclass(frozen=True)
class Filters:
    """What an export asks for; bounds are stored times (UTC), "" is open, empty sets mean all."""

    ids: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    approved_from: str = ""
    dated_from: str = ""
    dated_before: str = ""
    label: str = ""
    account: str = ""  # employeeEmail: only what that account sees
    login: str = ""  # whose credential it is: sees all of `admin_of`, else only its own reports
    admin_of: frozenset[str] = frozenset()

    def dates_fit(self, dates: Mapping[str, str]) -> bool:
        latest = max(dates["created"], dates["submitted"])
        if self.dated_from and latest < self.dated_from:
            return False
        if self.dated_before and latest >= self.dated_before:
            return False
        return not self.approved_from or dates["approved"] >= self.approved_from

    def fits(self, report: Report) -> bool:
        """Everything but ids and labels, which the store looks at."""
        return (
            self.dates_fit(report)
            and (not self.policies or report["policyID"] in self.policies)
            and (not self.words or STATUSES[report["status"]][0] in self.words)
            and self._seen_by_login(report)
            and self._concerns_account(report)
        )

    def _seen_by_login(self, report: Report) -> bool:
        own = report["accountEmail"] == self.login or report["managerEmail"] == self.login
        return not self.login or own or report["policyID"] in self.admin_of

    def _concerns_account(self, report: Report) -> bool:
        if not self.account:
            return True
        if report["status"] == "Open" and report["accountEmail"] != self.account:
            return False
        return self.account in (report["accountEmail"], report["managerEmail"])


class Reports:
    """All reports by id. Order is creation order of the explicit ones, then the generated ones."""

    def __init__(
        self,
        clock: Clock,
        settings: Mapping[str, Any],
        workspaces: Workspaces,
        receipts: Receipts,
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.workspaces = workspaces
        self.receipts = receipts
        self.kept: dict[str, Report] = {}
        self.shared: set[str] = set()  # kept ones that are the seed's own: copied before a change
        self.volumes: list[Volume] = []
        self.deleted: set[str] = set()
        self.labels: dict[str, list[str]] = {}

    # -- reading ---------------------------------------------------------------------------------
    def find(self, wanted: str) -> Report | None:
        """The stored report by either form of its id."""
        if wanted.isdigit():
            for report in self.kept.values():
                if str(report["oldReportID"]) == wanted:
                    return report
        elif wanted in self.kept:
            return self.kept[wanted]
        for volume in self.volumes:
            place = volume.place_of(wanted)
            if place is not None and self._untouched(volume.id(place)):
                return volume[place]
        return None

    def _untouched(self, id: str) -> bool:
        return id not in self.kept and id not in self.deleted

    def selected(self, filters: Filters) -> list[Any]:
        """References to the reports that fit, for `load`; no generated report is made for it."""
        if filters.ids:
            return self._by_id(filters)
        found: list[Any] = [
            report["reportID"]
            for report in sorted(self.kept.values(), key=lambda one: one["created"])
            if filters.fits(report) and self._label_free(filters, report["reportID"])
        ]
        for volume in self.volumes:
            if self._volume_fits(volume, filters):
                places = volume.places(
                    filters.approved_from, filters.dated_from, filters.dated_before
                )
                found += [
                    (volume, place)
                    for place in places
                    if self._untouched(id := volume.id(place)) and self._label_free(filters, id)
                ]
        return found

    def load(self, reference: Any) -> Report:
        """The report behind a reference of `selected`."""
        if isinstance(reference, str):
            return self.kept[reference]
        volume, place = reference
        return volume[place]

    def shown(self, reference: Any) -> Report:
        """The same with links to its receipts that lead here."""
        return self.receipts.linked(self.load(reference))

    def ids(self, references: list[Any]) -> list[str]:
        return [self._id(reference) for reference in references]

    def _by_id(self, filters: Filters) -> list[Any]:
        found = []
        for wanted in sorted(filters.ids):
            report = self.find(wanted)
            if report is None or not filters.fits(report):
                continue
            id = report["reportID"]
            if self._label_free(filters, id) and id not in [self._id(one) for one in found]:
                found.append(id if id in self.kept else self._place(id))
        return found

    def _id(self, reference: Any) -> str:
        return reference if isinstance(reference, str) else reference[0].id(reference[1])

    def _place(self, id: str) -> tuple[Volume, int]:
        for volume in self.volumes:
            place = volume.place_of(id)
            if place is not None:
                return volume, place
        raise KeyError(id)

    def _volume_fits(self, volume: Volume, filters: Filters) -> bool:
        return (
            (not filters.policies or volume.policy in filters.policies)
            and (not filters.words or "APPROVED" in filters.words)
            and (not filters.login or volume.policy in filters.admin_of)
            and not filters.account
        )

    def _label_free(self, filters: Filters, id: str) -> bool:
        return not filters.label or filters.label not in self.labels.get(id, ())

    def explicit(self) -> Iterator[Report]:
        return iter(self.kept.values())

    # -- changing, as people do on the website ---------------------------------------------------
    def now(self) -> str:
        return self.clock.now().strftime(TIME)

    def seed(self, reports: Iterable[Report]) -> None:
        """Start over with these, which stay untouched whatever people do here."""
        self.kept = {report["reportID"]: report for report in reports}
        self.shared = set(self.kept)
        self.volumes = []
        self.deleted = set()
        self.labels = {}

    def put(self, report: Report) -> None:
        self.kept[report["reportID"]] = report
        self.shared.discard(report["reportID"])
        self.deleted.discard(report["reportID"])

    def taken(self, id: str) -> Report:
        """A report to change: kept from now on. ControlError 404 if there is none."""
        report = self.find(id)
        if report is None:
            raise ControlError(404, f"there is no report {id!r}")
        if report["reportID"] in self.shared:
            report = deepcopy(report)
        self.put(report)
        return report
