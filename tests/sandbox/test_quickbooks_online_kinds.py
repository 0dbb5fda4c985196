"""QuickBooks Online in the sandbox: purchases, journals, credits, payments, currencies, tax."""

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks_calls import Books


# -- purchases -------------------------------------------------------------------------------------
def test_a_card_purchase(books):
    merchant = {"value": books.named("Vendor", "Corporate Card Merchants"), "type": "Vendor"}
    found = books.post("purchase", books.purchase(EntityRef=merchant, DocNumber="EC-1"))
    assert (found["TotalAmt"], found["PrintStatus"], found["Credit"]) == (
        Decimal("96.2"),
        "NotSet",
        False,
    )
    assert found["EntityRef"] == merchant | {"name": "Corporate Card Merchants"}
    assert found["PurchaseEx"]["any"][0]["value"] == {"Name": "TxnType", "Value": "54"}
    assert books.control("trial_balance") == {
        "2110 Corporate Card - Visa": "-96.20",
        "6110 Hotels": "96.20",
    }


def test_purchase_ex_does_not_travel_back(books):
    found = books.post("purchase", books.purchase())
    assert books.refused("purchase", found)[0] == "2010"
    del found["PurchaseEx"]
    assert books.post("purchase", found)["SyncToken"] == "1"


@pytest.mark.parametrize(
    ("kind", "account", "taken"),
    [
        ("CreditCard", "Corporate Card - Visa", True),
        ("CreditCard", "Checking", False),
        ("Check", "Checking", True),
        ("Check", "Corporate Card - Visa", False),
        ("Cash", "Checking", True),
        ("Cash", "Due from Employees", False),
    ],
)
def test_the_payment_type_wants_its_account_type(books, kind, account, taken):
    body = books.purchase(PaymentType=kind, AccountRef={"value": books.named("Account", account)})
    if taken:
        books.post("purchase", body)
    else:
        code, text = books.refused("purchase", body)
        assert (code, "different type of account" in text) == ("6430", True)


def test_a_refund_is_a_credit_with_positive_lines_on_a_card_only(books):
    books.post("purchase", books.purchase(Credit=True))
    assert books.control("trial_balance")["2110 Corporate Card - Visa"] == "96.20"
    [document] = books.control("documents")
    assert (document["total"], document["lines"][0]["amount"]) == ("-96.20", "-96.20")
    checking = {"value": books.named("Account", "Checking")}
    body = books.purchase(PaymentType="Check", AccountRef=checking, Credit=True)
    assert books.refused("purchase", body)[0] == "6000"


@pytest.mark.parametrize("missing", ["PaymentType", "AccountRef"])
def test_what_a_purchase_needs(books, missing):
    assert books.refused("purchase", books.purchase(**{missing: None}))[0] == "2020"


# -- journals --------------------------------------------------------------------------------------
def test_a_journal_starts_its_lines_at_zero_and_numbers_itself(books):
    found = books.post("journalentry", books.journal())
    assert [line["Id"] for line in found["Line"]] == ["0", "1"]
    assert found["DocNumber"] == "1"
    assert found["TxnTaxDetail"] == {}
    assert books.post("journalentry", books.journal())["DocNumber"] == "2"


@pytest.mark.parametrize(
    ("sides", "code"),
    [
        ([("Debit", "Airfare", "10.00"), ("Credit", "Employee Clearing", "9.99")], "2300"),
        ([("Debit", "Airfare", "-10.00"), ("Credit", "Employee Clearing", "-10.00")], "2290"),
        ([("Debit", "Airfare", "10.00")], "2250"),
        ([("Up", "Airfare", "10.00"), ("Credit", "Hotels", "10.00")], "2010"),
        ([("Debit", "Airfare", "10.00"), ("Credit", "Accounts Payable (A/P)", "10.00")], "6000"),
        ([("Debit", "Accounts Receivable (A/R)", "1.00"), ("Credit", "Hotels", "1.00")], "6000"),
        ([("Debit", "Purchase Orders", "1.00"), ("Credit", "Hotels", "1.00")], "6430"),
    ],
)
def test_what_a_journal_is_refused_for(books, sides, code):
    assert books.refused("journalentry", books.journal(*sides))[0] == code


def test_a_journal_line_without_side_is_2260(books):
    body = books.journal()
    del body["Line"][0]["JournalEntryLineDetail"]["PostingType"]
    assert books.refused("journalentry", body)[0] == "2260"


