"""QuickBooks Online in the sandbox: consent, tokens, gates, throttles, shapes of refusals."""

import base64
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import pytest

from tests.sandbox.quickbooks_calls import REALM, Books

PREFIX = "/quickbooks_online"
BACK = "https://ml.acme.example/oauth/qbo"
SCOPE = "com.intuit.quickbooks.accounting"


@pytest.fixture
def books(sandbox):
    return Books(sandbox)


def asked(books, **more):
    wanted = {
        "client_id": books.minted["client_id"],
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": BACK,
        "state": "s1",
    }
    return wanted | more


def consented(books, decision="allow", **more):
    """The query of the redirect after pressing a button on the consent page."""
    form = asked(books, **more) | {"decision": decision}
    answer = books.sandbox.request("POST", f"{PREFIX}/connect/oauth2", urlencode(form))
    assert answer.status == 302, answer.text
    assert answer.headers["location"].startswith(BACK)
    return {n: v[0] for n, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token(books, secret=None, headers=None, **form):
    pair = f"{books.minted['client_id']}:{secret or books.minted['client_secret']}"
    sent = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    } | (headers or {})
    return books.sandbox.request("POST", f"{PREFIX}/oauth2/v1/tokens/bearer", urlencode(form), sent)


def refresh(books, value=None, **more):
    value = value or books.minted["refresh_token"]
    return token(books, grant_type="refresh_token", refresh_token=value, **more)


def read_with(books, access):
    books.token = access
    return books.call("GET", "bill/1")


# -- consent ---------------------------------------------------------------------------------------
def test_the_consent_page_is_a_form_with_allow_and_deny(books):
    page = books.sandbox.request("GET", f"{PREFIX}/connect/oauth2?" + urlencode(asked(books)))
    assert page.status == 200
    assert 'value="allow"' in page.text
    assert 'value="deny"' in page.text
    assert REALM in page.text


def test_allow_redirects_with_code_state_and_realm(books):
    answer = consented(books)
    assert answer["state"] == "s1"
    assert answer["realmId"] == REALM
    assert len(answer["code"]) <= 512


def test_deny_redirects_with_access_denied(books):
    assert consented(books, "deny") == {"error": "access_denied", "state": "s1"}


def test_an_unknown_scope_redirects_with_invalid_scope(books):
    assert consented(books, scope="everything")["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "wrong",
    [{"client_id": "nobody"}, {"redirect_uri": "http://ml.acme.example/"}, {"redirect_uri": "x"}],
    ids=["client", "not https", "no address"],
)
def test_a_wrong_asker_gets_a_page_and_no_redirect(books, wrong):
    form = asked(books) | wrong
    assert books.sandbox.request("GET", f"{PREFIX}/connect/oauth2?" + urlencode(form)).status == 400


def test_only_registered_redirect_uris_pass_when_there_are_some(books):
    books.settings(redirect_uris="https://other.example/cb")
    target = f"{PREFIX}/connect/oauth2?" + urlencode(asked(books))
    assert books.sandbox.request("GET", target).status == 400


# -- code ------------------------------------------------------------------------------------------
def test_a_code_gives_a_pair_that_works(books):
    code = consented(books)["code"]
    body = token(books, grant_type="authorization_code", code=code, redirect_uri=BACK).json()
    assert body["token_type"] == "bearer"
    assert (body["expires_in"], body["x_refresh_token_expires_in"]) == (3600, 8726400)
    assert read_with(books, body["access_token"]).status == 400  # 610: let in, nothing there


def test_a_code_works_once(books):
    code = consented(books)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert token(books, **form).status == 200
    assert token(books, **form).json()["error"] == "invalid_grant"


