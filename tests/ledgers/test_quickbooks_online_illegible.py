"""One document that nobody can read is held alone, and never taken for one that is not there."""

import re
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.ledger import (
    Absent,
    Found,
    Gone,
    Illegible,
    InDoubt,
    Op,
    Payload,
    Receipt,
    Stored,
)
from connectors.contract.transport import AnswerLost
from connectors.ledgers.quickbooks_online import illegible
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from tests.ledgers.quickbooks_online_company import (
    NOW,
    US,
    answer,
    as_stored,
    entry,
    expense,
    found,
    ledger,
    mark,
    payload,
    query_batch,
    sought,
)

SPOILT = {
    "no version": {"SyncToken": None},
    "a date that is none": {"TxnDate": "yesterday"},
    "a due date that is none": {"DueDate": "soon"},
    "an amount that is none": {"TotalAmt": "a lot"},
    "lines that are none": {"Line": {"Amount": 1}},
    "a line that is none": {"Line": ["Taxi"]},
    "an account that is a text": {
        "Line": [
            {
                "Amount": 1,
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {"AccountRef": "60"},
            }
        ]
    },
    "a vendor that is a list": {"VendorRef": [{"value": "56"}]},
    "a memo that is no text": {"PrivateNote": {"text": "EXP"}},
}


def spoilt(number: int = 1, document_id: str = "1207", **fields: Any) -> dict[str, Any]:
    return as_stored(payload(number), document_id) | (fields or SPOILT["no version"])


# --- look-ups -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SPOILT)
def test_what_cannot_be_read_is_found_and_told_and_holds_up_nobody_else(case):
    rows = [spoilt(**SPOILT[case]), as_stored(payload(2), "1208")]
    findings = ledger(answer(found("Bill", *rows))).find([sought(1), sought(2), sought(3)])
    one = findings[mark(1)]
    assert isinstance(one, Illegible), one
    assert (one.document_id, one.number) == ("1207", payload(1).number)
    assert one.problem.code == "qbo.illegible" and payload(1).number in one.problem.message
    assert one.problem.facts["link"] == "https://qbo.example/app/bill?txnId=1207"
    assert isinstance(findings[mark(2)], Found) and findings[mark(3)] == Absent(NOW)


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"PrivateNote": "EXP HALF"}, "PrivateNote"),
        ({"CustomField": [{"StringValue": "HALF"}]}, "CustomField 1, StringValue"),
    ],
    ids=["our memo", "somebody's field"],
)
@pytest.mark.parametrize("half", [r"\ud83d", r"\u0000"], ids=["half a character", "nothing at all"])
def test_a_text_that_no_database_takes_holds_its_document_alone(field, place, half):
    """Cut within an emoji by a server that counts otherwise, it would stop whoever stores it."""
    rows = [spoilt(**field), as_stored(payload(2), "1208")]
    body = exact_json.dumps(found("Bill", *rows)).replace("HALF", half)
    findings = ledger(answer(body)).find([sought(1), sought(2)])
    assert isinstance(findings[mark(1)], Illegible)
    assert f"({place})" in findings[mark(1)].problem.message
    assert isinstance(findings[mark(2)], Found)


@pytest.mark.parametrize(
    ("case", "place"),
    [
        ("no version", "SyncToken"),
        ("a line that is none", "Line 1"),
        ("an account that is a text", "Line 1, AccountBasedExpenseLineDetail, AccountRef"),
    ],
)
def test_the_place_that_cannot_be_read_is_named(case, place):
    rows = [spoilt(**SPOILT[case])]
    one = ledger(answer(found("Bill", *rows))).find([sought(1)])[mark(1)]
    assert f"({place})" in one.problem.message


def test_of_two_of_the_same_number_the_illegible_one_speaks_and_names_the_other():
    rows = [as_stored(payload(1), "1300") | {"DocNumber": payload(1).number}, spoilt()]
    one = ledger(answer(found("Bill", *rows))).find([sought(1)])[mark(1)]
    assert isinstance(one, Illegible) and one.document_id == "1207"
    assert f"Beside it stands: {payload(1).number}." in one.problem.message


def test_a_number_and_a_memo_that_cannot_be_read_may_be_those_of_anyone_not_found():
    row = as_stored(payload(1), "1207") | {"DocNumber": ["R1"], "PrivateNote": ["mlc"]}
    rows = [row, as_stored(payload(2), "1208")]
    findings = ledger(answer(found("Bill", *rows))).find([sought(1)])
    assert isinstance(findings[mark(1)], Illegible) and findings[mark(1)].number == ""


def test_a_document_sought_by_its_id_is_not_absent_while_one_has_no_id():
    receipt = Receipt("1207", payload(1).number, "0", Kind.BILL)
    nameless = as_stored(payload(9)) | {"Id": None}
    wire = query_batch(found("Bill"), found("Bill", nameless))
    finding = ledger(wire).find([sought(1, receipt=receipt)])[mark(1)]
    assert isinstance(finding, Illegible) and finding.document_id == ""


def test_a_document_of_the_day_with_a_memo_that_cannot_be_read_may_be_ours():
    row = as_stored(payload(9)) | {"PrivateNote": 7}
    book = ledger(answer(found("Bill")), answer(found("Bill", row)))
    assert isinstance(book.find([sought(1, sent_at=NOW)])[mark(1)], Illegible)


# --- reading, scanning, posting -------------------------------------------------------------------


