"""What a failed attempt tells its caller, and what it must not tell anybody."""

from dataclasses import FrozenInstanceError

import pytest

from connectors.contract.problem import Problem
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Request,
    Response,
    Throttled,
    Unauthorised,
    Unreachable,
    VendorError,
    fingerprint,
)

PLAN = Problem(
    "xero.plan", "connection", "Xero's plan has no such document.", "Upgrade the plan in Xero."
)
MAKERS = {
    "VendorError": lambda **facts: VendorError("It failed", **facts),
    "Unreachable": lambda **facts: Unreachable("It failed", **facts),
    "AnswerLost": lambda **facts: AnswerLost("It failed", **facts),
    "Throttled": lambda **facts: Throttled("It failed", after_s=30, **facts),
    "Unauthorised": lambda **facts: Unauthorised("It failed", **facts),
    "Blocked": lambda **facts: Blocked(PLAN, **facts),
    "ContractBroken": lambda **facts: ContractBroken("It failed", **facts),
}
OWN_FACTS = {
    "Throttled": {"after_s", "scope"},
    "Unauthorised": {"expired", "signed_by"},
    "Blocked": {"problem"},
}
each_error = pytest.mark.parametrize("name", MAKERS)


@each_error
def test_every_failure_carries_status_code_and_request_id(name):
    error = MAKERS[name](status=429, vendor_code="003001", request_id="1-5f2a")
    assert isinstance(error, VendorError)
    assert type(error).__name__ == name
    assert (error.status, error.vendor_code, error.request_id) == (429, "003001", "1-5f2a")
    assert str(error) == f"{error.message} (request 1-5f2a, HTTP 429, code 003001)"


@each_error
def test_a_failure_without_facts_is_its_message_alone(name):
    error = MAKERS[name]()
    assert (error.status, error.vendor_code, error.request_id) == (0, "", "")
    assert str(error) == error.message


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"request_id": "1-5f2a"}, "It failed (request 1-5f2a)"),
        ({"status": 503}, "It failed (HTTP 503)"),
        ({"vendor_code": "6000", "status": 400}, "It failed (HTTP 400, code 6000)"),
    ],
    ids=["request", "status", "status and code"],
)
def test_a_failure_shows_the_facts_it_has(facts, shown):
    assert str(VendorError("It failed", **facts)) == shown


@each_error
@pytest.mark.parametrize("secret", ["body", "token", "headers", "response"])
def test_a_failure_has_no_place_for_a_token_or_a_body(name, secret):
    with pytest.raises(TypeError, match=secret):
        MAKERS[name](**{secret: "made-up"})
    kept = {"message", "status", "vendor_code", "request_id"} | OWN_FACTS.get(name, set())
    assert set(vars(MAKERS[name](status=500))) == kept


@pytest.mark.parametrize("one", [name for name in MAKERS if name != "VendorError"])
def test_no_failure_is_caught_as_another(one):
    """Taking a lost answer for an unsent request would post twice."""
    classes = (Unreachable, AnswerLost, Throttled, Unauthorised, Blocked, ContractBroken)
    assert [kind.__name__ for kind in classes if isinstance(MAKERS[one](), kind)] == [one]


def test_throttled_says_how_long_and_who_slows_down():
    error = Throttled("Too many requests", after_s=12.5, scope="app")
    assert (error.after_s, error.scope) == (12.5, "app")
    assert Throttled("Too many requests", after_s=1).scope == "connection"
    with pytest.raises(TypeError, match="after_s"):
        Throttled("Too many requests")


def test_unauthorised_says_whether_a_fresh_token_may_cure_it():
    assert Unauthorised("The token was refused").expired is False
    assert Unauthorised("The token was refused", expired=True).expired is True


def test_a_fingerprint_tells_credentials_apart_and_does_not_show_them():
    one, other = fingerprint("Bearer made-up-1"), fingerprint("Bearer made-up-2")
    assert one != other and one == fingerprint("Bearer made-up-1")
    assert "made-up" not in one and len(one) == 16
    assert fingerprint("") == ""


def test_blocked_says_what_a_person_reads():
    error = Blocked(PLAN, status=403)
    assert error.problem is PLAN
    assert str(error) == "Xero's plan has no such document. Upgrade the plan in Xero. (HTTP 403)"


def test_a_problem_reads_as_message_and_cure():
    assert str(PLAN) == "Xero's plan has no such document. Upgrade the plan in Xero."
    assert str(Problem("code", "field", "It was refused.", "")) == "It was refused."
    assert PLAN.facts == {}


def test_requests_and_responses_do_not_change_on_the_way():
    request = Request("POST", "/v3/company/1/bill", body=b"{}")
    with pytest.raises(FrozenInstanceError):
        request.body = b"other"
    with pytest.raises(FrozenInstanceError):
        Response(200, {}, b"{}").status = 500


def test_requests_do_not_share_their_headers():
    assert Request("GET", "/").headers is not Request("GET", "/").headers
