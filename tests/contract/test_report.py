"""Which changes of a report make a new revision, and which are nobody's business."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import permutations
from typing import Any

import pytest

from connectors.contract.report import (
    Action,
    Expense,
    Person,
    Receipt,
    Report,
    ReportStatus,
    Tag,
    Units,
)

AT = datetime(2026, 10, 20, 15, 30, tzinfo=UTC)


def expense(number: int = 1, **changes: Any) -> Expense:
    """An expense with every field filled: a blank field could not show that it counts."""
    facts: dict[str, Any] = {
        "transaction_id": f"405634304927563449{number}",
        "amount": Decimal("92.45"),
        "original_amount": Decimal("86.40"),
        "original_currency": "EUR",
        "spent_on": date(2026, 10, 12),
        "merchant": "Bahn",
        "comment": "to Berlin",
        "category": "Taxi & Rideshare",
        "category_gl_code": "6120",
        "tags": (Tag(1, "Consulting", "210"), Tag(2, "Berlin", "30")),
        "expense_type": "expense",
        "rate": Decimal("1.07"),
        "posted_on": date(2026, 10, 14),
        "tax_amount": Decimal("5.65"),
        "tax_name": "VAT",
        "tax_rate_name": "Reduced",
        "tax_rate": Decimal("7"),
        "tax_code": "id_VAT7",
        "bank": "Acme Bank",
        "card_id": "77",
        "card_name": "Visa of Ben",
        "card_number": "4111XXXXXXXX1111",
        "mcc": "4112",
        "units": Units("12", "0.67", "mi"),
        "receipt": Receipt("8001", "ticket.pdf", "https://example.com/ticket?signature=1"),
        "external_id": "ext-1",
    }
    return Expense(**(facts | changes))


def report(**changes: Any) -> Report:
    facts: dict[str, Any] = {
        "report_id": "R00X9oNOn2MO",
        "name": "October trip",
        "status": ReportStatus.APPROVED,
        "workspace_id": "0810E551A5F2A9C2",
        "currency": "USD",
        "total": Decimal("184.90"),
        "employee": Person("ben.ito@acme.example", "Ben Ito", "E02", "P02"),
        "expenses": (expense(1), expense(2, merchant="Cab")),
        "old_report_id": "12345",
        "status_text": "Approved",
        "workspace_name": "Acme US",
        "created_at": AT - timedelta(days=9),
        "submitted_at": AT - timedelta(days=1),
        "approved_at": AT,
        "reimbursed_at": AT + timedelta(days=1),
        "manager": Person("ann.reyes@acme.example", "Ann Reyes", "E01", "P01"),
        "fields": (("Project", "Globex"), ("Cost centre", "12")),
        "actions": (Action("approved", "ann.reyes@acme.example", "2026-10-20 15:30", "Fine"),),
        "entry_id": "e-1",
        "is_ach_reimbursed": True,
        "raw": '{"reportID":"R00X9oNOn2MO"}',
    }
    return Report(**(facts | changes))


# What may change without a new revision. Whoever adds a field decides here whether it counts.
NO_REVISION = {
    "status", "status_text", "old_report_id", "workspace_name", "created_at", "submitted_at",
    "approved_at", "reimbursed_at", "manager", "actions", "entry_id", "is_ach_reimbursed", "raw",
    "expenses.receipt.filename", "expenses.receipt.url", "expenses.tax_rate_name",
}  # fmt: skip


def changed(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every way to change one leaf of `value`: the leaf's path, and `value` with it changed."""
    match value:
        case Enum():
            yield path, next(member for member in type(value) if member is not value)
        case bool():
            yield path, not value
        case str():
            yield path, f"{value}x"
        case int() | Decimal():
            yield path, value + 1
        case date():
            yield path, value + timedelta(days=1)
        case tuple() if value:
            yield f"{path}[]", value[:-1]
            for place, member in enumerate(value):
                for inner, other in changed(member, f"{path}[{place}]"):
                    yield inner, (*value[:place], other, *value[place + 1 :])
        case _ if is_dataclass(value):
            for field in fields(value):
                inner_path = f"{path}.{field.name}".removeprefix(".")
                for inner, other in changed(getattr(value, field.name), inner_path):
                    yield inner, replace(value, **{field.name: other})
        case _:
            raise AssertionError(f"Give {path} in the example something that can be changed.")


def makes_no_revision(path: str) -> bool:
    name = re.sub(r"\[\d*\]", "", path)
    return any(name == out or name.startswith(f"{out}.") for out in NO_REVISION)


CHANGES = [pytest.param(path, other, id=path) for path, other in changed(report())]


@pytest.mark.parametrize(("path", "other"), CHANGES)
def test_a_change_makes_a_new_revision_unless_it_happens_by_itself(path, other):
    assert other != report()
    assert (other.content_hash() == report().content_hash()) is makes_no_revision(path)


