"""One report read again from Expensify at once: after it was mended there nobody has to wait."""

from datetime import datetime

from django.http import HttpRequest

from audit import trail
from audit.admin import words
from audit.engine import poll
from audit.engine.prepare import prepare
from audit.models import PollRun, Report
from audit.nudge import nudge
from audit.pace import pace
from connectors.admin_base import Confirmation, messages
from connectors.clock import database_now

READ = "mappings.poll_flow"
READ_AGAIN = "Read it again from Expensify"
_WHAT = (
    "This report alone is read, which may take half a minute. If it has changed it is built again, "
    "and what is posted of it is treated as the flow says of changes after posting."
)


def ask_read_again(report: Report) -> Confirmation:
    return Confirmation(
        question=f"Read {report.report_id} again from Expensify?",
        facts=[
            ("Report", str(report)),
            ("Last read", words.moment(report.read_at, report.flow)),
            ("What happens", _WHAT),
        ],
        verb="Read it again",
    )


def do_read_again(request: HttpRequest, report: Report) -> None:
    """Read it, build what is due of its flow, and say what came of it."""
    if report.flow_id is None:
        messages.warning(request, "No flow takes this report. Nothing was read.")
        return
    actor, asked_at = request.user.get_username(), database_now()
    before = Report.objects.get(pk=report.pk)
    trail.record(
        "report.read_asked",
        connection_id=report.flow.connection_id,
        report_id=report.pk,
        actor=actor,
    )
    if not poll.read_again(report.flow_id, [report.report_id]):
        messages.error(request, _why_not(report, asked_at))
        return
    prepare(report.flow_id, actor)
    nudge()
    report.refresh_from_db()
    _tell(request, before, report)


def _why_not(report: Report, asked_at: datetime) -> str:
    """What stood in the way stands on a poll: ours, or that of somebody else."""
    runs = PollRun.objects.filter(flow=report.flow_id).order_by("-started_at", "-pk")
    failed = runs.filter(status=PollRun.Status.FAILED).first()
    is_read = runs.filter(status=PollRun.Status.RUNNING, until__gt=database_now()).exists()
    if is_read or failed is None:
        return "Its flow is being read from Expensify at this moment: look again in a minute."
    told = f"{failed.problem['message']} {failed.problem['cure']}"
    if failed.started_at >= asked_at:
        return f"Expensify could not be read. {told}"
    again = words.soon(failed.started_at + pace().poll_retry, report.flow)
    return f"Expensify could not be read a little while ago; it can be asked again {again}. {told}"


def _tell(request: HttpRequest, before: Report, now: Report) -> None:
    standing = f"It is now: {now.get_standing_display()}."
    if now.unread_text:
        messages.error(request, f"It was found and could not be read. {now.unread_text}")
    elif now.absent_since:
        messages.warning(request, f"{_ABSENT} {standing}")
    elif news := _news(before, now):
        messages.success(request, f"{news} {standing}")
    else:
        since = words.moment(before.read_at, now.flow)
        messages.info(
            request,
            f"Nothing has changed in Expensify since {since}. {standing} Replay builds it again "
            "with today's rules.",
        )


_ABSENT = (
    "Expensify does not list it any more: it was deleted or moved, or our account does not see it."
)


def _news(before: Report, now: Report) -> str:
    """What Expensify says that it did not say before; "" for nothing."""
    if before.unread_text:
        return "It could be read."
    if before.absent_since:
        return "Expensify lists it again."
    if before.latest_id is None or before.latest.content_hash == now.latest.content_hash:
        return "" if before.status == now.status else f"It is {now.status} in Expensify now."
    if before.total == now.total:
        return "It has changed in Expensify."
    return f"It has changed: {words.amount_of(before)} became {words.amount_of(now)}."
