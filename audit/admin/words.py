"""What the screen says: states, events, amounts and times in the words of its readers."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, timezone

from audit.admin.reversals import is_reversed, open_reversal
from audit.codes import meaning
from audit.models import Call, Event, PollRun, Posting, Report
from audit.selectors import Held, Sums, Tally
from audit.states import NEEDS_PERSON, State
from connectors.contract.ledger import Op
from mappings.models import Flow
from mappings.terms import Mode
from mappings.texts import money

NOTHING = "–"
UNKNOWN_AMOUNT = "Amount not known yet"

STANDING_COLOURS = {
    Report.Standing.POSTED: "success",
    Report.Standing.HELD: "warning",
    Report.Standing.UNREAD: "warning",
    Report.Standing.FAILED: "danger",
    Report.Standing.IN_DOUBT: "danger",
    Report.Standing.WAITING: "info",
}
STATE_COLOURS = {
    State.READY: "info",
    State.SENDING: "info",
    State.QUEUED: "info",
    State.RETRY_WAIT: "info",
    State.IN_DOUBT: "danger",
    State.POSTED: "success",
    State.QUARANTINED: "warning",
    State.FAILED: "danger",
}
MODE_COLOURS = {Mode.LIVE.value: "success", Mode.TEST.value: "warning"}
POLL_COLOURS = {PollRun.Status.DONE: "success", PollRun.Status.FAILED: "danger"}
CALL_COLOURS = {Call.Status.ANSWERED: "success", Call.Status.LOST: "danger"}

# Before it is over, a reversal is "being reversed" whatever the engine does with it at the moment.
_UNDER_WAY = {State.READY, State.SENDING, State.QUEUED, State.IN_DOUBT}


# --- amounts, days and times ---------------------------------------------------------------------


def sums(by_currency: Sums) -> str:
    """`4,310.20 USD, 86.40 EUR`; a dash for nothing."""
    return ", ".join(money(amount, code) for code, amount in by_currency.items()) or NOTHING


def sums_and_unknown(one: Held | Tally) -> str:
    """What a cause holds, or a standing counts; what is in no sum is said, never left out in
    silence."""
    known = sums(one.sums) if one.sums else ""
    if not one.unknown:
        return known or NOTHING
    return f"{known}, and {one.unknown} not known yet" if known else UNKNOWN_AMOUNT.lower()


def held_amount(posting: Posting) -> str:
    return UNKNOWN_AMOUNT if posting.total is None else amount_of(posting)


def amount_of(row: Any) -> str:
    """The total of a report or posting with its currency."""
    if row.total is None or not row.currency:  # never readable: nobody knows how much
        return NOTHING
    return unbroken(money(row.total, row.currency))


def unbroken(text: str) -> str:
    """An amount or a day that stays on one line in a narrow column."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def in_zone_of(flow: Flow | None) -> AbstractContextManager:
    """Days and times in the zone in which the flow's documents are dated: a report approved on the
    last evening of a month is dated in it, whatever day it was where the server stands."""
    return timezone.override(ZoneInfo(flow.zone)) if flow is not None else nullcontext()


def day(on: date | datetime | None, flow: Flow | None = None) -> str:
    """A day in the reader's order; of a moment, the day in the flow's or the current zone."""
    if on is None:
        return NOTHING
    with in_zone_of(flow):
        on = timezone.localtime(on) if isinstance(on, datetime) else on
    return unbroken(formats.date_format(on))


def moment(at: datetime | None, flow: Flow | None = None) -> str:
    if at is None:
        return NOTHING
    with in_zone_of(flow):
        return f"{day(at)} {timezone.localtime(at):%H:%M}"


def soon(at: datetime, flow: Flow | None = None) -> str:
    """14:05 for today, with the day for any other."""
    with in_zone_of(flow):
        is_today = timezone.localtime(at).date() == timezone.localdate()
        return f"{timezone.localtime(at):%H:%M}" if is_today else moment(at)


# --- states --------------------------------------------------------------------------------------


def state_text(posting: Posting, person: str = "") -> str:
    """The state of a posting; `person` is who set it aside, if anybody did."""
    state = State(posting.state)
    if state == State.IGNORED:
        with in_zone_of(posting.flow):
            on = formats.date_format(timezone.localtime(posting.state_at), "MONTH_DAY_FORMAT")
        return f"Set aside by {person}, {on}" if person else f"Set aside, {on}"
    if state == State.RETRY_WAIT and posting.due_at is not None:
        return f"Will try again at {soon(posting.due_at, posting.flow)}"
    if state == State.READY and posting.waits_for_id is not None:
        is_dry = posting.flow.mode == Mode.DRY_RUN
        return f"Waiting: vendor {'would be' if is_dry else 'is being'} created"
    if posting.op == Op.CANCEL.value:
        if state in _UNDER_WAY:
            return "Being reversed"
        if state == State.POSTED or (state == State.SUPERSEDED and posting.posted_at):
            return "Reversed"
    elif reversal := open_reversal(posting):
        return "Posted, its reversal is held" if reversal in NEEDS_PERSON else "Being reversed"
    elif state == State.SUPERSEDED and is_reversed(posting):
        return "Reversed"
    elif state == State.SUPERSEDED and _is_of_newest_version(posting):
        return "Built again"
    return state.label


