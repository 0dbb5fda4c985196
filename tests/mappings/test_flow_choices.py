"""What a flow may be told about cards, payees, tax and currency, and what is refused on saving."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from connectors import registry
from connectors.contract.entry import Kind
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.models import LedgerConnection
from mappings import services
from mappings.build import build
from mappings.models import (
    CardAccount,
    CreditValue,
    Dimension,
    ExchangeRate,
    Flow,
    Party,
    PayableAccount,
    TaxCode,
    Value,
)
from tests.builders import documents, expense, on_card, report
from tests.mappings.conftest import SEEN_AT, account_row


@pytest.fixture
def visa(connection):
    return account_row(connection, "41", "2110", "Visa", "Credit Card")


@pytest.fixture
def rounding(connection):
    return account_row(connection, "65", "6900", "Rounding", "Expense")


def other_company() -> LedgerConnection:
    return LedgerConnection.objects.create(ledger="quickbooks_online", name="Other")


def party(connection, kind="vendor", **changes) -> Party:
    return Party.objects.create(
        connection=connection, ledger_id="77", name="Merchants", kind=kind, seen_at=SEEN_AT,
        **changes,
    )  # fmt: skip


def code(connection, percent: str | None) -> TaxCode:
    return TaxCode.objects.create(
        connection=connection, ledger_id="9", name="VAT", seen_at=SEEN_AT,
        percent=percent and Decimal(percent),
    )  # fmt: skip


def refused(row) -> str:
    """Why the row cannot be saved."""
    with pytest.raises(ValidationError) as failure:
        services.save_flow(row) if isinstance(row, Flow) else row.full_clean()
    return " ".join(failure.value.messages)


def changed(flow, **columns) -> Flow:
    for name, content in columns.items():
        setattr(flow, name, content)
    return flow


# --- the open book -------------------------------------------------------------------------------


def test_cards_are_taken_with_their_accounts_and_party(flow, taxi, ben, visa, connection) -> None:
    amex = account_row(connection, "42", "2120", "Amex", "Credit Card")
    merchants = party(connection)
    services.save_flow(changed(flow, takes_cards=True, card_account=visa, card_party=merchants))
    CardAccount(flow=flow, card=" 1234XXXXXXXX1979", account=amex).full_clean()
    CardAccount.objects.create(flow=flow, card="1234XXXXXXXX1979", account=amex)
    services.save_rule(flow=flow, account=taxi)
    lines = [on_card(transaction_id="2"), on_card(transaction_id="3", card_number="78")]
    assert documents(build(report(lines), services.open_book(flow))) == [
        "card:2: expense to Merchants, 2026-10-14: D 6120 40.00, C 2120 40.00 (Merchants)",
        "card:3: expense to Merchants, 2026-10-14: D 6120 40.00, C 2110 40.00 (Merchants)",
    ]


def test_rates_payables_and_values_of_the_credit_side_reach_the_book(
    flow, connection, sales, rounding
) -> None:
    euro = account_row(connection, "34", "2050", "A/P EUR", "Accounts Payable", currency="EUR")
    services.save_flow(changed(flow, currency_policy="rates", rounding_account=rounding))
    PayableAccount.objects.create(flow=flow, currency="EUR", account=euro)
    CreditValue.objects.create(flow=flow, dimension=sales.dimension, value=sales)
    rate = ExchangeRate(
        connection=connection, month=date(2026, 10, 17), currency="eur", rate="1.07", source="ECB"
    )
    rate.full_clean()
    rate.save()
    open_book = services.open_book(Flow.objects.get(pk=flow.pk))
    assert open_book.terms.payables == {"EUR": euro.pk}
    assert open_book.terms.credit_values == {"class": sales.pk}
    found = open_book.rate_of("EUR", date(2026, 10, 31))
    assert (found.rate, found.source, found.month) == (Decimal("1.07"), "ECB", date(2026, 10, 1))
    assert open_book.rate_of("EUR", date(2026, 11, 1)) is None


def test_a_flow_that_does_not_convert_reads_no_rates(flow, connection) -> None:
    ExchangeRate.objects.create(
        connection=connection, month=date(2026, 10, 1), currency="EUR", rate="1.07", source="ECB"
    )
    assert services.open_book(flow).rates == ()


def test_terms_of_a_vendor_and_percent_of_a_code_reach_the_book(flow, connection) -> None:
    vendor, vat = party(connection, terms_id="3"), code(connection, "20")
    open_book = services.open_book(flow)
    assert open_book.parties[vendor.pk].has_terms
    assert open_book.tax_codes[vat.pk].percent == 20


def test_a_rule_for_a_tax_is_saved_and_matched(flow, taxi, ben, connection) -> None:
    LedgerConnection.objects.update(has_tax=True)
    fresh = Flow.objects.get(pk=flow.pk)
    no_vat = code(connection, "0")
    services.save_rule(flow=fresh, account=taxi)
    services.save_rule(flow=fresh, tax=" Zero ", tax_code=no_vat)
    given = report([expense(tax_name="Zero"), expense(tax_code="Zero"), expense()])
    lines = build(given, services.open_book(fresh)).slices[0].entry.lines
    assert [line.tax_code and line.tax_code.name for line in lines] == ["VAT", "VAT", None, None]


def test_the_page_says_what_each_document_can_carry(flow, visa) -> None:
    services.save_flow(changed(flow, takes_cards=True, card_account=visa))
    kinds = [line.partition(":")[0] for line in services.carried(flow).splitlines()]
    assert kinds == ["Bill", "Credit (negative total)", "Card transaction", "Refund on a card"]
    flow.credit_policy = "journal"
    kinds = [line.partition(":")[0] for line in services.carried(flow).splitlines()]
    assert kinds == ["Bill", "Card transaction", "Journal entry"]


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"party_policy": "tag"}, "on which level the tags name the vendor"),
        ({"party_policy": "field", "party_field": " "}, "Name the report field"),
        ({"party_policy": "field", "party_field": "Supplier", "creates_parties": True},
         "created for employees only"),
        ({"currency_policy": "rates"}, "choose the account that they go to"),
        ({"tax_policy": "reclaim"}, "nothing to reclaim it with"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_half_a_choice_is_refused(flow, changes, reason) -> None:
    assert reason in refused(changed(flow, **changes))


@pytest.mark.parametrize("field", ["card_account", "company_account"])
def test_an_account_on_which_no_card_is_owed_is_refused(flow, taxi, field) -> None:
    assert "refused there on the credit side" in refused(changed(flow, **{field: taxi}))


@pytest.mark.parametrize("field", ["due_from_account", "rounding_account"])
def test_an_account_that_no_line_takes_is_refused(flow, payable, field) -> None:
    assert "refused there on a line" in refused(changed(flow, **{field: payable}))


@pytest.mark.parametrize(
    "field", ["card_account", "due_from_account", "rounding_account", "tax_account"]
)
def test_an_account_of_another_company_is_refused(flow, field) -> None:
    foreign = account_row(other_company(), "9", "9", "X", "Expense")
    assert "belongs to another company" in refused(changed(flow, **{field: foreign}))


def test_a_customer_as_payee_of_cards_is_refused(flow, connection) -> None:
    customer = party(connection, kind="customer")
    assert "only a vendor" in refused(changed(flow, card_party=customer))


def test_a_code_without_tax_has_no_percent_and_is_this_companys(flow, connection) -> None:
    assert "VAT has 20%" in refused(changed(flow, no_tax_code=code(connection, "20")))
    assert "another company" in refused(changed(flow, no_tax_code=code(other_company(), "0")))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"takes_cards": True}, "no document for a card transaction"),
        ({"kind": "journal"}, "no document of the kind journal"),
        ({"credit_policy": "journal"}, "no journal entries"),
    ],
    ids=["cards", "journals", "journals for credits"],
)
def test_a_document_that_the_ledger_lacks_is_refused(flow, monkeypatch, changes, reason) -> None:
    bills_only = replace(ABILITIES, kinds={Kind.BILL: ABILITIES.kinds[Kind.BILL]})
    monkeypatch.setattr(registry, "abilities", lambda name: bills_only)
    assert reason in refused(changed(flow, **changes))


def test_a_cards_account_is_checked_too(flow, taxi) -> None:
    row = CardAccount(flow=flow, card="1979", account=taxi)
    assert "refused there on the credit side" in refused(row)


def test_a_payable_by_currency_is_kept_in_that_currency(flow, connection, payable) -> None:
    row = PayableAccount(flow=flow, currency="eur", account=payable)
    assert "is kept in USD, not in EUR" in refused(row)


def test_a_value_of_the_credit_side_must_be_one_of_its_dimension(flow, connection, sales) -> None:
    grant = Dimension.objects.create(connection=connection, name="grant", label="Grant")
    of_grant = Value.objects.create(dimension=grant, ledger_id="1", name="G", seen_at=SEEN_AT)
    wrong = CreditValue(flow=flow, dimension=sales.dimension, value=of_grant)
    assert '"G" is no member of Class' in refused(wrong)
    nowhere = CreditValue(flow=flow, dimension=grant, value=of_grant)
    assert "no Grant on the credit side" in refused(nowhere)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"currency": "usd"}, "keeps its books in USD already"),
        ({"rate": "0"}, "exchange_rate_positive"),
        ({"source": ""}, "cannot be blank"),
    ],
    ids=["home currency", "no rate", "no source"],
)
def test_a_rate_is_refused(connection, columns, reason) -> None:
    given = {"month": date(2026, 10, 1), "currency": "EUR", "rate": "1.07", "source": "ECB"}
    assert reason in refused(ExchangeRate(connection=connection, **given | columns))


def test_a_month_has_one_rate_whatever_day_was_entered(connection) -> None:
    given = {"connection": connection, "currency": "EUR", "rate": "1.07", "source": "ECB"}
    first = ExchangeRate(month=date(2026, 10, 3), **given)
    first.full_clean()
    first.save()
    assert "already exists" in refused(ExchangeRate(month=date(2026, 10, 4), **given))


def test_a_rule_is_judged_by_the_documents_that_its_lines_can_stand_on(
    flow, visa, connection
) -> None:
    bank = account_row(connection, "35", "1000", "Checking", "Bank")
    services.save_flow(changed(flow, takes_cards=True, card_account=visa))
    assert services.save_rule(flow=flow, category="Cash", account=bank, reimbursable=False).pk
    assert services.save_rule(flow=flow, category="Either", account=bank).pk
    with pytest.raises(ValidationError, match="of the type Bank"):
        services.save_rule(flow=flow, category="Cash", account=bank, reimbursable=True)
