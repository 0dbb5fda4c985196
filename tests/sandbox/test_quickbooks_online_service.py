"""QuickBooks Online in the sandbox: queries, changes, batches, files, webhooks, control."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.quickbooks_online import open_vendor
from connectors.sandbox.wire import freeze, thaw
from tests.sandbox.quickbooks_calls import REALM, VENDOR, Books


@pytest.fixture
def books(sandbox):
    found = Books(sandbox)
    found.settings(limits=False)
    return found


def fault(answer):
    assert answer.status == 400, answer.text
    return answer.json()["Fault"]["Error"][0]


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


# -- batch -----------------------------------------------------------------------------------------
def batch(books, *members, **query):
    answer = books.call("POST", "batch", {"BatchItemRequest": list(members)}, **query)
    assert answer.status == 200, answer.text
    return {one["bId"]: one for one in answer.json()["BatchItemResponse"]}


def test_members_of_a_batch_stand_alone(books):
    bill = books.post("bill", books.bill())
    found = batch(
        books,
        {"bId": "b1", "operation": "create", "Bill": books.bill(DocNumber="EXP-1")},
        {"bId": "b2", "Bill": books.bill(DocNumber="EXP-1")},
        {"bId": "q1", "Query": "select count(*) from Bill"},
        {"bId": "d1", "operation": "delete", "Bill": {"Id": bill["Id"], "SyncToken": "7"}},
        {"bId": "u1", "operation": "update", "Bill": books.bill(Id=bill["Id"], SyncToken="0")},
        {"bId": "x1", "operation": "create", "Nonsense": {}},
    )
    assert found["b1"]["Bill"]["SyncToken"] == "0"
    assert found["b2"]["Fault"]["Error"][0]["code"] == "6140"
    assert found["q1"]["QueryResponse"] == {"totalCount": 2}
    assert found["d1"]["Fault"]["Error"][0]["code"] == "5010"
    assert found["u1"]["Bill"]["SyncToken"] == "1"
    assert found["x1"]["Fault"]["Error"][0]["code"] == "2010"


def test_a_payment_can_be_voided_in_a_batch(books):
    paid = books.post("billpayment", books.payment(books.post("bill", books.bill())))
    member = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    found = batch(
        books, {"bId": "v", "operation": "update", "optionsData": "void", "BillPayment": member}
    )
    assert found["v"]["BillPayment"]["TotalAmt"] == 0


@pytest.mark.parametrize(
    ("members", "query", "code"),
    [
        ([{"bId": str(n), "Query": "x"} for n in range(31)], {}, "1040"),
        ([], {}, "400"),
        ([{"Query": "x"}], {}, "2020"),
        ([{"bId": "a", "Query": "x"}] * 2, {}, "2010"),
        ([{"bId": "a" * 11, "Query": "x"}], {"requestid": "r"}, "2130"),
        ([{"bId": "a", "Query": "x"}], {"requestid": "r" * 37}, "2130"),
    ],
    ids=["31", "none", "no bId", "twice", "long bId", "long requestid"],
)
def test_what_a_batch_is_refused_for(books, members, query, code):
    assert (
        fault(books.call("POST", "batch", {"BatchItemRequest": members}, **query))["code"] == code
    )


def test_a_batch_is_replayed_whole(books):
    body = {"BatchItemRequest": [{"bId": n, "Bill": books.bill()} for n in "ab"]}
    first = books.call("POST", "batch", body, requestid="r1")
    second = books.call("POST", "batch", body, requestid="r1")
    assert first.body == second.body
    assert len(books.control("documents")) == 2


@pytest.mark.parametrize(
    ("wish", "stored", "answered"),
    [
        (None, 2, 4),
        ("missing", 2, 2),
        ("missing_stored", 4, 2),
        ("a,b,c", 1, 4),
        ("~'bId': 'b'", 3, 4),
    ],
)
def test_a_partial_batch_refuses_or_loses_members(books, wish, stored, answered):
    members = [{"bId": n, "Bill": books.bill()} for n in "abcd"]
    books.control("faults", {"kind": "partial_batch", "body": wish})
    found = batch(books, *members)
    assert len(found) == answered
    assert len(books.control("documents")) == stored
    assert sum("Fault" in one for one in found.values()) == answered - min(stored, answered)


# -- requestid -------------------------------------------------------------------------------------
def test_a_known_requestid_gets_the_first_answer_byte_for_byte(books):
    first = books.call("POST", "bill", books.bill(), requestid="r1")
    other = books.call("POST", "bill", books.bill(books.line("99.00")), requestid="r1")
    assert (first.status, first.body) == (other.status, other.body)
    assert first.headers["intuit_tid"] != other.headers["intuit_tid"]
    assert len(books.control("documents")) == 1
    assert "another body" in books.control("requests")[-1]["note"]


def test_a_replay_hands_back_even_a_deleted_document(books):
    bill = books.post("bill", books.bill(), requestid="r1")
    books.post("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
    assert books.post("bill", books.bill(), requestid="r1") == bill
    assert [one["status"] for one in books.control("documents")] == ["deleted"]


def test_faults_are_not_replayed_unless_switched(books):
    wrong, right = books.bill(VendorRef={"value": "9999"}), books.bill()
    assert books.refused("bill", wrong, requestid="r1")[0] == "2500"
    books.post("bill", right, requestid="r1")
    books.settings(requestid_keeps_faults=True)
    assert books.refused("bill", wrong, requestid="r2")[0] == "2500"
    assert books.refused("bill", right, requestid="r2")[0] == "2500"


def test_a_requestid_is_forgotten_after_its_hours(books):
    first = books.post("bill", books.bill(), requestid="r1")
    books.settings(access_token_lives_s=1_000_000)
    books.token = books.control("tokens", {})["access_token"]
    books.sandbox.control("", "clock", {"advance_s": 24 * 3600 + 1})
    assert books.post("bill", books.bill(), requestid="r1")["Id"] != first["Id"]


def test_a_requestid_in_flight_is_600(books):
    body = books.bill()
    books.control("faults", {"kind": "late_store", "delay_s": 60})
    with pytest.raises(ConnectionError):
        books.call("POST", "bill", body, requestid="r1")
    assert books.refused("bill", body, requestid="r1")[0] == "600"
    books.sandbox.control("", "clock", {"advance_s": 61})
    found = books.post("bill", body, requestid="r1")
    assert [one["id"] for one in books.control("documents")] == [found["Id"]]


def test_a_requestid_has_at_most_fifty_characters(books):
    assert books.refused("bill", books.bill(), requestid="r" * 51)[0] == "2130"
    books.post("bill", books.bill(), requestid="r" * 50)


def test_a_dropped_answer_is_there_for_the_retry(books):
    body = books.bill()
    books.control("faults", {"kind": "drop_after_store"})
    with pytest.raises(ConnectionError):
        books.call("POST", "bill", body, requestid="r1")
    found = books.post("bill", body, requestid="r1")
    assert [one["id"] for one in books.control("documents")] == [found["Id"]]
    assert [line["request_id"] for line in books.control("requests")[-2:]] == ["r1", "r1"]


def test_the_scope_of_a_requestid_is_a_switch(books):
    books.settings(requestid_scope="path")
    books.post("bill", books.bill(), requestid="r1")
    books.post("purchase", books.purchase(), requestid="r1")
    assert len(books.control("documents")) == 2


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


# -- attachments -----------------------------------------------------------------------------------
PDF = b"%PDF-1.4\nbytes \x00\xff\r\n--not the end"


def upload(books, body, boundary="mlb1"):
    kind = f"multipart/form-data; boundary={boundary}"
    answer = books.call("POST", "upload", body, content_type=kind)
    assert answer.status == 200, answer.text
    return answer.json()["AttachableResponse"]


def proper(bill_id, name="receipt-1.pdf", content=PDF, entity="Bill"):
    about = {
        "AttachableRef": [
            {"EntityRef": {"type": entity, "value": bill_id}, "IncludeOnSend": False}
        ],
        "FileName": name,
        "ContentType": "application/pdf",
    }
    return (
        b'--mlb1\r\nContent-Disposition: form-data; name="file_metadata_01"\r\n'
        b"Content-Type: application/json\r\n\r\n" + json.dumps(about).encode() + b"\r\n--mlb1\r\n"
        b'Content-Disposition: form-data; name="file_content_01"; filename="r.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n--mlb1--\r\n"
    )


def test_an_upload_is_linked_and_can_be_fetched_for_fifteen_minutes(books):
    bill = books.post("bill", books.bill())
    [slot] = upload(books, proper(bill["Id"]))
    found = slot["Attachable"]
    assert (found["FileName"], found["Size"], len(found["Id"])) == ("receipt-1.pdf", len(PDF), 19)
    assert found["AttachableRef"][0]["EntityRef"]["value"] == bill["Id"]
    assert found["FileAccessUri"] == f"/v3/company/{REALM}/download/{found['Id']}"
    address = books.call("GET", f"download/{found['Id']}").text
    path = address.removeprefix(books.sandbox.url)
    assert books.sandbox.request("GET", path).body == PDF
    books.sandbox.control("", "clock", {"advance_s": 901})
    assert books.sandbox.request("GET", path).status == 403
    assert books.control("documents")[0]["attachments"] == ["receipt-1.pdf"]


def test_the_old_python_kit_sends_bare_line_ends_and_base64(books):
    bill = books.post("bill", books.bill())
    about = {
        "AttachableRef": [{"EntityRef": {"type": "Bill", "value": bill["Id"]}}],
        "FileName": "a.pdf",
    }
    body = (
        '\n--b2\nContent-Disposition: form-data; name="file_metadata_01"\nContent-Type:'
        " application/json\n\n"
        + json.dumps(about)
        + '\n--b2\nContent-Disposition: form-data; name="file_content_01"\nContent-Type:'
        " application/pdf\n"
        + "Content-Transfer-Encoding: base64\n\n"
        + base64.b64encode(PDF).decode()
        + "\n--b2--"
    )
    [slot] = upload(books, body, "b2")
    assert slot["Attachable"]["Size"] == len(PDF)


def test_the_php_kit_sends_xml_and_counts_from_zero(books):
    bill = books.post("bill", books.bill())
    about = (
        "<ns0:Attachable"
        ' xmlns:ns0="http://schema.intuit.com/finance/v3"><ns0:FileName>b.pdf</ns0:FileName><ns0:AttachableRef><ns0:EntityRef'
        f' type="Bill">{bill["Id"]}</ns0:EntityRef></ns0:AttachableRef></ns0:Attachable>'
    )
    body = (
        '--b3\r\nContent-Disposition: form-data; name="file_metadata_0"\r\nContent-Type:'
        " application/xml\r\n\r\n"
        + about
        + '\r\n--b3\r\nContent-Disposition: form-data; name="file_content_0";'
        ' filename="b.pdf"\r\n\r\nbytes\r\n--b3--'
    )
    [slot] = upload(books, body, "b3")
    assert slot["Attachable"]["AttachableRef"][0]["EntityRef"] == {
        "value": bill["Id"],
        "type": "Bill",
    }


def test_the_node_kit_links_afterwards(books):
    bill = books.post("bill", books.bill())
    body = (
        '--b4\r\nContent-Disposition: form-data; name="file_content_01";'
        ' filename="c.pdf"\r\n\r\nx\r\n--b4--'
    )
    [slot] = upload(books, body, "b4")
    made = slot["Attachable"]
    link = {
        "AttachableRef": [{"EntityRef": {"type": "Bill", "value": bill["Id"]}}],
        "FileName": "c.pdf",
    }
    sent = {"Id": made["Id"], "SyncToken": made["SyncToken"]} | link
    found = books.post("attachable", sent, operation="update")
    assert (found["SyncToken"], found["Size"]) == ("1", 1)
    statement = (
        "select * from attachable where AttachableRef.EntityRef.Type = 'bill' "
        f"and AttachableRef.EntityRef.value = '{bill['Id']}'"
    )
    assert [one["Id"] for one in books.query(statement)["Attachable"]] == [made["Id"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "virus.exe"}, "6041"),
        ({"entity": "Account"}, "6050"),
        ({"bill_id": "9999"}, "610"),
    ],
)
def test_a_failed_file_is_a_fault_in_its_slot(books, change, code):
    bill = books.post("bill", books.bill())
    [slot] = upload(books, proper(**({"bill_id": bill["Id"]} | change)))
    assert slot["Fault"]["Error"][0]["code"] == code


def test_metadata_that_is_none_is_6040(books):
    bill = books.post("bill", books.bill())
    body = proper(bill["Id"]).replace(b'{"AttachableRef"', b'["AttachableRef"')
    assert upload(books, body)[0]["Fault"]["Error"][0]["code"] == "6040"
    assert fault(books.call("POST", "upload", b"x"))["code"] == "6040"


def test_metadata_without_its_file_is_refused_in_its_slot(books):
    bill = books.post("bill", books.bill())
    lonely = proper(bill["Id"]).replace(b"file_content_01", b"file_content_02")
    codes = [next(iter(slot)) for slot in upload(books, lonely)]
    assert codes == ["Fault", "Attachable"]


def test_an_upload_is_a_post(books):
    assert fault(books.call("GET", "upload"))["code"] == "500"


def test_an_upload_under_a_known_requestid_is_answered_as_it_was_and_stored_once(books):
    bill = books.post("bill", books.bill())
    kind = "multipart/form-data; boundary=mlb1"
    first, second = (
        books.call("POST", "upload", proper(bill["Id"]), content_type=kind, requestid="r1")
        for _ in range(2)
    )
    assert first.body == second.body
    assert books.control("documents")[0]["attachments"] == ["receipt-1.pdf"]


@pytest.mark.parametrize("wish", ["references", "own"])
def test_whether_attachments_can_be_asked_for_by_document_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    upload(books, proper(bill["Id"]))
    books.settings(attachable_query=wish)
    statement = f"select * from Attachable where AttachableRef.EntityRef.value = '{bill['Id']}'"
    answer = books.call("GET", f"query?query={quote(statement)}")
    assert answer.status == (200 if wish == "references" else 400)
    assert len(books.query("select * from Attachable orderby Id")["Attachable"]) == 1


@pytest.mark.parametrize("wish", ["kept", "dropped"])
def test_whether_the_note_of_an_upload_is_kept_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    books.settings(upload_note=wish)
    body = proper(bill["Id"]).replace(b'"FileName"', b'"Note": "ours", "FileName"')
    [slot] = upload(books, body)
    assert slot["Attachable"].get("Note") == ("ours" if wish == "kept" else None)


@pytest.mark.parametrize("wish", [False, True])
def test_whether_an_attachment_gives_its_document_a_new_version_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    books.settings(attachment_bumps_version=wish)
    upload(books, proper(bill["Id"]))
    assert books.read("bill", bill["Id"])["SyncToken"] == ("1" if wish else "0")


def test_a_note_can_be_attached_and_has_a_length(books):
    bill = books.post("bill", books.bill())
    ref = {"AttachableRef": [{"EntityRef": {"type": "Bill", "value": bill["Id"]}}]}
    assert books.post("attachable", ref | {"Note": "seen"})["Note"] == "seen"
    assert books.refused("attachable", ref | {"Note": "x" * 2001})[0] == "2050"
    assert books.refused("attachable", ref)[0] == "2020"


# -- webhooks --------------------------------------------------------------------------------------
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.headers["intuit-signature"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture
def listener():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.seen, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


TOKEN = "7a2d6f0e-3b1c-4d8e-9f55-0c1b2a3d4e5f"


def signed(body):
    return base64.b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()


def test_the_signature_is_that_of_the_published_vector():
    from connectors.sandbox.quickbooks_online.hooks import signature

    body = (
        '[{"specversion":"1.0","id":"5f0c1c1e-0d5e-4f54-9b0a-6d7c4a1f2b33",'
        '"source":"intuit.c2ltdWxhdG9yLXNvdXJjZQ==","type":"qbo.bill.updated.v1",'
        '"datacontenttype":"application/json","time":"2026-11-02T09:15:30.123Z",'
        '"intuitentityid":"1207","intuitaccountid":"9341450000000001","data":{}}]'
    )
    assert signature(body.encode(), TOKEN) == "8XRHnRSeE6Yy/KYP1ufX45rcKQE4pLZtc36o8rudzcM="


def test_a_delivery_is_signed_and_carries_what_happened(books, listener):
    books.control(
        "subscriptions", {"url": listener.url, "verifier_token": TOKEN, "entities": ["Bill"]}
    )
    bill = books.post("bill", books.bill())
    books.post("bill", books.bill(Id=bill["Id"], SyncToken="0"))
    books.post("bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="delete")
    [sent] = books.control("deliver", {})
    assert sent["attempts"][0]["status"] == 200
    [(signature, body)] = listener.seen
    assert signature == signed(body)
    events = json.loads(body)
    assert [one["type"] for one in events] == [
        "qbo.bill.created.v1",
        "qbo.bill.updated.v1",
        "qbo.bill.deleted.v1",
    ]
    assert {one["intuitaccountid"] for one in events} == {REALM}
    assert books.control("deliver", {}) == []


def test_the_legacy_body_is_there_too(books, listener):
    books.control("subscriptions", {"url": listener.url, "format": "legacy", "entities": ["Bill"]})
    bill = books.post("bill", books.bill())
    books.control("deliver", {})
    [note] = json.loads(listener.seen[0][1])["eventNotifications"]
    assert note["realmId"] == REALM
    entity = note["dataChangeEvent"]["entities"][0]
    assert (entity["name"], entity["id"], entity["operation"]) == ("Bill", bill["Id"], "Create")


def test_replay_mutate_hold_and_release(books, listener):
    books.control("subscriptions", {"url": listener.url, "verifier_token": TOKEN})
    books.post("bill", books.bill())
    [first] = books.control("deliver", {})
    books.control("deliver", {"action": "replay", "id": first["id"]})
    books.control("deliver", {"action": "mutate", "id": first["id"], "body": "[]"})
    one, two, three = listener.seen
    assert one == two
    assert (three[0], three[1]) == (one[0], b"[]")
    books.control("deliver", {"action": "hold"})
    books.post("bill", books.bill())
    assert books.control("deliver", {}) == []
    assert [d["held"] for d in books.control("deliveries")] == [False, False, True]
    assert len(books.control("deliver", {"action": "release"})) == 1
    assert len(listener.seen) == 4


def test_a_receiver_that_fails_is_noted(books, listener):
    listener.status = 500
    books.control("subscriptions", {"url": listener.url})
    books.post("bill", books.bill())
    [sent] = books.control("deliver", {})
    assert sent["attempts"][0]["status"] == 500
    books.control("subscriptions", {"url": "http://127.0.0.1:1/gone"})
    books.post("bill", books.bill())
    gone = [d for d in books.control("deliver", {}) if d["url"].endswith("gone")]
    assert gone[0]["attempts"][0]["status"] is None


# -- control ---------------------------------------------------------------------------------------
def test_documents_have_the_shape_of_the_contract(books):
    sales = {"value": books.named("Class", "Sales")}
    customer = {"value": books.named("Customer", "Website")}
    line = books.line("412.30", ClassRef=sales, CustomerRef=customer, BillableStatus="Billable")
    books.post(
        "bill",
        books.bill(
            line,
            DocNumber="R00X9oNOn2MO-ABCDEFGH",
            PrivateNote="mlc:ABCDEFGHIJ",
            DepartmentRef={"value": books.named("Department", "Berlin")},
        ),
    )
    [found] = books.control("documents")
    assert found == {
        "id": found["id"],
        "company": REALM,
        "kind": "bill",
        "number": "R00X9oNOn2MO-ABCDEFGH",
        "markers": {"DocNumber": "R00X9oNOn2MO-ABCDEFGH", "PrivateNote": "mlc:ABCDEFGHIJ"},
        "report_id": "R00X9oNOn2MO",
        "date": "2026-10-28",
        "due_date": "2026-10-28",
        "currency": "USD",
        "rate": None,
        "total": "412.30",
        "home_total": "412.30",
        "credit_account": "2000 Accounts Payable (A/P)",
        "tax": "0.00",
        "tax_calculation": None,
        "tax_lines": [],
        "status": "active",
        "state": "open",
        "paid": "0.00",
        "party": "Ben Ito",
        "party_id": books.named("Vendor", "Ben Ito"),
        "billable": True,
        "dimensions": {"department": "Berlin"},
        "lines": [
            {
                "account": "6110 Hotels",
                "amount": "412.30",
                "dimensions": {"class": "Sales", "customer": "Initech:Website"},
                "tax": "NON",
                "text": "2026-10-21 a hotel",
                "party": None,
                "billable": True,
            }
        ],
        "links": [],
        "matched": False,
        "edited_by": None,
        "attachments": [],
        "version": "0",
    }


def test_a_document_is_planted_by_names_or_in_the_vendors_own_words(books):
    planted = books.control(
        "documents",
        {
            "kind": "bill",
            "number": "H-1",
            "date": "2026-08-01",
            "party": "Ben Ito",
            "dimensions": {"department": "Berlin"},
            "lines": [
                {"account": "6110 Hotels", "amount": "12.00", "dimensions": {"class": "Sales"}}
            ],
            "as_user": "Ann Reyes",
        },
    )
    assert (planted["total"], planted["edited_by"]) == ("12.00", "Ann Reyes")
    assert books.read("bill", planted["id"])["DocNumber"] == "H-1"
    raw = books.control("documents", {"Bill": books.bill(DocNumber="H-1")})
    assert raw["number"] == "H-1"
    card = books.control(
        "documents",
        {
            "kind": "card_credit",
            "credit_account": "2110",
            "lines": [{"account": "6110", "amount": "-5.00"}],
        },
    )
    assert (card["total"], card["kind"]) == ("-5.00", "purchase")
    journal = books.control(
        "documents",
        {
            "kind": "journal",
            "lines": [
                {"account": "6110", "amount": "5.00", "dimensions": {"customer": "Globex"}},
                {"account": "2000", "amount": "-5.00", "party": "Ben Ito"},
            ],
        },
    )
    assert [line["amount"] for line in journal["lines"]] == ["5.00", "-5.00"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "invoice"}, "no kind invoice"),
        ({"kind": "bill", "party": "Nobody"}, "Nobody"),
        (
            {"kind": "bill", "party": "Ben Ito", "lines": [{"account": "9999", "amount": "1"}]},
            "'9999'",
        ),
        ({"kind": "bill", "party": "Ben Ito"}, "2020"),
        ({"kind": "bill", "company": "1"}, "no company 1"),
    ],
)
def test_what_planting_is_refused_for(books, wrong, says):
    with pytest.raises(Exception, match=says):
        books.control("documents", wrong)


def test_people_pay_unpay_edit_and_delete_even_in_closed_books(books):
    bill = books.post("bill", books.bill(DocNumber="EXP-1"))
    books.control("period_lock", {"date": "2026-10-31"})

    def act(**body):
        return books.control(f"documents/{bill['Id']}", body)

    assert act(action="pay", amount="8.00")["state"] == "partly_paid"
    found = act(action="pay")
    assert (found["state"], found["paid"]) == ("paid", "18.45")
    assert act(action="unpay")["state"] == "open"
    edited = act(action="edit", fields={"PrivateNote": "by hand"}, as_user="Ann Reyes")
    assert (edited["edited_by"], edited["number"]) == ("Ann Reyes", "EXP-1")
    assert edited["markers"]["PrivateNote"] == "by hand"
    assert act(action="delete")["status"] == "deleted"
    with pytest.raises(Exception, match="404"):
        act(action="pay")


def test_a_person_may_void_what_the_api_may_not(books):
    purchase = books.post("purchase", books.purchase())
    found = books.control(f"documents/{purchase['Id']}", {"action": "void"})
    assert (found["status"], found["total"]) == ("voided", "0.00")
    assert books.control("trial_balance") == {}


def test_what_the_vendor_cannot_do_is_said(books):
    bill = books.post("bill", books.bill())
    with pytest.raises(Exception, match="can't restore a Bill"):
        books.control(f"documents/{bill['Id']}", {"action": "restore"})


def test_conflict_is_another_users_write_just_before(books):
    bill = books.post("bill", books.bill())
    sent = books.bill(Id=bill["Id"], SyncToken="0")
    books.control("faults", {"kind": "conflict", "body": '{"PrivateNote": "theirs"}'})
    code, text = books.refused("bill", sent)
    assert (code, "Another User" in text) == ("5010", True)
    now = books.read("bill", bill["Id"])
    assert (now["SyncToken"], now["PrivateNote"]) == ("1", "theirs")


def test_conflict_reaches_the_members_of_a_batch(books):
    bill = books.post("bill", books.bill())
    members = [
        {"bId": "u", "operation": "update", "Bill": books.bill(Id=bill["Id"], SyncToken="0")}
    ]
    books.control("faults", {"kind": "conflict"})
    assert batch(books, *members)["u"]["Fault"]["Error"][0]["code"] == "5010"


@pytest.mark.parametrize(
    ("order", "statement"),
    [
        ({"kind": "account", "action": "add", "name": "New",
          "fields": {"AccountType": "Expense", "AcctNum": "6999"}},
         "select * from Account where AcctNum = '6999'"),
        ({"kind": "account", "action": "recode", "name": "Hotels", "to": "6111"},
         "select * from Account where AcctNum = '6111' and Name = 'Hotels'"),
        ({"kind": "class", "action": "rename", "name": "Sales", "to": "Selling"},
         "select * from Class where Name = 'Selling'"),
        ({"kind": "vendor", "action": "archive", "name": "Ben Ito"},
         "select * from Vendor where Active = false and DisplayName = 'Ben Ito (deleted)'"),
        ({"kind": "class", "action": "restore", "name": "Legacy Projects"},
         "select * from Class where Name = 'Legacy Projects'"),
        ({"kind": "department", "action": "add", "name": "Lisbon"},
         "select * from Department where Name = 'Lisbon'"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["action"],
)  # fmt: skip
def test_the_chart_changes_by_control(books, order, statement):
    books.control("chart", order)
    assert books.query(statement) != {}


def test_the_chart_says_what_it_cannot(books):
    with pytest.raises(Exception, match="can't block"):
        books.control("chart", {"kind": "account", "action": "block", "name": "Hotels"})
    with pytest.raises(Exception, match="no kind item"):
        books.control("chart", {"kind": "item", "action": "add"})
    with pytest.raises(Exception, match="404"):
        books.control("chart", {"kind": "account", "action": "rename", "name": "Nowhere"})


def test_a_period_lock_wants_a_date(books):
    with pytest.raises(Exception, match="YYYY-MM-DD"):
        books.control("period_lock", {"date": "31.10.2026"})


def test_a_second_company_stands_beside_the_first(books):
    realm = "9341450000000077"
    made = books.control("companies", {"realm": realm, "country": "DE", "name": "Acme Berlin"})
    assert (made["currency"], made["name"]) == ("EUR", "Acme Berlin")
    other = Books(books.sandbox, realm)
    other.settings(limits=False)
    code = {"value": other.named("TaxCode", "19% VSt")}
    other.post("bill", other.bill(other.line("100.00", TaxCodeRef=code)))
    assert books.query("select * from Bill") == {}
    found = books.sandbox.request("GET", f"/_control/{VENDOR}/documents?company={realm}").json()
    assert [one["total"] for one in found] == ["119.00"]
    with pytest.raises(Exception, match="not yet in use"):
        books.control("companies", {"realm": realm})
    with pytest.raises(Exception, match="no preference"):
        books.control(f"companies/{realm}", {"colour": "blue"})


def test_unknown_verbs_are_404_with_the_list(books):
    with pytest.raises(Exception, match="trial_balance"):
        books.control("nonsense")


# -- state -----------------------------------------------------------------------------------------
def test_everything_survives_the_state_file(sandbox, books):
    bill = books.post("bill", books.bill(DocNumber="EXP-1"), requestid="r1")
    upload(books, proper(bill["Id"]))
    books.control(f"documents/{bill['Id']}", {"action": "pay"})
    books.control("subscriptions", {"url": "http://127.0.0.1:1/x", "verifier_token": TOKEN})
    old = sandbox.running.house.vendors[VENDOR]
    new = open_vendor(Clock(), 7)
    new.load_all(thaw(freeze(old.dump_all())))
    assert freeze(new.dump_all()) == freeze(old.dump_all())
    company = new.companies[REALM]
    assert [one["Id"] for one in company.numbered("Bill", "EXP-1")] == [bill["Id"]]
    assert new.documents() == old.documents()
    assert new.tokens_held.bearer(books.token)


# -- oddities --------------------------------------------------------------------------------------
ODD = [None, "", 0, -1, 1.5, True, [], {}, "x", [None], [{}], {"value": []}, "2026-02-30", 1e13]


def places(part, path=()):
    """Every path into a JSON value."""
    yield path
    members = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part)
        if isinstance(part, list)
        else ()
    )
    for name, member in members:
        yield from places(member, (*path, name))


def replaced(part, path, value):
    if not path:
        return value
    copied = dict(part) if isinstance(part, dict) else list(part)
    copied[path[0]] = replaced(part[path[0]], path[1:], value)
    return copied


@pytest.mark.parametrize("entity", ["bill", "journalentry", "batch"])
def test_odd_values_anywhere_are_answered_and_never_crash(books, entity):
    line = books.line(ClassRef={"value": books.named("Class", "Sales")})
    member = {"bId": "a", "operation": "update", "optionsData": "void", "BillPayment": {"Id": "1"}}
    body = {
        "bill": books.bill(line),
        "journalentry": books.journal(),
        "batch": {"BatchItemRequest": [member, {"bId": "q", "Query": "select * from Bill"}]},
    }[entity]
    for path in places(body):
        for value in ODD:
            sent = json.dumps(replaced(body, path, value))
            answer = books.call("POST", entity, sent)
            assert answer.status in (200, 400), f"{path} {value!r}: {answer.text}"
