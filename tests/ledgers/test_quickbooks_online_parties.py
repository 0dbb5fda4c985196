"""Vendors that we create in QuickBooks Online: who has the name, the request, and its answers."""

from pathlib import Path

import pytest

from connectors.contract import exact_json
from connectors.contract.ledger import InDoubt, NewParty, PartyCall, Refused
from connectors.contract.transport import AnswerLost, Blocked, Throttled, Unauthorised, Unreachable
from tests.ledgers.quickbooks_online_company import (
    REALM,
    answer,
    fault,
    ledger,
    mark,
    query_batch,
    statements,
    wired,
)
from tests.ledgers.quickbooks_online_company import found as rows_of
from tests.ledgers.test_quickbooks_online_live import Desk, desk, running  # noqa: F401 - fixtures

GOLDEN = Path(__file__).parent / "golden" / "quickbooks_online" / "vendor.json"
KIRA = NewParty("Kira Novak", "kira.novak@acme.example", "EUR")
TAKEN = "The name supplied already exists. : Another customer, vendor or employee is already using"


def vendor(name: str = "Kira Novak", **more) -> dict:
    email = {"Address": "kira.novak@acme.example"}
    return {
        "Id": "91",
        "SyncToken": "0",
        "DisplayName": name,
        "Active": True,
        "PrimaryEmailAddr": email,
        "CurrencyRef": {"value": "EUR", "name": "Euro"},
    } | more


def made(party: NewParty = KIRA, number: int = 1) -> PartyCall:
    call = ledger(facts={"home_currency": "USD", "multicurrency": True}).create(party, mark(number))
    assert isinstance(call, PartyCall), call
    return call


def entered(*answers):
    return ledger(*answers).enter_party(made())


# --- the request ----------------------------------------------------------------------------------


def test_a_vendor_becomes_exactly_the_golden_body():
    call, golden = made(), exact_json.loads(GOLDEN.read_text())
    assert call.request.body.decode() == exact_json.dumps(golden["body"])
    assert golden["party"] == f"{KIRA.name}, {KIRA.email}, {KIRA.currency}"
    assert call.request.method == "POST"
    assert call.request.path == (
        f"/v3/company/{REALM}/vendor?minorversion=75&requestid={call.request_id}"
    )


def test_a_company_with_one_currency_is_told_none():
    call = ledger().create(KIRA, mark())
    assert "CurrencyRef" not in exact_json.loads(call.request.body)


def test_the_same_party_and_marker_give_the_same_request_and_another_marker_another_id():
    assert made() == made()
    first, second = made(), made(number=2)
    assert first.request.body == second.request.body
    assert first.request_id != second.request_id
    assert {len(first.request_id), len(second.request_id)} == {36}


@pytest.mark.parametrize("name", ["Kira: Novak", "Kira\tNovak", "Kira\nNovak", "K" * 101])
def test_a_name_that_quickbooks_cannot_have_is_never_mended(name):
    (problem,) = ledger().create(NewParty(name, "k@acme.example", "USD"), mark())
    assert problem.code == "qbo.name_unusable" and name in problem.message
    assert "nothing was posted" in problem.message and "link the employee" in problem.cure


# --- who has the name -----------------------------------------------------------------------------


def test_one_request_asks_for_a_name_in_all_three_lists_inactive_ones_too():
    company, wire = wired(
        query_batch(
            rows_of("Vendor", vendor("Ben Ito (deleted)", Id="7", Active=False)),
            rows_of("Employee"),
            rows_of("Customer", {"Id": "58", "DisplayName": "INES DUARTE"}),
        )
    )
    found = company.named(["Ben Ito", "Ines Duarte", "Kira Novak"])
    assert len(wire.requests) == 1
    asked = list(statements(wire))
    assert [one.split()[3] for one in asked] == ["Vendor", "Employee", "Customer"]
    assert all(
        "DisplayName IN ('Ben Ito', 'Ben Ito (deleted)', " in one
        and "Active IN (true, false)" in one
        for one in asked
    )
    assert [(one.kind, one.id, one.active, one.name) for one in found["Ben Ito"]] == [
        ("vendor", "7", False, "Ben Ito")
    ]
    assert [(one.list_name, one.kind) for one in found["Ines Duarte"]] == [("customer", "customer")]
    assert found["Kira Novak"] == ()


def test_what_quickbooks_shows_beyond_the_name_asked_for_does_not_count():
    company, _ = wired(
        query_batch(rows_of("Vendor", vendor("Kira Nowak")), rows_of("Employee"), fault("5020"))
    )
    assert company.named(["Kira Novak"]) == {"Kira Novak": ()}


def test_a_quote_in_a_name_is_escaped():
    company, wire = wired(query_batch(rows_of("Vendor"), rows_of("Employee"), rows_of("Customer")))
    company.named(["Sinéad O'Hara"])
    assert "'Sinéad O\\'Hara'" in next(statements(wire))