def test_a_code_dies_after_minutes(books):
    code = consented(books)["code"]
    books.sandbox.control("", "clock", {"advance_s": 301})
    answer = token(books, grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_another_redirect_uri_is_invalid_grant(books):
    code = consented(books)["code"]
    answer = token(books, grant_type="authorization_code", code=code, redirect_uri=BACK + "/")
    assert answer.json()["error"] == "invalid_grant"


def test_a_second_consent_kills_the_first_pair(books):
    first = books.token
    books.control("tokens", {})
    assert read_with(books, first).status == 401
    assert refresh(books).json()["error"] == "invalid_grant"


# -- refresh ---------------------------------------------------------------------------------------
def test_a_refresh_rotates_and_the_old_value_dies(books):
    fresh = refresh(books).json()
    assert fresh["refresh_token"] != books.minted["refresh_token"]
    again = refresh(books)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")
    assert again.json()["error_description"] == "Incorrect or invalid refresh token"
    assert refresh(books, fresh["refresh_token"]).status == 200


def test_a_refresh_may_keep_the_value_for_a_day(books):
    books.settings(refresh_rotates="daily")
    assert refresh(books).json()["refresh_token"] == books.minted["refresh_token"]
    books.sandbox.control("", "clock", {"advance_s": 86_400})
    assert refresh(books).json()["refresh_token"] != books.minted["refresh_token"]


def test_a_refresh_token_rolls_and_ends_by_the_clock(books):
    books.sandbox.control("", "clock", {"advance_s": 8_000_000})
    fresh = refresh(books).json()["refresh_token"]
    books.sandbox.control("", "clock", {"advance_s": 8_000_000})
    fresh = refresh(books, fresh).json()["refresh_token"]
    books.sandbox.control("", "clock", {"advance_s": 8_726_401})
    assert refresh(books, fresh).status == 400


def test_the_hard_end_is_told_to_who_asks(books):
    assert "x_refresh_token_hard_expires_in" not in refresh(books).json()
    books.minted = books.control("tokens", {})
    books.sandbox.control("", "clock", {"advance_s": 3600})
    told = refresh(books, headers={"x-include-refresh-token-hard-expires-in": "true"}).json()
    assert 157_680_000 - 3700 < told["x_refresh_token_hard_expires_in"] <= 157_680_000 - 3600


def test_the_rotation_of_a_dropped_answer_is_stored(books):
    books.control("faults", {"kind": "drop_token_answer"})
    with pytest.raises(ConnectionError):
        refresh(books)
    assert refresh(books).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("wish", "body"), [("none", {"error": "invalid_grant"})])
def test_invalid_grant_may_come_without_a_description(books, wish, body):
    books.settings(oauth_description=wish)
    assert refresh(books, "AB11x").json() == body


def test_a_wrong_secret_is_401_invalid_client(books):
    answer = refresh(books, secret="guess")
    assert (answer.status, answer.json()) == (401, {"error": "invalid_client"})


def test_an_unknown_grant_type_is_said_so(books):
    assert token(books, grant_type="password").json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("shape", ["json", "form"])
def test_revoking_ends_both_tokens(books, shape):
    body = {"token": books.minted["refresh_token"]}
    pair = f"{books.minted['client_id']}:{books.minted['client_secret']}"
    kind = "application/json" if shape == "json" else "application/x-www-form-urlencoded"
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Content-Type": kind,
    }
    sent = body if shape == "json" else urlencode(body)
    answer = books.sandbox.request("POST", f"{PREFIX}/v2/oauth2/tokens/revoke", sent, headers)
    assert (answer.status, answer.body) == (200, b"")
    assert read_with(books, books.token).status == 401
    assert refresh(books).status == 400


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
@pytest.mark.parametrize("tail", ["", "/"])
def test_discovery_has_both_spellings(books, name, tail):
    found = books.sandbox.request("GET", f"{PREFIX}/.well-known/{name}{tail}").json()
    assert found["token_endpoint"] == books.sandbox.url + PREFIX + "/oauth2/v1/tokens/bearer"
    assert {"issuer", "revocation_endpoint", "jwks_uri", "userinfo_endpoint"} <= set(found)


# -- bearer ----------------------------------------------------------------------------------------
def test_an_expired_token_is_the_gateways_lower_case_fault(books):
    books.sandbox.control("", "clock", {"advance_s": 3601})
    answer = books.call("GET", "bill/1")
    body = answer.json()
    assert answer.status == 401
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert body["fault"]["error"][0] == {
        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "detail": "Token expired",
        "code": "3200",
        "element": None,
    }
    assert isinstance(body["time"], int)


def test_a_malformed_token_says_so(books):
    assert "too short or too long" in read_with(books, "abc").text


def test_no_token_is_3202(books):
    answer = books.sandbox.request("GET", f"{PREFIX}/v3/company/{REALM}/bill/1")
    assert (answer.status, answer.json()["fault"]["error"][0]["code"]) == (401, "3202")


def test_the_token_of_another_company_is_refused_in_xml(books):
    books.realm = "9341450000000999"
    answer = books.call("GET", "bill/1")
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/xml"
    error = ElementTree.fromstring(answer.body)[0][0]
    assert error.get("code") == "100"


