"""Workspaces and their lists as Expensify keeps them: what rules and parties are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.expensify import values
from connectors.expensify.values import Misfit


@dataclass(frozen=True, slots=True)
class Policy:
    """A workspace that the account can see. `role` and `kind` are Expensify's words, open lists."""

    policy_id: str
    name: str
    currency: str
    role: str
    kind: str
    owner_email: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """Expensify gives categories no id: the name is the key, and a rename makes another one."""

    name: str
    enabled: bool
    gl_code: str = ""
    payroll_code: str = ""


@dataclass(frozen=True, slots=True)
class TagValue:
    name: str
    gl_code: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class TagLevel:
    """One level of a workspace's tags, from 1; `name` is "" where the workspace has one unnamed."""

    level: int
    name: str
    values: tuple[TagValue, ...]


@dataclass(frozen=True, slots=True)
class Employee:
    """`custom_fields` are 1 and 2. Expensify gives no people's names here."""

    email: str
    employee_id: str
    role: str
    submits_to: str
    custom_fields: tuple[str, str]


@dataclass(frozen=True, slots=True)
class TaxRate:
    """`rate` in percent; `rate_id` is what expenses carry as their tax code."""

    rate_id: str
    name: str
    rate: Decimal
    is_default: bool


@dataclass(frozen=True, slots=True)
class ReportField:
    """`key` is the name under which reports carry it: all but letters and digits become `_`."""

    name: str
    key: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyLists:
    policy_id: str
    categories: tuple[Category, ...]
    tag_levels: tuple[TagLevel, ...]
    employees: tuple[Employee, ...]
    tax_name: str
    tax_rates: tuple[TaxRate, ...]
    report_fields: tuple[ReportField, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A company card of a domain, and whose it is."""

    card_id: str
    name: str
    number: str
    bank: str
    email: str
    external_employee_id: str
    reimbursable: bool | None


def policies(answer: Mapping[str, Any]) -> tuple[Policy, ...]:
    """The workspaces in a `policyList` answer. Raises Misfit."""
    return tuple(
        Policy(
            policy_id=_required(one, "id", "policyList"),
            name=_name(one, "name"),
            currency=_name(one, "outputCurrency"),
            role=_name(one, "role"),
            kind=_name(one, "type"),
            owner_email=_name(one, "owner"),
        )
        for one in values.rows(_present(answer, "policyList"), "policyList")
    )


def lists(policy_id: str, answer: Mapping[str, Any]) -> PolicyLists | None:
    """The lists of one workspace in a `policy` answer, None when it is not in it. Raises Misfit."""
    found = values.record(_present(answer, "policyInfo"), "policyInfo").get(policy_id)
    if found is None:
        return None
    found = values.record(found, f"policyInfo.{policy_id}")
    tax = values.record(found.get("tax") or None, "tax")
    listed = {
        key: values.rows(found.get(key), key)
        for key in ("categories", "tags", "employees", "reportFields")
    }
    return PolicyLists(
        policy_id=policy_id,
        categories=tuple(_category(one) for one in listed["categories"]),
        tag_levels=_tag_levels(listed["tags"]),
        employees=tuple(_employee(one) for one in listed["employees"]),
        tax_name=_name(tax, "name"),
        tax_rates=_tax_rates(tax),
        report_fields=tuple(_report_field(one) for one in listed["reportFields"]),
    )


def cards(answer: Mapping[str, Any]) -> tuple[Card, ...]:
    """The cards in a `domainCardList` answer. Raises Misfit."""
    return tuple(
        Card(
            card_id=_required(one, "cardID", "domainCardList"),
            name=_name(one, "cardName"),
            number=_name(one, "cardNumber"),
            bank=_name(one, "bank"),
            email=_name(one, "email"),
            external_employee_id=_name(one, "externalEmployeeID"),
            reimbursable=values.flag(one.get("reimbursable"), "domainCardList.reimbursable"),
        )
        for one in values.rows(_present(answer, "domainCardList"), "domainCardList")
    )


def _category(one: Mapping[str, Any]) -> Category:
    return Category(
        name=_required(one, "name", "categories"),
        enabled=values.flag(one.get("enabled"), "categories.enabled") is not False,
        gl_code=_name(one, "glCode"),
        payroll_code=_name(one, "payrollCode"),
    )


def _tag_levels(listed: list[Mapping[str, Any]]) -> tuple[TagLevel, ...]:
    """Tags come as levels, or flat as one unnamed level; only the key `tags` tells them apart.

    Between levels, `enabled` is ignored by Expensify itself, so every tag counts as enabled there.
    In the flat shape a colon in a name is the hierarchy of an import: the name stays whole.
    """
    if not listed:
        return ()
    if not any("tags" in one for one in listed):
        return (TagLevel(1, "", _tag_values(listed)),)
    return tuple(
        TagLevel(
            level,
            _name(one, "name"),
            _tag_values(values.rows(one.get("tags"), "tags.tags"), is_levelled=len(listed) > 1),
        )
        for level, one in enumerate(listed, start=1)
    )


def _tag_values(
    listed: list[Mapping[str, Any]], *, is_levelled: bool = False
) -> tuple[TagValue, ...]:
    return tuple(
        TagValue(
            # Written as expenses carry it, where a colon inside a name is escaped.
            name=_required(one, "name", "tags").replace("\\:", ":"),
            gl_code=_name(one, "glCode"),
            enabled=is_levelled or values.flag(one.get("enabled"), "tags.enabled") is not False,
        )
        for one in listed
    )


def _employee(one: Mapping[str, Any]) -> Employee:
    return Employee(
        email=_required(one, "email", "employees"),
        employee_id=_name(one, "employeeID"),
        role=_name(one, "role"),
        submits_to=_name(one, "submitsTo"),
        custom_fields=(_name(one, "customField1"), _name(one, "customField2")),
    )


def _tax_rates(tax: Mapping[str, Any]) -> tuple[TaxRate, ...]:
    default = _name(tax, "default")
    found = []
    for one in values.rows(tax.get("rates"), "tax.rates"):
        rate = values.ratio(one.get("rate"), "tax.rates.rate")
        if rate is None:
            raise Misfit("expensify.number.unreadable", "tax.rates.rate", "is blank")
        rate_id = _required(one, "rateID", "tax.rates")
        found.append(TaxRate(rate_id, _name(one, "name"), rate, rate_id == default))
    return tuple(found)


def _report_field(one: Mapping[str, Any]) -> ReportField:
    listed = one.get("values") or []
    if not isinstance(listed, list):
        raise Misfit("expensify.shape.unknown", "reportFields.values", "is not a list")
    name = _required(one, "name", "reportFields")
    return ReportField(
        name=name,
        key="".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name),
        kind=_name(one, "type"),
        values=tuple(values.name(written, "reportFields.values") for written in listed),
    )


def _present(answer: Mapping[str, Any], key: str) -> Any:
    """A missing list is not an empty one: taking it so would retire everything that is mapped."""
    if answer.get(key) is None:
        raise Misfit("expensify.shape.unknown", key, "is missing")
    return answer[key]


def _name(one: Mapping[str, Any], key: str) -> str:
    return values.name(one.get(key), key)


def _required(one: Mapping[str, Any], key: str, place: str) -> str:
    if found := _name(one, key):
        return found
    raise Misfit("expensify.id.missing", f"{place}.{key}", "is blank")
