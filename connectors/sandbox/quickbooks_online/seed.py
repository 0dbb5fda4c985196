"""Builds companies: the US one of the made-up firm, and any other from a country and a currency."""

from decimal import Decimal
from typing import Any

from ..chassis import Clock
from .company import Company

US_REALM = "9341450000000001"
CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Expense",
}
SUB_TYPES = {
    "Bank": "Checking",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets",
    "Fixed Asset": "MachineryAndEquipment",
    "Other Asset": "OtherLongTermAssets",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "NotesPayable",
    "Equity": "RetainedEarnings",
    "Income": "ServiceFeeIncome",
    "Other Income": "OtherMiscellaneousIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
    "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Non-Posting": "OtherMiscellaneousServiceCost",
}
# number, name, AccountType, currency ("" is home), active
CHART = (
    ("1000", "Checking", "Bank", "", True),
    ("1200", "Accounts Receivable (A/R)", "Accounts Receivable", "", True),
    ("1320", "Due from Employees", "Other Current Asset", "", True),
    ("1500", "Computer Equipment", "Fixed Asset", "", True),
    ("1800", "Security Deposits", "Other Asset", "", True),
    ("2000", "Accounts Payable (A/P)", "Accounts Payable", "", True),
    ("2110", "Corporate Card - Visa", "Credit Card", "", True),
    ("2190", "Employee Clearing", "Other Current Liability", "", True),
    ("2700", "Bank Loan", "Long Term Liability", "", True),
    ("3000", "Retained Earnings", "Equity", "", True),
    ("4000", "Consulting Income", "Income", "", True),
    ("5100", "Client Project Costs", "Cost of Goods Sold", "", True),
    ("6100", "Airfare", "Expense", "", True),
    ("6110", "Hotels", "Expense", "", True),
    ("6120", "Ground Transport", "Expense", "", True),
    ("6130", "Meals and Entertainment", "Expense", "", True),
    ("6140", "Mileage", "Expense", "", True),
    ("6150", "Per Diem", "Expense", "", True),
    ("6200", "Software and Subscriptions", "Expense", "", True),
    ("6210", "Office Supplies", "Expense", "", True),
    ("6220", "Telephone and Internet", "Expense", "", True),
    ("6230", "Training and Conferences", "Expense", "", True),
    ("6240", "Postage and Courier", "Expense", "", True),
    ("6250", "Client Gifts", "Expense", "", True),
    ("6260", "Bank Fees", "Expense", "", True),
    ("6290", "Old Travel", "Expense", "", False),
    ("6900", "Rounding", "Expense", "", True),
    ("7000", "Interest Earned", "Other Income", "", True),
    ("8000", "Exchange Gain or Loss", "Other Expense", "", True),
    ("9000", "Purchase Orders", "Non-Posting", "", True),
)
FOREIGN_PAYABLE = ("2050", "Accounts Payable (A/P) - EUR", "Accounts Payable", "EUR", True)
TAX_CONTROL = ("2200", "VAT Control", "Other Current Liability", "", True)
FIELD_CARD = ("2120", "Corporate Card - Amex", "Credit Card", "", True)
# Lena Moss has two vendors with one address
FIELD_VENDORS = (
    ("Lena Moss", "lena.moss@acme.example"),
    ("Lena Moss (2024)", "lena.moss@acme.example"),
    ("Marco Ricci", "marco.ricci@acme.example"),
    ("Noor Aziz", "noor.aziz@acme.example"),
)
PEOPLE = (
    ("Ann", "Reyes"), ("Cy", "Fo"), ("Ben", "Ito"), ("Chloé", "Martin"), ("Dan", "Okafor"),
    ("Emma", "Larsen"), ("Farid", "Haddad"), ("Grace", "Kim"), ("Hugo", "Silva"),
    ("Jo", "Wei 魏"), ("Kira", "Novak"),
)  # fmt: skip
MAIL_NAMES = {"Chloé": "chloe", "Wei 魏": "wei"}
CLASSES = (
    ("Consulting", True), ("Sales", True), ("Operations", True), ("Engineering", True),
    ("Legacy Projects", False),
)  # fmt: skip
LOCATIONS = ("New York", "San Francisco", "Berlin")
# name, parent, active
CUSTOMERS = (
    ("Globex", None, True), ("Initech", None, True), ("Website", "Initech", True),
    ("Umbrella", None, False), ("Ines Duarte", None, True),
)  # fmt: skip
# country -> (name, description, percent, sides): percent "" is a code without any rate
BOTH, SALES = "both", "sales"
TAXES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "GB": (
        ("20.0% S", "Standard", "20", BOTH),
        ("5.0% R", "Reduced", "5", BOTH),
        ("0.0% Z", "Zero", "0", BOTH),
        ("Exempt", "Exempt", "0", BOTH),
        ("No VAT", "No VAT", "", BOTH),
    ),
    "DE": (
        ("19% VSt", "Vorsteuer", "19", BOTH),
        ("7% VSt", "Vorsteuer", "7", BOTH),
        ("0%", "Steuerfrei", "0", BOTH),
        ("Keine USt", "Nicht steuerbar", "", BOTH),
        ("19% USt", "Umsatzsteuer", "19", SALES),
    ),
    "FR": (
        ("20% TVA", "Normal", "20", BOTH),
        ("10% TVA", "Intermédiaire", "10", BOTH),
        ("0% TVA", "Zero", "0", BOTH),
    ),
    "CA": (
        ("HST ON", "Ontario", "13", BOTH),
        ("GST", "Federal", "5", BOTH),
        ("Zero-rated", "Zero", "0", BOTH),
    ),
}


