"""QuickBooks Online in the sandbox: transactions, their rules and their refusals."""

from decimal import Decimal

import pytest


def lock(books, day, password=False):
    books.control("period_lock", {"date": day, "password": password})


# -- bills -----------------------------------------------------------------------------------------
def test_a_bill_comes_back_whole_with_what_the_vendor_fills_in(books):
    hotels = books.named("Account", "Hotels")
    sales = books.named("Class", "Sales")
    sent = books.bill(
        books.line("412.30", ClassRef={"value": sales}),
        books.line("18.45"),
        DocNumber="EXP-1",
        PrivateNote="mlc:1",
        DepartmentRef={"value": books.named("Department", "Berlin")},
    )
    answer = books.call("POST", "bill", sent, requestid="r1", minorversion="75")
    assert b'"Amount":412.3,' in answer.body
    bill = answer.json()["Bill"]
    assert (bill["SyncToken"], bill["domain"], bill["sparse"]) == ("0", "QBO", False)
    assert bill["TotalAmt"] == bill["Balance"] == Decimal("430.75")
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P)"
    assert bill["DepartmentRef"]["name"] == "Berlin"
    assert bill["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert bill["DueDate"] == "2026-10-28"
    assert bill["LinkedTxn"] == []
    first, second = bill["Line"]
    assert [(line["Id"], line["LineNum"]) for line in (first, second)] == [("1", 1), ("2", 2)]
    assert first["AccountBasedExpenseLineDetail"] == {
        "AccountRef": {"value": hotels, "name": "Hotels"},
        "ClassRef": {"value": sales, "name": "Sales"},
        "BillableStatus": "NotBillable",
        "TaxCodeRef": {"value": "NON"},
    }
    assert books.read("bill", bill["Id"]) == bill


def test_times_are_pacific_with_milliseconds_in_the_envelope_only(books):
    answer = books.call("POST", "bill", books.bill()).json()
    assert answer["time"][19] == "."
    assert answer["time"][-6:] in ("-08:00", "-07:00")
    assert answer["Bill"]["MetaData"]["CreateTime"][19] == "-"


def test_the_due_date_follows_the_terms(books):
    term = {"value": books.named("Term", "Net 30")}
    assert books.post("bill", books.bill(SalesTermRef=term))["DueDate"] == "2026-11-27"


def test_a_due_date_before_the_bill_is_6000(books):
    assert books.refused("bill", books.bill(DueDate="2026-10-01"))[0] == "6000"


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"VendorRef": None}, "2020", "VendorRef"),
        ({"Line": []}, "2020", "Required parameter Line is missing in the request"),
        ({"Colour": "blue"}, "2010", "unsupported or invalid"),
        ({"GlobalTaxCalculation": "TaxExclusive"}, "2010", "unsupported or invalid"),
        ({"TxnDate": "28.10.2026"}, "2060", "Date"),
        ({"TxnDate": "2026-13-41"}, "2070", "Date"),
        ({"DocNumber": "X" * 22}, "6000", "more than 21 characters in the doc_num field"),
        ({"PrivateNote": "x" * 4001}, "2050", "Min:0 Max:4000 supplied:4001"),
        ({"PrivateNote": "a\x00b"}, "2040", "unsupported characters"),
        ({"VendorRef": {"value": "9999"}}, "2500", "Names element id 9999 not found"),
        ({"VendorRef": {"value": "Ben"}}, "2030", "numeric"),
        ({"DepartmentRef": {"value": "9999"}}, "2500", "Depts element id 9999 not found"),
        ({"APAccountRef": {"value": "9999"}}, "2500", "Accounts element id 9999 not found"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", "Multi-currency"),
        ({"TxnTaxDetail": {"TotalTax": 5}}, "6170", "Tax detail"),
        ({"VendorRef": "56"}, "2010", "unsupported or invalid"),
    ],
)  # fmt: skip
def test_what_a_bill_is_refused_for(books, change, code, text):
    found = books.refused("bill", books.bill() | change)
    assert found[0] == code
    assert text in found[1]


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"Description": "in the wrong place"}, "2010"),
        ({"ClassRef": {"value": "77"}}, "2500"),
        ({"CustomerRef": {"value": "9999"}}, "2500"),
        ({"TaxCodeRef": {"value": "20"}}, "6100"),
        ({"BillableStatus": "HasBeenBilled"}, "2170"),
        ({"BillableStatus": "Billable"}, "6310"),
        ({"AccountRef": None}, "6440"),
        ({"AccountRef": {"value": "9999"}}, "2500"),
    ],
)
def test_what_a_line_is_refused_for(books, detail, code):
    assert books.refused("bill", books.bill(books.line(**detail)))[0] == code


