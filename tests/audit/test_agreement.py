"""The month through every flow of the demo: our book equals what QuickBooks stored, to the cent."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from audit import reconcile
from audit.models import Posting, Report
from audit.reconcile import Place
from config.demo import closing, ledger_side, plans
from mappings.models import Value
from tests.audit import town as towns
from tests.audit.town import Town

pytestmark = pytest.mark.django_db

BOOKS = {plans.US_BOOKS: "USD", plans.UK_BOOKS: "GBP", plans.EUROPE_BOOKS: "EUR"}


def documents(town: Town) -> list[dict[str, Any]]:
    """What stands in the town's company because of us."""
    found = town.sandbox.control("quickbooks_online", "documents")
    own = [one for one in found if one["company"] == town.connection.company_id]
    return [one for one in own if ledger_side.is_ours(one)]


class LedgerSide:
    """What `closing` asks of the demo's office."""

    def __init__(self, town: Town) -> None:
        self.control = town.sandbox.control

    def documents(self, company_id: str) -> list[dict[str, Any]]:
        found = self.control("quickbooks_online", "documents")
        return [one for one in found if one["company"] == company_id]

    def trial_balance(self, company_id: str) -> list[dict[str, Any]]:
        return self.control("quickbooks_online", f"trial_balance/{company_id}")["rows"]


def of_documents(town: Town) -> reconcile.Balance:
    return ledger_side.of_documents(documents(town), plans.TAX_ACCOUNT)


def of_trial_balance(town: Town) -> reconcile.Balance:
    verb = f"trial_balance/{town.connection.company_id}"
    return ledger_side.of_trial_balance(town.sandbox.control("quickbooks_online", verb)["rows"])


def posted(town: Town) -> Town:
    town.poll()
    town.drain()
    return town


def only(sandbox: Any, plan: plans.FlowPlan, **columns: Any) -> Town:
    """One flow, live, with its month posted."""
    account = towns.connect_expensify(sandbox)
    connection = towns.connect_company(sandbox, plan.company)
    return posted(towns.settle(sandbox, account, connection, plan, mode="live", **columns))


def test_three_companies_agree_by_account_dimension_tax_code_and_currency(sandboxed):
    every = [posted(town) for town in towns.connect_everything(sandboxed)]
    by_company = {town.connection.company_id: town for town in every}
    assert {realm: one.connection.home_currency for realm, one in by_company.items()} == BOOKS
    for realm, town in by_company.items():
        ours = reconcile.our_balance(town.connection.pk)
        assert ours == of_documents(town) == of_trial_balance(town)
        sums = Counter()
        for (currency, _), amount in reconcile.by_account(ours).items():
            sums[currency] += amount
        assert set(sums.values()) == {Decimal(0)}, "debits and credits, currency by currency"
        assert BOOKS[realm] in sums
    kinds = {realm: {one["kind"] for one in documents(town)} for realm, town in by_company.items()}
    documents_with_tax = {"bill", "vendorcredit", "purchase"}
    assert kinds == {
        plans.US_BOOKS: documents_with_tax | {"journalentry"},
        plans.UK_BOOKS: documents_with_tax,
        plans.EUROPE_BOOKS: documents_with_tax,
    }
    assert Report.objects.filter(standing=Report.Standing.HELD).count() == 25


def test_a_bill_that_somebody_moves_to_another_location_is_seen(sandboxed):
    town = only(sandboxed, plans.ACME_UK)
    assert closing.trial_balances(LedgerSide(town))["agrees"]
    bill = next(one for one in documents(town) if one["dimensions"].get("department") == "London")
    leeds = Value.objects.get(dimension__connection=town.connection, full_name="Leeds")
    moved = {"action": "edit", "fields": {"DepartmentRef": {"value": leeds.ledger_id}}}
    town.sandbox.control("quickbooks_online", f"documents/{bill['id']}", moved)
    ours, theirs = reconcile.our_balance(town.connection.pk), of_documents(town)
    assert reconcile.by_account(ours) == reconcile.by_account(theirs)
    assert ours != theirs == of_trial_balance(town)
    assert not closing.trial_balances(LedgerSide(town))["agrees"]


def test_what_others_enter_is_theirs_and_changes_no_verdict(sandboxed):
    town = only(sandboxed, plans.ACME_US)
    sandboxed.control("quickbooks_online", "documents", plans.BY_HAND)
    assert of_trial_balance(town) != reconcile.our_balance(town.connection.pk)
    assert closing.trial_balances(LedgerSide(town))["agrees"]
    marked = {"markers": {"PrivateNote": "mlc:ABCDEFGHIJ"}, "number": "INV-1188"}
    sandboxed.control("quickbooks_online", "documents", plans.BY_HAND | marked)
    assert not closing.trial_balances(LedgerSide(town))["agrees"], "with a marker it counts as ours"


def test_books_in_which_nothing_stands_do_not_agree_by_being_empty(sandboxed):
    towns.connect_company(sandboxed, plans.UK_BOOKS)
    town = only(sandboxed, plans.ACME_US)
    assert not closing.trial_balances(LedgerSide(town))["agrees"]


def test_vat_stands_on_the_tax_account_under_its_code_and_location(sandboxed):
    town = only(sandboxed, plans.ACME_UK)
    ours = reconcile.our_balance(town.connection.pk)
    vat = {place: sum_ for place, sum_ in ours.items() if place.account == plans.TAX_ACCOUNT}
    assert {(place.tax, place.value("department")) for place in vat} >= {
        ("20.0% S", "London"),
        ("5.0% R", "London"),
    }
    assert sum(vat.values()) == Decimal("178.76")
    assert of_trial_balance(town) == ours


def test_tax_of_a_flow_that_names_no_account_for_it_stands_where_the_ledger_books_it(sandboxed):
    town = only(sandboxed, plans.ACME_UK, tax_account=None)
    unnamed = reconcile.our_balance(town.connection.pk)
    assert "Tax 20.0% S" in {place.account for place in unnamed}
    named = reconcile.our_balance(town.connection.pk, plans.TAX_ACCOUNT)
    assert named == of_trial_balance(town)
    assert reconcile.by_tax_code(named) == reconcile.by_tax_code(unnamed)


def test_what_the_rate_table_converts_stands_in_euros_and_the_rest_in_its_own_currency(sandboxed):
    town = only(sandboxed, plans.ACME_EUROPE)
    tokyo = Posting.objects.get(report__name="東京")
    assert (tokyo.report.currency, tokyo.currency, tokyo.total) == ("JPY", "EUR", Decimal("114.68"))
    assert tokyo.as_entry().rate == Decimal("0.0061")
    ours = reconcile.our_balance(town.connection.pk)
    assert {place.currency for place in ours} == {"EUR", "USD", "CHF"}
    by_account = reconcile.by_account(ours)
    assert by_account["CHF", "2053 Accounts Payable (A/P) - CHF"] == Decimal("-219.00")
    lisbon = Place("EUR", "6110 Hotels", (("department", "Lisbon"),), "Keine USt")
    assert ours[lisbon] == Decimal("114.68")