def test_reading_tells_the_illegible_one_apart_from_what_stands_and_what_is_gone():
    here, bad, gone = (Receipt(i, "", "0", Kind.BILL) for i in ("1206", "1207", "1208"))
    rows = [as_stored(payload(1), "1206"), spoilt()]
    answers = ledger(answer(found("Bill", *rows))).read([here, bad, gone])
    assert isinstance(answers[here], Stored) and isinstance(answers[bad], Illegible)
    assert answers[gone] == Gone()


def test_nothing_is_called_gone_while_a_document_has_no_id():
    here, other = (Receipt(i, "", "0", Kind.BILL) for i in ("1206", "1207"))
    rows = [as_stored(payload(1), "1206"), as_stored(payload(2)) | {"Id": {"value": "1207"}}]
    answers = ledger(answer(found("Bill", *rows))).read([here, other])
    assert isinstance(answers[here], Stored) and isinstance(answers[other], Illegible)


def test_a_scan_goes_on_behind_what_it_cannot_read():
    rows = [spoilt(), as_stored(payload(2), "1208"), spoilt(3, Id=None), spoilt(4, Id=None)]

    def answered(request):
        statement = parse_qs(urlsplit(request.path).query)["query"][0]
        entity = re.search(r"FROM (\w+)", statement)[1]
        return answer(found(entity, *(rows if entity == "Bill" else ())))

    scanned = list(ledger(answered).scan(date(2026, 10, 1), date(2026, 10, 31)))
    assert [type(one) for one in scanned] == [Illegible, Stored, Illegible, Illegible]


def test_an_answer_that_is_no_json_is_no_matter_of_one_document():
    with pytest.raises(AnswerLost):
        ledger(answer("<html/>")).read([Receipt("1207", "", "0", Kind.BILL)])


def test_a_post_whose_answer_cannot_be_read_is_in_doubt_alone():
    (call,) = ledger().pack(Op.POST, [payload(1), payload(2)], "1")
    answers = [
        {"bId": "m0", "Bill": spoilt()},
        {"bId": "m1", "Bill": as_stored(payload(2), "1208")},
    ]
    outcome = ledger(answer({"BatchItemResponse": answers})).post(call)
    assert isinstance(outcome[mark(1)], InDoubt) and not isinstance(outcome[mark(2)], InDoubt)


# --- look-alikes ----------------------------------------------------------------------------------


def by_hand(**fields: Any) -> dict[str, Any]:
    """A bill that somebody typed: payee, date and total of `payload(1)`, nothing else of it."""
    return as_stored(payload(1)) | {"DocNumber": "1187", "PrivateNote": "taxi"} | fields


LOOKS = {
    "readable": ({}, Stored),
    "no version": ({"SyncToken": None}, Illegible),
    "its total cannot be read": ({"TotalAmt": ["18.40"]}, Illegible),
    "it has no total": ({"TotalAmt": None}, Stored),
    "its date cannot be read": ({"TxnDate": "soon"}, Illegible),
    "its payee cannot be read, its number is ours": (
        {"VendorRef": "56", "DocNumber": payload(1).number},
        Illegible,
    ),
    "its payee cannot be read, its number is another": ({"VendorRef": "56"}, None),
    "another payee and no version": ({"VendorRef": {"value": "57"}, "SyncToken": None}, None),
    "another day, and its total cannot be read": (
        {"TxnDate": "2026-10-21", "TotalAmt": "much"},
        None,
    ),
    "another total": ({"TotalAmt": 5}, None),
    "of another report of ours": ({"PrivateNote": f"mlc:{mark(2).k(10)}"}, None),
    "our own, whose number a person changed": (
        {"PrivateNote": f"mlc:{mark(1).k(10)}"},
        Stored,
    ),
}


@pytest.mark.parametrize("case", LOOKS)
def test_a_look_alike_counts_by_what_can_be_read_of_it(case):
    fields, expected = LOOKS[case]
    alike = ledger(answer(found("Bill", by_hand(**fields)))).twins([payload(1)])
    assert [type(one) for one in alike.get(mark(1), ())] == [expected] * (expected is not None)


def test_one_illegible_look_alike_holds_one_payload():
    rows = [by_hand(SyncToken=None), spoilt(9, "1300", VendorRef={"value": "99"})]
    payloads = [payload(1), payload(2, date=date(2026, 10, 21))]
    assert set(ledger(answer(found("Bill", *rows))).twins(payloads)) == {mark(1)}


# --- whatever a document looks like ---------------------------------------------------------------

odd = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "Amount", "Type", "Id"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def _places(value: Any, path: tuple = ()) -> list[tuple]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        place
        for key, member in members
        for place in (
            (*path, key),
            *(_places(member, (*path, key)) if isinstance(member, dict | list) else ()),
        )
    ]


def _replace(raw: dict, path: tuple, value: Any) -> None:
    holder = raw
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value


@pytest.mark.parametrize("kind", list(Kind))
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_whatever_one_field_has_become_nothing_that_reads_it_stumbles(kind, data):
    """Either it is illegible, or it can be compared, amended and cancelled like any other."""
    amount = "-5.00" if kind.takes_back else "5.00"
    made = entry(expense(amount), expense(amount), kind=kind)
    sent = ledger().render(made, mark(), US)
    raw = as_stored(sent)
    _replace(raw, data.draw(st.sampled_from(_places(raw))), data.draw(odd))
    stored = illegible.standing(ENTITIES[kind], raw, "https://qbo.example", "USD")
    if isinstance(stored, Stored):
        ledger().differences(sent, stored)
        ledger().cancel(stored, "delete", mark())
        changed = ledger().render(made, mark(), US, stored)
        assert isinstance(changed, Payload | tuple)
