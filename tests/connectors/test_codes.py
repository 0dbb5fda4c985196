"""What the connectors say by themselves: a stable code, what was not done, and the cure."""

from datetime import UTC, datetime

from connectors import codes, registry, services, token_endpoint
from connectors.contract.company import Company
from connectors.models import LedgerConnection


def test_an_application_that_the_vendor_does_not_know_is_told_with_its_settings() -> None:
    keys = ("INTUIT_CLIENT_ID", "INTUIT_CLIENT_SECRET")
    told = token_endpoint._app_blocked("Intuit does not know us.", keys).problem
    assert told.code == "connect.app.refused" and told.code in codes.CODES
    assert told.message == "Intuit does not know us. Nothing was sent."
    assert "INTUIT_CLIENT_ID and INTUIT_CLIENT_SECRET" in told.cure


def test_a_connection_that_answers_as_another_company_is_told_with_both() -> None:
    connection = LedgerConnection(ledger="quickbooks_online", name="Acme", company_id="1")
    company = Company(
        company_id="2", name="Other Ltd", home_currency="USD", country="US", has_tax=False,
        is_multicurrency=False, closed_through=None, role="", as_of=datetime.now(UTC),
    )  # fmt: skip
    told = services._wrong_company(connection, company)
    assert told.code == "connect.company.other" and told.code in codes.CODES
    assert "Acme belongs to company 1" in told.message and "Other Ltd (2)" in told.message


def test_a_ledger_brings_the_meanings_of_its_codes(settings) -> None:
    meaning, cure = registry.codes("quickbooks_online")["qbo.linked"]
    assert meaning.startswith("The document is tied") and cure.startswith("Undo the payment")
    settings.LEDGERS = {
        "bare": "tests.connectors.fake_ledger.open_ledger",
        "nowhere": "no_such_package.deep.open_ledger",
    }
    assert registry.codes("bare") == registry.codes("nowhere") == {}