def _is_of_newest_version(posting: Posting) -> bool:
    """The report has not changed since: other rules took its place, or a person's word."""
    return posting.revision_id == posting.report.latest_id


def state_colour(posting: Posting) -> str:
    if posting.op == Op.CANCEL.value and posting.state == State.POSTED:
        return ""
    if reversal := open_reversal(posting):
        return "warning" if reversal in NEEDS_PERSON else "info"
    return STATE_COLOURS.get(State(posting.state), "")


def badges(posting: Posting) -> list[str]:
    """What else is true of a posting's document, as the ledger last answered."""
    found = []
    if str(getattr(posting, "is_paid", None)).lower() in ("1", "true"):
        found.append("Paid")
    codes = {problem.get("code") for problem in posting.problems}
    if codes & {"ledger.stored_otherwise", "ledger.edited", "ledger.deleted_there"}:
        found.append("Changed in ledger")
    return found


def report_badges(report: Report) -> list[str]:
    """What Expensify says about a report beyond its standing."""
    found = []
    if report.unapproved_at:
        found.append("No longer approved")
    if report.reimbursed_at:
        found.append("Reimbursed in Expensify")
    if report.deleted_at:
        found.append("Deleted in Expensify")
    elif report.absent_since:
        found.append("Missing in Expensify")
    return found


_METHODS = {
    "ach": "by ACH through Expensify",
    "other": "marked as reimbursed, not by ACH through Expensify",
}


def reimbursed(report: Report) -> str:
    """When Expensify has it reimbursed, and how where Expensify tells."""
    when = moment(report.reimbursed_at)
    method = report.reimbursement_method
    return when if method is None else f"{when}, {_METHODS[method]}"


# --- events --------------------------------------------------------------------------------------

_EVENTS = {
    "report.found": "Read from Expensify for the first time: {total}.",
    "report.revised": "Changed in Expensify: {old_total} became {total}.",
    "report.unapproved": "No longer approved in Expensify.",
    "report.approved_again": "Approved again in Expensify.",
    "report.reimbursed": "Reimbursed in Expensify.",
    "report.absent": "Expensify does not list it any more.",
    "report.deleted": "Deleted in Expensify: missing a second time, a day later.",
    "report.back": "Expensify lists it again.",
    "report.replayed": "Replayed: built again with today's rules.",
    "report.read_asked": "Asked to be read again from Expensify.",
    "report.not_taken": "Not taken. {why}",
    "report.taken": "Taken after all.",
    "report.unreadable": "A report could not be read. {message}",
    "report.readable": "It could be read again.",
    "posting.ready": "{op} {number} entered, waiting to be sent.",
    "posting.sending": "Sent to the ledger.",
    "posting.queued": "Handed over; QuickBooks Desktop will answer.",
    "posting.in_doubt": "Sent, and no usable answer came back. Looking it up.",
    "posting.retry_wait": "Refused for now; it will be tried again.",
    "posting.posted": "Stands in the ledger as no. {number}.",
    "posting.quarantined": "Held: {problems}",
    "posting.failed": "We stopped trying after {attempts} attempts.",
    "posting.superseded": "Replaced by a newer version.",
    "posting.withdrawn": "Withdrawn, because the report is no longer approved.",
    "posting.ignored": "Set aside: {reason}",
    "party.sending": "Vendor {party} sent to the ledger, to be created there.",
    "party.in_doubt": "Vendor {party} sent, and no usable answer came back. Looking the name up.",
    "party.created": "Vendor {party} created, and {employee_email} linked to it.",
    "party.met": "Met in the ledger since its lists were read: {members}.",
    "party.held": "Vendor {party} was not created. {problems}",
    "party.named": "The vendor of {employee_email} is to be called {name}.",
    "party.unnamed": "The vendor of {employee_email} is no longer to be called {name}.",
    "party.linked": "{employee_email} linked to vendor {party}.",
    "party.unlinked": "{employee_email} no longer linked to vendor {party}.",
    "receipt.attached": "Receipt {file} attached.",
    "receipt.failed": "Receipt not attached, and we stopped trying. {why}",
    "receipt.asked_again": "Receipt {file} asked for again.",
    "receipt.replaced": "Expensify has another receipt now; {file} was left on the document.",
    "receipt.left": "The expense left the document; its receipt {file} was left on it.",
    "poll.done": "Read from Expensify: {found} found, {new} new, {revised} changed.",
    "poll.failed": "Reading from Expensify failed. {problem}",
    "flow.live": "Flow {flow} went live with {reports} reports.",
    "flow.poll_asked": "Poll of {flow} asked for.",
    "flow.reads_again": "Flow {flow} takes more than before: approvals from {from} on are read "
    "again.",
    "flow.backfilled": "Flow {flow} was filled back from {from} to {to}: {to_post} to post, "
    "{to_hold} to hold, {standing} in the ledger already, {not_taken} not taken.",
    "channel.held": "Nothing is sent for now. {why}",
    "channel.open": "The ledger answers again.",
    "channel.opened": "Tried again at once. It had been held: {why}",
    "rules.imported": "Rules from file {file}: {added} added, {changed} changed, "
    "{removed} removed.",
    "bills.looked_at": "Looked at open bills that Expensify has reimbursed: {bills}, of which "
    "{paid} were paid in the ledger and {gone} taken away there.",
    "bills.unread": "Open bills that Expensify has reimbursed could not be looked at. {why}",
    "expensify.unknown_field": "Expensify sent a field that we do not know: {name}.",
}


