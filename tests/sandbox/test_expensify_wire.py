"""How the Expensify simulator answers: URL, form, envelopes, credentials, limits, faults."""

import json

import pytest

from tests.sandbox.expensify_calls import FORM, LINES, URL, Expensify

LIST = {"type": "get", "inputSettings": {"type": "policyList"}}


@pytest.fixture
def expensify(sandbox):
    return Expensify(sandbox)


def test_only_the_one_path_exists(sandbox):
    assert sandbox.request("POST", "/expensify/elsewhere", "a=b", FORM).status == 404


def test_get_is_not_allowed(sandbox):
    assert sandbox.request("GET", URL).status == 405


def test_a_missing_job_is_a_tomcat_page(expensify):
    answer = expensify.post({"other": "field"})
    assert answer.status == 500
    assert "HTTP Status 500 - requestJobDescription" in answer.text


def test_a_job_that_is_no_json_is_a_tomcat_page(expensify):
    answer = expensify.post({"requestJobDescription": "{'type':"})
    assert answer.status == 500
    assert "HTTP Status 500 - JSONObject" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_a_body_that_is_no_form_has_no_fields(sandbox, expensify):
    text = "requestJobDescription=" + json.dumps(LIST | {"credentials": expensify.pair})
    assert sandbox.request("POST", URL, text, {"Content-Type": "text/plain"}).status == 500


def test_fields_may_stand_in_the_query(sandbox, expensify):
    from urllib.parse import urlencode

    query = urlencode({"requestJobDescription": json.dumps(LIST | {"credentials": expensify.pair})})
    assert sandbox.request("POST", f"{URL}?{query}").json()["responseCode"] == 200


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"type": "files"},
        {"type": "get", "inputSettings": {"type": "reports"}},
        {"type": "file", "inputSettings": {"type": "x"}, "onReceive": None},
    ],
    ids=["no type", "unknown type", "unknown getter", "file without onReceive"],
)
def test_a_job_nobody_knows_is_refused_with_410_under_200(expensify, job):
    code, text = expensify.refusal(job)
    assert code == 410
    assert "missing or malformed" in text


@pytest.mark.parametrize(
    ("position", "status", "text"),
    [
        ("json_500", 200, "Not authorized to authenticate as user aa_nobody"),
        ("http_401", 401, "401 Unauthorized"),
        ("http_403", 403, "403 - Invalid Credentials"),
    ],
    ids=["json", "401", "403"],
)
def test_wrong_credentials_are_refused_as_the_switch_says(expensify, position, status, text):
    expensify.settings(bad_credentials=position)
    wrong = {"partnerUserID": "aa_nobody", "partnerUserSecret": "0" * 40}
    answer = expensify.job(LIST | {"credentials": wrong})
    assert answer.status == status
    assert text in answer.text


def test_a_rotated_secret_ends_the_old_one(expensify):
    fresh = expensify.control("tokens", {"rotate": True})
    assert fresh["partnerUserID"] == expensify.pair["partnerUserID"] == "aa_ann_reyes_acme_example"
    assert expensify.refusal(LIST)[0] == 500
    assert expensify.job(LIST | {"credentials": fresh}).json()["responseCode"] == 200


@pytest.mark.parametrize(
    ("position", "printed"),
    [("number", "410"), ("text", '"410"'), ("decimal", "410.0")],
    ids=["number", "text", "decimal"],
)
def test_the_response_code_comes_in_three_forms(expensify, position, printed):
    expensify.settings(response_code_form=position)
    assert f'"responseCode":{printed}' in expensify.job({"type": "files"}).text


def test_either_key_of_an_error_may_come_first(expensify):
    texts = {expensify.job({"type": "files"}).text.split('"')[1] for _ in range(2)}
    assert texts == {"responseCode", "responseMessage"}


# -- limits ----------------------------------------------------------------------------------------
def test_the_sixth_job_in_ten_seconds_is_throttled_and_later_ones_are_not(sandbox, expensify):
    assert [expensify.job(LIST).status for _ in range(6)] == [200] * 5 + [429]
    sandbox.control("", "clock", {"advance_s": 11})
    assert expensify.job(LIST).status == 200


def test_the_twenty_first_job_in_a_minute_is_throttled(sandbox, expensify):
    for _ in range(4):
        assert [expensify.job(LIST).status for _ in range(5)] == [200] * 5
        sandbox.control("", "clock", {"advance_s": 11})
    answer = expensify.job(LIST)
    assert answer.status == 429
    assert answer.json()["responseMessage"].startswith("You have been rate-limited.")
    assert "retry-after" not in answer.headers


def test_each_credential_has_limits_of_its_own(sandbox, expensify):
    other = Expensify(sandbox, email="cfo@acme.example")
    for _ in range(6):
        expensify.job(LIST)
    assert other.job(LIST).status == 200


