"""Runs a query over a company: which rows fit, in which order, which page of them."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from . import profile
from .company import LISTS, TRANSACTIONS, Company, Obj, parsed_moment
from .errors import Refusal
from .grammar import Condition, Query, invalid, parse


def run(company: Company, statement: str, settings: dict[str, Any]) -> Obj:
    """The value of `QueryResponse`."""
    query = parse(statement, settings)
    found = [row for row in _rows(company, query, settings) if _fits(row, query, settings)]
    if query.counts:
        return {"totalCount": len(found)}
    _sort(found, query, settings)
    most = query.most if query.most is not None else settings["page_size"]
    page = found[query.start - 1 : query.start - 1 + most]
    if not page:
        return {}
    if 0 < settings["largest_result"] < len(page):
        raise Refusal("10100", f"Result set too big : {len(page)} objects, ask for fewer.")
    answer: Obj = {query.entity: [company.shown(query.entity, row) for row in page]}
    answer |= {"startPosition": query.start, "maxResults": len(page)}
    if settings["query_total_count"]:
        answer["totalCount"] = len(page)
    return answer


def _rows(company: Company, query: Query, settings: dict[str, Any]) -> Iterable[Obj]:
    if query.entity == "CompanyInfo":
        return [profile.company_info(company, settings["plan"])]
    if query.entity == "Preferences":
        return [profile.preferences(company)]
    if query.entity == "ExchangeRate":
        return _exchange_rates(company, query)
    if query.entity in TRANSACTIONS:
        numbers = _numbers_asked(query)
        if numbers is not None:  # the common look-up, without reading every transaction
            rows = {r["Id"]: r for n in numbers for r in company.numbered(query.entity, n)}
            return rows.values()
    rows = company.table(query.entity).values()
    if query.entity in LISTS and not any(c.field == "Active" for c in query.conditions):
        return [row for row in rows if row.get("Active", True)]
    return rows


def _numbers_asked(query: Query) -> list[str] | None:
    for each in query.conditions:
        if each.field == "DocNumber" and each.operator in ("=", "IN"):
            wanted = each.wanted if isinstance(each.wanted, list) else [each.wanted]
            if all(isinstance(one, str) for one in wanted):
                return wanted
    return None


def _exchange_rates(company: Company, query: Query) -> list[Obj]:
    day = next(
        (c.wanted for c in query.conditions if c.field == "AsOfDate" and c.operator == "="), None
    )
    wanted = next((c.wanted for c in query.conditions if c.field == "SourceCurrencyCode"), None)
    currencies = wanted if isinstance(wanted, list) else [wanted] if wanted else list(company.rates)
    found = [
        profile.exchange_rate(company, currency, day or company.today()) for currency in currencies
    ]
    return [rate for rate in found if rate]


def _fits(row: Obj, query: Query, settings: dict[str, Any]) -> bool:
    return all(
        any(_compares(value, each, settings) for value in _values(row, each.field))
        for each in query.conditions
    )


def _values(row: Obj, field: str) -> list[Any]:
    """The property's comparable values; several below a list, [None] when absent."""
    found: list[Any] = [row]
    for part in field.split("."):
        nested = []
        for holder in found:
            value = _member(holder, part)
            nested += value if isinstance(value, list) else [value]
        found = nested
    return [_comparable(field, value) for value in found] or [None]


def _member(holder: Any, part: str) -> Any:
    if not isinstance(holder, dict):
        return None
    return holder.get(part, holder.get(part.lower()))


def _comparable(field: str, value: Any) -> Any:
    if isinstance(value, dict):
        value = value.get("value") or value.get("Address")
    if value is not None and field.startswith("MetaData."):
        return parsed_moment(value)
    return value


def _compares(value: Any, condition: Condition, settings: dict[str, Any]) -> bool:
    if condition.operator == "IN":
        return any(_same(value, each, condition.field, settings) for each in condition.wanted)
    wanted = condition.wanted
    if condition.operator == "=":
        return _same(value, wanted, condition.field, settings)
    if value is None or wanted is None:
        return False
    if condition.operator == "LIKE":
        pattern = ".*".join(re.escape(part) for part in str(wanted).split("%"))
        flags = re.DOTALL | (re.IGNORECASE if settings["query_ignores_case"] else 0)
        return re.fullmatch(pattern, str(value), flags) is not None
    left, right = _key(value, condition.field), _key(wanted, condition.field)
    if type(left) is not type(right) and not (
        isinstance(left, int | Decimal) and isinstance(right, int | Decimal)
    ):
        raise invalid(f"value '{wanted}' is not valid for property '{condition.field}'")
    return _ORDERED[condition.operator](left, right)


_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _same(value: Any, wanted: Any, field: str, settings: dict[str, Any]) -> bool:
    if (
        isinstance(value, str)
        and isinstance(wanted, str)
        and settings["query_ignores_case"]
        and field != "Id"
    ):
        return value.casefold() == wanted.casefold()
    return bool(value == wanted)


def _key(value: Any, field: str) -> Any:
    if field == "Id" and isinstance(value, str) and value.isdigit():
        return int(value)
    return value.casefold() if isinstance(value, str) else value


def _sort(rows: list[Obj], query: Query, settings: dict[str, Any]) -> None:
    if not query.order:
        if settings["query_order"] == "newest":
            rows.reverse()
        return
    for field, descending in reversed(query.order):
        rows.sort(key=lambda row: _sort_key(row, field), reverse=descending)


def _sort_key(row: Obj, field: str) -> tuple[bool, Any]:
    value = _values(row, field)[0]
    return (False, 0) if value is None else (True, _key(value, field))