@pytest.mark.parametrize(
    "missing", ["Amount", "DetailType", "AccountBasedExpenseLineDetail"], ids=str
)
def test_a_line_needs_amount_type_and_detail(books, missing):
    line = books.line()
    del line[missing]
    assert books.refused("bill", books.bill(line))[0] == "2020"


def test_the_tolerances_that_old_clients_live_on(books):
    strange = {
        "SyncToken": 0, "sparse": False, "domain": "QBO", "DueDate": "", "TotalAmt": "",
        "ExchangeRate": 0, "Balance": 0, "CustomField": [], "LinkedTxn": [],
        "SalesTermRef": {"value": None}, "DepartmentRef": {"value": "", "name": "", "type": ""},
    }  # fmt: skip
    line = books.line(TaxAmount=0, TaxInclusiveAmt=0) | {"LineNum": 0}
    assert books.post("bill", books.bill(line) | strange)["SyncToken"] == "0"


def test_empty_fields_are_left_out_of_answers(books):
    bill = books.post("bill", books.bill() | {"DocNumber": None, "PrivateNote": ""})
    assert not {"DocNumber", "PrivateNote", "DepartmentRef"} & set(bill)


def test_more_decimals_are_rounded_half_up(books):
    assert books.post("bill", books.bill(books.line("1.005")))["TotalAmt"] == Decimal("1.01")
    books.settings(more_decimals="refuse")
    assert books.refused("bill", books.bill(books.line("1.005")))[0] == "2100"


def test_numbers_in_quotes_are_2090_unless_switched(books):
    line = books.line() | {"Amount": "18.45"}
    assert books.refused("bill", books.bill(line))[0] == "2090"
    books.settings(numeric_strings=True)
    assert books.post("bill", books.bill(line))["TotalAmt"] == Decimal("18.45")


def test_bad_bytes_and_bad_json(books):
    assert books.refused("bill", b'{"a": "\xff"}')[0] == "500"
    assert books.refused("bill", "{no json")[0] == "2010"


@pytest.mark.parametrize(
    ("lines", "switch", "code"),
    [
        (["10.00", "-4.00"], {"negative_lines": "refuse"}, "6000"),
        (["4.00", "-10.00"], {}, "6000"),
        (["4.00", "-4.00"], {"zero_total": "refuse"}, "6000"),
    ],
)
def test_signs_of_lines_and_totals_refused(books, lines, switch, code):
    books.settings(**switch)
    assert books.refused("bill", books.bill(*[books.line(amount) for amount in lines]))[0] == code


@pytest.mark.parametrize(
    ("lines", "total"), [(["10.00", "-4.00"], "6"), (["4.00", "-4.00"], "0")], ids=str
)
def test_signs_of_lines_and_totals_taken(books, lines, total):
    bill = books.post("bill", books.bill(*[books.line(amount) for amount in lines]))
    assert bill["TotalAmt"] == Decimal(total)


@pytest.mark.parametrize(
    "account",
    ["Accounts Receivable (A/R)", "Accounts Payable (A/P)", "Purchase Orders", "Checking"],
)
def test_line_accounts_of_the_wrong_type_are_6430(books, account):
    assert books.refused("bill", books.bill(books.line(account=account)))[0] == "6430"


