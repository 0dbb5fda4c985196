"""QuickBooks Online in the sandbox: batches and requests sent twice."""

import pytest

from tests.sandbox.quickbooks_calls import batch, fault


# -- batch -----------------------------------------------------------------------------------------
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
