"""The home page and the sidebar: what a person wants to see first, and the way to the rest."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from audit import selectors
from audit.admin import words
from audit.admin.actions import list_url
from audit.admin.completeness import page_url
from audit.admin.connections import RETRY, held_text, try_again_url
from audit.admin.held import group_rows
from audit.models import Report
from connectors.admin import credential_cure, credential_text
from connectors.admin_base import change_link, change_url
from connectors.counting import counted
from connectors.models import ExpensifyAccount, LedgerConnection, Workspace
from connectors.registry import ledger_label
from mappings.models import Flow
from mappings.terms import Mode

SHOWN_GROUPS = 8


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The theme's DASHBOARD_CALLBACK: the home page's context, by what the user may see."""
    may = request.user.has_perm
    context["title"] = "Home"
    context["steps"] = list(next_steps(request))
    if may("audit.view_report"):
        context["tiles"] = tiles()
    if may("audit.view_posting"):
        groups = group_rows(request, selectors.held())
        context["groups"], context["more_groups"] = groups[:SHOWN_GROUPS], groups[SHOWN_GROUPS:]
        context["shows_held"] = True
        context["held_url"] = reverse("admin:audit_posting_held")
        context["oldest"] = _oldest()
    if may("mappings.view_flow"):
        sees = may("audit.view_report")
        context["flows"] = [_flow(one, may_see_reports=sees) for one in selectors.flows()]
    if may("connectors.view_ledgerconnection"):
        tries = may(RETRY)
        context["companies"] = [_company(one, may_try=tries) for one in selectors.companies()]
    return context


_TILES = [
    (Report.Standing.HELD, "Held: needs you"),
    (Report.Standing.UNREAD, "Could not be read: needs you"),
    (Report.Standing.FAILED, "Failed: we stopped trying"),
    (Report.Standing.IN_DOUBT, "Sent, checking whether they arrived"),
    (Report.Standing.WAITING, "Waiting to post"),
    (Report.Standing.POSTED, "Posted"),
]
_ONLY_WHERE_ANY = {Report.Standing.UNREAD}
_ALARMS = {
    Report.Standing.UNREAD,
    Report.Standing.HELD,
    Report.Standing.FAILED,
    Report.Standing.IN_DOUBT,
}


def _summed(tally: selectors.Tally) -> str:
    """With the number of documents where it is not the number of reports that stands above it."""
    text = words.sums_and_unknown(tally)
    if tally.documents in (0, tally.reports):
        return text
    return f"{counted(tally.documents, 'document')}: {text}"


def tiles() -> list[dict[str, Any]]:
    """Reports by standing: count, sums, and the list behind them."""
    counts = selectors.standings()
    found = []
    for standing, label in _TILES:
        tally = counts.get(standing.value, selectors.Tally())
        if standing in _ONLY_WHERE_ANY and not tally.reports:
            continue
        found.append(
            {
                "label": label,
                "count": f"{tally.reports:,}",
                "sums": _summed(tally) if tally.reports else "",
                "url": list_url("report", standing__exact=standing.value),
                "is_alarm": tally.reports > 0 and standing in _ALARMS,
            }
        )
    return found


