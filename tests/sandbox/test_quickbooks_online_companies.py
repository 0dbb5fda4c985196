"""The companies beside the American one: VAT, several currencies, and the books they keep."""

from decimal import Decimal

import pytest

from tests.sandbox.conftest import Refused
from tests.sandbox.quickbooks_calls import REALM, VENDOR, Books

UK, EUROPE = "9341450000000002", "9341450000000003"
REPORT = "R00X9oNOn2MO"


@pytest.fixture
def books_of(sandbox):
    """Books of a realm, without throttling."""

    def opened(realm):
        found = Books(sandbox, realm)
        found.settings(limits=False)
        return found

    return opened


@pytest.fixture
def british(books_of):
    return books_of(UK)


@pytest.fixture
def european(books_of):
    return books_of(EUROPE)


def code(books, name):
    return {"value": books.named("TaxCode", name)}


def rate(books, name):
    return {"value": books.named("TaxRate", name)}


def taxed(books, net, tax_code, account="Hotels", **detail):
    return books.line(net, account, TaxCodeRef=code(books, tax_code), **detail)


def tax_line(books, name, amount, net=None):
    detail = {"TaxRateRef": rate(books, name), "PercentBased": False}
    if net is not None:
        detail["NetAmountTaxable"] = float(net)
    return {"Amount": float(amount), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def excluded(*lines, total=None):
    """Net lines with their tax spelled out, as the receipts have it."""
    detail = {"TaxLine": list(lines)} | ({} if total is None else {"TotalTax": float(total)})
    return {"GlobalTaxCalculation": "TaxExcluded", "TxnTaxDetail": detail}


def currency(name):
    return {"value": name}


def document(books, id):
    found = books.sandbox.control(VENDOR, f"documents?company={books.realm}")
    return next(one for one in found if one["id"] == id)


def rows(books):
    return books.control(f"trial_balance/{books.realm}")["rows"]


# -- what there is ---------------------------------------------------------------------------------
def test_three_companies_are_seeded(sandbox):
    found = sandbox.control(VENDOR, "companies")
    assert [(one["company"], one["name"], one["country"], one["currency"]) for one in found] == [
        (REALM, "Acme Consulting US", "US", "USD"),
        (UK, "Acme Consulting UK", "GB", "GBP"),
        (EUROPE, "Acme Consulting Europe", "DE", "EUR"),
    ]
    assert [one["preferences"]["multicurrency"] for one in found] == [False, False, True]


def test_the_consent_page_lists_every_company(sandbox):
    client = sandbox.control(VENDOR, "tokens", {})["client_id"]
    query = (
        f"client_id={client}&response_type=code&scope=com.intuit.quickbooks.accounting"
        "&redirect_uri=http://localhost/back&state=s"
    )
    page = sandbox.request("GET", f"/{VENDOR}/connect/oauth2?{query}").text
    for name, realm in (("US", REALM), ("UK", UK), ("Europe", EUROPE)):
        assert f"Acme Consulting {name} ({realm})" in page


@pytest.mark.parametrize(
    ("realm", "country", "iso3", "home", "name"),
    [
        (REALM, "US", "USA", "USD", "Acme Consulting US"),
        (UK, "GB", "GBR", "GBP", "Acme Consulting UK"),
        (EUROPE, "DE", "DEU", "EUR", "Acme Consulting Europe"),
    ],
)
def test_a_company_says_who_it_is(books_of, realm, country, iso3, home, name):
    books = books_of(realm)
    about = books.read("companyinfo", realm)
    assert (about["CompanyName"], about["Country"]) == (name, country)
    assert about["CompanyAddr"]["Country"] == iso3
    prefs = books.call("GET", "preferences").json()["Preferences"]
    assert prefs["CurrencyPrefs"]["HomeCurrency"] == {"value": home}
    assert prefs["AccountingInfoPrefs"]["BookCloseDate"] == "2026-08-31"


@pytest.mark.parametrize(
    ("realm", "wanted"),
    [
        (UK, {"20.0% S": "20", "5.0% R": "5", "0.0% Z": "0", "Exempt": "0", "No VAT": None}),
        (
            EUROPE,
            {"19% VSt": "19", "7% VSt": "7", "0%": "0", "Keine USt": None, "19% USt": None},
        ),
    ],
    ids=["UK", "Europe"],
)
def test_tax_codes_and_their_purchase_rates(books_of, realm, wanted):
    books = books_of(realm)
    percents = {
        one["Id"]: one["RateValue"] for one in books.query("select * from TaxRate")["TaxRate"]
    }
    found = {}
    for one in books.query("select * from TaxCode")["TaxCode"]:
        details = one["PurchaseTaxRateList"]["TaxRateDetail"]
        found[one["Name"]] = str(percents[details[0]["TaxRateRef"]["value"]]) if details else None
    assert found == wanted


def test_the_euro_company_has_payables_cards_and_vendors_in_their_currencies(european):
    accounts = european.query("select * from Account maxresults 100")["Account"]
    foreign = {
        one["AcctNum"]: one["CurrencyRef"]["value"]
        for one in accounts
        if one["AccountType"] in ("Accounts Payable", "Credit Card")
    }
    assert foreign == {
        "2000": "EUR",
        "2051": "USD",
        "2052": "GBP",
        "2053": "CHF",
        "2110": "EUR",
        "2120": "USD",
    }
    vendors = european.query("select * from Vendor")["Vendor"]
    assert {one["CurrencyRef"]["value"] for one in vendors} == {"EUR", "USD", "GBP", "CHF"}


@pytest.mark.parametrize(
    ("realm", "mail"), [(REALM, "lena.moss@acme.example"), (UK, "sam.cole@acme.example")]
)
def test_two_vendors_have_one_address(books_of, realm, mail):
    vendors = books_of(realm).query("select * from Vendor maxresults 100")["Vendor"]
    same = [one for one in vendors if one.get("PrimaryEmailAddr", {}).get("Address") == mail]
    assert len(same) == 2


@pytest.mark.parametrize(
    ("source", "day", "wanted"),
    [
        ("USD", "2026-09-30", "0.9232"),
        ("USD", "2026-10-01", "0.931"),
        ("USD", "2026-10-18", "0.9287"),
        ("USD", "2026-10-31", "0.9341"),
        ("GBP", "2026-10-20", "1.1618"),
        ("CHF", "2026-11-05", "1.0671"),
        ("EUR", "2026-10-20", "1.0"),
    ],
)
def test_exchange_rates_go_by_date(european, source, day, wanted):
    found = european.call("GET", "exchangerate", sourcecurrencycode=source, asofdate=day).json()
    assert found["ExchangeRate"]["Rate"] == Decimal(wanted)
    assert found["ExchangeRate"]["TargetCurrencyCode"] == "EUR"


def test_the_american_company_can_turn_multicurrency_on(books_of):
    books = books_of(REALM)
    line = books.line("86.40")
    body = books.bill(line, vendor="Jürgen Weiß", CurrencyRef=currency("EUR"))
    assert books.refused("bill", body)[0] == "6000"
    books.control(f"companies/{REALM}", {"multicurrency": True})
    bill = books.post("bill", body)
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P) - EUR"
    assert bill["ExchangeRate"] == Decimal("1.0741")
    assert document(books, bill["Id"])["home_total"] == "92.80"


