"""Reports given from outside, short or whole, completed to what Expensify would keep."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..chassis import ControlError
from ..month.build import STATUSES, Expense, Report, expense, report, tag_fields
from ..month.world import CARDS, DOMAIN, FEEDS, PEOPLE, WORKSPACES, Person
from .workspaces import Workspaces

SHORT_LINE = {"created", "merchant", "category", "amount", "tags", "currency", "rate", "card"}
AMOUNTS = ("amount", "modifiedAmount", "convertedAmount", "taxAmount", "modifiedTaxAmount")
TIMES = ("created", "submitted", "approved", "reimbursed")


def completed(given: Mapping[str, Any], number: int, workspaces: Workspaces) -> Report:
    """A report to keep. ControlError 400 names what is wrong.

    `given` holds the vendor's variables; what it leaves out is filled in. Lines come whole in
    `transactionList` (vendor's variables) or short in `expenses`: {created, merchant, category,
    amount (cents), tags [by level], currency, rate (into the report's currency), card, ...more}.
    `total` is the lines' sum unless given.
    """
    wanted = dict(given)
    _check(wanted)
    policy = wanted.get("policyID", next(iter(WORKSPACES)))
    if policy not in workspaces.policies:
        raise ControlError(400, f"policyID {policy!r} is none of {', '.join(workspaces.policies)}")
    currency = workspaces.policies[policy]["outputCurrency"]
    lines = [_short_line(one, policy, currency, workspaces) for one in wanted.pop("expenses", ())]
    lines += [_whole_line(one) for one in wanted.pop("transactionList", ())]
    email = str(wanted.get("accountEmail", PEOPLE["ben.ito"].email))
    status = wanted.pop("status", "Approved" if wanted.get("approved") else "Open")
    made = report(
        number,
        str(wanted.get("reportName", f"Report {number % 10_000}")),
        _person(email),
        lines,
        status=status,
        policy=policy,
        **_moments(wanted),
    )
    made["accountEmail"] = email
    if not str(wanted.get("reportID", made["reportID"])).strip():
        raise ControlError(400, "reportID is a text like R00X9oNOn2MO")
    made |= {name: found for name, found in wanted.items() if name not in TIMES}
    for line in made["transactionList"]:
        line["reportID"] = made["reportID"]
    return made


def _check(given: Mapping[str, Any]) -> None:
    for name in ("reportID", "reportName", "accountEmail"):
        if name in given and (not isinstance(given[name], str) or not given[name]):
            raise ControlError(400, f"{name} is a text, not {given[name]!r}")
    if "status" in given and given["status"] not in STATUSES:
        raise ControlError(400, f"status is one of {', '.join(STATUSES)}, not {given['status']!r}")
    if "total" in given and type(given["total"]) is not int:
        raise ControlError(400, f"total is whole cents, not {given['total']!r}")
    for name in TIMES:
        if given.get(name) and not _is_time(given[name]):
            raise ControlError(400, f"{name} is yyyy-MM-dd HH:mm:ss in UTC, not {given[name]!r}")
    for one in (*given.get("expenses", ()), *given.get("transactionList", ())):
        for name in AMOUNTS:
            cents = one.get(name, "")
            if cents != "" and type(cents) is not int:
                raise ControlError(400, f'{name} is whole cents or "", not {cents!r}')
        if type(one.get("amount")) is not int:
            raise ControlError(400, "every expense has an amount in whole cents")


def _is_time(text: Any) -> bool:
    try:
        return datetime.fromisoformat(text).isoformat(" ") == text
    except (TypeError, ValueError):
        return False


def _moments(wanted: Mapping[str, Any]) -> dict[str, str]:
    found = {name: wanted[name] for name in TIMES if wanted.get(name)}
    if not found:
        raise ControlError(400, "a report needs approved, submitted or created (UTC)")
    if "approved" not in found and "submitted" not in found:
        found["submitted"] = found["created"]
    return found


def _short_line(
    given: Mapping[str, Any], policy: str, currency: str, workspaces: Workspaces
) -> Expense:
    lacking = sorted({"created", "merchant", "category"} - set(given))
    if lacking:
        raise ControlError(400, f"an expense needs {', '.join(lacking)}")
    line = expense(
        given["created"],
        given["merchant"],
        given["category"],
        given["amount"],
        tuple(given.get("tags", ())),
        currency=given.get("currency", currency),
        rate=str(given.get("rate", "")),
        card=str(given.get("card", "")),
        tag_codes=workspaces.tag_codes(policy),
    )
    line["categoryGlCode"] = workspaces.category_code(policy, given["category"])
    card = FEEDS.get(line["cardID"])
    if card is not None and line["cardID"] not in CARDS:  # the first four show no name
        line |= card.fields
    return line | {name: found for name, found in given.items() if name not in SHORT_LINE}


def _whole_line(given: Mapping[str, Any]) -> Expense:
    if not isinstance(given.get("transactionID"), str) or not given["transactionID"].isdigit():
        raise ControlError(400, "a whole expense has its transactionID as a text of digits")
    blank = expense("", "", "", given["amount"])
    levels = [given[name] for name in sorted(given) if re.fullmatch(r"ntag\d", name)]
    return blank | tag_fields(levels, ()) | dict(given)


def _person(email: str) -> Person:
    """The colleague of that address, or a stranger named after it."""
    for person in PEOPLE.values():
        if person.email == email:
            return person
    login = email.removesuffix(f"@{DOMAIN}")
    first, _, last = login.split("@")[0].partition(".")
    return Person(login, first.title(), last.title(), "", 12_000_000 + sum(login.encode()))