def next_steps(request: HttpRequest) -> Iterator[dict[str, str]]:
    """What is still to be done before reports can flow, each with its button; the first one now."""
    may = request.user.has_perm
    if not ExpensifyAccount.objects.exists():
        yield _step(
            "Connect Expensify",
            "Enter the partner credentials of an account that may read your workspaces.",
            "admin:connectors_expensifyaccount_add",
            may("connectors.add_expensifyaccount"),
        )
    elif not Workspace.objects.exists():
        account = ExpensifyAccount.objects.order_by("pk").first()
        yield {
            "title": "Pull the workspaces",
            "text": "Expensify is connected, and its workspaces were not read yet.",
            "url": change_url(account) if may("connectors.view_expensifyaccount") else "",
        }
    connections = LedgerConnection.objects.order_by("pk")
    connected = connections.filter(credential__isnull=False)
    if not connections.exists():
        yield _step(
            "Connect your ledger",
            "Add a connection to QuickBooks Online, then press Connect on its page.",
            "admin:connectors_ledgerconnection_add",
            may("connectors.add_ledgerconnection"),
        )
    elif not connected.exists():
        yield {
            "title": f"Connect {connections[0]}",
            "text": "The connection is there, and nobody has given consent yet. Press Connect.",
            "url": change_url(connections[0]),
        }
    if not Flow.objects.exists():
        yield _step(
            "Make a flow",
            "A flow leads from a workspace to a ledger. It starts in dry run: nothing is posted.",
            "admin:mappings_flow_add",
            may("mappings.add_flow"),
        )
    elif not Report.objects.exists():
        flow = Flow.objects.order_by("pk").first()
        yield {
            "title": f"Poll {flow}",
            "text": "No report was read yet. Press Poll now, or wait for the flow's schedule.",
            "url": change_url(flow),
        }
    elif not Flow.objects.exclude(mode=Mode.DRY_RUN.value).exists():
        flow = Flow.objects.order_by("pk").first()
        yield {
            "title": f"Look at the dry run of {flow}, then go live",
            "text": "Reports are built and nothing is posted. When the postings are what you "
            "expect, press Go live on the flow's page.",
            "url": change_url(flow),
        }


def _step(title: str, text: str, page: str, may: bool) -> dict[str, str]:
    return {"title": title, "text": text, "url": reverse(page) if may else ""}


def _oldest() -> dict[str, Any] | None:
    posting = selectors.oldest_due()
    if posting is None:
        return None
    return {
        "link": change_link(posting, posting.number or posting.report.report_id),
        "text": f"{posting.party_name}, {words.amount_of(posting)}",
        "since": words.moment(posting.state_at, posting.flow),
        "connection": posting.connection,
    }


def _flow(flow: Flow, *, may_see_reports: bool) -> dict[str, Any]:
    run = flow.last_poll
    return {
        "link": change_link(flow),
        "way": f"{flow.workspace.name} to {flow.connection}, times in {flow.zone}",
        "mode": "Paused" if flow.is_paused else flow.get_mode_display(),
        "colour": "" if flow.is_paused else words.MODE_COLOURS.get(flow.mode, "info"),
        "waiting": counted(flow.waiting, "report"),
        "last_poll": words.moment(run.started_at, flow) if run else "never",
        "result": run.get_status_display() if run else "",
        "poll_url": change_url(run) if run else "",
        "is_failed": bool(run and run.status == run.Status.FAILED),
        "why": (run.problem or {}).get("message", "") if run else "",
        "next_poll": _next_poll(flow),
        "read_through": words.moment(flow.mark_at, flow),
        "month_url": page_url(flow) if may_see_reports else "",
    }


def _next_poll(flow: Flow) -> str:
    if flow.is_paused:
        return words.NOTHING
    return "no further run: add dates" if flow.is_used_up else words.moment(flow.due_at, flow)


# A connection that is held works again by itself; any other state needs a person.
_COMPANY_COLOURS = {"Working": "success", "Waiting": "warning", "Not connected yet": "warning"}


def _company(one: selectors.Company, *, may_try: bool) -> dict[str, Any]:
    row = one.connection
    state = credential_text(row.credential)
    if one.hold and state == "Working":
        state = "Waiting"
    return {
        "link": change_link(row),
        "ledger": ledger_label(row.ledger),
        "company": row.company_name,
        "state": state,
        "colour": _COMPANY_COLOURS.get(state, "danger"),
        "cure": credential_cure(row.credential),
        "closed": _closed(row),
        "waiting": counted(one.waiting, "report"),
        "held": held_text(one.hold) if one.hold else "",
        "try_url": try_again_url(row) if one.hold and may_try else "",
    }


def _closed(row: LedgerConnection) -> str:
    """The later of the two days, and where it can be changed."""
    there, ours = row.closed_through, row.books_closed_through
    if ours and (there is None or ours > there):
        return f"{words.day(ours)}, here"
    return f"{words.day(there)}, in the ledger" if there else "nothing closed"


# --- the sidebar ---------------------------------------------------------------------------------