def test_the_payable_account_must_be_one(books):
    ref = {"value": books.named("Account", "Checking")}
    assert books.refused("bill", books.bill(APAccountRef=ref))[0] == "6430"


@pytest.mark.parametrize(
    ("entity", "name", "detail"),
    [("Account", "Old Travel", "AccountRef"), ("Class", "Legacy Projects", "ClassRef")],
)
def test_inactive_accounts_and_classes_are_610(books, entity, name, detail):
    line = books.line(**{detail: {"value": books.named(entity, name)}})
    code, text = books.refused("bill", books.bill(line))
    assert (code, "made inactive" in text) == ("610", True)
    books.settings(inactive_reference="2500")
    assert books.refused("bill", books.bill(line))[0] == "2500"


def test_an_inactive_name_is_not_found(books):
    line = books.line(CustomerRef={"value": books.named("Customer", "Umbrella")})
    code, text = books.refused("bill", books.bill(line))
    assert (code, "Names element id" in text) == ("2500", True)


def test_billable_needs_a_customer_and_an_expense_account(books):
    customer = {"value": books.named("Customer", "Website")}
    line = books.line(CustomerRef=customer, BillableStatus="Billable")
    detail = books.post("bill", books.bill(line))["Line"][0]["AccountBasedExpenseLineDetail"]
    assert detail["BillableStatus"] == "Billable"
    assert detail["CustomerRef"]["name"] == "Initech:Website"
    asset = books.line(account="Computer Equipment", BillableStatus="NotBillable")
    code, text = books.refused("bill", books.bill(asset))
    assert (code, "Target is not reimbursable" in text) == ("6000", True)
    plain = books.post("bill", books.bill(books.line(account="Computer Equipment")))
    assert "BillableStatus" not in plain["Line"][0]["AccountBasedExpenseLineDetail"]


def test_classes_are_not_in_every_plan_and_may_be_off(books):
    line = books.line(ClassRef={"value": books.named("Class", "Sales")})
    books.settings(plan="Simple Start")
    assert books.refused("bill", books.bill(line))[0] == "5020"
    books.settings(plan="Plus")
    books.control(f"companies/{books.realm}", {"class_per_line": False})
    bill = books.post("bill", books.bill(line))
    assert "ClassRef" not in bill["Line"][0]["AccountBasedExpenseLineDetail"]
    books.settings(class_tracking_off="refuse")
    assert books.refused("bill", books.bill(line))[0] == "5030"


# -- updates ---------------------------------------------------------------------------------------
def test_a_full_update_loses_what_is_left_out(books):
    sales = {"value": books.named("Class", "Sales")}
    first = books.post(
        "bill",
        books.bill(
            books.line("10.00", ClassRef=sales),
            books.line("5.00"),
            DocNumber="EXP-1",
            PrivateNote="x",
        ),
    )
    sent = books.bill(books.line("12.00") | {"Id": "1"}, Id=first["Id"], SyncToken="0")
    second = books.post("bill", sent)
    assert (second["SyncToken"], second["TotalAmt"]) == ("1", 12)
    assert not {"DocNumber", "PrivateNote"} & set(second)
    assert [line["Id"] for line in second["Line"]] == ["1"]
    assert "ClassRef" not in second["Line"][0]["AccountBasedExpenseLineDetail"]
    assert second["MetaData"]["CreateTime"] == first["MetaData"]["CreateTime"]


def test_new_lines_get_ids_that_were_never_used(books):
    first = books.post("bill", books.bill(books.line("1.00"), books.line("2.00")))
    one = books.bill(books.line("1.00") | {"Id": "1"}, Id=first["Id"], SyncToken="0")
    books.post("bill", one)
    two = books.bill(
        books.line("1.00") | {"Id": "1"}, books.line("3.00"), Id=first["Id"], SyncToken="1"
    )
    assert [line["Id"] for line in books.post("bill", two)["Line"]] == ["1", "3"]


