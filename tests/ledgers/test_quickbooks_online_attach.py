"""Receipts on documents of QuickBooks Online: the upload's bytes, its answers, finding it again."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract.entry import Kind
from connectors.contract.keys import file_marker
from connectors.contract.ledger import Attached, File, InDoubt, Receipt, Refused, SoughtFile
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
)
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from tests.ledgers.quickbooks_online_company import (
    answer,
    entry,
    expense,
    fault,
    found,
    ledger,
    mark,
    query_batch,
    statements,
    wired,
)

GOLDEN = Path(__file__).parent / "golden" / "quickbooks_online" / "upload.txt"
BILL = Receipt("1207", "R1-ABCDEFGH", "0", Kind.BILL)
TRANSACTION = "4056343049275634494"
KEY = file_marker(mark(), TRANSACTION, "778812")
FILE = File("2026-10-05 Café Nord 18.40 EUR.jpg", "image/jpeg", b"a grey picture")
NAME = f"2026-10-05 Cafe Nord 18.40 EUR {KEY.k(8)}.jpg"


def upload(file=FILE, receipt=BILL, marker=KEY, epoch="0"):
    return ledger().attach(file, receipt, marker, epoch)


def stored(**changes):
    """The attachment as QuickBooks keeps it."""
    return {
        "FileName": NAME,
        "Note": f"Receipt from Expensify mlc:{KEY.k(10)}",
        "Size": len(FILE.content),
        "Id": "5000000000000361802",
        "SyncToken": "0",
        "AttachableRef": [{"EntityRef": {"value": "1207", "type": "Bill"}, "IncludeOnSend": False}],
    } | changes


def posted(response, call=None):
    return ledger(response).post_file(call or upload())


def slot(body):
    return answer({"AttachableResponse": [body], "time": "2026-11-03T06:02:00.000-08:00"})


# --- bytes ----------------------------------------------------------------------------------------


def test_an_upload_is_exactly_the_golden_one():
    call = upload()
    boundary = call.request.headers["Content-Type"].partition("boundary=")[2]
    headers = [f"{name}: {text}" for name, text in call.request.headers.items()]
    sent = "\n".join((f"{call.request.method} {call.request.path}", *headers, "", ""))
    sent += call.request.body.decode().replace("\r\n", "\n")
    for given_name, shown in ((boundary, "BOUNDARY"), (call.request_id, "REQUEST_ID")):
        sent = sent.replace(given_name, shown)
    sent = sent.replace(KEY.k(10), "K10").replace(KEY.k(8), "K8")
    assert sent == GOLDEN.read_text()
    assert "\n" not in call.request.body.decode().replace("\r\n", ""), "line ends are CRLF"


def test_the_same_file_gives_the_same_bytes_and_another_try_another_id():
    one, again, later = upload(), upload(), upload(epoch="1")
    assert (one.request, one.request_id) == (again.request, again.request_id)
    assert later.request.body == one.request.body and later.request_id != one.request_id
    assert len(one.request_id) <= 50
    other = upload(marker=file_marker(mark(), TRANSACTION, "778813"))
    assert other.request_id != one.request_id


@given(st.binary(max_size=400))
def test_a_file_goes_out_byte_for_byte_whatever_it_holds(content):
    call = upload(replace(FILE, content=content))
    boundary = call.request.headers["Content-Type"].partition("boundary=")[2].encode()
    opened = call.request.body.split(b"--" + boundary)
    assert len(opened) == 4, "the boundary stands in no content"
    assert opened[2].partition(b"\r\n\r\n")[2] == content + b"\r\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Café.jpg", "Cafe"),
        ('a"b\\c/d:e\r\nX: y.pdf', "a b c d e X y"),
        ("日本.png", "Receipt"),
        ("x" * 3000 + ".jpg", "x" * 100),
    ],
)
def test_a_name_is_plain_enough_for_the_head_of_its_part(name, shown):
    call = upload(replace(FILE, name=name))
    assert call.name == f"{shown} {KEY.k(8)}{name[-4:]}"
    assert f'filename="{call.name}"'.encode() in call.request.body


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_document_takes_files_once_it_stands(kind):
    assert ABILITIES.kinds[kind].attach == "after"
    entity = {
        Kind.BILL: "Bill",
        Kind.CREDIT: "VendorCredit",
        Kind.JOURNAL: "JournalEntry",
    }.get(kind, "Purchase")
    body = upload(receipt=replace(BILL, kind=kind)).request.body.decode()
    assert f'{{"type":"{entity}","value":"1207"}}' in body


# --- answers --------------------------------------------------------------------------------------


def test_a_stored_file_comes_with_its_id():
    assert posted(slot({"Attachable": stored()})) == Attached("5000000000000361802", NAME)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("6030", "qbo.file_size"),
        ("6041", "qbo.file_type"),
        ("6050", "qbo.file_place"),
        ("6040", "qbo.not_understood"),
        ("610", "qbo.file_document_gone"),
        ("5020", "qbo.feature_missing"),
    ],
)
@pytest.mark.parametrize("place", ["slot", "whole"])
def test_a_refused_file_says_why_and_that_the_document_stands(code, problem, place):
    refusal = fault(code, "as QuickBooks says it")
    outcome = posted(slot(refusal) if place == "slot" else answer(refusal, 400))
    assert isinstance(outcome, Refused) and outcome.again == "no"
    (told,) = outcome.problems
    assert told.code == problem and NAME in told.message and told.cure
    assert "stands" in told.message or code == "610"


def test_a_file_that_a_gateway_finds_too_large_is_refused_not_in_doubt():
    outcome = posted(answer("<html>413</html>", 413))
    assert isinstance(outcome, Refused) and outcome.problems[0].code == "qbo.file_size"


@pytest.mark.parametrize(
    "response",
    [
        AnswerLost("the connection broke"),
        answer("<html>502</html>", 502),
        answer(fault("10000", kind="SystemFault"), 500),
        answer(b'{"AttachableResponse":[{"Attachable":{"Id":"50'),
        answer({"AttachableResponse": []}),
        answer({"AttachableResponse": [{"Attachable": stored()}] * 2}),
        slot({}),
        slot({"Attachable": stored(FileName="other.jpg", Note="")}),
        slot({"Attachable": stored(AttachableRef=[])}),
        slot({"Attachable": stored(AttachableRef=[{"EntityRef": {"type": "Bill", "value": "9"}}])}),
        slot(fault("10000", kind="SystemFault")),
        slot(fault("600")),
    ],
    ids=range(12),
)
def test_an_answer_that_proves_nothing_leaves_the_file_in_doubt(response):
    assert isinstance(posted(response), InDoubt)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(fault("3001"), 429), Throttled),
        (slot(fault("3001")), Throttled),
        (answer(fault("3200"), 401), Unauthorised),
        (answer(fault("6190")), Blocked),
    ],
)
def test_what_is_about_the_connection_is_raised(response, error):
    with pytest.raises(error):
        posted(response)


# --- finding it again -----------------------------------------------------------------------------


def sought(marker=KEY, receipt=BILL):
    return SoughtFile(marker, receipt)


def test_files_are_looked_up_by_what_they_hang_on():
    books, wire = wired(answer(found("Attachable", stored())))
    assert books.attached([sought()]) == {KEY: Attached("5000000000000361802", NAME)}
    (asked,) = statements(wire)
    assert asked.startswith(
        "SELECT * FROM Attachable WHERE AttachableRef.EntityRef.Type = 'Bill' AND "
        "AttachableRef.EntityRef.value IN ('1207')"
    )


def test_many_documents_take_one_request():
    card = replace(BILL, kind=Kind.EXPENSE, document_id="7")
    books, wire = wired(query_batch(found("Attachable"), found("Attachable", stored())))
    other = file_marker(mark(2), TRANSACTION, "1")
    assert list(books.attached([sought(), sought(other, card)])) == [KEY]
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("raw", "is_ours"),
    [
        (stored(), True),
        (stored(Note=""), True),
        (stored(FileName="renamed by somebody.jpg"), True),
        (stored(FileName="renamed.jpg", Note=""), False),
        (stored(Note=f"mlc:{KEY.k(10).lower()}", FileName="a.jpg"), False),
        (stored(AttachableRef=[{"EntityRef": {"type": "bill", "value": "1207"}}]), True),
        (stored(AttachableRef=[{"EntityRef": {"type": "Purchase", "value": "1207"}}]), False),
        (stored(AttachableRef=None), False),
    ],
    ids=range(8),
)
def test_a_file_is_ours_by_its_marker_and_its_document(raw, is_ours):
    books = ledger(answer(found("Attachable", raw)))
    assert bool(books.attached([sought()])) is is_ours


def test_where_it_cannot_be_asked_by_document_all_attachments_are_read():
    refusal = fault("4001", "property 'AttachableRef.EntityRef.Type' is not queryable")
    books, wire = wired(answer(refusal, 400), answer(found("Attachable", stored())))
    assert KEY in books.attached([sought()])
    assert re.search(r"FROM Attachable ORDERBY", list(statements(wire))[1])


def test_a_look_up_that_fails_otherwise_is_raised():
    with pytest.raises(ContractBroken):
        ledger(answer(fault("2010"), 400)).attached([sought()])


def test_a_plan_without_attachments_is_told_by_the_upload_not_by_the_look_up():
    assert ledger(answer(fault("5020"), 400)).attached([sought()]) == {}


def test_nothing_sought_asks_nothing():
    books, wire = wired()
    assert books.attached([]) == {} and not wire.requests


# --- links instead of files -----------------------------------------------------------------------


def described(url, text="Taxi"):
    made = ledger().render(entry(expense("18.40", text=text, receipt_url=url)), mark(), {})
    return re.search(r'"Description":"([^"]*)"', made.body)[1]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://www.expensify.com/receipts/w_9f.jpg",
            "Taxi | receipt: https://www.expensify.com/receipts/w_9f.jpg",
        ),
        ("https://x.example/w.jpg?signature=abc", "Taxi"),
        ("javascript:alert(1)", "Taxi"),
        ("", "Taxi"),
    ],
)
def test_a_lasting_link_stands_behind_the_lines_text(url, shown):
    assert described(url) == shown


def test_a_link_that_has_no_room_is_left_out_whole():
    url = "https://www.expensify.com/receipts/w_9f.jpg"
    assert described(url, "x" * 3990) == "x" * 3990


def test_a_link_is_no_difference_between_what_was_sent_and_what_stands():
    from tests.ledgers.quickbooks_online_company import document

    url = "https://www.expensify.com/receipts/w_9f.jpg"
    linked = ledger().render(entry(expense("18.40", text="Taxi", receipt_url=url)), mark(), {})
    bare = ledger().render(entry(expense("18.40", text="Taxi")), mark(), {})
    assert ledger().differences(bare, document(linked)) == ()
    assert ledger().differences(linked, document(bare)) == ()
    other = ledger().render(entry(expense("18.40", text="Bus", receipt_url=url)), mark(), {})
    (difference,) = ledger().differences(other, document(linked))
    assert (difference.ours, difference.theirs) == ("Bus", "Taxi")