# -- VAT -------------------------------------------------------------------------------------------
def mixed_bill(books, **more):
    """16.66 + 2.00 of tax on 83.34, 40.00 and 15.00 net: 157.00."""
    lines = (
        taxed(books, "83.34", "20.0% S"),
        taxed(books, "40.00", "5.0% R", "Office Supplies"),
        taxed(books, "15.00", "0.0% Z", "Airfare"),
    )
    tax = excluded(
        tax_line(books, "20.0% S", "16.66", "83.34"),
        tax_line(books, "5.0% R", "2.00", "40.00"),
        tax_line(books, "0.0% Z", "0", "15.00"),
        total="18.66",
    )
    return books.bill(*lines, **{"vendor": "Oliver Grant", **tax, **more})


def test_mixed_rates_are_posted_as_the_receipts_have_them(british):
    bill = british.post("bill", mixed_bill(british))
    assert (bill["TotalAmt"], bill["Balance"]) == (157, 157)
    assert bill["GlobalTaxCalculation"] == "TaxExcluded"
    found = document(british, bill["Id"])
    assert (found["tax"], found["total"], found["home_total"]) == ("18.66", "157.00", "157.00")
    assert found["tax_calculation"] == "TaxExcluded"
    assert [line["tax"] for line in found["lines"]] == ["20.0% S", "5.0% R", "0.0% Z"]
    assert found["tax_lines"] == [
        {"rate": "20.0% S", "percent": "20", "net": "83.34", "amount": "16.66"},
        {"rate": "5.0% R", "percent": "5", "net": "40.00", "amount": "2.00"},
        {"rate": "0.0% Z", "percent": "0", "net": "15.00", "amount": "0.00"},
    ]