def test_the_changes_tried_are_those_of_every_field():
    tried = {re.sub(r"\[\d*\]", "", change.values[0]) for change in CHANGES}
    tops = {name.partition(".")[0] for name in tried}
    assert tops == {field.name for field in fields(Report)}
    lines = {name.split(".")[1] for name in tried if name.startswith("expenses.")}
    assert lines == {field.name for field in fields(Expense)}


def test_what_makes_no_revision_is_still_there():
    tried = {re.sub(r"\[\d*\]", "", change.values[0]) for change in CHANGES}
    gone = {
        out for out in NO_REVISION if not any(f"{name}.".startswith(f"{out}.") for name in tried)
    }
    assert gone == set()


# --- order ---------------------------------------------------------------------------------------


def test_the_order_in_which_expensify_lists_the_lines_does_not_count():
    lines = (expense(1), expense(2, merchant="Cab"), expense(3, amount=Decimal("-1.00")))
    hashes = {report(expenses=order).content_hash() for order in permutations(lines)}
    assert len(hashes) == 1


def test_the_order_does_not_count_where_two_lines_share_an_id_either():
    lines = (expense(1, merchant="Cab"), expense(1, merchant="Bahn"))
    turned = report(expenses=lines[::-1])
    assert turned.content_hash() == report(expenses=lines).content_hash()


def test_the_order_of_report_fields_does_not_count():
    assert report(fields=report().fields[::-1]).content_hash() == report().content_hash()


def test_tags_that_change_their_levels_count():
    one = report(expenses=(expense(tags=(Tag(1, "Sales"), Tag(2, "West"))),))
    other = report(expenses=(expense(tags=(Tag(1, "West"), Tag(2, "Sales"))),))
    assert one.content_hash() != other.content_hash()


# --- something and nothing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "blank"),
    [
        ("amount", Decimal("0.00")),
        ("tax_amount", Decimal("0.00")),
        ("rate", Decimal("0")),
        ("tax_rate", Decimal("0")),
    ],
)
def test_nothing_is_another_content_than_zero(name, blank):
    zero = report(expenses=(expense(**{name: blank}),))
    nothing = report(expenses=(expense(**{name: None}),))
    assert zero.content_hash() != nothing.content_hash()


@pytest.mark.parametrize("name", ["receipt", "units", "spent_on", "posted_on"])
def test_what_was_taken_away_from_an_expense_counts(name):
    one = report(expenses=(expense(),))
    other = report(expenses=(expense(**{name: None}),))
    assert one.content_hash() != other.content_hash()


def test_a_line_that_was_removed_or_doubled_counts():
    one, two, doubled = ((expense(1),), (expense(1), expense(2)), (expense(1), expense(1)))
    assert len({report(expenses=lines).content_hash() for lines in ((), one, two, doubled)}) == 4


def test_a_report_read_twice_has_one_hash_of_64_hex_digits():
    assert report().content_hash() == report().content_hash()
    assert re.fullmatch(r"[0-9a-f]{64}", report().content_hash())


def test_content_is_text_without_what_the_trail_keeps_apart():
    assert "reportID" not in report().content()
    assert "signature" not in report().content()
    assert '"total":184.90' in report().content()


# --- what reports and expenses answer ------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (ReportStatus.OPEN, False),
        (ReportStatus.PROCESSING, False),
        (ReportStatus.APPROVED, True),
        (ReportStatus.REIMBURSED, True),
        (ReportStatus.CLOSED, True),
        (ReportStatus.UNKNOWN, False),
    ],
)
def test_only_states_from_approval_on_are_final(status, is_final):
    assert status.is_final is is_final


@pytest.mark.parametrize(
    ("marks", "is_on_card"),
    [
        ({}, False),
        ({"bank": "Acme Bank"}, True),
        ({"card_id": "77"}, True),
        ({"card_number": "4111XXXXXXXX1111"}, True),
        ({"card_name": "Visa"}, False),
    ],
    ids=str,
)
def test_an_expense_is_on_a_card_where_expensify_names_bank_or_card(marks, is_on_card):
    blank = {"bank": "", "card_id": "", "card_number": "", "card_name": ""}
    assert expense(**(blank | marks)).is_on_card is is_on_card


def test_tags_are_found_by_level():
    tagged = expense(tags=(Tag(3, "Globex"), Tag(1, "Sales")))
    assert tagged.tag(1) == Tag(1, "Sales")
    assert tagged.tag(3) == Tag(3, "Globex")
    assert tagged.tag(2) is None


def test_a_person_is_called_by_name_or_else_by_e_mail():
    assert Person("ben.ito@acme.example", "Ben Ito").label == "Ben Ito"
    assert Person("ben.ito@acme.example").label == "ben.ito@acme.example"
