"""Replay, release, set aside, reverse: the question asked before, and the report given after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from audit.admin import words
from audit.admin.base import BookAdmin
from audit.engine import accept, corrections, desk
from audit.engine.twins import TWIN
from audit.models import KINDS, Posting, Report
from audit.preview import preview
from audit.selectors import sums_of
from audit.states import NEEDS_PERSON, State
from connectors.admin_base import Confirmation, change_link, confirmed, messages, reason_of
from connectors.contract.ledger import Op
from connectors.contract.transport import VendorError
from connectors.counting import counted

REPLAY = "audit.replay_posting"
IGNORE = "audit.ignore_posting"
REVERSE = "audit.reverse_posting"

# A confirmation names this many rows; the count above it is of all of them.
NAMED = 20


# --- before --------------------------------------------------------------------------------------


REPOSTED = (
    "They are built again with today's rules, those that are posted as well. Documents that would "
    "now be different are changed in place while they are open, unpaid and unedited; nothing is "
    "posted twice. This is what a dry run says:"
)
REPLAYED = (
    "They are built again with today's rules. A document that stands and would now be different "
    "is changed in place; nothing is posted twice."
)


def ask(
    verb: str, noun: str, rows: QuerySet, *, what: str = "", **more: str | bool
) -> Confirmation:
    """`Replay 12 reports?` with their sums and names; `what` says what then happens, `more` is
    further columns of the Confirmation."""
    count = rows.count()
    by_currency = rows.order_by().values("currency").annotate(sum=Sum("total"), n=Count("pk"))
    facts = [(noun.capitalize() + "s", f"{count:,}")]
    facts += [("Total", words.sums(sums_of(by_currency)))]
    facts += [("What happens", what)] if what else []
    first = rows.select_related("report") if rows.model is Posting else rows
    lines = [_named(row) for row in first.order_by("pk")[:NAMED]]
    if count > NAMED:
        lines.append(f"and {count - NAMED:,} more")
    return Confirmation(
        question=f"{verb} {counted(count, noun)}?",
        facts=facts,
        lines=lines,
        verb=verb,
        **more,
    )


def _named(row: Report | Posting) -> str:
    if isinstance(row, Report):
        who = row.employee_name or row.employee_email
        return f"{row.report_id} {row.name} ({who}, {words.amount_of(row)})"
    return f"{_name(row)} ({row.party_name}, {words.amount_of(row)})"


# --- after ---------------------------------------------------------------------------------------


def tell(request: HttpRequest, done: desk.Done, did: str) -> None:
    """One message with the count and links, one for what was left alone and why."""
    if done.moved:
        count = counted(len(done.moved), "posting")
        messages.success(request, format_html("{} {}: {}", count, did, _links(done.moved)))
    if done.left:
        listed = format_html_join("; ", "{}: {}", done.left[:NAMED])
        more = f" and {len(done.left) - NAMED:,} more" if len(done.left) > NAMED else ""
        messages.warning(
            request,
            format_html("{} left alone. {}{}", counted(len(done.left), "posting"), listed, more),
        )
    if not done.moved and not done.left:
        messages.info(request, "Nothing had to be done.")


def tell_replayed(request: HttpRequest, reports: Sequence[Report], done: desk.Done) -> None:
    """What the reports have become: posting by posting may be many, so by standing."""
    ids = [report.pk for report in reports]
    left = {name for name, _ in done.left}
    found = Report.objects.filter(pk__in=ids).order_by().values("standing").annotate(n=Count("pk"))
    labels = dict(Report.Standing.choices)
    counts = ", ".join(f"{row['n']:,} {labels[row['standing']].lower()}" for row in found)
    done_count = len(ids) - len(left)
    if done_count:
        messages.success(
            request,
            format_html(
                '{} replayed; now {}. <a href="{}">Look at them</a>',
                counted(done_count, "report"),
                counts,
                list_url("report", id__in=",".join(map(str, ids[:200]))),
            ),
        )
    if done.left:
        listed = format_html_join("; ", "{}: {}", done.left[:NAMED])
        messages.warning(
            request, format_html("{} left alone. {}", counted(len(left), "report"), listed)
        )


def list_url(model: str, **query: str) -> str:
    """The list of reports or postings, filtered."""
    url = reverse(f"admin:audit_{model}_changelist")
    return f"{url}?{urlencode(query)}" if query else url


def _links(postings: Iterable[Posting]) -> str:
    postings = list(postings)
    shown = format_html_join(
        ", ", "{}", ((change_link(one, _name(one)),) for one in postings[:NAMED])
    )
    more = f" and {len(postings) - NAMED:,} more" if len(postings) > NAMED else ""
    return format_html("{}{}", shown, more)


def _name(posting: Posting) -> str:
    return f"{posting.get_kind_display()} {posting.number or posting.report.report_id}"


# --- what both lists of postings do --------------------------------------------------------------


def do_replay(request: HttpRequest, reports: Iterable[Report]) -> None:
    reports = list(reports)
    done = desk.replay(reports, request.user.get_username())
    tell_replayed(request, reports, done)


def do_repost(request: HttpRequest, reports: Iterable[Report]) -> None:
    reports = list(reports)
    done = desk.replay(reports, request.user.get_username(), repost=True)
    tell_replayed(request, reports, done)


def ask_repost(rows: QuerySet) -> Confirmation:
    """Which documents today's rules would change, by a dry run of those that are shown."""
    reports = _reports_of(rows) if rows.model is Posting else rows
    lines = []
    shown = reports.select_related("latest", "flow__connection").order_by("pk")[:NAMED]
    for one in preview(shown):
        said = "; ".join(f"{part.kind_label} {part.what}" for part in one.parts)
        lines.append(f"{_named(one.report)}: {said or one.unreadable or one.left_out or 'nothing'}")
    return replace(ask("Re-post", "report", reports, what=REPOSTED), lines=lines)


