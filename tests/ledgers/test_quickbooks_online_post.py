"""Calls and their answers: exact bytes out, and an outcome for every member whatever comes back."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.ledger import InDoubt, Op, Posted, Refused
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    Throttled,
    Unauthorised,
    Unreachable,
    VendorError,
)
from connectors.ledgers.quickbooks_online.faults import RULES, Do
from tests.ledgers.quickbooks_online_company import (
    REALM,
    TAXI,
    US,
    amend_of,
    answer,
    as_stored,
    document,
    entry,
    expense,
    fault,
    ledger,
    mark,
    payload,
    wired,
)

GATEWAY_401 = (
    b'{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":"message='
    b'AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired",'
    b'"code":"3200","element":null}],"type":"AUTHENTICATION"},"report":null,"queryResponse":null,'
    b'"batchItemResponse":[],"requestId":null,"time":1793610930123,"status":null}'
)
XML_429 = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<IntuitResponse time="2026-11-02T01:'
    b'15:30.123-08:00" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error '
    b'code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>'
    b"<Detail>The request limit was reached.  Try again later</Detail></Error></Fault>"
    b"</IntuitResponse>"
)
XML_401 = (
    b'<IntuitResponse><Fault type="AuthenticationFault"><Error code="100"><Message>General '
    b"Authentication Error</Message><Detail>AuthenticationErrorGeneral: SRV-110-Authentication "
    b"Failure , statusCode: 401</Detail></Error></Fault></IntuitResponse>"
)
CLOSED = (
    "The account period has closed and the account books cannot be updated through the QBO "
    "Services API. Please use the QBO website to make these changes."
)


def call_of(*payloads, op=Op.POST, epoch="1"):
    return ledger().pack(op, payloads, epoch)[0]


def posted(call, response):
    return ledger(response).post(call)


def batch(*members, time="2026-11-03T06:02:00.000-08:00"):
    return answer({"BatchItemResponse": list(members), "time": time})


def stored_member(sent, place=0, **changes):
    return {"Bill": as_stored(sent, str(1207 + place)) | changes, "bId": f"m{place}"}


# --- packing --------------------------------------------------------------------------------------


def test_a_call_is_one_batch_with_a_request_id_made_from_its_bytes():
    call = call_of(payload(1), payload(2))
    assert call.members == (mark(1), mark(2)) and call.is_batch
    assert call.request.path == (
        f"/v3/company/{REALM}/batch?minorversion=75&requestid={call.request_id}"
    )
    assert len(call.request_id) == 36
    assert call.request.headers == {
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    sent = json.loads(call.request.body)["BatchItemRequest"]
    assert [(one["bId"], one["operation"]) for one in sent] == [("m0", "create"), ("m1", "create")]
    assert payload(1).body in call.request.body.decode()


def test_a_single_document_goes_as_a_batch_of_one():
    assert len(json.loads(call_of(payload()).request.body)["BatchItemRequest"]) == 1


@given(st.integers(0, 95), st.text(max_size=8))
@settings(max_examples=20)
def test_the_same_payloads_give_the_same_calls_of_at_most_thirty(count, epoch):
    made = payload(1)
    payloads = [replace(made, marker=mark(number)) for number in range(count)]
    calls = ledger().pack(Op.POST, payloads, epoch)
    assert calls == ledger().pack(Op.POST, payloads, epoch)
    assert [m for call in calls for m in call.members] == [p.marker for p in payloads]
    assert all(0 < len(call.members) <= 30 for call in calls)
    for call in calls:
        ids = [one["bId"] for one in json.loads(call.request.body)["BatchItemRequest"]]
        assert len(set(ids)) == len(ids) and all(len(one) <= 10 for one in ids)


def test_a_new_epoch_gives_a_new_request_id_over_the_same_bytes():
    first, second = call_of(payload(), epoch="1"), call_of(payload(), epoch="2")
    assert first.request.body == second.request.body
    assert first.request_id != second.request_id


def test_kinds_may_share_a_call():
    call = call_of(payload(1), payload(2, kind=Kind.JOURNAL), payload(3, kind=Kind.EXPENSE))
    sent = json.loads(call.request.body)["BatchItemRequest"]
    assert [set(one) - {"bId", "operation"} for one in sent] == [
        {"Bill"},
        {"JournalEntry"},
        {"Purchase"},
    ]


def test_a_payload_of_another_operation_is_refused():
    with pytest.raises(ValueError, match="cannot go with"):
        ledger().pack(Op.AMEND, [payload()], "1")


def test_a_document_can_be_deleted_but_not_voided():
    stored = document(payload(), SyncToken="3")
    sent = ledger().cancel(stored, "delete", mark())
    assert sent.body == f'{{"DocNumber":"{stored.number}","Id":"1207","SyncToken":"3"}}'
    assert (sent.document_id, sent.version, sent.number) == ("1207", "3", stored.number)
    member = json.loads(call_of(sent, op=Op.CANCEL).request.body)["BatchItemRequest"][0]
    assert member["operation"] == "delete"
    with pytest.raises(ValueError, match="only delete"):
        ledger().cancel(stored, "void", mark())


# --- good answers ---------------------------------------------------------------------------------


def test_answers_are_joined_by_their_id_not_by_their_place():
    sent = [payload(1), payload(2)]
    outcome = posted(call_of(*sent), batch(stored_member(sent[1], 1), stored_member(sent[0], 0)))
    assert [outcome[mark(n)].receipt.document_id for n in (1, 2)] == ["1207", "1208"]
    receipt = outcome[mark(1)].receipt
    assert receipt.link == "https://qbo.example/app/bill?txnId=1207"
    assert (receipt.number, receipt.version, receipt.kind) == (sent[0].number, "0", Kind.BILL)
    assert outcome[mark(1)].stored.total == Decimal("18.40")


def test_a_refused_member_leaves_the_others_posted():
    sent = [payload(1), payload(2), payload(3)]
    outcome = posted(
        call_of(*sent),
        batch(
            stored_member(sent[0]), fault("6200", CLOSED) | {"bId": "m1"}, stored_member(sent[2], 2)
        ),
    )
    assert isinstance(outcome[mark(1)], Posted) and isinstance(outcome[mark(3)], Posted)
    refused = outcome[mark(2)]
    assert refused.again == "no" and refused.problems[0].code == "qbo.period_closed"


def test_a_deleted_document_is_posted_without_a_body():
    sent = ledger().cancel(document(payload()), "delete", mark())
    gone = {"Bill": {"status": "Deleted", "domain": "QBO", "Id": "1207"}, "bId": "m0"}
    outcome = posted(call_of(sent, op=Op.CANCEL), batch(gone))[mark()]
    assert isinstance(outcome, Posted) and outcome.stored is None
    assert outcome.receipt.document_id == "1207"


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Kind.BILL, "Bill"), (Kind.CARD_CREDIT, "Card credit"), (Kind.EXPENSE, "Card charge")],
)
def test_a_refused_delete_is_told_by_the_name_of_its_document(kind, name):
    amount = "-5.00" if kind.takes_back else "5.00"
    sent = payload(lines=entry(expense(amount), kind=kind).lines, kind=kind)
    cancel = ledger().cancel(document(sent), "delete", mark())
    refusal = fault("6480", "matched") | {"bId": "m0"}
    problem = posted(call_of(cancel, op=Op.CANCEL), batch(refusal))[mark()].problems[0]
    assert problem.message.startswith(f"{name} {sent.number} is matched")
    assert "1207" not in problem.message


def test_a_delete_that_is_not_said_to_be_done_is_in_doubt():
    sent = ledger().cancel(document(payload()), "delete", mark())
    for raw in (as_stored(payload()), {"status": "Deleted", "Id": "99"}):
        outcome = posted(call_of(sent, op=Op.CANCEL), batch({"Bill": raw, "bId": "m0"}))
        assert isinstance(outcome[mark()], InDoubt)


def test_a_charge_that_comes_back_as_a_credit_is_in_doubt():
    sent = payload(kind=Kind.EXPENSE)
    member = {"Purchase": as_stored(sent) | {"Credit": True}, "bId": "m0"}
    assert isinstance(posted(call_of(sent), batch(member))[mark()], InDoubt)


def test_a_right_that_one_document_lacks_does_not_close_the_connection():
    refused = answer(fault("5020", "Permission denied"), 403)
    outcome = posted(call_of(payload()), refused)[mark()]
    assert outcome.again == "no" and outcome.problems[0].code == "qbo.feature_missing"


# --- answers that settle nothing ------------------------------------------------------------------

ODD_MEMBERS = {
    "no part for the document": [],
    "two parts for it": [stored_member(payload()), stored_member(payload())],
    "document and fault at once": [stored_member(payload()) | fault("6000", "x")],
    "neither of the two": [{"bId": "m0"}],
    "another entity": [{"bId": "m0", "Invoice": as_stored(payload())}],
    "no id": [stored_member(payload(), Id=None)],
    "no version": [stored_member(payload(), SyncToken="")],
    "an unreadable amount": [stored_member(payload(), TotalAmt="many")],
    "an unreadable date": [stored_member(payload(), TxnDate="soon")],
    "lines that are none": [stored_member(payload(), Line="three")],
    "somebody else's document": [stored_member(payload(), DocNumber="1187", PrivateNote="rent")],
    "a deleted document, replayed": [stored_member(payload(), status="Deleted")],
    "a system failure": [fault("10000", "", "System Failure", "SystemFault") | {"bId": "m0"}],
    "a request still running": [fault("600", "", "Duplicate Request ID") | {"bId": "m0"}],
    "an internal error": [fault("6000", "Unexpected Internal Error. (-30000)") | {"bId": "m0"}],
    "an unknown severe fault": [fault("12345", "boom") | {"bId": "m0"}],
    "an unknown system fault": [fault("77", "boom", kind="SystemFault") | {"bId": "m0"}],
}


@pytest.mark.parametrize("case", ODD_MEMBERS)
def test_an_answer_that_proves_nothing_leaves_its_document_in_doubt(case):
    outcome = posted(call_of(payload()), batch(*ODD_MEMBERS[case]))[mark()]
    assert isinstance(outcome, InDoubt)
    assert "1-abc" in outcome.why


@pytest.mark.parametrize(
    "response",
    [
        answer(status=500),
        answer("<html>Bad Gateway</html>", 502),
        answer(fault("10000", "", "System Failure", "SystemFault"), 500),
        answer(fault("6200", CLOSED), 503),
        answer('{"BatchItemResponse":[{"bId":"m0","Bi'),
        answer("<html>welcome</html>"),
        answer(b"\xff\xfe\x00"),
        answer("[]"),
        answer("{}"),
        answer('{"BatchItemResponse":{}}'),
        answer("[" * 100_000),
        answer('{"a":1e999999999999999999999}'),
        answer("", 302),
        answer("<html>nothing here</html>", 404),
        answer(fault("600"), 400),
    ],
    ids=lambda r: f"{r.status} {r.body[:20]!r}",
)
def test_an_answer_that_cannot_be_read_leaves_every_document_in_doubt(response):
    outcome = posted(call_of(payload(1), payload(2)), response)
    assert set(outcome) == {mark(1), mark(2)}
    assert all(isinstance(one, InDoubt) for one in outcome.values())


def test_a_lost_answer_leaves_every_document_in_doubt_and_is_sent_once():
    book, wire = wired(AnswerLost("the connection broke"))
    outcome = book.post(call_of(payload(1), payload(2)))
    assert all(isinstance(one, InDoubt) for one in outcome.values()) and len(outcome) == 2
    assert len(wire.requests) == 1


def test_what_never_left_is_for_the_caller():
    with pytest.raises(Unreachable):
        ledger(Unreachable("no route")).post(call_of(payload()))


# --- answers about the connection -----------------------------------------------------------------

CONNECTION = {
    "expired token": (answer(GATEWAY_401, 401), Unauthorised, {"expired": True}),
    "no words": (answer("", 401), Unauthorised, {"expired": True}),
    "a code nobody knows": (answer(fault("99"), 401), Unauthorised, {"expired": True}),
    "missing token": (answer(fault("3202"), 401), Unauthorised, {"expired": False}),
    "user removed": (answer(fault("120"), 400), Unauthorised, {"expired": False}),
    "another company's token": (answer(XML_401, 401), Blocked, {}),
    "wrong keys": (answer(fault("3100"), 403), Blocked, {}),
    "forbidden by a gateway": (answer("<html>no</html>", 403), Blocked, {}),
    "subscription ended": (answer(fault("6190"), 200), Blocked, {}),
    "company reset": (answer(fault("10200"), 400), Blocked, {}),
    "throttled in XML": (answer(XML_429, 429), Throttled, {"after_s": 60.0}),
    "throttled with advice": (
        answer("", 429, {"retry-after": "17"}),
        Throttled,
        {"after_s": 17.0},
    ),
    "throttled with odd advice": (
        answer("", 429, {"retry-after": "Tue, 03 Nov"}),
        Throttled,
        {"after_s": 60.0},
    ),
    "throttled the old way": (answer(fault("3001"), 403), Throttled, {"after_s": 60.0}),
    "under maintenance": (answer(fault("150"), 503), Throttled, {"after_s": 300.0}),
    "company locked": (answer(fault("140"), 400), Throttled, {"after_s": 300.0}),
    "wrong cluster": (answer(fault("130"), 400), Throttled, {"after_s": 300.0}),
}


@pytest.mark.parametrize("case", CONNECTION)
def test_an_answer_about_the_connection_is_an_exception(case):
    response, kind, facts = CONNECTION[case]
    with pytest.raises(kind) as raised:
        posted(call_of(payload(1), payload(2)), response)
    assert raised.value.request_id == "1-abc" and raised.value.status == response.status
    assert {name: getattr(raised.value, name) for name in facts} == facts


def test_members_refused_for_the_connections_sake_alone_are_an_exception_too():
    with pytest.raises(Blocked):
        posted(
            call_of(payload(1), payload(2)),
            batch(fault("6190") | {"bId": "m0"}, fault("6190") | {"bId": "m1"}),
        )


def test_a_member_refused_for_the_connections_sake_beside_a_posted_one_comes_later():
    sent = [payload(1), payload(2)]
    outcome = posted(call_of(*sent), batch(stored_member(sent[0]), fault("3001") | {"bId": "m1"}))
    assert isinstance(outcome[mark(1)], Posted)
    assert outcome[mark(2)].again == "later"


# --- the fault table ------------------------------------------------------------------------------

NO, LATER, REREAD = "no", "later", "reread"
TAKEN = (
    "Duplicate Document Number Error : You must specify a different number. This number has "
    "already been used. DocNumber=R1-X is assigned to TxnType=Bill with TxnId=1207"
)
MEMBER_FAULTS = [
    ("500", "Unsupported Operation", NO, "qbo.not_understood"),
    ("610", "Something you're trying to use has been made inactive", NO, "qbo.reference_inactive"),
    ("610", "Object Not Found", NO, "qbo.reference_unknown"),
    ("620", "Txn ID cannot be linked", NO, "qbo.linked"),
    ("800", "Cannot delete object", NO, "qbo.linked"),
    ("1000", "", LATER, "qbo.failed_there"),
    ("1010", "", LATER, "qbo.failed_there"),
    ("1020", "", LATER, "qbo.failed_there"),
    ("1040", "Batch size exceeds allowed limit", NO, "qbo.not_understood"),
    ("2000", "", NO, "qbo.not_understood"),
    ("2010", "Property Name:failed to parse json object", NO, "qbo.not_understood"),
    ("2020", "Required parameter Line is missing in the request", NO, "qbo.not_understood"),
    ("2030", "Invalid ID", NO, "qbo.reference_unknown"),
    ("2040", "", NO, "qbo.characters"),
    ("2050", "", NO, "qbo.not_understood"),
    ("2060", "", NO, "qbo.not_understood"),
    ("2070", "", NO, "qbo.not_understood"),
    ("2080", "", NO, "qbo.not_understood"),
    ("2090", "Invalid Number", NO, "qbo.not_understood"),
    ("2100", "", NO, "qbo.not_understood"),
    ("2110", "", NO, "qbo.not_understood"),
    ("2130", "", NO, "qbo.not_understood"),
    ("2140", "", NO, "qbo.not_understood"),
    ("2170", "HAS_BEEN_BILLED", NO, "qbo.not_understood"),
    ("2250", "", NO, "qbo.not_understood"),
    ("2260", "", NO, "qbo.not_understood"),
    ("2290", "", NO, "qbo.not_understood"),
    ("2300", "", NO, "qbo.not_understood"),
    ("2500", "Invalid Reference Id : Accounts element id 62 not found", NO, "qbo.account_gone"),
    ("2500", "Invalid Reference Id : Klasses element id 7 not found", NO, "qbo.class_gone"),
    ("2500", "Invalid Reference Id : Depts element id 7 not found", NO, "qbo.department_gone"),
    ("2500", "Invalid Reference Id : Names element id 56 not found", NO, "qbo.party_gone"),
    ("2500", "Account was made inactive", NO, "qbo.reference_inactive"),
    ("2500", "Invalid Reference Id", NO, "qbo.reference_unknown"),
    ("4000", "", NO, "qbo.not_understood"),
    ("4001", "", NO, "qbo.not_understood"),
    ("4002", "", NO, "qbo.not_understood"),
    ("5010", "You and Ann were working on this at the same time.", REREAD, "qbo.changed_there"),
    ("5020", "Permission denied", NO, "qbo.feature_missing"),
    ("5030", "", NO, "qbo.feature_missing"),
    ("6000", "You cannot enter more than 21 characters in the doc_num", NO, "qbo.number_length"),
    ("6000", "You must set a transaction amount", NO, "qbo.rule_broken"),
    (
        "6000",
        "When you use Accounts Payable, you must choose a vendor in the Name field.",
        NO,
        "qbo.vendor_missing",
    ),
    ("6000", "Target is not reimbursable", NO, "qbo.not_reimbursable"),
    ("6000", "Make sure all your transactions have a VAT rate", NO, "qbo.tax"),
    ("6070", "", NO, "qbo.not_understood"),
    ("6080", "", NO, "qbo.not_understood"),
    ("6100", "", NO, "qbo.tax"),
    ("6140", "Duplicate Document Number Error", NO, "qbo.number_taken"),
    ("6160", "", NO, "qbo.tax"),
    ("6170", "", NO, "qbo.tax"),
    ("6200", CLOSED, NO, "qbo.period_closed"),
    ("6200", "", NO, "qbo.period_closed"),
    ("6210", CLOSED, NO, "qbo.period_closed"),
    ("6210", "", NO, "qbo.period_closed"),
    ("7777", "Account Period Closed", NO, "qbo.period_closed"),
    ("6220", "", NO, "qbo.linked"),
    ("6230", "", NO, "qbo.tax"),
    ("6240", "The name supplied already exists.", NO, "qbo.name_taken"),
    ("6250", "", NO, "qbo.reference_unknown"),
    ("6310", "", NO, "qbo.billable"),
    ("6320", "", NO, "qbo.billable"),
    ("6400", "", NO, "qbo.billed_on"),
    ("6430", "Invalid account type", NO, "qbo.account_type"),
    ("6440", "", NO, "qbo.line_without_account"),
    ("6450", "", NO, "qbo.linked"),
    ("6480", "", NO, "qbo.bank_matched"),
    ("6540", "", NO, "qbo.bank_matched"),
    ("10100", "", NO, "qbo.not_understood"),
    ("4711", "Computer says no", NO, "qbo.refused"),
    ("", "Computer says no", NO, "qbo.refused"),
]


@pytest.mark.parametrize(
    ("code", "detail", "again", "problem"),
    MEMBER_FAULTS,
    ids=[f"{code} {detail[:30]}" for code, detail, *_ in MEMBER_FAULTS],
)
def test_each_fault_of_a_document_is_a_refusal_with_its_own_words(code, detail, again, problem):
    outcome = posted(call_of(payload()), batch(fault(code, detail) | {"bId": "m0"}))[mark()]
    assert isinstance(outcome, Refused), outcome
    assert (outcome.again, outcome.problems[0].code) == (again, problem)
    told = outcome.problems[0]
    assert payload().number in told.message or told.code == "qbo.name_taken"
    assert "Nothing was posted." in told.message and told.cure
    assert "{" not in told.message and told.facts["request_id"] == "1-abc"


def test_a_missing_reference_names_the_lines_that_use_it():
    sent = ledger().render(entry(expense("1.00", TAXI), expense("2.00", TAXI)), mark(), US)
    detail = "Invalid Reference Id : Accounts element id 62 not found"
    outcome = posted(call_of(sent), batch(fault("2500", detail) | {"bId": "m0"}))[mark()]
    assert "lines 1, 2 use the account with QuickBooks' id 62" in outcome.problems[0].message
    assert outcome.problems[0].subject == "account:62"


def test_a_closed_period_names_the_date():
    outcome = posted(call_of(payload()), batch(fault("6200", CLOSED) | {"bId": "m0"}))[mark()]
    assert outcome.problems[0].message == (
        f"Bill {payload().number}: its date 20 Oct 2026 is in a closed period of QuickBooks. "
        "Nothing was posted."
    )
    assert "first open day" in outcome.problems[0].cure


@pytest.mark.parametrize("code", ["6140", "6210"])
def test_a_number_that_exists_is_looked_up_before_anybody_is_asked(code):
    outcome = posted(call_of(payload()), batch(fault(code, TAKEN) | {"bId": "m0"}))[mark()]
    assert isinstance(outcome, InDoubt)
    assert "the number exists as TxnId 1207: look it up" in outcome.why


CHANGES = [
    ("610", "Another user has deleted this transaction.", REREAD),
    ("610", "Object Not Found", REREAD),
    ("610", "Something you're trying to use has been made inactive", NO),
    ("5010", "Stale Object Error", REREAD),
    ("6140", TAKEN, NO),
    ("6480", "", NO),
]


@pytest.mark.parametrize(
    ("code", "detail", "again"), CHANGES, ids=[f"{c} {d[:20]}" for c, d, _ in CHANGES]
)
@pytest.mark.parametrize("op", [Op.AMEND, Op.CANCEL])
def test_a_change_of_what_is_no_longer_as_we_knew_it_is_read_again(op, code, detail, again):
    sent = amend_of(payload())
    if op is Op.CANCEL:
        sent = ledger().cancel(document(payload()), "delete", mark())
    outcome = posted(call_of(sent, op=op), batch(fault(code, detail) | {"bId": "m0"}))[mark()]
    assert outcome.again == again
    assert "left as it is" in outcome.problems[0].message


def test_an_answer_to_an_amend_must_show_the_document_that_was_amended():
    sent = amend_of(payload())
    body = exact_json.loads(sent.body) | {"Id": "1207", "SyncToken": "0"}
    sent = replace(sent, body=exact_json.dumps(body))
    fine = posted(call_of(sent, op=Op.AMEND), batch(stored_member(payload(), SyncToken="1")))
    assert isinstance(fine[mark()], Posted) and fine[mark()].receipt.version == "1"
    other = posted(call_of(sent, op=Op.AMEND), batch(stored_member(payload(), Id="99")))
    assert isinstance(other[mark()], InDoubt)


def test_a_batch_refused_as_a_whole_blames_nobody_but_a_single_member():
    refused = answer(fault("2010", "Property Name:failed to parse json object"), 400)
    several = posted(call_of(payload(1), payload(2)), refused)
    assert {one.again for one in several.values()} == {LATER}
    assert posted(call_of(payload(1)), refused)[mark(1)].again == NO


def test_all_faults_of_a_document_are_told_and_the_gravest_decides():
    both = fault("6430", "Invalid account type")
    both["Fault"]["Error"] += fault("5010")["Fault"]["Error"]
    outcome = posted(call_of(payload()), batch(both | {"bId": "m0"}))[mark()]
    assert outcome.again == REREAD
    assert [p.code for p in outcome.problems] == ["qbo.changed_there", "qbo.account_type"]


def test_braces_in_quickbooks_words_do_no_harm():
    detail = "{document} {0} {x.__class__}"
    outcome = posted(call_of(payload()), batch(fault("4711", detail) | {"bId": "m0"}))[mark()]
    assert detail in outcome.problems[0].message


def test_every_rule_has_words_and_every_code_of_problem_starts_with_the_ledger():
    for rule in RULES:
        assert rule.problem.startswith("qbo.") and rule.message and rule.cure
        if rule.do in (Do.NO, Do.LATER, Do.REREAD):
            assert "{left}" in rule.message


# --- anything at all ------------------------------------------------------------------------------

NAMES = """BatchItemResponse bId Bill Fault fault Error error code Detail Id SyncToken status Line
    TxnDate TotalAmt type LinkedTxn MetaData DocNumber""".split()
json_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
one_member = st.fixed_dictionaries(
    {"bId": st.sampled_from(["m0", "m1", "m9"])},
    optional={"Bill": json_text, "Fault": json_text},
)
members_text = st.fixed_dictionaries({"BatchItemResponse": st.lists(one_member, max_size=4)})
anything = st.one_of(
    st.binary(max_size=200),
    st.one_of(json_text, members_text).map(lambda value: json.dumps(value).encode()),
)


STATUSES = [200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 413, 429, 500, 503]


@given(st.sampled_from(STATUSES), anything)
@settings(max_examples=300)
def test_no_answer_leaves_a_document_without_an_outcome(status, body):
    call = call_of(payload(1), payload(2))
    try:
        outcome = ledger(answer(body, status)).post(call)
    except VendorError:
        return
    assert set(outcome) == {mark(1), mark(2)}
    assert not any(isinstance(one, Posted) for one in outcome.values()) or status == 200
