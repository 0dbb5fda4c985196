"""QuickBooks Online in the sandbox: queries, changes, lists."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.sandbox.quickbooks_calls import REALM, fault


# -- the seeded company ----------------------------------------------------------------------------
def test_the_company_says_who_it_is(books):
    info = books.call("GET", f"companyinfo/{REALM}").json()["CompanyInfo"]
    assert (info["CompanyName"], info["Country"]) == ("Acme Consulting US", "US")
    prefs = books.call("GET", "preferences").json()["Preferences"]
    assert prefs["CurrencyPrefs"] == {
        "MultiCurrencyEnabled": False,
        "HomeCurrency": {"value": "USD"},
    }
    assert prefs["AccountingInfoPrefs"]["ClassTrackingPerTxnLine"] is True


def test_every_account_type_exists_and_numbers_are_there(books):
    rows = books.query("select * from Account where Active in (true, false) maxresults 1000")[
        "Account"
    ]
    assert len({row["AccountType"] for row in rows}) == 16
    by_number = {row["AcctNum"]: row["Name"] for row in rows}
    assert by_number["6130"] == "Meals and Entertainment"
    assert by_number["2050"] == "Accounts Payable (A/P) - EUR"


def test_ines_is_a_customer_and_no_vendor(books):
    assert books.query("select * from Vendor where DisplayName = 'Ines Duarte'") == {}
    assert books.query("select * from Customer where DisplayName = 'Ines Duarte'")["Customer"]
    jo = books.query("select * from Vendor where PrimaryEmailAddr = 'jo.wei@acme.example'")[
        "Vendor"
    ]
    assert jo[0]["DisplayName"] == "Jo Wei 魏"


def test_classes_have_long_ids_that_are_texts(books):
    [row] = books.query("select * from Class where Name = 'Sales'")["Class"]
    assert len(row["Id"]) == 19


# -- query -----------------------------------------------------------------------------------------
def numbers(books, where, entity="Bill"):
    return [
        row.get("DocNumber")
        for row in books.query(f"select * from {entity} {where}").get(entity, [])
    ]


@pytest.fixture
def three(books):
    for number, day, amount in (
        ("EXP-1", "10", "1.00"),
        ("EXP-2", "11", "2.50"),
        ("O'Hara", "12", "9.00"),
    ):
        books.post(
            "bill", books.bill(books.line(amount), DocNumber=number, TxnDate=f"2026-10-{day}")
        )
    return books


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("orderby Id", ["EXP-1", "EXP-2", "O'Hara"]),
        ("ORDER BY TxnDate DESC", ["O'Hara", "EXP-2", "EXP-1"]),
        ("order by totalamt asc, Id desc", ["EXP-1", "EXP-2", "O'Hara"]),
        ("where DocNumber = 'EXP-2'", ["EXP-2"]),
        ("where docnumber = 'exp-2'", ["EXP-2"]),
        ("where DocNumber in ('EXP-2', 'EXP-1', 'EXP-9') orderby Id", ["EXP-1", "EXP-2"]),
        ("where DocNumber like 'EXP%' orderby Id", ["EXP-1", "EXP-2"]),
        ("where DocNumber like '%X_-%'", []),
        ("where DocNumber = 'O\\'Hara'", ["O'Hara"]),
        ("where TxnDate >= '2026-10-11' and TxnDate < '2026-10-12'", ["EXP-2"]),
        ("where TotalAmt > 2 AND Balance <= 2.5", ["EXP-2"]),
        ("where TotalAmt = '2.50'", ["EXP-2"]),
        ("orderby Id startposition 2 maxresults 1", ["EXP-2"]),
        ("orderby Id   STARTPOSITION 3 MAXRESULTS 1000  ", ["O'Hara"]),
        ("startposition 9", []),
        ("where DocNumber = ' '", []),
        ("where MetaData.CreateTime > '2026-01-01T00:00:00-08:00' and Id > '1001' orderby Id",
         ["EXP-2", "O'Hara"]),
    ],
)  # fmt: skip
def test_what_a_query_finds(three, where, found):
    assert numbers(three, where) == found


def test_a_vendor_can_be_asked_for_in_a_bill(three):
    ben = three.named("Vendor", "Ben Ito")
    assert len(numbers(three, f"where VendorRef = '{ben}'")) == 3
    assert numbers(three, "where VendorRef = '9999'") == []


def test_the_answer_says_where_it_starts_and_how_many(three):
    found = three.query("select * from Bill orderby Id startposition 2 maxresults 5")
    assert (found["startPosition"], found["maxResults"], found["totalCount"]) == (2, 2, 2)
    assert three.query("select count(*) from bill") == {"totalCount": 3}
    assert three.query("select * from Purchase") == {}


def test_null_is_a_blank_in_quotes(books):
    books.post("bill", books.bill())
    assert len(numbers(books, "where DocNumber = ' '")) == 1


def test_a_query_may_come_in_the_body(books):
    answer = books.call(
        "POST", "query", "select Id, Name from term", content_type="application/text"
    )
    assert len(answer.json()["QueryResponse"]["Term"]) == 3
    wrong = books.call("POST", "query", "select * from term", content_type="application/json")
    assert fault(wrong)["code"] == "4000"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("", "4000"),
        ("select from Bill", "4000"),
        ("select * from", "4000"),
        ("select * from Bill where", "4000"),
        ("select * from Bill where DocNumber = EXP", "4000"),
        ("select * from Bill where DocNumber = 'a' or DocNumber = 'b'", "4000"),
        ("select * from Bill where not Id = '1'", "4000"),
        ("select * from Bill where DocNumber != 'a'", "4000"),
        ("select * from Bill where DocNumber = 'a", "4000"),
        ("select * from Bill where DocNumber in ()", "4000"),
        ("select * from Bill maxresults many", "4000"),
        ("select * from Bill group by Id", "4000"),
        ("select * from Bill order Id", "4000"),
        ("select * from Bill, Vendor", "4000"),
        ("select * from Bills", "4001"),
        ("select * from Bill where Colour = 'a'", "4001"),
        ("select * from Bill where PrivateNote = 'a'", "4001"),
        ("select * from Bill where TxnDate = 'soon'", "4001"),
        ("select * from Bill where TotalAmt > 'much'", "4001"),
        ("select * from Bill orderby Colour", "4001"),
        ("select * from Bill maxresults 1001", "4001"),
        ("select * from Bill startposition 0", "4001"),
    ],
)
def test_what_a_query_is_refused_for(books, statement, code):
    assert fault(books.call("GET", f"query?query={quote(statement)}"))["code"] == code


def test_private_notes_can_be_made_filterable(books):
    books.settings(private_note_filter=True)
    books.post("bill", books.bill(PrivateNote="mlc:1"))
    assert len(numbers(books, "where PrivateNote like '%mlc%'")) == 1


def test_a_page_has_a_hundred_when_nothing_is_said(books):
    books.settings(page_size=2)
    assert len(books.query("select * from Account")["Account"]) == 2


def test_inactive_members_hide_unless_asked_for(books):
    assert books.query("select * from Class where Name = 'Legacy Projects'") == {}
    hidden = "select * from Class where Active = false"
    assert [row["Name"] for row in books.query(hidden)["Class"]] == ["Legacy Projects"]
    everything = "select * from Class where Active IN (true, false)"
    assert len(books.query(everything)["Class"]) == 5


# -- change data capture ---------------------------------------------------------------------------
def since(books, **delta):
    return (books.sandbox.running.clock.now() - timedelta(**delta)).isoformat()


def test_changes_come_with_full_objects_and_tombstones(books):
    books.sandbox.control("", "clock", {"advance_s": 3000})
    start = since(books, seconds=1)
    kept = books.post("bill", books.bill())
    gone = books.post("bill", books.bill())
    books.post("bill", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    answer = books.call("GET", "cdc", entities="Bill,Vendor,Purchase", changedSince=start).json()
    [whole] = answer["CDCResponse"]
    bills, vendors, purchases = whole["QueryResponse"]
    assert bills["Bill"][0] == kept
    tombstone = bills["Bill"][1]
    assert (tombstone["status"], tombstone["Id"]) == ("Deleted", gone["Id"])
    assert (bills["totalCount"], vendors, purchases) == (2, {}, {})


def test_changes_of_names_show_too(books):
    books.sandbox.control("", "clock", {"advance_s": 3000})
    start = since(books, seconds=1)
    books.control("chart", {"kind": "class", "action": "archive", "name": "Sales"})
    answer = books.call("GET", "cdc", entities="Class", changedSince=start).json()
    [found] = answer["CDCResponse"][0]["QueryResponse"][0]["Class"]
    assert (found["Name"], found["Active"], found["SyncToken"]) == ("Sales (deleted)", False, "1")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"entities": "Bill"}, "2020"),
        ({"entities": "Bill", "changedSince": "soon"}, "2060"),
        ({"entities": "Bill", "changedSince": "2026-01-01T00:00:00-08:00"}, "4001"),
        ({"entities": "TaxCode", "changedSince": "NOW"}, "2000"),
        ({"entities": "Bills", "changedSince": "NOW"}, "2000"),
    ],
)
def test_what_cdc_is_refused_for(books, asked, code):
    asked = {n: since(books, seconds=5) if v == "NOW" else v for n, v in asked.items()}
    assert fault(books.call("GET", "cdc", **asked))["code"] == code


# -- lists -----------------------------------------------------------------------------------------
def test_a_vendor_is_made_of_its_names(books):
    found = books.post(
        "vendor",
        {"GivenName": "Ina", "FamilyName": "Moe", "PrimaryEmailAddr": {"Address": "i@x.y"}},
    )
    assert (found["DisplayName"], found["Vendor1099"], found["Active"]) == ("Ina Moe", False, True)
    assert found["Balance"] == 0


@pytest.mark.parametrize(
    ("entity", "body", "code"),
    [
        ("vendor", {}, "6080"),
        ("vendor", {"DisplayName": "Ines Duarte"}, "6240"),
        ("vendor", {"DisplayName": "ben ito"}, "6240"),
        ("customer", {"DisplayName": "Nora Berg"}, "6240"),
        ("vendor", {"DisplayName": "a:b"}, "2040"),
        ("vendor", {"DisplayName": "x" * 501}, "2050"),
        ("vendor", {"DisplayName": "New", "CurrencyRef": {"value": "EUR"}}, "6000"),
        ("class", {"Name": "Sales"}, "6240"),
        ("class", {}, "2020"),
        ("account", {"Name": "New"}, "2020"),
        ("account", {"Name": "New", "AccountType": "Expenses"}, "2010"),
        ("account", {"Name": "Ne:w", "AccountType": "Expense"}, "2040"),
        ("taxcode", {"Name": "New"}, "500"),
        ("nonsense", {}, "500"),
        ("Bill", {}, "500"),
    ],
)
def test_what_lists_are_refused_for(books, entity, body, code):
    assert books.refused(entity, body)[0] == code


def test_sub_members_show_their_full_name_and_depth_ends_at_five(books):
    parent = books.named("Class", "Sales")
    for level in range(4):
        made = books.post("class", {"Name": f"L{level}", "ParentRef": {"value": parent}})
        parent = made["Id"]
    assert made["FullyQualifiedName"] == "Sales:L0:L1:L2:L3"
    assert books.refused("class", {"Name": "L5", "ParentRef": {"value": parent}})[0] == "6180"


def test_a_class_reads_in_full_on_bills_and_short_on_purchases(books):
    made = books.post(
        "class", {"Name": "North", "ParentRef": {"value": books.named("Class", "Sales")}}
    )
    line = books.line(ClassRef={"value": made["Id"]})
    for entity, body, name in (
        ("bill", books.bill(line), "Sales:North"),
        ("purchase", books.purchase(line), "North"),
    ):
        detail = books.post(entity, body)["Line"][0]["AccountBasedExpenseLineDetail"]
        assert detail["ClassRef"]["name"] == name


def test_a_rename_shows_in_old_documents(books):
    bill = books.post("bill", books.bill())
    books.control(
        "chart", {"kind": "vendor", "action": "rename", "name": "Ben Ito", "to": "Ben Ito (V)"}
    )
    assert books.read("bill", bill["Id"])["VendorRef"]["name"] == "Ben Ito (V)"


def test_sparse_updates_of_a_vendor_keep_the_rest(books):
    id = books.named("Vendor", "Ben Ito")
    found = books.post("vendor", {"Id": id, "SyncToken": "0", "sparse": True, "AcctNum": "E02"})
    assert (found["PrimaryEmailAddr"]["Address"], found["AcctNum"]) == (
        "ben.ito@acme.example",
        "E02",
    )


def test_accounts_and_vendors_carry_balances(books):
    books.post("bill", books.bill())
    payable = books.read("account", books.named("Account", "Accounts Payable (A/P)"))
    assert payable["CurrentBalance"] == Decimal("18.45")
    assert books.read("vendor", books.named("Vendor", "Ben Ito"))["Balance"] == Decimal("18.45")