def test_wrong_keys_are_403_3100_and_a_removed_user_120(books):
    books.settings(app_access="wrong_environment")
    answer = books.call("GET", "bill/1")
    assert (answer.status, answer.json()["fault"]["error"][0]["code"]) == (403, "3100")
    books.settings(app_access="ok", role="none")
    answer = books.call("GET", "bill/1")
    assert answer.json()["Fault"]["type"] == "AuthorizationFault"
    assert answer.json()["Fault"]["Error"][0]["code"] == "120"


def test_an_ended_subscription_is_6190(books):
    books.settings(company_status="expired")
    assert (
        books.refused("query", "select * from Bill", content_type="application/text")[0] == "6190"
    )


def test_every_answer_has_an_intuit_tid_and_the_sandbox_date(books):
    books.settings(limits=False)
    seen = {
        books.call("GET", path).headers["intuit_tid"]
        for path in ("bill/1", "preferences", "nonsense")
    }
    assert len(seen) == 3
    assert refresh(books).headers["intuit_tid"]


# -- throttles -------------------------------------------------------------------------------------
def test_more_than_ten_a_second_are_throttled_and_time_heals(books):
    statuses = [books.call("GET", "preferences").status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    books.sandbox.control("", "clock", {"advance_s": 1})
    assert books.call("GET", "preferences").status == 200


def test_five_hundred_a_minute_per_company(books):
    books.settings(per_second=10_000, per_minute=5)
    statuses = [books.call("GET", "preferences").status for _ in range(6)]
    assert statuses[-2:] == [200, 429]
    books.sandbox.control("", "clock", {"advance_s": 60})
    assert books.call("GET", "preferences").status == 200


def test_the_batch_endpoint_has_its_own_limit(books):
    books.settings(per_second=10_000)
    body = {"BatchItemRequest": [{"bId": "q", "Query": "select * from Term"}]}
    statuses = [books.call("POST", "batch", body).status for _ in range(41)]
    assert (statuses[39], statuses[40]) == (200, 429)
    assert books.call("GET", "preferences").status == 200


def test_batch_members_count_when_switched_on(books):
    books.settings(per_second=10_000, per_minute=10, batch_items_count_as_calls=True)
    body = {"BatchItemRequest": [{"bId": str(n), "Query": "select * from Term"} for n in range(6)]}
    assert [books.call("POST", "batch", body).status for _ in range(2)] == [200, 429]


def test_reads_are_metered_by_the_month_and_writes_are_not(books):
    books.settings(limits=False)
    before = sum(books.control("meter")["reads"].values())
    books.call("GET", "preferences")
    books.call(
        "POST",
        "batch",
        {"BatchItemRequest": [{"bId": n, "Query": "select * from Term"} for n in "ab"]},
    )
    books.call("POST", "bill", {})
    assert sum(books.control("meter")["reads"].values()) - before == 3
    books.settings(limits=True, coreplus_per_month=1)
    assert books.call("GET", "preferences").status == 429
    assert books.call("POST", "bill", {}).status == 400


def test_the_two_bodies_of_429(books):
    books.control("faults", {"kind": "throttle", "times": 2, "retry_after_s": 60})
    plain = books.call("GET", "preferences")
    assert (plain.status, plain.headers["retry-after"]) == (429, "60")
    error = plain.json()["fault"]["error"][0]
    assert error["message"] == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert (error["code"], error["detail"], plain.json()["fault"]["type"]) == (
        "3001",
        None,
        "SERVICE",
    )
    books.settings(throttle_body="xml")
    answer = books.call("GET", "preferences")
    assert answer.headers["content-type"] == "application/xml"
    assert ElementTree.fromstring(answer.body)[0][0].get("code") == "3001"


# -- faults in the vendor's shapes -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("unauthorized", 401, "AuthenticationFailed"),
        ("unavailable", 503, "<html>"),
        ("refuse", 400, '"code":"6000"'),
        ("error_in_200", 200, '"Fault"'),
        ("error_after_store", 500, '"code":"10000"'),
    ],
)
def test_faults_wear_the_vendors_shapes(books, kind, status, text):
    books.settings(limits=False)
    body = books.bill()
    books.control("faults", {"kind": kind})
    answer = books.call("POST", "bill", body)
    assert answer.status == status
    assert text in answer.text
    assert answer.headers["intuit_tid"]
    assert len(books.control("documents")) == (kind == "error_after_store")
