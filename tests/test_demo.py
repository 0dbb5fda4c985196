"""The newcomer's demo, as `make demo ONCE=1` runs it: the story, and the last line's contract."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
PROJECT = Path(__file__).resolve().parent.parent
FIELDS = {"reports", "posted", "quarantined", "failed", "in_doubt", "total", "currency"}
COUNTS = ("reports", "posted", "quarantined", "failed", "in_doubt")


@pytest.fixture(scope="module")
def told() -> list[str]:
    """Every line that the demo printed. Nothing of the caller's settings reaches it."""
    run = subprocess.run(
        [sys.executable, "manage.py", "demo", "--once"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, f"{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    return run.stdout.splitlines()


@pytest.fixture(scope="module")
def summary(told) -> dict:
    return json.loads(told[-1])


def test_the_last_line_says_per_ledger_how_many_reports_and_how_much(summary):
    assert set(summary) == {"ledgers", "agrees"}
    assert set(summary["ledgers"]) == {"quickbooks_online"}
    ledger = summary["ledgers"]["quickbooks_online"]
    assert FIELDS | {"companies"} == set(ledger)
    companies = ledger["companies"]
    assert {one["currency"] for one in companies.values()} == {"USD", "GBP", "EUR"}
    for one in companies.values():
        assert FIELDS <= set(one) <= FIELDS | {"other_currencies"}
        assert Decimal(one["total"]) > 0
        assert one["failed"] == one["in_doubt"] == 0
    for count in COUNTS:
        assert ledger[count] == sum(one[count] for one in companies.values()), count
    first = companies["Acme Consulting US"]
    assert (ledger["total"], ledger["currency"]) == (first["total"], "USD")
    assert set(companies["Acme Consulting Europe"]["other_currencies"]) == {"CHF", "USD"}


def test_our_book_and_the_three_companies_agree(summary, told):
    assert summary["agrees"] is True
    assert not any("DIFFER" in line for line in told)
    for company in ("Acme Consulting US, USD", "Acme Consulting UK, GBP"):
        assert any(line.strip().startswith(company) for line in told), company


def test_every_kind_of_document_is_shown(told):
    head = [line.startswith("  documents ") and "journals" in line for line in told]
    at = head.index(True)
    rows = [line.split()[-5:] for line in told[at + 2 : at + 6]]
    totals = [sum(int(row[place]) for row in rows if row[place] != "-") for place in range(5)]
    assert all(totals), "bills, vendor credits, card charges, card refunds, journals"


def test_something_is_left_held_and_each_hold_has_its_cure(summary, told):
    assert summary["ledgers"]["quickbooks_online"]["quarantined"] > 0
    for number, line in enumerate(told):
        if line.startswith("  - "):
            following = told[number + 1 : number + 5]
            assert any(one.strip().startswith("->") for one in following), line


def test_a_revised_report_keeps_its_document_and_nothing_is_posted_twice(told):
    changed = next(line for line in told if "412.60 -> 398.10 USD" in line)
    assert "the same document" in changed
    again = next(line for line in told if "0 new, 0 revised" in line)
    assert "calls to QuickBooks: 0" in again


def test_it_fits_a_terminal_of_a_hundred_columns(told):
    assert max(map(len, told[:-1])) <= 100