def us_company(clock: Clock) -> Company:
    """The firm's company: USD, books closed through August 2026, no multicurrency yet."""
    company = Company(clock, US_REALM, "Acme Consulting US", "US", "USD")
    company.prefs["book_close_date"] = "2026-08-31"
    company.rates = {
        "EUR": {"2026-01-01": "1.0832", "2026-10-01": "1.0741"},
        "GBP": {"2026-01-01": "1.2710", "2026-10-01": "1.2894"},
    }
    add_accounts(company, (*CHART, FOREIGN_PAYABLE))
    add_tracking(company)
    add_people(company)
    add_name(company, "Vendor", "Jürgen Weiß", "juergen.weiss@acme.example", "EUR")
    add_name(company, "Vendor", "Corporate Card Merchants")
    employee = add_name(company, "Employee", "Nora Berg")
    employee |= {"GivenName": "Nora", "FamilyName": "Berg"}
    add_terms_and_tax(company)
    # last, so that nothing above changes its id: what the field staff of workspace Acme Field needs
    add_accounts(company, (FIELD_CARD,))
    for name, mail in FIELD_VENDORS:
        add_name(company, "Vendor", name, mail)
    company.events.clear()
    return company


def other_company(clock: Clock, body: dict[str, Any]) -> Company:
    """A company on order: {realm, name, country, currency, chart?, people?}: the same chart of
    accounts, people and dimensions, its own currency and tax codes. KeyError without realm."""
    country = body.get("country", "GB")
    home = body.get("currency", "GBP" if country == "GB" else "EUR")
    company = Company(clock, str(body["realm"]), body.get("name", f"Acme {country}"), country, home)
    company.rates = {"USD": {"2026-01-01": "0.79"}} if home != "USD" else {}
    add_accounts(company, (*CHART, TAX_CONTROL))
    add_tracking(company)
    add_people(company)
    add_terms_and_tax(company)
    company.events.clear()
    return company


def add_accounts(company: Company, chart: tuple[tuple[str, str, str, str, bool], ...]) -> None:
    for number, name, kind, currency, active in sorted(chart):
        company.insert(
            "Account",
            {
                "Name": name,
                "SubAccount": False,
                "FullyQualifiedName": name,
                "Active": active,
                "Classification": CLASSIFICATIONS[kind],
                "AccountType": kind,
                "AccountSubType": SUB_TYPES[kind],
                "AcctNum": number,
                "CurrencyRef": {"value": currency or company.home},
            },
        )


