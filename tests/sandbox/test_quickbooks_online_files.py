"""QuickBooks Online in the sandbox: files on documents."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.sandbox.quickbooks_calls import PDF, REALM, fault, file_of, upload


def test_an_upload_is_linked_and_can_be_fetched_for_fifteen_minutes(books):
    bill = books.post("bill", books.bill())
    [slot] = upload(books, file_of(bill["Id"]))
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
        ({"document_id": "9999"}, "610"),
    ],
)
def test_a_failed_file_is_a_fault_in_its_slot(books, change, code):
    bill = books.post("bill", books.bill())
    [slot] = upload(books, file_of(**({"document_id": bill["Id"]} | change)))
    assert slot["Fault"]["Error"][0]["code"] == code


def test_metadata_that_is_none_is_6040(books):
    bill = books.post("bill", books.bill())
    body = file_of(bill["Id"]).replace(b'{"AttachableRef"', b'["AttachableRef"')
    assert upload(books, body)[0]["Fault"]["Error"][0]["code"] == "6040"
    assert fault(books.call("POST", "upload", b"x"))["code"] == "6040"


def test_metadata_without_its_file_is_refused_in_its_slot(books):
    bill = books.post("bill", books.bill())
    lonely = file_of(bill["Id"]).replace(b"file_content_01", b"file_content_02")
    codes = [next(iter(slot)) for slot in upload(books, lonely)]
    assert codes == ["Fault", "Attachable"]


def test_an_upload_is_a_post(books):
    assert fault(books.call("GET", "upload"))["code"] == "500"


def test_an_upload_under_a_known_requestid_is_answered_as_it_was_and_stored_once(books):
    bill = books.post("bill", books.bill())
    kind = "multipart/form-data; boundary=mlb1"
    first, second = (
        books.call("POST", "upload", file_of(bill["Id"]), content_type=kind, requestid="r1")
        for _ in range(2)
    )
    assert first.body == second.body
    assert books.control("documents")[0]["attachments"] == ["receipt-1.pdf"]


@pytest.mark.parametrize("wish", ["references", "own"])
def test_whether_attachments_can_be_asked_for_by_document_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    upload(books, file_of(bill["Id"]))
    books.settings(attachable_query=wish)
    statement = f"select * from Attachable where AttachableRef.EntityRef.value = '{bill['Id']}'"
    answer = books.call("GET", f"query?query={quote(statement)}")
    assert answer.status == (200 if wish == "references" else 400)
    assert len(books.query("select * from Attachable orderby Id")["Attachable"]) == 1


@pytest.mark.parametrize("wish", ["kept", "dropped"])
def test_whether_the_note_of_an_upload_is_kept_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    books.settings(upload_note=wish)
    body = file_of(bill["Id"]).replace(b'"FileName"', b'"Note": "ours", "FileName"')
    [slot] = upload(books, body)
    assert slot["Attachable"].get("Note") == ("ours" if wish == "kept" else None)


@pytest.mark.parametrize("wish", [False, True])
def test_whether_an_attachment_gives_its_document_a_new_version_is_a_switch(books, wish):
    bill = books.post("bill", books.bill())
    books.settings(attachment_bumps_version=wish)
    upload(books, file_of(bill["Id"]))
    assert books.read("bill", bill["Id"])["SyncToken"] == ("1" if wish else "0")


def test_a_note_can_be_attached_and_has_a_length(books):
    bill = books.post("bill", books.bill())
    ref = {"AttachableRef": [{"EntityRef": {"type": "Bill", "value": bill["Id"]}}]}
    assert books.post("attachable", ref | {"Note": "seen"})["Note"] == "seen"
    assert books.refused("attachable", ref | {"Note": "x" * 2001})[0] == "2050"
    assert books.refused("attachable", ref)[0] == "2020"