def do_release(request: HttpRequest, postings: Iterable[Posting]) -> None:
    tell(request, desk.release(postings, request.user.get_username()), "released")


def do_ignore(request: HttpRequest, postings: Iterable[Posting]) -> None:
    try:
        done = desk.ignore(postings, request.user.get_username(), reason_of(request))
    except desk.ReasonMissing as missing:
        messages.error(request, f"{missing} Nothing was done.")
        return
    tell(request, done, "set aside")


def do_reverse(request: HttpRequest, postings: Iterable[Posting]) -> None:
    done = desk.reverse(postings, request.user.get_username(), reason_of(request))
    tell(request, done, "to be reversed")


def do_link(request: HttpRequest, posting: Posting) -> None:
    found = look_alike(posting)
    with _telling(request):
        done = accept.link(posting, found["document_id"], request.user.get_username())
        messages.success(request, f"{_name(done.posting)}: {done.posting.note}.")


def do_accept(request: HttpRequest, posting: Posting) -> None:
    with _telling(request):
        done = accept.accept(posting, request.user.get_username())
        messages.success(request, f"{_name(done.posting)}: {done.posting.note}.")


@contextmanager
def _telling(request: HttpRequest) -> Iterator[None]:
    """Say why nothing was done, in words; the ledger is asked while the person waits."""
    try:
        yield
    except (accept.NotThere, accept.NotAcceptable) as why:
        messages.error(request, f"{why} Nothing was done.")
    except VendorError as error:
        messages.error(request, f"The ledger could not be asked: {error}. Nothing was done.")


def look_alike(posting: Posting) -> Mapping[str, str]:
    """The document in the ledger that this held posting may be; {} if there is none."""
    if posting.state != State.QUARANTINED:
        return {}
    for problem in posting.problems:
        facts = problem.get("facts") or {}
        if problem["code"] == TWIN and facts.get("document_id"):
            return facts
    return {}


def ask_link(posting: Posting) -> Confirmation:
    found = look_alike(posting)
    which = found.get("document_number") or found.get("document_id", "")
    return ask(
        "Link",
        "posting",
        Posting.objects.filter(pk=posting.pk),
        what=f"Nothing is posted. The report counts as booked by document no. {which}, which stays "
        "as it is, whatever becomes of the report.",
    )


ACCEPTED = (
    "Nothing is sent. The document counts as posted as it stands in the ledger now; what is "
    "different there is noted here."
)


def do_difference(request: HttpRequest, posting: Posting) -> None:
    try:
        entered = corrections.post_difference(
            posting, request.user.get_username(), reason_of(request)
        )
    except corrections.NotCorrectable as why:
        messages.error(request, f"{why} Nothing was posted.")
        return
    text = "{} of {} will be posted."
    link = change_link(entered, _name(entered))
    messages.success(request, format_html(text, link, words.amount_of(entered)))