def test_an_odd_penny_stays_as_it_is_unless_told_otherwise(british):
    body = british.bill(
        taxed(british, "16.66", "20.0% S"),
        vendor="Priya Shah",
        **excluded(tax_line(british, "20.0% S", "3.35", "16.66")),
    )
    assert british.post("bill", body)["TotalAmt"] == Decimal("20.01")
    british.settings(tax_deviation_cents=1)
    refused = british.refused("bill", body)
    assert refused[0] == "6000"
    assert "expected 3.33" in refused[1]


@pytest.mark.parametrize(
    ("tax", "switch", "says"),
    [
        ([("5.0% R", "1.00", None)], "tax_line_of_other_rate", "belongs to none"),
        ([("20.0% S (Sales)", "2.00", None)], "tax_line_of_other_rate", "belongs to none"),
        ([("20.0% S", "2.00", "11.00")], "net_amount_taxable", "NetAmountTaxable"),
        ([("20.0% S", "1.00", None), ("20.0% S", "1.00", None)], None, "two tax lines"),
    ],
    ids=["another rate", "the sales rate", "another net", "twice"],
)
def test_tax_lines_that_do_not_fit_are_refused(british, tax, switch, says):
    lines = [tax_line(british, *one) for one in tax]
    line = taxed(british, "10.00", "20.0% S")
    body = british.bill(line, vendor="Priya Shah", **excluded(*lines))
    refused = british.refused("bill", body)
    assert (refused[0], says in refused[1]) == ("6000", True)
    if switch:
        british.settings(**{switch: "ignore" if switch == "net_amount_taxable" else "accept"})
        assert british.post("bill", body)["TotalAmt"] > 10


def test_a_total_of_tax_that_is_not_the_sum_is_refused(british):
    line = taxed(british, "10.00", "20.0% S")
    tax = excluded(tax_line(british, "20.0% S", "2.00"), total="2.01")
    body = british.bill(line, vendor="Priya Shah", **tax)
    assert "sum of the tax lines" in british.refused("bill", body)[1]
    british.settings(total_tax_mismatch="ignore")
    assert british.post("bill", body)["TxnTaxDetail"]["TotalTax"] == 2


@pytest.mark.parametrize(("wish", "tax"), [("compute", "3.00"), ("no_tax", "2.00")])
def test_a_rate_left_out_is_computed_unless_told_otherwise(british, wish, tax):
    british.settings(rate_without_tax_line=wish)
    lines = taxed(british, "10.00", "20.0% S"), taxed(british, "20.00", "5.0% R")
    body = british.bill(
        *lines, vendor="Priya Shah", **excluded(tax_line(british, "20.0% S", "2.00"))
    )
    assert british.post("bill", body)["TxnTaxDetail"]["TotalTax"] == Decimal(tax)


@pytest.mark.parametrize(("wish", "total"), [("recompute", "120.00"), ("keep", "119.00")])
def test_gross_amounts_keep_their_total(british, wish, total):
    british.settings(inclusive_tax_detail=wish)
    body = british.bill(taxed(british, "120.00", "20.0% S"), vendor="Priya Shah")
    tax = excluded(tax_line(british, "20.0% S", "19.00")) | {"GlobalTaxCalculation": "TaxInclusive"}
    assert british.post("bill", body | tax)["TotalAmt"] == Decimal(total)


def test_no_vat_has_no_tax_and_a_sales_code_no_business_on_a_purchase(british, european):
    body = british.bill(taxed(british, "10.00", "No VAT"), vendor="Priya Shah")
    assert british.post("bill", body)["TxnTaxDetail"]["TotalTax"] == 0
    sales = european.bill(
        taxed(european, "10.00", "19% USt"), vendor="Emma Larsen", CurrencyRef=currency("EUR")
    )
    assert "sales only" in european.refused("bill", sales)[1]
    european.settings(sales_code_on_purchase="accept")
    assert european.post("bill", sales)["TotalAmt"] == 10