def test_a_strange_line_id_is_refused_unless_switched(books):
    first = books.post("bill", books.bill())
    sent = books.bill(books.line() | {"Id": "9"}, Id=first["Id"], SyncToken="0")
    assert books.refused("bill", sent)[0] == "2010"
    books.settings(unknown_line_id="add")
    assert books.post("bill", sent)["Line"][0]["Id"] == "2"


@pytest.mark.parametrize("token", ["0", "7"], ids=["older", "newer"])
def test_any_but_the_current_version_is_5010(books, token):
    bill = books.post("bill", books.bill())
    books.post("bill", books.bill(Id=bill["Id"], SyncToken="0"))
    code, text = books.refused("bill", books.bill(Id=bill["Id"], SyncToken=token))
    assert (code, "working on this at the same time" in text) == ("5010", True)


def test_an_update_without_version_is_2020(books):
    bill = books.post("bill", books.bill())
    assert books.refused("bill", books.bill(Id=bill["Id"])) == (
        "2020",
        "Required parameter SyncToken is missing in the request",
    )


def test_sparse_is_ignored_on_bills_and_done_on_journals(books):
    bill = books.post("bill", books.bill(PrivateNote="x"))
    sparse = {"Id": bill["Id"], "SyncToken": "0", "sparse": True, "DocNumber": "N"}
    assert books.refused("bill", sparse)[0] == "2020"
    books.settings(sparse_on_purchase_documents="sparse")
    assert books.post("bill", sparse)["PrivateNote"] == "x"
    entry = books.post("journalentry", books.journal(PrivateNote="x"))
    sparse = {"Id": entry["Id"], "SyncToken": "0", "sparse": True, "DocNumber": "N"}
    found = books.post("journalentry", sparse)
    assert (found["PrivateNote"], found["DocNumber"], len(found["Line"])) == ("x", "N", 2)