def test_a_payable_line_of_a_journal_needs_a_vendor(books):
    vendor = {"Type": "Vendor", "EntityRef": {"value": books.named("Vendor", "Ben Ito")}}
    department = {"value": books.named("Department", "Berlin")}
    body = books.journal()
    body["Line"] = [
        books.journal_line("Debit", "Airfare", "10.00", DepartmentRef=department),
        books.journal_line("Credit", "Accounts Payable (A/P)", "10.00", Entity=vendor),
    ]
    found = books.post("journalentry", body)
    assert found["Line"][1]["JournalEntryLineDetail"]["Entity"]["EntityRef"]["name"] == "Ben Ito"
    [document] = books.control("documents")
    assert document["lines"][0]["dimensions"] == {"department": "Berlin"}
    assert [line["amount"] for line in document["lines"]] == ["10.00", "-10.00"]
    assert document["lines"][1]["party"] == "Ben Ito"


# -- vendor credits and payments -------------------------------------------------------------------
def test_a_payment_lowers_the_balance_and_leaves_its_link(books):
    bill = books.post("bill", books.bill())
    paid = books.post("billpayment", books.payment(bill))
    now = books.read("bill", bill["Id"])
    assert (now["Balance"], now["SyncToken"]) == (0, "1")
    assert now["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}]
    gone = {"Id": paid["Id"], "SyncToken": "0"}
    books.post("billpayment", gone, operation="delete")
    again = books.read("bill", bill["Id"])
    assert (again["Balance"], again["LinkedTxn"]) == (Decimal("18.45"), [])


@pytest.mark.parametrize(
    "asked", [{"operation": "update", "include": "void"}, {"operation": "void"}]
)
def test_a_voided_payment_opens_the_bill_again(books, asked):
    bill = books.post("bill", books.bill())
    paid = books.post("billpayment", books.payment(bill) | {"PrivateNote": "cheque 7"})
    body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    void = books.post("billpayment", body, **asked)
    assert (void["TotalAmt"], void["Line"], void["PrivateNote"]) == (0, [], "Voided cheque 7")
    assert books.read("bill", bill["Id"])["Balance"] == Decimal("18.45")
    statuses = {one["kind"]: one["status"] for one in books.control("documents")}
    assert statuses == {"bill": "active", "billpayment": "voided"}


def test_a_vendor_credit_clears_a_bill_through_a_payment_of_zero(books):
    bill = books.post("bill", books.bill())
    credit = books.post("vendorcredit", books.bill())
    assert credit["Balance"] == Decimal("18.45")
    body = books.payment(bill) | {"TotalAmt": 0}
    body["Line"].append(
        {"Amount": 18.45, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "VendorCredit"}]}
    )
    books.post("billpayment", body)
    assert books.read("bill", bill["Id"])["Balance"] == 0
    assert books.read("vendorcredit", credit["Id"])["Balance"] == 0
    assert books.control("trial_balance") == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TotalAmt": None}, "6000"),
        ({"TotalAmt": 20}, "6000"),
        ({"CheckPayment": None}, "2020"),
        ({"PayType": "CreditCard"}, "2020"),
        ({"Line": [{"Amount": 18.45, "LinkedTxn": [{"TxnId": "9999", "TxnType": "Bill"}]}]}, "620"),
    ],
)
def test_what_a_payment_is_refused_for(books, change, code):
    bill = books.post("bill", books.bill())
    assert books.refused("billpayment", books.payment(bill) | change)[0] == code


def test_a_bill_cannot_be_overpaid_but_edited_after_payment(books):
    bill = books.post("bill", books.bill())
    books.post("billpayment", books.payment(bill))
    assert books.refused("billpayment", books.payment(bill))[0] == "6000"
    now = books.read("bill", bill["Id"])
    less = books.bill(books.line("10.00"), Id=bill["Id"], SyncToken=now["SyncToken"])
    assert books.post("bill", less)["Balance"] == Decimal("-8.45")
    books.settings(edit_paid_bill="refuse")
    more = books.bill(books.line("30.00"), Id=bill["Id"], SyncToken="2")
    assert books.refused("bill", more)[0] == "6000"


# -- currency --------------------------------------------------------------------------------------
@pytest.fixture
def euro(books):
    books.control(f"companies/{books.realm}", {"multicurrency": True})
    return books


def euro_bill(books, **more):
    eur = {"CurrencyRef": {"value": "EUR"}}
    return books.bill(books.line("100.00"), vendor="Jürgen Weiß") | eur | more


def test_a_euro_bill_takes_the_euro_payable_and_the_rate_of_its_day(euro):
    bill = euro.post("bill", euro_bill(euro))
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P) - EUR"
    assert (bill["ExchangeRate"], bill["HomeBalance"]) == (Decimal("1.0741"), Decimal("107.41"))
    assert euro.control("trial_balance")["2050 Accounts Payable (A/P) - EUR"] == "-107.41"
    [document] = euro.control("documents")
    assert (document["currency"], document["rate"], document["total"]) == (
        "EUR",
        "1.0741",
        "100.00",
    )