def test_an_inactive_tax_code_is_refused(british):
    body = british.bill(taxed(british, "10.00", "20.0% S"), vendor="Priya Shah")
    chart = {"kind": "tax_code", "name": "20.0% S", "company": UK}
    british.control("chart", chart | {"action": "archive"})
    assert british.refused("bill", body)[0] == "610"
    british.control("chart", chart | {"action": "restore"})
    assert british.post("bill", body)["TotalAmt"] == 12
    with pytest.raises(Refused, match="archive or restore"):
        british.control("chart", chart | {"action": "rename"})


def test_credits_and_card_refunds_turn_tax_and_total_round(british):
    line = taxed(british, "40.00", "20.0% S")
    tax = excluded(tax_line(british, "20.0% S", "8.00", "40.00"))
    credit = british.post("vendorcredit", british.bill(line, vendor="Oliver Grant", **tax))
    refund = british.post("purchase", british.purchase(line, Credit=True, **tax))
    for stored in (credit, refund):
        assert stored["TotalAmt"] == 48
        found = document(british, stored["Id"])
        assert (found["total"], found["tax"], found["home_total"]) == ("-48.00", "-8.00", "-48.00")
        assert found["lines"][0]["amount"] == "-40.00"
        assert found["tax_lines"][0] | {} == {
            "rate": "20.0% S",
            "percent": "20",
            "net": "-40.00",
            "amount": "-8.00",
        }
    assert document(british, refund["Id"])["credit_account"] == "2110 Corporate Card - Visa"
    balances = british.control(f"trial_balance/{UK}")["accounts"]
    assert balances == {
        "2000 Accounts Payable (A/P)": "48.00",
        "2110 Corporate Card - Visa": "48.00",
        "2200 VAT Control": "-16.00",
        "6110 Hotels": "-80.00",
    }


def test_the_tax_of_a_journal_is_part_of_its_balance_and_of_the_books(british):
    taxed_side = {
        "TaxCodeRef": code(british, "20.0% S"),
        "TaxApplicableOn": "Purchase",
        "TaxAmount": 20.0,
    }
    body = british.journal(("Debit", "Hotels", "100.00"), ("Credit", "Employee Clearing", "120.00"))
    assert british.refused("journalentry", body)[0] == "2300"
    body["Line"][0]["JournalEntryLineDetail"] |= taxed_side
    entry = british.post("journalentry", body)
    found = document(british, entry["Id"])
    assert (found["total"], found["tax"]) == ("100.00", "20.00")
    assert british.control(f"trial_balance/{UK}")["accounts"] == {
        "2190 Employee Clearing": "-120.00",
        "2200 VAT Control": "20.00",
        "6110 Hotels": "100.00",
    }


def test_pounds_are_the_only_currency_there(british):
    body = british.bill(
        taxed(british, "10.00", "0.0% Z"), vendor="Priya Shah", CurrencyRef=currency("EUR")
    )
    assert "Multi-currency" in british.refused("bill", body)[1]
    assert british.post("bill", body | {"CurrencyRef": currency("GBP")})["TotalAmt"] == 10


# -- currencies ------------------------------------------------------------------------------------
def foreign_bill(books, vendor, code_of_currency, net="100.00", **more):
    line = taxed(books, net, "0%")
    return books.bill(line, vendor=vendor, CurrencyRef=currency(code_of_currency), **more)


@pytest.mark.parametrize(
    ("vendor", "code_of_currency", "payable", "rate_of_day", "home"),
    [
        ("Emma Larsen", "EUR", "2000 Accounts Payable (A/P)", "1.0", "100.00"),
        ("Hugo Silva", "USD", "2051 Accounts Payable (A/P) - USD", "0.9341", "93.41"),
        ("Oliver Grant", "GBP", "2052 Accounts Payable (A/P) - GBP", "1.1583", "115.83"),
        ("Beat Keller", "CHF", "2053 Accounts Payable (A/P) - CHF", "1.0689", "106.89"),
    ],
    ids=["EUR", "USD", "GBP", "CHF"],
)
def test_bills_in_every_currency(european, vendor, code_of_currency, payable, rate_of_day, home):
    bill = european.post("bill", foreign_bill(european, vendor, code_of_currency))
    found = document(european, bill["Id"])
    assert (found["currency"], found["rate"]) == (code_of_currency, rate_of_day)
    assert (found["total"], found["home_total"]) == ("100.00", home)
    assert found["credit_account"] == payable
    balances = european.control(f"trial_balance/{EUROPE}")["accounts"]
    assert balances == {payable: f"-{home}", "6110 Hotels": home}