def add_tracking(company: Company, locations: tuple[str, ...] = LOCATIONS) -> None:
    for name, active in CLASSES:
        company.insert(
            "Class", {"Name": name, "SubClass": False, "FullyQualifiedName": name, "Active": active}
        )
    for name in locations:
        company.insert(
            "Department",
            {"Name": name, "SubDepartment": False, "FullyQualifiedName": name, "Active": True},
        )
    for name, parent, active in CUSTOMERS:
        customer = add_name(company, "Customer", name)
        customer |= {
            "Job": parent is not None,
            "BillWithParent": False,
            "Level": 0,
            "IsProject": False,
        }
        customer["Active"] = active
        customer["FullyQualifiedName"] = name
        if parent:
            above = next(
                c for c in company.table("Customer").values() if c["DisplayName"] == parent
            )
            customer |= {"ParentRef": {"value": above["Id"]}, "Level": 1}
            customer["FullyQualifiedName"] = f"{parent}:{name}"


def add_people(company: Company) -> None:
    for given, family in PEOPLE:
        first = MAIL_NAMES.get(given, given.lower())
        last = MAIL_NAMES.get(family, family.lower())
        mail = "cfo@acme.example" if last == "fo" else f"{first}.{last}@acme.example"
        vendor = add_name(company, "Vendor", f"{given} {family}", mail)
        vendor |= {"GivenName": given, "FamilyName": family}


def add_name(
    company: Company, entity: str, name: str, mail: str = "", currency: str = ""
) -> dict[str, Any]:
    fields: dict[str, Any] = {"DisplayName": name, "PrintOnCheckName": name, "Active": True}
    if entity == "Vendor":
        fields["Vendor1099"] = False
    if entity != "Employee":
        fields |= {"CurrencyRef": {"value": currency or company.home}, "Balance": 0}
    if mail:
        fields["PrimaryEmailAddr"] = {"Address": mail}
    return company.insert(entity, fields)


def add_terms_and_tax(company: Company) -> None:
    for name, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30)):
        company.insert("Term", {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": days})
    if company.country == "US":
        add_us_codes(company)
        return
    for name, text, percent, sides in TAXES.get(company.country, TAXES["GB"]):
        add_tax_code(company, name, text, percent, sides)


def add_us_codes(company: Company) -> None:
    # the pseudo codes of a US company: their ids are words
    for id, taxable in (("TAX", True), ("NON", False)):
        code = company.insert(
            "TaxCode",
            {"Name": id, "Description": id, "Active": True, "Taxable": taxable, "TaxGroup": False},
        )
        table = company.table("TaxCode")
        table[id] = table.pop(code["Id"]) | {"Id": id}


def add_tax_code(
    company: Company, name: str, text: str, percent: str, sides: str = BOTH
) -> dict[str, Any]:
    """A tax code with a purchase rate of `percent` named like it and a sales rate beside it; with
    sales alone, or without any rate.
    """
    purchase = [_tax_rate(company, name, text, percent)] if percent and sides == BOTH else []
    sales = [_tax_rate(company, f"{name} (Sales)", text, percent)] if percent else []
    return company.insert(
        "TaxCode",
        {
            "Name": name,
            "Description": text,
            "Active": True,
            "Taxable": bool(percent),
            "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": sales},
            "PurchaseTaxRateList": {"TaxRateDetail": purchase},
        },
    )


def _tax_rate(company: Company, name: str, text: str, percent: str) -> dict[str, Any]:
    rate = company.insert(
        "TaxRate",
        {"Name": name, "Description": text, "Active": True, "RateValue": Decimal(percent)}
        | {"SpecialTaxType": "NONE", "DisplayType": "ReadOnly"},
    )
    return {
        "TaxRateRef": {"value": rate["Id"]},
        "TaxTypeApplicable": "TaxOnAmount",
        "TaxOrder": 0,
    }