def ask_difference(posting: Posting) -> Confirmation:
    """What would be posted beside the document that stands, before anybody agrees to it."""
    try:
        found = corrections.correction_for(posting).entry
    except corrections.NotCorrectable as why:
        return Confirmation(question="Post the difference?", facts=[("Not possible", str(why))])
    kind = dict(KINDS)[found.kind.value]
    return Confirmation(
        question=f"Post a {kind.lower()} of {words.money(abs(found.total), found.currency)}?",
        facts=[
            ("Beside", f"{_name(posting)}, which stays as it is"),
            ("Posting date", words.day(found.date)),
            ("Payee", found.party.name if found.party else words.NOTHING),
        ],
        lines=[
            f"{line.account.label}: {words.money(line.amount, found.currency)}"
            for line in found.lines
        ],
        verb="Post the difference",
        reason="Why? (optional)",
    )


WHY_ASIDE = "Why is it set aside? The next person reads this."
WHY_REVERSE = "Why is it reversed? (optional)"
RELEASED = (
    "Nothing is built again: what was built goes out as it is, and its problem is taken as "
    "settled. Use Replay where a rule was added."
)
ASIDE = (
    "These expenses are not posted. They stay listed under Set aside in the month, until their "
    "report changes or is replayed."
)
ASIDE_CHANGE = (
    "A change or reversal that is set aside is not carried out: the document stays in the ledger "
    "as it is."
)
REVERSE_WARNING = (
    "The documents are voided or deleted in the ledger, as far as they are unpaid, unmatched, "
    "unedited and in an open period. They come back only as new documents."
)


class PostingActions(BookAdmin):
    """What can be done with many postings, on every list of them."""

    actions = ("replay", "release", "ignore", "reverse", "repost")

    @confirmed(
        label="Replay",
        permission=REPLAY,
        ask=lambda self, request, rows: ask_replay(rows),
    )
    def replay(self, request: HttpRequest, rows: QuerySet) -> None:
        do_replay(request, _reports_of(rows))

    @confirmed(
        label="Release",
        permission=REPLAY,
        ask=lambda self, request, rows: ask_release(rows),
    )
    def release(self, request: HttpRequest, rows: QuerySet) -> None:
        do_release(request, rows)

    @confirmed(
        label="Set aside",
        permission=IGNORE,
        ask=lambda self, request, rows: ask_aside(rows),
    )
    def ignore(self, request: HttpRequest, rows: QuerySet) -> None:
        do_ignore(request, rows)

    @confirmed(
        label="Reverse",
        permission=REVERSE,
        ask=lambda self, request, rows: ask_reverse(rows),
    )
    def reverse(self, request: HttpRequest, rows: QuerySet) -> None:
        do_reverse(request, rows)

    @confirmed(
        label="Re-post with current rules",
        permission=REVERSE,
        ask=lambda self, request, rows: ask_repost(rows),
    )
    def repost(self, request: HttpRequest, rows: QuerySet) -> None:
        do_repost(request, _reports_of(rows))


def _reports_of(rows: QuerySet) -> QuerySet:
    return Report.objects.filter(pk__in=rows.order_by().values("report")).order_by("pk")


def ask_replay(rows: QuerySet) -> Confirmation:
    return ask(
        "Replay",
        "report",
        _reports_of(rows),
        what=REPLAYED,
    )


def ask_release(rows: QuerySet) -> Confirmation:
    """With the count of those that will be left alone, and what helps them."""
    asked = ask("Release", "posting", rows, what=RELEASED)
    needed = rows.select_related(None).only("state", "op", "payload", "entry", "problems")
    unbuilt = not_held = 0
    for posting in needed.iterator(chunk_size=500):
        if posting.state not in NEEDS_PERSON:
            not_held += 1
        elif not desk.can_go_out(posting):
            unbuilt += 1
    left = []
    if unbuilt:
        text = f"{unbuilt:,} {'has' if unbuilt == 1 else 'have'} nothing built and "
        left.append(("Not released", f"{text}{_stay(unbuilt)} held: use Replay"))
    if not_held:
        text = f"{not_held:,} {'is' if not_held == 1 else 'are'} not held and "
        left.append(("Not released", f"{text}{_stay(not_held)} as {_they(not_held)}"))
    return replace(asked, facts=[*asked.facts, *left])


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _they(count: int) -> str:
    return "it is" if count == 1 else "they are"


def ask_aside(rows: QuerySet) -> Confirmation:
    ops = set(rows.order_by().values_list("op", flat=True))
    what = [ASIDE] if Op.POST.value in ops else []
    what += [ASIDE_CHANGE] if ops - {Op.POST.value} else []
    return ask(
        "Set aside",
        "posting",
        rows,
        what=" ".join(what),
        reason=WHY_ASIDE,
        is_reason_needed=True,
    )


def ask_reverse(rows: QuerySet) -> Confirmation:
    return ask("Reverse", "posting", rows, warning=REVERSE_WARNING, reason=WHY_REVERSE)