@pytest.mark.parametrize(
    ("vendor", "code_of_currency", "account", "says"),
    [
        ("Hugo Silva", "EUR", None, "vendor's"),
        ("Emma Larsen", "USD", None, "vendor's"),
        ("Hugo Silva", "USD", "Accounts Payable (A/P)", "A/P account's currency"),
        ("Emma Larsen", "JPY", None, "exchange rate for JPY"),
    ],
    ids=["dollar vendor", "euro vendor", "euro payables", "no rate"],
)
def test_a_currency_that_does_not_fit_is_refused(european, vendor, code_of_currency, account, says):
    more = {}
    if account:
        more["APAccountRef"] = {"value": european.named("Account", account)}
    refused = european.refused("bill", foreign_bill(european, vendor, code_of_currency, **more))
    assert (refused[0], says in refused[1]) == ("6000", True)


@pytest.mark.parametrize(
    ("account", "code_of_currency", "vendor", "is_taken"),
    [
        ("Corporate Card - Visa", "EUR", "Corporate Card Merchants", True),
        ("Corporate Card - Amex USD", "USD", "Corporate Card Merchants USD", True),
        ("Corporate Card - Amex USD", "EUR", "Corporate Card Merchants", False),
        ("Corporate Card - Amex USD", "USD", "Corporate Card Merchants", False),
    ],
    ids=["euro card", "dollar card", "euros on the dollar card", "euro merchant"],
)
def test_charges_in_the_cards_currency(european, account, code_of_currency, vendor, is_taken):
    body = european.purchase(
        taxed(european, "96.20", "0%"),
        AccountRef={"value": european.named("Account", account)},
        EntityRef={"value": european.named("Vendor", vendor), "type": "Vendor"},
        CurrencyRef=currency(code_of_currency),
    )
    if is_taken:
        assert european.post("purchase", body)["CurrencyRef"]["value"] == code_of_currency
    else:
        assert european.refused("purchase", body)[0] == "6000"


def test_journals_keep_to_one_currency_and_balance_in_euros(european):
    payable = european.named("Account", "Accounts Payable (A/P) - USD")
    hugo = {"Type": "Vendor", "EntityRef": {"value": european.named("Vendor", "Hugo Silva")}}
    emma = {"Type": "Vendor", "EntityRef": {"value": european.named("Vendor", "Emma Larsen")}}
    body = european.journal(
        ("Debit", "Hotels", "33.33"),
        ("Debit", "Airfare", "33.33"),
        ("Credit", "Accounts Payable (A/P) - USD", "66.66"),
        CurrencyRef=currency("USD"),
    )
    detail = body["Line"][2]["JournalEntryLineDetail"]
    detail["Entity"] = emma
    assert "name's currency" in european.refused("journalentry", body)[1]
    detail["Entity"] = hugo
    euros = european.refused("journalentry", body | {"CurrencyRef": currency("EUR")})
    assert "account's currency" in euros[1]
    entry = european.post("journalentry", body)
    assert document(european, entry["Id"])["home_total"] == "62.27"
    found = european.control(f"trial_balance/{EUROPE}")
    assert sum(Decimal(amount) for amount in found["accounts"].values()) == 0
    # 31.13 + 31.13 against 62.27: the cent of rounding has a place of its own
    assert found["accounts"]["8000 Exchange Gain or Loss"] == "0.01"
    vendor = european.read("vendor", hugo["EntityRef"]["value"])
    assert (payable, vendor["Balance"]) == (detail["AccountRef"]["value"], Decimal("62.27"))


def test_paying_a_foreign_bill_later_leaves_a_gain_or_loss(european):
    early = foreign_bill(european, "Hugo Silva", "USD", TxnDate="2026-10-01")
    bill = european.post("bill", early)
    payment = european.payment(
        bill, CurrencyRef=currency("USD"), APAccountRef=bill["APAccountRef"], TxnDate="2026-10-20"
    )
    paid = european.post("billpayment", payment)
    balances = european.control(f"trial_balance/{EUROPE}")["accounts"]
    assert balances == {
        "1000 Checking": "-92.64",
        "6110 Hotels": "93.10",
        "8000 Exchange Gain or Loss": "-0.46",
    }
    european.post("billpayment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")
    after = european.control(f"trial_balance/{EUROPE}")["accounts"]
    assert after == {"2051 Accounts Payable (A/P) - USD": "-93.10", "6110 Hotels": "93.10"}


