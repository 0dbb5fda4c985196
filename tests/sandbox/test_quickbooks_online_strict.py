"""What the vendor takes of some kinds and not of others, and what it says when it is too much."""

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks_calls import REALM, Books

UK = "9341450000000002"


@pytest.fixture
def books(sandbox):
    found = Books(sandbox, REALM)
    found.settings(limits=False)
    return found


@pytest.fixture
def british(sandbox):
    found = Books(sandbox, UK)
    found.settings(limits=False)
    return found


# -- tax -------------------------------------------------------------------------------------------
def test_how_tax_is_calculated_is_said_of_purchases_and_not_of_journals(british):
    """The property is one of bills, credits and purchases; elsewhere it is unknown."""
    calculation = {"GlobalTaxCalculation": "NotApplicable"}
    refused = british.refused("journalentry", british.journal(**calculation))
    assert refused[0] == "2010"
    assert british.post("journalentry", british.journal())["Id"]
    bill = british.post("bill", british.bill(vendor="Priya Shah", **calculation))
    assert bill["GlobalTaxCalculation"] == "NotApplicable"


def vat(books, *amounts):
    """Net lines of the standard code with the tax of their receipts spelled out."""
    code = {"TaxCodeRef": {"value": books.named("TaxCode", "20.0% S")}}
    rate = {"value": books.named("TaxRate", "20.0% S")}
    net = sum(Decimal(amount) for amount, _ in amounts)
    detail = {"TaxRateRef": rate, "PercentBased": False, "NetAmountTaxable": float(net)}
    tax = sum(Decimal(tax) for _, tax in amounts)
    line = {"Amount": float(tax), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
    return books.bill(
        *(books.line(amount, **code) for amount, _ in amounts),
        vendor="Priya Shah",
        GlobalTaxCalculation="TaxExcluded",
        TxnTaxDetail={"TaxLine": [line], "TotalTax": float(tax)},
    )


def test_the_total_that_may_not_be_negative_is_the_one_with_tax(british):
    """A refund without tax can exceed the net of what was bought with it."""
    bill = british.post("bill", vat(british, ("10.00", "2.00"), ("-11.00", "0")))
    assert bill["TotalAmt"] == 1
    assert british.refused("bill", vat(british, ("10.00", "0.50"), ("-11.00", "0")))[0] == "6000"


# -- reading ---------------------------------------------------------------------------------------
def test_a_result_that_is_too_big_is_refused_and_comes_in_smaller_pages(books):
    everything = "select * from Account where Active in (true, false) orderby Id"
    count = len(books.query(f"{everything} maxresults 1000")["Account"])
    books.settings(largest_result=20)
    answer = books.call("GET", "query", query=f"{everything} maxresults 1000")
    assert (answer.status, answer.json()["Fault"]["Error"][0]["code"]) == (400, "10100")
    first = books.query(f"{everything} maxresults 20")["Account"]
    second = books.query(f"{everything} startposition 21 maxresults 20")["Account"]
    assert len({row["Id"] for row in first + second}) == count


def test_a_company_that_was_reset_says_so_to_everything(books):
    books.settings(company_status="reset")
    answer = books.call("GET", "preferences")
    assert answer.json()["Fault"]["Error"][0]["code"] == "10200"


# -- billable lines --------------------------------------------------------------------------------
def test_what_an_invoice_took_over_says_so_and_nobody_can_write_that(books):
    customer = {"CustomerRef": {"value": books.named("Customer", "Globex")}}
    line = books.line("10.00", BillableStatus="Billable", **customer)
    bill = books.post("bill", books.bill(line, books.line("5.00")))
    books.control(f"documents/{bill['Id']}", {"action": "bill"})
    stored = books.read("bill", bill["Id"])
    details = [each["AccountBasedExpenseLineDetail"] for each in stored["Line"]]
    assert [detail["BillableStatus"] for detail in details] == ["HasBeenBilled", "NotBillable"]
    assert int(stored["SyncToken"]) == int(bill["SyncToken"]) + 1
    given = {"Id": stored["Id"], "SyncToken": stored["SyncToken"], "Line": stored["Line"]}
    assert books.refused("bill", books.bill(**given))[0] == "2170"
    edit = {"action": "edit", "fields": {"PrivateNote": "seen"}}
    books.control(f"documents/{bill['Id']}", edit)
    kept = books.read("bill", bill["Id"])["Line"][0]["AccountBasedExpenseLineDetail"]
    assert kept["BillableStatus"] == "HasBeenBilled"