# -- delete and void -------------------------------------------------------------------------------
def test_a_delete_answers_with_its_status_and_then_610(books):
    bill = books.post("bill", books.bill())
    gone = books.post("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
    assert gone == {"status": "Deleted", "domain": "QBO", "Id": bill["Id"]}
    error = books.call("GET", f"bill/{bill['Id']}").json()["Fault"]["Error"][0]
    assert error["code"] == "610"
    assert "Another user has deleted this transaction." in error["Detail"]
    assert books.refused("bill", books.bill(Id=bill["Id"], SyncToken="0"))[0] == "610"
    assert books.control("trial_balance") == {}


def test_a_delete_takes_the_full_object_too(books):
    bill = books.post("bill", books.bill())
    assert books.post("bill", bill, operation="delete")["status"] == "Deleted"


def test_a_paid_bill_cannot_be_deleted(books):
    bill = books.post("bill", books.bill())
    books.control(f"documents/{bill['Id']}", {"action": "pay"})
    bill = books.read("bill", bill["Id"])
    assert books.refused("bill", bill, operation="delete")[0] == "800"


@pytest.mark.parametrize("entity", ["bill", "purchase", "vendorcredit", "journalentry"])
def test_only_payments_can_be_voided(books, entity):
    found = books.refused(entity, {"Id": "1", "SyncToken": "0"}, operation="update", include="void")
    assert found[0] == "500"


def test_a_matched_purchase_cannot_be_deleted(books):
    purchase = books.post("purchase", books.purchase())
    books.control(f"documents/{purchase['Id']}", {"action": "match"})
    gone = {"Id": purchase["Id"], "SyncToken": "0"}
    assert books.refused("purchase", gone, operation="delete")[0] == "6480"
    books.control(f"documents/{purchase['Id']}", {"action": "unmatch"})
    books.control(f"documents/{purchase['Id']}", {"action": "bill"})
    assert books.refused("purchase", gone, operation="delete")[0] == "6400"


@pytest.mark.parametrize("operation", ["delete", "void"])
def test_lists_cannot_be_deleted(books, operation):
    vendor = {"Id": books.named("Vendor", "Ben Ito"), "SyncToken": "0"}
    assert books.refused("vendor", vendor, operation=operation)[0] == "500"


# -- numbers and periods ---------------------------------------------------------------------------
def test_a_number_clashes_with_another_bill_of_the_same_vendor_only(books):
    first = books.post("bill", books.bill(DocNumber="EXP-1"))
    code, text = books.refused("bill", books.bill(DocNumber="EXP-1"))
    assert code == "6140"
    assert f"DocNumber=EXP-1 is assigned to TxnType=Bill with TxnId={first['Id']}" in text
    books.post("bill", books.bill(DocNumber="EXP-1", vendor="Grace Kim"))
    books.post("bill", books.bill(DocNumber="EXP-1"), include="allowduplicatedocnum")


def test_a_bill_keeps_its_own_number_in_an_update(books):
    bill = books.post("bill", books.bill(DocNumber="EXP-1"))
    books.post("bill", books.bill(DocNumber="EXP-1", Id=bill["Id"], SyncToken="0"))


def test_the_company_decides_about_duplicate_bills_and_journals(books):
    for entity, body in (("bill", books.bill), ("journalentry", books.journal)):
        books.post(entity, body(DocNumber="EXP-1"))
        assert books.refused(entity, body(DocNumber="EXP-1"))[0] == "6140"
    books.control(
        f"companies/{books.realm}",
        {"warn_duplicate_bill_number": False, "warn_duplicate_journal_number": False},
    )
    for entity, body in (("bill", books.bill), ("journalentry", books.journal)):
        books.post(entity, body(DocNumber="EXP-1"))


def test_duplicate_purchases_pass_unless_switched(books):
    books.post("purchase", books.purchase(DocNumber="EC-1"))
    books.post("purchase", books.purchase(DocNumber="EC-1"))
    books.settings(duplicate_purchase_number="refuse")
    assert books.refused("purchase", books.purchase(DocNumber="EC-1"))[0] == "6140"


@pytest.mark.parametrize(("password", "code"), [(False, "6200"), (True, "6210")])
def test_a_closed_period_refuses_new_documents(books, password, code):
    lock(books, "2026-10-28", password)
    found = books.refused("bill", books.bill())
    assert found[0] == code
    assert found[1].startswith(
        "The account period has closed and the account books cannot be updated"
    )
    assert books.post("bill", books.bill(TxnDate="2026-10-29"))


def test_a_closed_period_looks_at_the_stored_and_the_new_date(books):
    bill = books.post("bill", books.bill())
    lock(books, "2026-10-30")
    moved = books.bill(TxnDate="2026-10-31", Id=bill["Id"], SyncToken="0")
    assert books.refused("bill", moved)[0] == "6200"
    assert (
        books.refused("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")[0] == "6200"
    )
    lock(books, "2026-09-30")
    back = books.bill(TxnDate="2026-09-30", Id=bill["Id"], SyncToken="0")
    assert books.refused("bill", back)[0] == "6200"


def test_the_seeded_company_is_closed_through_august(books):
    prefs = books.call("GET", "preferences").json()["Preferences"]
    assert prefs["AccountingInfoPrefs"]["BookCloseDate"] == "2026-08-31"
    assert books.refused("bill", books.bill(TxnDate="2026-08-31"))[0] == "6200"
    lock(books, None)
    prefs = books.call("GET", "preferences").json()["Preferences"]
    assert "BookCloseDate" not in prefs["AccountingInfoPrefs"]


def test_the_order_of_checks_is_a_switch(books):
    bill = books.post("bill", books.bill())
    books.post("bill", books.bill(Id=bill["Id"], SyncToken="0"))
    lock(books, "2026-10-30")
    stale = books.bill(Id=bill["Id"], SyncToken="0")
    assert books.refused("bill", stale)[0] == "5010"
    order = books.control("settings")["check_order"]["now"]
    other = order.replace(
        "sync_token,duplicate_number,closed_period", "closed_period,sync_token,duplicate_number"
    )
    books.settings(check_order=other)
    assert books.refused("bill", stale)[0] == "6200"
    with pytest.raises(Exception, match="each of"):
        books.settings(check_order="auth,properties")