# -- the trial balance -----------------------------------------------------------------------------
def test_the_trial_balance_goes_by_every_dimension(british):
    hotel = taxed(
        british,
        "100.00",
        "20.0% S",
        ClassRef={"value": british.named("Class", "Sales")},
        CustomerRef={"value": british.named("Customer", "Globex")},
    )
    plain = taxed(british, "30.00", "5.0% R", "Airfare")
    british.post(
        "bill",
        british.bill(
            hotel,
            plain,
            vendor="Oliver Grant",
            DepartmentRef={"value": british.named("Department", "London")},
        ),
    )
    blank = {"class": None, "department": "London", "customer": None, "tax": None}
    wanted = [
        ("2000 Accounts Payable (A/P)", blank, "-151.50"),
        ("2200 VAT Control", blank | {"tax": "20.0% S"}, "20.00"),
        ("2200 VAT Control", blank | {"tax": "5.0% R"}, "1.50"),
        ("6100 Airfare", blank | {"tax": "5.0% R"}, "30.00"),
        (
            "6110 Hotels",
            blank | {"class": "Sales", "customer": "Globex", "tax": "20.0% S"},
            "100.00",
        ),
    ]
    assert rows(british) == [
        {"account": account} | where | {"currency": "GBP", "amount": amount, "home": amount}
        for account, where, amount in wanted
    ]


def test_a_journal_has_its_dimensions_line_by_line(books_of):
    books = books_of(REALM)
    body = books.journal()
    body["Line"][0]["JournalEntryLineDetail"] |= {
        "ClassRef": {"value": books.named("Class", "Sales")},
        "DepartmentRef": {"value": books.named("Department", "Berlin")},
        "Entity": {
            "Type": "Customer",
            "EntityRef": {"value": books.named("Customer", "Initech")},
        },
    }
    books.post("journalentry", body)
    debit, credit = sorted(rows(books), key=lambda row: row["home"], reverse=True)
    assert (debit["class"], debit["department"], debit["customer"]) == (
        "Sales",
        "Berlin",
        "Initech",
    )
    assert (credit["class"], credit["department"], credit["customer"]) == (None, None, None)


def test_rows_add_up_to_the_accounts_whatever_was_done(european):
    bills = [
        european.post("bill", foreign_bill(european, "Hugo Silva", "USD", net))
        for net in ("33.33", "14.07")
    ]
    european.post("bill", foreign_bill(european, "Oliver Grant", "GBP", "7.77"))
    european.post("vendorcredit", foreign_bill(european, "Emma Larsen", "EUR", "5.55"))
    european.post("bill", {"Id": bills[1]["Id"], "SyncToken": "0"}, operation="delete")
    european.control(f"documents/{bills[0]['Id']}", {"action": "pay", "company": EUROPE})
    found = european.control(f"trial_balance/{EUROPE}")
    sums = {}
    for row in found["rows"]:
        sums[row["account"]] = sums.get(row["account"], Decimal(0)) + Decimal(row["home"])
    assert {name: str(amount) for name, amount in sums.items() if amount} == found["accounts"]
    assert sum(sums.values()) == 0
    assert {row["currency"] for row in found["rows"]} == {"EUR", "GBP", "USD"}
    assert found["currency"] == "EUR"


def test_a_voided_bill_leaves_nothing_in_the_books(british):
    bill = british.post("bill", mixed_bill(british, DocNumber=f"{REPORT}-ABCDEFGH"))
    british.control(f"documents/{bill['Id']}", {"action": "void", "company": UK})
    assert rows(british) == []
    assert document(british, bill["Id"])["report_id"] == REPORT


def test_the_state_file_keeps_every_company(sandbox, british):
    british.post("bill", mixed_bill(british))
    vendor = sandbox.running.house.vendors[VENDOR]
    before = sandbox.control(VENDOR, f"trial_balance/{UK}")
    vendor.load(vendor.dump())
    assert sandbox.control(VENDOR, f"trial_balance/{UK}") == before
