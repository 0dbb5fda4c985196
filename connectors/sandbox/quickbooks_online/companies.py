"""The companies that stand beside the American one: a British one with VAT in one currency, and a
euro one with German tax and four currencies.
"""

from ..chassis import Clock
from .company import Company
from .seed import (
    CHART,
    TAX_CONTROL,
    US_REALM,
    add_accounts,
    add_name,
    add_terms_and_tax,
    add_tracking,
    us_company,
)

UK_REALM, EUROPE_REALM = "9341450000000002", "9341450000000003"
SECOND_CARD = ("2120", "Corporate Card - Mastercard", "Credit Card", "", True)
# name, e-mail: Sam Cole has two vendors with one address, Nia Rhys none at all
UK_VENDORS = (
    ("Oliver Grant", "oliver.grant@acme.example"),
    ("Priya Shah", "priya.shah@acme.example"),
    ("Sam Cole", "sam.cole@acme.example"),
    ("Sam Cole (freelance)", "sam.cole@acme.example"),
)
EURO_CHART = (
    ("2051", "Accounts Payable (A/P) - USD", "Accounts Payable", "USD", True),
    ("2052", "Accounts Payable (A/P) - GBP", "Accounts Payable", "GBP", True),
    ("2053", "Accounts Payable (A/P) - CHF", "Accounts Payable", "CHF", True),
    ("2120", "Corporate Card - Amex USD", "Credit Card", "USD", True),
)
# name, e-mail, currency: Hugo Silva is paid in dollars
EURO_VENDORS = (
    ("Emma Larsen", "emma.larsen@acme.example", "EUR"),
    ("Hugo Silva", "hugo.silva@acme.example", "USD"),
    ("Jürgen Weiß", "juergen.weiss@acme.example", "EUR"),
    ("Oliver Grant", "oliver.grant@acme.example", "GBP"),
    ("Beat Keller", "beat.keller@acme.example", "CHF"),
    ("Paula Costa", "paula.costa@acme.example", "EUR"),
)
EURO_RATES = {
    "USD": {
        "2026-01-01": "0.9232", "2026-10-01": "0.9310", "2026-10-12": "0.9287",
        "2026-10-19": "0.9264", "2026-10-26": "0.9341", "2026-11-01": "0.9325",
    },
    "GBP": {
        "2026-01-01": "1.1734", "2026-10-01": "1.1642", "2026-10-12": "1.1597",
        "2026-10-19": "1.1618", "2026-10-26": "1.1583", "2026-11-01": "1.1601",
    },
    "CHF": {
        "2026-01-01": "1.0508", "2026-10-01": "1.0637", "2026-10-12": "1.0655",
        "2026-10-26": "1.0689", "2026-11-01": "1.0671",
    },
}  # fmt: skip


def uk_company(clock: Clock) -> Company:
    """Acme Consulting UK: pounds only, VAT 20, 5 and 0 %, exempt and outside VAT."""
    company = Company(clock, UK_REALM, "Acme Consulting UK", "GB", "GBP")
    company.prefs["book_close_date"] = "2026-08-31"
    add_accounts(company, (*CHART, TAX_CONTROL, SECOND_CARD))
    add_tracking(company, ("London", "Leeds"))
    for name, mail in UK_VENDORS:
        add_name(company, "Vendor", name, mail)
    add_name(company, "Vendor", "Corporate Card Merchants")
    add_terms_and_tax(company)
    company.events.clear()
    return company


def europe_company(clock: Clock) -> Company:
    """Acme Consulting Europe: euros, German tax, multicurrency on, accounts payable in dollars,
    pounds and francs, a card in euros and one in dollars.
    """
    company = Company(clock, EUROPE_REALM, "Acme Consulting Europe", "DE", "EUR")
    company.prefs |= {"book_close_date": "2026-08-31", "multicurrency": True}
    company.rates = {currency: dict(days) for currency, days in EURO_RATES.items()}
    add_accounts(company, (*CHART, TAX_CONTROL, *EURO_CHART))
    add_tracking(company, ("Berlin", "Lisbon", "Zürich"))
    for name, mail, currency in EURO_VENDORS:
        add_name(company, "Vendor", name, mail, currency)
    add_name(company, "Vendor", "Corporate Card Merchants")
    add_name(company, "Vendor", "Corporate Card Merchants USD", currency="USD")
    add_terms_and_tax(company)
    company.events.clear()
    return company


def seeded(clock: Clock) -> dict[str, Company]:
    """Every company there is at first, by realm; the American one leads."""
    made = (us_company(clock), uk_company(clock), europe_company(clock))
    return {company.realm: company for company in made}


__all__ = ["EUROPE_REALM", "UK_REALM", "US_REALM", "europe_company", "seeded", "uk_company"]
