"""What a command line names, found in the book; what is not there is a wrong call with a hint."""

from collections.abc import Sequence

from audit.management.terminal import wrong_call
from audit.models import Report
from connectors.models import LedgerConnection
from mappings.models import Flow


def flow(named: str) -> Flow:
    """The flow by its number or name. Raises CommandError (exit code 2)."""
    found = _one(Flow.objects.select_related("workspace", "connection"), named)
    if found is None:
        raise wrong_call(f"There is no flow {named!r}. {_known(Flow)}")
    return found


def connection(named: str) -> LedgerConnection:
    """The ledger connection by its number or name. Raises CommandError (exit code 2)."""
    found = _one(LedgerConnection.objects.select_related("credential", "channel"), named)
    if found is None:
        raise wrong_call(f"There is no ledger connection {named!r}. {_known(LedgerConnection)}")
    return found


def reports(ids: Sequence[str]) -> list[Report]:
    """The reports by their Expensify ids, in the order asked for; all of them or CommandError."""
    wanted = list(dict.fromkeys(ids))
    rows = Report.objects.select_related("latest", "flow__connection", "flow__workspace")
    found: dict[str, list[Report]] = {}
    for row in rows.filter(report_id__in=wanted).order_by("pk"):
        found.setdefault(row.report_id, []).append(row)
    if missing := [report_id for report_id in wanted if report_id not in found]:
        raise wrong_call(
            f"Not in the book: {', '.join(missing)}. The id of a report stands on its page and in "
            "the list of reports; a report that was never polled is not known here."
        )
    return [row for report_id in wanted for row in found[report_id]]


def _one(rows, named: str):
    by_name = rows.filter(name=named).first() or rows.filter(name__iexact=named).first()
    if by_name is not None or not named.isdecimal():
        return by_name
    return rows.filter(pk=int(named)).first()


def _known(model: type[Flow] | type[LedgerConnection]) -> str:
    rows = model.objects.order_by("name", "pk").values_list("pk", "name")[:20]
    listed = ", ".join(f"{name!r} ({pk})" for pk, name in rows)
    return f"There are: {listed}." if listed else "There is none yet: add one in the admin."
