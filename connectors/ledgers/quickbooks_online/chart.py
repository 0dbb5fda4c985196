"""The company's lists, row by row: accounts, the people of one name space, dimensions, taxes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from connectors.contract.company import ChartRow, Cursor
from connectors.ledgers.quickbooks_online.client import Client, Missing, Page, Select
from connectors.ledgers.quickbooks_online.parse import readable, reference

Row = Mapping[str, Any]

# Inactive members vanish from queries unless both are asked for.
ACTIVE_OR_NOT = "Active IN (true, false)"
_END = "end"


@dataclass(frozen=True, slots=True)
class _List:
    """One list of QuickBooks: `name` is ours, as it stands in ChartRow.list_name."""

    entity: str
    name: str
    kind: str = ""
    title: str = "Name"


# Vendors, employees and customers share one name space: a vendor cannot be called like a customer.
# Employees are listed for that reason only, a bill cannot be owed to one. Customers are the
# dimension `customer`; projects and sub-customers are among them.
_LISTS = (
    _List("Account", "account"),
    _List("Vendor", "party", "vendor", "DisplayName"),
    _List("Employee", "party", "employee", "DisplayName"),
    _List("Customer", "customer", "customer", "DisplayName"),
    _List("Class", "class"),
    _List("Department", "department"),
    _List("TaxCode", "tax_code"),
    _List("Term", "term"),
)
# The lists whose members share their names.
NAME_SPACE = tuple(one for one in _LISTS if one.title == "DisplayName")
# What QuickBooks may append to the name of what is made inactive.
SUFFIX = " (deleted)"


def chart(
    client: Client, kinds: frozenset[str] | None = None, cursor: Cursor | None = None
) -> Iterator[ChartRow | Cursor]:
    """Every member of the lists, a Cursor after each page: what follows it can be read later.

    A list that the company's plan does not have is empty. Raises ValueError for a cursor that
    this function never gave.
    """
    lists = [wanted for wanted in _LISTS if kinds is None or wanted.name in kinds]
    entity, start = _position(cursor)
    if entity == _END:
        return
    if entity:
        names = _entities(lists)
        if entity not in names:
            raise ValueError(f"{cursor.text!r} does not belong to the lists {sorted(kinds or ())}")
        lists = lists[names.index(entity) :]
    selects = [
        Select(one.entity, ACTIVE_OR_NOT, start if not place else 1)
        for place, one in enumerate(lists)
    ]
    with_rates = [Select("TaxRate", ACTIVE_OR_NOT)] if "TaxCode" in _entities(lists) else []
    # The first pages of all lists by one request: nine in a row would be near the ten a second
    # that a company may be asked. Most lists have no second page.
    answers = client.ask(selects + with_rates) if lists else []
    rates = _percents([rate for answer in answers[len(lists) :] for rate in client.whole(answer)])
    for place, (one, answer) in enumerate(zip(lists, answers, strict=False)):
        after = f"{lists[place + 1].entity}:1" if place + 1 < len(lists) else _END
        yield from _members(client, one, answer, after, rates)


def purchase_rates(codes: list[Row], rates: list[Row]) -> dict[str, dict[str, Any]]:
    """Tax code id -> its name and its rates for purchases, as plain JSON."""
    percents = _percents(rates)
    with readable("tax codes"):
        return {
            str(code.get("Id")): {
                "name": str(code.get("Name") or ""),
                "rates": [
                    {"id": rate_id, "percent": percents.get(rate_id) or "0"}
                    for rate_id in _purchase_rate_ids(code)
                ],
            }
            for code in codes
        }


def chart_row(one: _List, row: Row, rates: Mapping[str, str] | None = None) -> ChartRow:
    """A row of QuickBooks' list `one` as a member of our chart."""
    active = row.get("Active") is not False
    name = _own_name(str(row.get(one.title) or row.get("Name") or ""), active)
    return ChartRow(
        list_name=one.name,
        id=str(row.get("Id") or ""),
        name=name,
        full_name=_own_name(str(row.get("FullyQualifiedName") or name), active),
        number=str(row.get("AcctNum") or "") if one.entity == "Account" else "",
        kind=one.kind or str(row.get("AccountType") or ""),
        active=active,
        currency=reference(row, "CurrencyRef"),
        parent_id=reference(row, "ParentRef"),
        email=str((row.get("PrimaryEmailAddr") or {}).get("Address") or "").strip(),
        facts=_facts(one, row, rates or {}),
    )


def _members(
    client: Client, one: _List, first: Page | Missing, after: str, rates: Mapping[str, str]
) -> Iterator[ChartRow | Cursor]:
    if isinstance(first, Missing):
        yield Cursor(after)
        return
    for page in chain([first], _rest(client, first)):
        with readable(f"a list of {one.entity}"):
            rows = [chart_row(one, row, rates) for row in page.rows]
        yield from rows
        yield Cursor(after if page.is_last else f"{one.entity}:{page.following.start}")


def _rest(client: Client, first: Page) -> Iterator[Page]:
    if not first.is_last:
        yield from client.pages(first.following, first.rows)


def _position(cursor: Cursor | None) -> tuple[str, int]:
    if cursor is None:
        return "", 1
    entity, _, start = cursor.text.partition(":")
    if entity == _END:
        return _END, 1
    if entity not in {one.entity for one in _LISTS} or not start.isdecimal() or int(start) < 1:
        raise ValueError(f"{cursor.text!r} is not a place in QuickBooks' lists")
    return entity, int(start)


def _entities(lists: list[_List]) -> list[str]:
    return [one.entity for one in lists]


def _percents(rates: list[Row]) -> dict[str, str]:
    """Tax rate id -> its percentage."""
    return {str(rate.get("Id")): str(rate.get("RateValue", "")) for rate in rates}


def _purchase_rate_ids(code: Row) -> list[str]:
    details = (code.get("PurchaseTaxRateList") or {}).get("TaxRateDetail") or ()
    return [rate for detail in details if (rate := reference(detail, "TaxRateRef"))]


def _own_name(name: str, active: bool) -> str:
    """The name without the suffix that QuickBooks may give what is made inactive: it is the same
    member still, and is called the same when it comes back."""
    return name if active else name.removesuffix(SUFFIX)


def _facts(one: _List, row: Row, rates: Mapping[str, str]) -> dict[str, str]:
    """What else a person or a rule may want to know of the member, texts only."""
    match one.entity:
        case "Account":
            found = {"subtype": row.get("AccountSubType"), "side": row.get("Classification")}
        case "Vendor":
            found = {"term": reference(row, "TermRef"), "company": row.get("CompanyName")}
        case "Customer":
            found = {
                "project": "yes" if row.get("IsProject") is True else "",
                "job": "yes" if row.get("Job") is True else "",
            }
        case "TaxCode":
            ids = _purchase_rate_ids(row)
            found = {
                "purchase_rates": ",".join(ids),
                "purchase_percents": ",".join(rates.get(rate, "") for rate in ids),
                "description": row.get("Description"),
            }
        case "Term":
            found = {"due_days": row.get("DueDays")}
        case _:
            found = {}
    return {name: str(text) for name, text in found.items() if text not in (None, "")}
