"""Problems as people see them: the sentence, the cure, and links to where the cure is done."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from audit.models import Posting, Report
from audit.selectors import Held
from mappings.codes import CODES
from mappings.models import Dimension, Flow, GLAccount, Party, Value

# Where a report is mended in Expensify itself.
_IN_EXPENSIFY = "https://www.expensify.com/report?" + "param={{%22pageReportID%22:%22{}%22}}"


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A problem with the links of its cure, as a template shows it."""

    message: str
    cure: str
    code: str
    links: tuple[Link, ...] = ()


def told(posting: Posting, request: HttpRequest) -> list[Told]:
    """All problems of the posting; links only to what this user may do."""
    document = web_address(posting.document_link)
    return told_of(posting.problems, posting.report, posting.flow, request, document)


def told_of(
    problems: Iterable[Mapping[str, Any]],
    report: Report,
    flow: Flow,
    request: HttpRequest,
    document: str = "",
) -> list[Told]:
    """Problems in their stored form, about the report; `document` is its address in the ledger."""
    return [
        Told(
            one.get("message", ""),
            one.get("cure", ""),
            one.get("code", ""),
            tuple(cure_links(one, report, flow, request, document)),
        )
        for one in problems
    ]


def cure_links(
    problem: Mapping[str, Any],
    report: Report,
    flow: Flow,
    request: HttpRequest,
    document: str = "",
) -> Iterator[Link]:
    """The places where this problem is cured, the best one first."""
    code, facts = problem.get("code", ""), problem.get("facts") or {}
    may = request.user.has_perm
    if "category" in facts and may("mappings.add_rule"):
        account = {"account": facts.get("suggested_account_id", "")}
        yield _rule("Choose an account", flow, category=facts["category"], **account)
    if "tag" in facts and may("mappings.add_rule"):
        level = {"tag_level": facts.get("tag_level", "1")}
        yield _rule("Add a rule for this tag", flow, tag=facts["tag"], **level)
    if "employee_email" in facts and may("mappings.add_partylink"):
        email = facts["employee_email"]
        query = {"connection": flow.connection_id, "employee_email": email}
        name = facts.get("employee_name") or email
        url = reverse("admin:mappings_partylink_add")
        yield Link(f"Link {name} to a vendor", f"{url}?{urlencode(query)}")
    if "rule_id" in facts and may("mappings.change_rule"):
        yield Link("Open the rule", reverse("admin:mappings_rule_change", args=[facts["rule_id"]]))
    field = str(problem.get("field", ""))
    if (field.startswith("flow.") or code in _FLOW_CODES) and may("mappings.view_flow"):
        yield Link("Open the flow", reverse("admin:mappings_flow_change", args=[flow.pk]))
    if code in _CONNECTION_CODES and may("connectors.view_ledgerconnection"):
        page = "admin:connectors_ledgerconnection_change"
        yield Link("Open the connection", reverse(page, args=[flow.connection_id]))
    if code.startswith(("report.", "map.category.uncat")) and code not in _OURS:
        yield expensify_link(report.report_id)
    if code.startswith("ledger.") and document:
        yield Link("Open in the ledger", document, is_elsewhere=True)


_FLOW_CODES = {"map.tax.undecided", "map.header.conflict", "revision.policy_hold"}
_CONNECTION_CODES = {"map.chart.unread", "map.date.locked", "map.currency.company"}
_OURS = {"report.was_reversed", "report.other_part_held"}


def expensify_link(report_id: str) -> Link:
    return Link("Open in Expensify", _IN_EXPENSIFY.format(report_id), is_elsewhere=True)


def web_address(address: str) -> str:
    """The address if a browser may be sent there; what vendors send is not trusted further."""
    return address if address.startswith(("https://", "http://")) else ""


def _rule(label: str, flow: Flow, **conditions: str) -> Link:
    query = {"flow": flow.pk} | {name: text for name, text in conditions.items() if text}
    return Link(label, f"{reverse('admin:mappings_rule_add')}?{urlencode(query)}")


# --- what a group of held postings waits for -----------------------------------------------------


def titles(groups: Iterable[Held]) -> dict[tuple[str, str], str]:
    """(subject, code) -> what people call it. One query for each kind of row that is named."""
    groups = list(groups)
    wanted: dict[str, set[str]] = {}
    for one in groups:
        kind, _, name = one.subject.partition(":")
        wanted.setdefault(kind, set()).add(name)
    rows = {
        kind: model.objects.in_bulk([int(name) for name in wanted[kind] if name.isdecimal()])
        for kind, model in _ROWS.items()
        if kind in wanted
    }
    return {(one.subject, one.code): _title(one, rows) for one in groups}


_ROWS = {"account": GLAccount, "party": Party, "value": Value, "flow": Flow}


def _title(one: Held, rows: Mapping[str, Mapping[int, Any]]) -> str:
    kind, _, name = one.subject.partition(":")
    if kind in _ROWS:
        row = rows[kind].get(int(name)) if name.isdecimal() else None
        word = {"account": "Account", "party": "Payee", "flow": "Flow"}.get(kind, "Value")
        return f"{word} {row}" if row else one.subject
    match kind:
        case "category":
            return f"Category “{name}”"
        case "employee":
            facts = one.problem.get("facts") or {}
            return facts.get("employee_name") or name
        case "tag":
            level, _, rest = name.partition(":")
            tag, _, dimension = rest.rpartition(":")
            return f"Tag “{tag or rest}” (level {level})"
        case "currency":
            return f"Reports in {name}"
        case "dimension":
            label = Dimension.objects.filter(name=name).values_list("label", flat=True).first()
            return label or name.capitalize()
        case "chart":
            return "The ledger's lists"
        case "":
            return meaning(one.code)
    return one.subject


def meaning(code: str) -> str:
    """What a code says in one sentence; the code itself where no table explains it."""
    return CODES.get(code) or _OTHERS.get(code) or (code or "No reason was recorded.")


_OTHERS = {
    "ledger.stored_otherwise": "The ledger has the document, but not as it was sent.",
    "ledger.found_twice": "The document stands in the ledger more than once.",
    "ledger.deleted_there": "Somebody deleted the document in the ledger.",
    "report.was_reversed": "The document was reversed, and the report has changed since.",
    "report.other_part_held": "Another part of the same report is held.",
    "revision.kind_changed": "The report changed into another kind of document.",
    "revision.policy_hold": "The report changed after posting, and the flow holds such reports.",
}