# Group -> (title, icon, model). The first three are always open.
_SIDEBAR = {
    "": (
        ("Reports", "receipt_long", "audit.report"),
        ("Postings", "menu_book", "audit.posting"),
    ),
    "How it is booked": (
        ("Flows", "conversion_path", "mappings.flow"),
        ("Rules", "rule", "mappings.rule"),
        ("Employees and vendors", "group", "mappings.partylink"),
        ("New vendors", "person_add", "audit.partywish"),
    ),
    "Connections": (
        ("Ledgers", "account_balance", "connectors.ledgerconnection"),
        ("Expensify accounts", "cloud", "connectors.expensifyaccount"),
        ("Workspaces", "workspaces", "connectors.workspace"),
    ),
    "Read from the ledger": (
        ("Accounts", "list_alt", "mappings.glaccount"),
        ("Classes, customers ...", "category", "mappings.value"),
        ("Vendors", "storefront", "mappings.party"),
        ("Tax codes", "percent", "mappings.taxcode"),
    ),
    "Read from Expensify": (
        ("Categories", "label", "mappings.category"),
        ("Tags", "sell", "mappings.tag"),
        ("Tax rates", "percent", "mappings.taxrate"),
        ("Employees", "badge", "mappings.employee"),
        ("Cards", "credit_card", "mappings.card"),
    ),
    "Records": (
        ("Polls", "sync", "audit.pollrun"),
        ("Calls", "send", "audit.call"),
        ("Events", "history", "audit.event"),
        ("Trails", "link", "audit.chain"),
    ),
    "People": (
        ("Users", "person", "auth.user"),
        ("Groups", "groups", "auth.group"),
    ),
}
_ALWAYS_OPEN = 3
_BELOW = {
    "audit.posting": "admin:audit_posting_held",
    "audit.report": "admin:audit_report_completeness",
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar, without what the user may not see and what this installation does not have."""
    groups = []
    for place, (title, entries) in enumerate(_SIDEBAR.items()):
        shown = [one for entry in entries if (one := _entry(request, *entry))]
        if place == 0:
            shown = [*_first_entries(request), *shown]
        if place == len(_SIDEBAR) - 1:
            shown = [*_last_entries(), *shown]
        if shown:
            groups.append(
                {
                    "title": title,
                    "separator": 0 < place < _ALWAYS_OPEN,
                    "collapsible": place >= _ALWAYS_OPEN,
                    "items": shown,
                }
            )
    return groups


def _first_entries(request: HttpRequest) -> Iterator[dict[str, Any]]:
    yield {"title": "Home", "icon": "home", "link": reverse("admin:index")}
    if request.user.has_perm("audit.view_posting"):
        yield {
            "title": "Held: needs you",
            "icon": "front_hand",
            "link": reverse("admin:audit_posting_held"),
            "badge": "config.dashboard.held_badge",
            "badge_variant": "warning",
        }
    if request.user.has_perm("audit.view_report"):
        yield {
            "title": "Is the month complete?",
            "icon": "fact_check",
            "link": reverse("admin:audit_report_completeness"),
        }


def _last_entries() -> Iterator[dict[str, Any]]:
    """Everybody's own, whatever else they may see."""
    yield {"title": "E-mail to me", "icon": "mail", "link": reverse("admin:audit_mailwish_mine")}


def _entry(request: HttpRequest, title: str, icon: str, model: str) -> dict[str, Any] | None:
    app, name = model.split(".")
    if not request.user.has_perm(f"{app}.view_{name}"):
        return None
    try:
        link = reverse(f"admin:{app}_{name}_changelist")
    except NoReverseMatch:
        return None
    entry: dict[str, Any] = {"title": title, "icon": icon, "link": link}
    if model in _BELOW:
        # A page with an entry of its own lies below this address.
        is_other = request.path.startswith(reverse(_BELOW[model]))
        entry["active"] = request.path.startswith(link) and not is_other
    return entry


def held_badge(request: HttpRequest) -> str:
    """How many reports need a person; "" for none."""
    needs = (Report.Standing.HELD, Report.Standing.FAILED, Report.Standing.UNREAD)
    held = Report.objects.filter(standing__in=[one.value for one in needs]).count()
    return f"{held:,}" if held else ""