def test_a_given_rate_wins(euro):
    assert euro.post("bill", euro_bill(euro, ExchangeRate=1.1))["HomeBalance"] == 110


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CurrencyRef": None}, "2020"),
        ({"CurrencyRef": {"value": "USD"}}, "6000"),
        ({"CurrencyRef": {"value": "QQQ"}}, "2500"),
    ],
    ids=["none", "not the vendor's", "unknown"],
)
def test_multicurrency_wants_the_vendors_currency(euro, change, code):
    assert euro.refused("bill", euro_bill(euro) | change)[0] == code


def test_the_payable_accounts_currency_must_fit(euro):
    home = {"value": euro.named("Account", "Accounts Payable (A/P)")}
    assert euro.refused("bill", euro_bill(euro, APAccountRef=home))[0] == "6000"


def test_exchange_rates_have_no_id(euro):
    found = euro.call("GET", "exchangerate", sourcecurrencycode="EUR", asofdate="2026-10-28").json()
    rate = found["ExchangeRate"]
    assert (rate["Rate"], rate["TargetCurrencyCode"]) == (Decimal("1.0741"), "USD")
    assert "Id" not in rate
    rows = euro.query(
        "select * from ExchangeRate where SourceCurrencyCode in ('EUR','GBP') and"
        " AsOfDate='2026-09-30'"
    )
    found = {row["SourceCurrencyCode"]: row["Rate"] for row in rows["ExchangeRate"]}
    assert found == {"EUR": Decimal("1.0832"), "GBP": Decimal("1.271")}


# -- tax outside the US ----------------------------------------------------------------------------
@pytest.fixture
def british(sandbox):
    realm = "9341450000000044"
    sandbox.control("quickbooks_online", "companies", {"realm": realm, "country": "GB"})
    found = Books(sandbox, realm)
    found.settings(limits=False)
    return found


def vat_line(books, amount="100.00"):
    return books.line(amount, TaxCodeRef={"value": books.named("TaxCode", "20.0% S")})


def test_a_line_without_code_is_refused_outside_the_us(british):
    code, text = british.refused("bill", british.bill())
    assert (code, "VAT/GST" in text) == ("6000", True)


def test_tax_comes_on_top_when_nothing_is_said(british):
    bill = british.post("bill", british.bill(vat_line(british)))
    assert (bill["TotalAmt"], bill["TxnTaxDetail"]["TotalTax"]) == (120, 20)
    assert bill["GlobalTaxCalculation"] == "TaxExcluded"
    assert british.control(f"trial_balance/{british.realm}")["accounts"] == {
        "2000 Accounts Payable (A/P)": "-120.00",
        "2200 VAT Control": "20.00",
        "6110 Hotels": "100.00",
    }


def test_tax_is_taken_out_of_gross_amounts(british):
    bill = british.post(
        "bill", british.bill(vat_line(british), GlobalTaxCalculation="TaxInclusive")
    )
    line = bill["Line"][0]
    assert (line["Amount"], bill["TotalAmt"]) == (Decimal("83.33"), 100)
    assert line["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] == 100


def test_an_explicit_tax_detail_is_taken_cent_for_cent(british):
    rate = british.query("select * from TaxRate where Name = '20.0% S'")["TaxRate"][0]["Id"]
    detail = {
        "TaxLine": [
            {
                "Amount": 16.66,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate},
                    "PercentBased": False,
                    "NetAmountTaxable": 83.34,
                },
            }
        ]
    }
    body = british.bill(
        vat_line(british, "83.34"), GlobalTaxCalculation="TaxExcluded", TxnTaxDetail=detail
    )
    bill = british.post("bill", body)
    assert (bill["TotalAmt"], bill["TxnTaxDetail"]["TotalTax"]) == (100, Decimal("16.66"))
    [document] = british.control("documents")
    assert (document["tax"], document["lines"][0]["tax"]) == ("16.66", "20.0% S")


def test_tax_detail_and_not_applicable_exclude_each_other(british):
    body = british.bill(GlobalTaxCalculation="NotApplicable", TxnTaxDetail={"TotalTax": 1})
    assert british.refused("bill", body)[0] == "6170"
    assert british.post("bill", british.bill(GlobalTaxCalculation="NotApplicable"))[
        "TotalAmt"
    ] == Decimal("18.45")


def test_the_tax_of_journals_wants_its_side_and_amount(british):
    code = {"value": british.named("TaxCode", "20.0% S")}
    body = british.journal()
    detail = body["Line"][0]["JournalEntryLineDetail"]
    detail["TaxCodeRef"] = code
    assert british.refused("journalentry", body)[0] == "2270"
    detail["TaxApplicableOn"] = "Purchase"
    assert british.refused("journalentry", body)[0] == "2280"