# --- answers --------------------------------------------------------------------------------------


def test_a_created_vendor_is_a_row_of_the_list():
    row = entered(answer({"Vendor": vendor(), "time": "2026-11-03T06:02:00.000-08:00"}))
    assert (row.list_name, row.kind, row.id, row.name) == ("party", "vendor", "91", "Kira Novak")
    assert (row.email, row.currency, row.active) == ("kira.novak@acme.example", "EUR", True)


def test_a_taken_name_asks_for_another_look():
    refused = entered(answer(fault("6240", TAKEN), 400))
    assert isinstance(refused, Refused) and refused.again == "reread"
    (problem,) = refused.problems
    assert problem.code == "qbo.name_taken"
    assert problem.message == (
        'Vendor "Kira Novak": a vendor, customer or employee of that name exists in QuickBooks. '
        "It was not created, and nothing was posted."
    )


@pytest.mark.parametrize(
    ("code", "detail", "again", "problem"),
    [
        ("6000", "Business Validation Error: Multi-currency", "no", "qbo.rule_broken"),
        ("2050", "String length", "no", "qbo.not_understood"),
        ("5020", "Permission denied", "no", "qbo.feature_missing"),
        ("1010", "create failed", "later", "qbo.failed_there"),
    ],
)
def test_a_refusal_says_that_nothing_was_created(code, detail, again, problem):
    refused = entered(answer(fault(code, detail), 400))
    assert isinstance(refused, Refused) and refused.again == again
    assert refused.problems[0].code == problem
    assert 'Vendor "Kira Novak"' in refused.problems[0].message
    assert "was not created" in refused.problems[0].message


@pytest.mark.parametrize(
    "response",
    [
        AnswerLost("the connection broke"),
        answer("<html>Bad gateway</html>", 502),
        answer(fault("10000", "An application error"), 500),
        answer("", 200),
        answer('{"Vendor": {"Id": "91", "Disp', 200),
        answer({"time": "2026-11-03T06:02:00.000-08:00"}),
        answer({"Vendor": vendor("Somebody Else")}),
        answer({"Vendor": vendor(Id="")}),
        answer(fault("6000", "Unexpected Internal Error. (-30000)"), 400),
        answer(fault("600", "Duplicate Request ID"), 400),
    ],
    ids=str,
)
def test_an_answer_that_proves_nothing_leaves_it_in_doubt(response):
    assert isinstance(entered(response), InDoubt)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(fault("3001", "", "message=ThrottleExceeded"), 429), Throttled),
        (answer(fault("3200", "Token expired"), 401), Unauthorised),
        (answer(fault("6190", "Invalid Company Status"), 400), Blocked),
        (Unreachable("no route"), Unreachable),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_what_is_about_the_connection_is_no_answer_about_the_vendor(response, error):
    with pytest.raises(error):
        entered(response)


# --- against the sandbox --------------------------------------------------------------------------


def test_the_sandbox_creates_the_vendor_once_and_shows_it_to_a_look_up(desk: Desk):  # noqa: F811
    ada = NewParty("Ada Quist", "ada.quist@acme.example", "USD")
    call = desk.ledger.create(ada, mark())
    assert desk.ledger.named(["ada quist"]) == {"ada quist": ()}
    row = desk.ledger.enter_party(call)
    assert desk.ledger.enter_party(call) == row
    assert (row.name, row.email, row.currency) == (ada.name, ada.email, ada.currency)
    assert desk.ledger.named(["ADA QUIST"]) == {"ADA QUIST": (row,)}
    again = desk.ledger.enter_party(desk.ledger.create(ada, mark(2)))
    assert isinstance(again, Refused) and again.again == "reread"


@pytest.mark.parametrize(
    ("name", "kind", "active"),
    [
        ("Ben Ito", "vendor", True),
        ("Ines Duarte", "customer", True),
        ("Nora Berg", "employee", True),
        ("Umbrella", "customer", False),
    ],
)
def test_a_look_up_in_the_sandbox_finds_whatever_would_refuse_the_name(desk, name, kind, active):  # noqa: F811
    ((found,),) = desk.ledger.named([name]).values()
    assert (found.kind, found.active) == (kind, active)
    refused = desk.ledger.enter_party(
        desk.ledger.create(NewParty(name, "x@y.example", "USD"), mark())
    )
    assert isinstance(refused, Refused) and refused.again == "reread"


def test_an_archived_vendor_is_found_under_its_old_name(desk):  # noqa: F811
    desk.control("chart", {"kind": "vendor", "action": "archive", "name": "Ben Ito"})
    (found,) = desk.ledger.named(["Ben Ito"])["Ben Ito"]
    assert (found.name, found.active, found.email) == ("Ben Ito", False, "ben.ito@acme.example")