class _Facts(dict[str, str]):
    """A template's gaps: a fact that an older event lacks leaves its place empty."""

    def __missing__(self, name: str) -> str:
        return ""


def event_text(event: Event) -> str:
    """One sentence for an event; kinds of other rooms are shown by their own name and facts."""
    facts = _Facts(shown_facts(event.facts))
    if event.kind.endswith(".changed"):
        facts = _Facts({name: _change(content) for name, content in event.facts.items()})
    template = _template(event)
    if template is None:
        return _any_event(event.kind, facts)
    return " ".join(template.format_map(facts).split())


def _template(event: Event) -> str | None:
    """The sentence of its kind, or another where the posting was none such as most."""
    posting, facts = event.posting, event.facts
    match event.kind:
        case "posting.ready" if "op" not in facts:  # it was there before
            return "Waiting to be sent."
        case "posting.ready" if not facts.get("number"):
            is_vendor = posting is not None and posting.waits_for_id is not None
            waits_for = "for the vendor to be created" if is_vendor else "to be sent"
            return f"{{op}} entered, waiting {waits_for}."
        case "posting.posted" if posting is not None and posting.op == Op.CANCEL.value:
            return "Taken back in the ledger."
        case "posting.posted" if not facts.get("number"):
            return "Stands in the ledger."
        case "posting.superseded" if posting is not None and is_reversed(posting):
            return "Reversed."
        case "posting.superseded" if posting is not None and _is_of_newest_version(posting):
            return "Built again."
    return _EVENTS.get(event.kind)


def shown_facts(facts: Mapping[str, Any]) -> dict[str, str]:
    shown = {name: _shown(content) for name, content in facts.items()}
    currency = facts.get("currency") or ""
    for name in ("total", "old_total"):
        if facts.get(name) is not None:
            shown[name] = _money(facts[name], currency)
    if "problems" in facts:
        shown["problems"] = " ".join(map(meaning, facts["problems"]))
    if "op" in facts:
        shown["op"] = {"post": "Document", "amend": "Change of", "cancel": "Reversal of"}.get(
            str(facts["op"]), "Document"
        )
    return shown


def _change(content: Any) -> str:
    """Events of changes hold [before, after] for each field."""
    if isinstance(content, list) and len(content) == 2:
        return f"{_shown(content[0])} became {_shown(content[1])}"
    return _shown(content)


def _shown(content: Any) -> str:
    match content:
        case None | "":
            return "nothing"
        case bool():
            return "yes" if content else "no"
        case list():
            return ", ".join(_shown(member) for member in content)
        case dict():
            return "; ".join(f"{name} {_shown(member)}" for name, member in content.items())
    return str(content)


def _money(content: Any, currency: str) -> str:
    try:
        return money(Decimal(str(content)), currency)
    except InvalidOperation:
        return str(content)


def _any_event(kind: str, facts: Mapping[str, str]) -> str:
    title = kind.replace(".", " ").replace("_", " ").capitalize()
    told = "; ".join(
        f"{name.replace('_', ' ')}: {content}"
        for name, content in facts.items()
        if not name.endswith("_id") and content
    )
    return f"{title}. {told}".strip() if told else f"{title}."


def event_kind(kind: str) -> str:
    """A kind of event as a filter names it."""
    return kind.replace(".", ": ", 1).replace("_", " ").capitalize()
