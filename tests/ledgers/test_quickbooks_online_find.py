"""Documents found again: by number and marker, by id, by date; read and scanned."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract.entry import Kind
from connectors.contract.ledger import Absent, Found, Gone, Pending, Receipt, Sought
from connectors.contract.transport import (
    ContractBroken,
)
from tests.ledgers.quickbooks_online_company import (
    NOW,
    answer,
    as_stored,
    found,
    ledger,
    mark,
    payload,
    query_batch,
    sought,
    statements,
    wired,
)


def test_many_markers_are_looked_up_by_one_query():
    book, wire = wired(answer(found("Bill", as_stored(payload(1)))))
    findings = book.find([sought(1), sought(2)])
    assert isinstance(findings[mark(1)], Found) and findings[mark(2)] == Absent(NOW)
    assert findings[mark(1)].stored[0].id == "1207"
    one, two = payload(1).number, payload(2).number
    assert list(statements(wire)) == [
        f"SELECT * FROM Bill WHERE DocNumber IN ('{one}', '{two}') "
        "ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    ]
    assert wire.requests[0].method == "GET"


def test_several_kinds_share_one_request():
    book, wire = wired(query_batch(found("Bill"), found("JournalEntry")))
    findings = book.find([sought(1), sought(2, kind=Kind.JOURNAL)])
    assert len(wire.requests) == 1 and set(findings.values()) == {Absent(NOW)}


def test_more_markers_than_a_list_may_have_are_asked_in_parts():
    def empty(request):
        count = len(json.loads(request.body)["BatchItemRequest"])
        return query_batch(*[found("Bill")] * count)

    book, wire = wired(empty)
    assert len(book.find([sought(number) for number in range(1, 321)])) == 320
    assert [s.count("', '") + 1 for s in statements(wire)] == [150, 150, 20]


def test_a_list_too_long_for_an_address_travels_in_the_body():
    book, wire = wired(lambda request: answer({"QueryResponse": {}, "time": "x"}))
    assert len(book.find([sought(number) for number in range(1, 101)])) == 100
    (request,) = wire.requests
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/text")
    assert request.body.decode().count("', '") + 1 == 100


@pytest.mark.parametrize(
    "change",
    [{"DocNumber": payload(1).number.lower()}, {"DocNumber": f"{payload(1).number}X"}],
    ids=["number in lower case", "a longer number"],
)
def test_a_document_that_only_looks_like_ours_is_not_found(change):
    row = as_stored(payload(1)) | change
    assert ledger(answer(found("Bill", row))).find([sought(1)]) == {mark(1): Absent(NOW)}


@pytest.mark.parametrize(
    "note",
    ["typed by hand", f"mlc:{mark(1).k(10).lower()}", f"mlc:{mark(2).k(10)}", None],
    ids=["no marker", "lower case", "another marker", "no memo"],
)
def test_our_number_is_proof_whatever_people_made_of_the_memo(note):
    """Where the company takes a number twice, calling it absent would post it again."""
    row = as_stored(payload(1)) | {"PrivateNote": note}
    finding = ledger(answer(found("Bill", row))).find([sought(1)])[mark(1)]
    (stored,) = finding.stored
    assert [d.field for d in ledger().differences(payload(1), stored)] == ["marker"]


def test_two_documents_with_our_number_and_marker_are_both_found():
    twice = [as_stored(payload(1), "1207"), as_stored(payload(1), "1208")]
    finding = ledger(answer(found("Bill", *twice))).find([sought(1)])[mark(1)]
    assert [stored.id for stored in finding.stored] == ["1207", "1208"]


def test_a_document_with_a_receipt_is_found_by_id_when_its_number_was_changed():
    receipt = Receipt("1207", payload(1).number, "0", Kind.BILL)
    row = as_stored(payload(1)) | {"DocNumber": "1187", "PrivateNote": "typed over"}
    book, wire = wired(query_batch(found("Bill"), found("Bill", row)))
    finding = book.find([sought(1, receipt=receipt)])[mark(1)]
    assert finding.stored[0].number == "1187"
    assert "WHERE Id IN ('1207')" in list(statements(wire))[1]


def test_a_document_found_by_number_and_by_id_is_one():
    receipt = Receipt("1207", payload(1).number, "0", Kind.BILL)
    row = as_stored(payload(1))
    finding = ledger(query_batch(found("Bill", row), found("Bill", row))).find(
        [sought(1, receipt=receipt)]
    )[mark(1)]
    assert len(finding.stored) == 1


def test_what_may_have_been_sent_is_sought_among_the_documents_of_its_date():
    renamed = as_stored(payload(1)) | {"DocNumber": "1187"}
    stranger = as_stored(payload(9), "1300") | {"DocNumber": "1188"}
    book, wire = wired(answer(found("Bill")), answer(found("Bill", stranger, renamed)))
    finding = book.find([sought(1, sent_at=NOW), sought(2)])
    assert [s.id for s in finding[mark(1)].stored] == ["1207"] and finding[mark(2)] == Absent(NOW)
    assert "WHERE TxnDate = '2026-10-20'" in list(statements(wire))[1]


def test_what_was_never_sent_costs_no_second_read():
    book, wire = wired(answer(found("Bill")))
    book.find([sought(1)])
    assert len(wire.requests) == 1


def test_the_ledgers_clock_is_the_earliest_answer():
    """Thirty-one queries go in two requests: what the first says is no older than that."""
    numbers = range(1, 31 * 30 + 1)
    early, late = query_batch(*[found("Bill")] * 30), answer(found("Bill"))
    object.__setattr__(late, "at", NOW + timedelta(minutes=1))
    template = sought(1)
    many = [
        replace(template, marker=mark(n), payload=replace(template.payload, number=f"R{n}"))
        for n in numbers
    ]
    assert set(ledger(early, late).find(many).values()) == {Absent(NOW)}


def test_an_answer_without_date_is_timed_by_its_body():
    response = answer(found("Bill"))
    object.__setattr__(response, "at", None)
    assert ledger(response).find([sought(1)])[mark(1)] == Absent(
        datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
    )
    timeless = answer({"QueryResponse": {}})
    object.__setattr__(timeless, "at", None)
    with pytest.raises(ContractBroken, match="no time"):
        ledger(timeless).find([sought(1)])


def test_a_marker_with_nothing_to_look_by_cannot_be_called_absent():
    finding = ledger().find([Sought(mark(1), Kind.BILL, None)])[mark(1)]
    assert isinstance(finding, Pending)
    assert ledger().find([]) == {}


def test_read_tells_what_stands_and_what_is_gone():
    here, gone = (Receipt(i, "", "0", Kind.BILL) for i in ("1207", "1208"))
    book, wire = wired(answer(found("Bill", as_stored(payload(1)))))
    answers = book.read([here, gone])
    assert answers[here].id == "1207" and answers[gone] == Gone()
    assert ledger().read([]) == {}


def test_scan_reads_all_four_kinds_by_date():
    card = as_stored(payload(2, kind=Kind.EXPENSE), "5") | {"Credit": True}

    def empty(request):
        statement = parse_qs(urlsplit(request.path).query)["query"][0]
        entity = re.search(r"FROM (\w+)", statement)[1]
        rows = {"Bill": [as_stored(payload(1))], "Purchase": [card]}.get(entity, [])
        return answer(found(entity, *rows))

    book, wire = wired(empty)
    kinds = [stored.kind for stored in book.scan(date(2026, 10, 1), date(2026, 10, 31))]
    assert kinds == [Kind.BILL, Kind.CARD_CREDIT]
    assert [re.search(r"FROM (\w+)", s)[1] for s in statements(wire)] == [
        "Bill",
        "Purchase",
        "VendorCredit",
        "JournalEntry",
    ]
    assert "TxnDate >= '2026-10-01' AND TxnDate <= '2026-10-31'" in next(statements(wire))
