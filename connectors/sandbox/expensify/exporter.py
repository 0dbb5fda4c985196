"""The report exporter: what it insists on, which reports it takes, the file a template makes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, TextIO

from .answers import JobRefused, malformed, malformed_date, malformed_type, missing
from .freemarker import SyntaxProblem, Template
from .store import Filters, Reports
from .variables import utc_bound, variables

STATE_WORDS = ("OPEN", "SUBMITTED", "APPROVED", "REIMBURSED", "ARCHIVED")
EXTENSIONS = ("csv", "xls", "xlsx", "txt", "pdf", "json", "xml")
OWN_LAYOUT = ("xls", "xlsx", "pdf")
ANCHORS = ("reportIDList", "startDate", "approvedAfter")
ON_RECEIVE = {"immediateResponse": ["returnRandomFileName"]}
YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Order:
    """A checked export: what to select and how the file is called."""

    filters: Filters
    limit: int
    extension: str
    basename: str
    template: str
    label: str  # markAsExported, "" without it or in a test run


def read_order(
    job: Mapping[str, Any],
    form: Mapping[str, str],
    settings: Mapping[str, Any],
    today: date,
) -> Order:
    """The job, checked in the vendor's words. JobRefused says what is wrong."""
    if job.get("onReceive") != ON_RECEIVE:
        raise malformed("onReceive")
    test = job.get("test", "false")
    if isinstance(test, bool) and settings["boolean_test"]:
        test = "true" if test else "false"
    if test not in ("true", "false"):
        raise malformed("test")
    wanted = job.get("inputSettings")
    if not isinstance(wanted, dict):
        raise missing("inputSettings")
    if wanted.get("type") != "combinedReportData":
        raise malformed_type()
    extension, basename = _output(job)
    template = form.get("template", "")
    if extension not in OWN_LAYOUT and not template.strip():
        raise missing("template")
    return Order(
        filters=_filters(wanted, settings, today),
        limit=_limit(wanted.get("limit")),
        extension=extension,
        basename=basename,
        template=template,
        label="" if test == "true" else _label(job.get("onFinish", [])),
    )


def seen_by(order: Order, login: str, admin_of: frozenset[str]) -> Order:
    """The order, narrowed to what the credential's account may see."""
    return replace(order, filters=replace(order.filters, login=login, admin_of=admin_of))


def _output(job: Mapping[str, Any]) -> tuple[str, str]:
    output = job.get("outputSettings")
    if not isinstance(output, dict):
        raise missing("outputSettings")
    extension = output.get("fileExtension")
    if extension not in EXTENSIONS:
        raise malformed("fileExtension")
    if extension in OWN_LAYOUT:
        raise JobRefused(
            500, f"The sandbox renders templates only: it has no layout of its own for {extension}"
        )
    basename = output.get("fileBasename", "export")
    if not isinstance(basename, str) or not re.fullmatch(r"[\w.\- ]+", basename):
        raise malformed("fileBasename")
    return extension, basename


def _limit(text: Any) -> int:
    if text is None:
        return 0
    if not isinstance(text, str) or not text.isdigit() or int(text) == 0:
        raise malformed("limit")
    return int(text)


def _label(actions: Any) -> str:
    if not isinstance(actions, list):
        raise malformed("onFinish")
    for one in actions:
        if one.get("actionName") == "markAsExported":
            if not one.get("label"):
                raise missing("label")
            return str(one["label"])
    return ""


def _filters(wanted: Mapping[str, Any], settings: Mapping[str, Any], today: date) -> Filters:
    filters = wanted.get("filters")
    if not isinstance(filters, dict):
        raise missing("filters")
    if not any(filters.get(anchor) for anchor in ANCHORS):
        # 410 is documented, its wording for this case is not
        raise JobRefused(
            410, "Required parameter 'reportIDList', 'startDate' or 'approvedAfter' is missing"
        )
    words = _comma_list(wanted, "reportState")
    for word in words:
        if word not in STATE_WORDS:
            raise JobRefused(410, f"Status '{word}' is not supported")
    start, end, after = (_date(filters, n) for n in ("startDate", "endDate", "approvedAfter"))
    _check_span(start, end, after, today)
    if after and not settings["approved_after_inclusive"]:
        after += timedelta(days=1)
    return Filters(
        ids=_comma_list(filters, "reportIDList"),
        policies=_comma_list(filters, "policyIDList"),
        words=words,
        approved_from=_bound(after, settings),
        dated_from=_bound(start, settings),
        dated_before=_bound(end and end + timedelta(days=1), settings),
        label=str(filters.get("markedAsExported", "")),
        account=_account(wanted, settings),
    )


def _comma_list(owner: Mapping[str, Any], name: str) -> frozenset[str]:
    text = owner.get(name)
    if text is None or text == "":
        return frozenset()
    if not isinstance(text, str):
        raise malformed(name)
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _date(filters: Mapping[str, Any], name: str) -> date | None:
    text = filters.get(name)
    if text is None or text == "":
        return None
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise malformed_date(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise malformed_date(text) from None


def _bound(on: date | None, settings: Mapping[str, Any]) -> str:
    return utc_bound(on.isoformat(), settings["zone"]) if on else ""


def _check_span(start: date | None, end: date | None, after: date | None, today: date) -> None:
    """The rule of the year; its wording at the vendor is not known."""
    first = min((one for one in (start, after) if one), default=None)
    if first is None:
        return
    if end is None and first < today - YEAR:
        raise JobRefused(
            410, f"Required parameter 'endDate' is missing: {first} is more than one year ago"
        )
    if end is not None and end - first > YEAR:
        raise JobRefused(410, f"The period from {first} to {end} is longer than one year")


def _account(wanted: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    account = wanted.get("employeeEmail")
    if account and not settings["third_party_access"]:
        raise JobRefused(500, f"Not authorized to authenticate as user {account}")
    return str(account or "")


# -- the file --------------------------------------------------------------------------------------
class Selected:
    """Reports as a sequence that makes each one's variables when it is listed, and forgets them."""

    def __init__(self, store: Reports, references: list[Any], settings: Mapping[str, Any]) -> None:
        self.store, self.references, self.settings = store, references, settings

    def __len__(self) -> int:
        return len(self.references)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for reference in self.references:
            yield variables(self.store.shown(reference), self.settings)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return variables(self.store.shown(self.references[place]), self.settings)


def chosen(store: Reports, order: Order, settings: Mapping[str, Any]) -> list[Any]:
    """References to the reports of the order, cut to its limit."""
    found = store.selected(order.filters)
    if settings["limit_order"] == "newest":
        found.reverse()
    return found[: order.limit] if order.limit else found


@lru_cache(maxsize=8)
def read_template(text: str) -> Template | str:
    """The template, or the error block that FreeMarker prints for one it cannot read."""
    try:
        return Template(text)
    except SyntaxProblem as problem:
        return (
            "FreeMarker template error (DEBUG mode; use RETHROW in production!):\n"
            f'Syntax error in template "export":\n{problem}\n'
        )


def write_file(
    template: Template | str,
    store: Reports,
    references: list[Any],
    settings: Mapping[str, Any],
    out: TextIO,
) -> bool:
    """Write the export piece by piece. False: it ended in an error block."""
    if isinstance(template, str):
        out.write(template)
        return False
    if not references and settings["empty_window"] == "empty_file":
        return True
    passes = max(1, min(settings["render_passes"], len(references)))
    size = -(-len(references) // passes)
    for number in range(passes):
        part = Selected(store, references[number * size : (number + 1) * size], settings)
        if not template.render({"reports": part, "addHeader": number == 0}, out.write):
            return False
    return True