@pytest.mark.parametrize(
    ("position", "status", "empty"),
    [("http_429_json", 429, False), ("json_in_200", 200, False), ("http_429_empty", 429, True)],
    ids=["status and body", "body only", "status only"],
)
def test_the_layer_of_429_is_a_switch(expensify, position, status, empty):
    expensify.settings(throttled_answer=position, retry_after_s=30)
    answer = [expensify.job(LIST) for _ in range(6)][-1]
    assert answer.status == status
    assert (answer.body == b"") is empty
    assert answer.headers["retry-after"] == "30"
    if not empty:
        assert answer.json()["responseCode"] == 429


def test_limits_can_be_switched_off(expensify):
    expensify.settings(limits=False)
    assert {expensify.job(LIST).status for _ in range(25)} == {200}


def test_downloads_count_unless_switched_off(expensify):
    expensify.settings(downloads_count=False)
    name = expensify.file_name()
    assert {expensify.download(name).status for _ in range(8)} == {200}
    expensify.settings(downloads_count=True)
    assert 429 in {expensify.download(name).status for _ in range(8)}


# -- faults and traces -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"kind": "throttle", "retry_after_s": 7}, 429, "rate-limited"),
        ({"kind": "unauthorized"}, 200, "Not authorized"),
        ({"kind": "unavailable"}, 503, "HTTP Status 503"),
        ({"kind": "error_in_200"}, 200, "Internal error"),
        ({"kind": "refuse"}, 200, '"responseCode":410'),
        ({"kind": "error_after_store"}, 500, "HTTP Status 500"),
    ],
    ids=lambda one: one["kind"] if isinstance(one, dict) else "",
)
def test_a_fault_has_the_vendors_own_shape(expensify, fault, status, text):
    expensify.control("faults", fault)
    answer = expensify.job(expensify.export_job(), template=LINES)
    assert answer.status == status
    assert text in answer.text
    assert expensify.file_name().startswith("mlc")


def test_a_fault_about_storing_waits_for_an_export(expensify):
    expensify.control("faults", {"kind": "drop_after_store"})
    assert expensify.job(LIST).status == 200
    with pytest.raises(ConnectionError):
        expensify.job(expensify.export_job(), template=LINES)


def test_a_fault_can_wait_for_the_download(expensify):
    expensify.control("faults", {"kind": "garbled", "match": '"type": "download"'})
    name = expensify.file_name()
    assert '{"end":true}' not in expensify.download(name).text
    assert '{"end":true}' in expensify.download(name).text


def test_nothing_but_a_write_stands_among_the_writes(expensify):
    expensify.job(LIST)
    expensify.text()
    assert expensify.control("writes") == []


def test_every_way_to_write_leaves_a_trace(expensify):
    id = expensify.story()["revised"]
    update = {
        "type": "update",
        "inputSettings": {
            "type": "reportStatus",
            "status": "REIMBURSED",
            "filters": {"reportIDList": f"{id},{id},R00zzzzzzzzz"},
        },
    }
    body = expensify.job(update).json()
    assert body["responseCode"] == 200
    assert [one["reason"] for one in body["skippedReports"]] == [
        "Report is in status 'Reimbursed'",
        "Internal error",
    ]
    expensify.job({"type": "create", "inputSettings": {"type": "expenses"}})
    finish = [{"actionName": "markAsExported", "label": "mlc"}]
    expensify.job(expensify.export_job(onFinish=finish), template=LINES)
    assert [one["write"] for one in expensify.control("writes")] == [
        "update reportStatus",
        "create expenses",
        "onFinish markAsExported",
    ]
    assert expensify.control(f"reports/{id}")["status"] == "Reimbursed"


def test_the_request_log_names_the_job_and_no_secret(expensify):
    expensify.job(LIST)
    log = expensify.control("requests")
    assert log[-1]["job"] == "get policyList"
    assert expensify.pair["partnerUserSecret"] not in json.dumps(log)


# -- the control page ------------------------------------------------------------------------------
def test_the_control_page_names_each_vendors_own_verbs(sandbox):
    page = sandbox.request("GET", "/_control").text
    for vendor in sandbox.running.house.vendors.values():
        assert vendor.own_verbs
        for method, path, what in vendor.own_verbs:
            assert what in page
            if path:
                assert f"{method:<7}/_control/{vendor.name}/{path}" in page


def test_the_verbs_of_the_control_page_exist(sandbox):
    names = {"name": "revised", "realm": "9341450000000002"}
    for vendor in sandbox.running.house.vendors.values():
        for method, path, _ in vendor.own_verbs:
            if method == "GET":
                assert sandbox.control(vendor.name, path.format(**names)) is not None
