"""Problems as people see them: the sentence, the cure, and links to where the cure is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

from audit.admin.cure_links import Link, cure_links, expensify_link
from audit.codes import meaning
from audit.models import Posting, Report
from audit.selectors import Held, HeldKey
from mappings.models import Dimension, Flow, GLAccount, Party, TaxCode, Value
from mappings.texts import month

__all__ = ["Link", "Told", "cure_links", "expensify_link", "meaning", "titles", "told", "told_of"]


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


def web_address(address: str) -> str:
    """The address if a browser may be sent there; what vendors send is not trusted further."""
    return address if address.startswith(("https://", "http://")) else ""


# --- what a group of held postings waits for -----------------------------------------------------


def titles(groups: Iterable[Held]) -> dict[HeldKey, str]:
    """`Held.key` -> what people call it. One query for each kind of row that is named."""
    groups = list(groups)
    wanted: dict[str, set[int]] = {}
    for one in groups:
        kind, number = _row_of(one)
        if number is not None:
            wanted.setdefault(kind, set()).add(number)
    rows = {kind: _ROWS[kind].objects.in_bulk(numbers) for kind, numbers in wanted.items()}
    return {one.key: _title(one, rows) for one in groups}


_ROWS = {"account": GLAccount, "party": Party, "value": Value, "flow": Flow, "tax_code": TaxCode}
_WORDS = {"account": "Account", "party": "Payee", "flow": "Flow", "tax_code": "Tax code"}


def _row_of(one: Held) -> tuple[str, int | None]:
    """The row that the subject names by our number: only the mappings speak of our rows, the
    numbers in subjects of a ledger are its own."""
    kind, _, name = one.subject.partition(":")
    number = name.partition(":")[0]
    is_ours = one.problem.get("code", one.code).startswith("map.")
    return kind, int(number) if kind in _ROWS and is_ours and number.isdecimal() else None


def _title(one: Held, rows: Mapping[str, Mapping[int, Any]]) -> str:
    kind, number = _row_of(one)
    if number is not None and (row := rows[kind].get(number)):
        return f"{_WORDS.get(kind, 'Value')} {row}"
    name = one.subject.partition(":")[2]
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
        case "card" | "tax":
            return f"{kind.capitalize()} “{name}”"
        case "party_name" | "party" if not name.isdecimal():
            return f"Payee “{name}”"
        case "currency" if not name.isdecimal():
            return f"Reports in {name}"
        case "rate":
            currency, _, when = name.partition(":")
            return f"Rate of {currency} for {_month(when)}"
        case "period":
            return f"Closed period: {_month(name)}"
        case "dimension":
            labels = Dimension.objects.filter(name=name, connection=one.sample.connection_id)
            return labels.values_list("label", flat=True).first() or name.capitalize()
        case "chart":
            return "The ledger's lists"
    return meaning(one.code or one.problem.get("code", ""))


def _month(when: str) -> str:
    """2026-10, or a day in it, as Oct 2026; anything else as it stands."""
    try:
        return month(date.fromisoformat(f"{when[:7]}-01"))
    except ValueError:
        return when
