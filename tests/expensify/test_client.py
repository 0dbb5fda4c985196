"""What the client asks, and what it makes of every answer that Expensify is known to give."""

import inspect
import json
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    Unreachable,
    VendorError,
)
from connectors.expensify.client import ExpensifyClient, Window
from connectors.expensify.codes import CODES
from connectors.expensify.template import template_text
from tests.expensify.made import (
    FILE_NAME,
    NOON,
    SECRET,
    TWO_REPORTS,
    Bench,
    answer,
    export_of,
    report,
)

US = "0810E551A5F2A9C2"
OCTOBER = Window(policy_ids=(US,), approved_after=date(2026, 10, 1), states=("APPROVED",))
READY = answer(FILE_NAME), answer(TWO_REPORTS)


def test_an_export_is_asked_for_downloaded_and_read(tmp_path):
    bench = Bench(tmp_path, *READY)
    with bench.client.export(OCTOBER) as spooled:
        assert [one.report_id for one in bench.client.read(spooled)] == [
            "R00KmcW7Qx3a",
            "R00Pq2LzT9fd",
        ]
    assert spooled.window == OCTOBER
    credentials = {"partnerUserID": "aa_ops_acme_example", "partnerUserSecret": SECRET}
    assert bench.transport.jobs == [
        {
            "type": "file",
            "credentials": credentials,
            "onReceive": {"immediateResponse": ["returnRandomFileName"]},
            "inputSettings": {
                "type": "combinedReportData",
                "reportState": "APPROVED",
                "filters": {"policyIDList": US, "approvedAfter": "2026-10-01"},
            },
            "outputSettings": {"fileExtension": "txt", "fileBasename": "mlc"},
            "test": "true",
        },
        {
            "type": "download",
            "credentials": credentials,
            "fileName": FILE_NAME.decode(),
            "fileSystem": "integrationServer",
        },
    ]
    assert bench.transport.forms[0]["template"] == template_text()
    assert "template" not in bench.transport.forms[1]
    assert {(one.method, one.path) for one in bench.transport.requests} == {("POST", "")}
    assert [one.timeout_s for one in bench.transport.requests] == [300, 120]
    assert (bench.paced, bench.slept) == (2, [])
    assert list(tmp_path.iterdir()) == []


def test_a_transport_that_cannot_stream_serves_as_well(tmp_path):
    bench = Bench(tmp_path, *READY, streams=False)
    with bench.client.export(OCTOBER) as spooled:
        assert stat.S_IMODE(spooled.paths[0].stat().st_mode) == 0o600
        assert len(list(bench.client.read(spooled))) == 2


def test_a_streamed_file_is_nobody_elses_to_read(tmp_path):
    with Bench(tmp_path, *READY).client.export(OCTOBER) as spooled:
        assert stat.S_IMODE(spooled.paths[0].stat().st_mode) == 0o600


def test_an_old_window_is_asked_for_year_by_year_and_each_report_comes_once(tmp_path):
    parts = [export_of([report(reportID=one) for one in ids]) for ids in (["R1", "R2"], ["R2"])]
    bench = Bench(
        tmp_path, answer(FILE_NAME), answer(parts[0]), answer(FILE_NAME), answer(parts[1])
    )
    with bench.client.export(Window(approved_after=date(2025, 6, 1))) as spooled:
        assert [one.report_id for one in bench.client.read(spooled)] == ["R1", "R2"]
    filters = [job["inputSettings"]["filters"] for job in bench.transport.jobs[::2]]
    assert filters == [
        {"approvedAfter": "2025-06-01", "endDate": "2026-05-31"},
        {"approvedAfter": "2026-05-31"},
    ]


def test_nothing_of_an_old_window_is_used_when_its_second_year_breaks_off(tmp_path):
    bench = Bench(tmp_path, *READY, answer(FILE_NAME), answer(TWO_REPORTS[:400]))
    with pytest.raises(ContractBroken, match="breaks off"):
        bench.client.export(Window(approved_after=date(2025, 6, 1)))
    assert list(tmp_path.iterdir()) == []


# --- it reads only --------------------------------------------------------------------------------


def test_the_client_has_no_method_that_writes():
    public = {name for name, _ in inspect.getmembers(ExpensifyClient) if not name.startswith("_")}
    assert public == {"export", "read", "policies", "policy", "cards"}


def test_every_request_is_a_job_that_reads_and_asks_for_no_action_at_its_end(tmp_path):
    bench = Bench(
        tmp_path,
        *READY,
        answer({"responseCode": 200, "policyList": []}),
        answer({"responseCode": 200, "policyInfo": {US: {}}}),
        answer({"responseCode": 200, "domainCardList": []}),
    )
    bench.client.export(OCTOBER).close()
    bench.client.policies()
    bench.client.policy(US)
    bench.client.cards("acme.example")
    jobs = bench.transport.jobs
    assert [job["type"] for job in jobs] == ["file", "download", "get", "get", "get"]
    assert jobs[0]["test"] == "true"
    assert not any("onfinish" in json.dumps(job).lower() for job in jobs)
    assert not any("markedAsExported" in json.dumps(job) for job in jobs)
    assert bench.paced == len(jobs)


# --- downloads that are not ready -----------------------------------------------------------------

NOT_READY = [
    pytest.param(answer({"responseCode": 404, "responseMessage": "File not found"}), id="JSON 404"),
    pytest.param(answer("gone", status=404), id="HTTP 404"),
    pytest.param(answer(b""), id="empty"),
    pytest.param(answer(b" \n"), id="blank"),
    pytest.param(answer("<html>Bad gateway</html>", status=502), id="HTTP 502"),
    pytest.param(answer({"responseCode": 500, "responseMessage": "Internal error"}), id="JSON 500"),
]


@pytest.mark.parametrize("not_ready", NOT_READY)
@pytest.mark.parametrize("streams", [True, False], ids=["streamed", "whole"])
def test_a_file_that_is_not_ready_is_asked_for_again(tmp_path, not_ready, streams):
    bench = Bench(tmp_path, READY[0], *[not_ready] * 6, READY[1], streams=streams)
    bench.client.export(OCTOBER).close()
    assert bench.slept == [2, 4, 8, 16, 30, 30]
    assert bench.paced == 8


def test_a_file_that_never_gets_ready_is_given_up_after_ten_minutes(tmp_path):
    bench = Bench(tmp_path, READY[0], *[answer(b"")] * 30)
    with pytest.raises(AnswerLost, match="within 10 minutes .* The next poll asks again"):
        bench.client.export(OCTOBER)
    assert 560 < sum(bench.slept) <= 600
    assert list(tmp_path.iterdir()) == []


def test_slow_answers_count_as_waiting(tmp_path):
    bench = Bench(tmp_path, READY[0], answer(b""), answer(b""), answer(b""))
    times = iter([NOON + timedelta(minutes=5 * step) for step in range(9)])
    bench.client._clock = lambda: next(times)
    with pytest.raises(AnswerLost):
        bench.client.export(OCTOBER)
    assert bench.slept == [2]


def test_credentials_that_die_between_export_and_download_are_not_waited_for(tmp_path):
    bench = Bench(tmp_path, READY[0], answer("401 Unauthorized", status=401))
    with pytest.raises(Unauthorised):
        bench.client.export(OCTOBER)
    assert bench.slept == []


def test_a_report_may_speak_of_rate_limits_and_missing_files(tmp_path):
    content = export_of([report(reportName="rate limit, 404, File not found, not authorized")])
    bench = Bench(tmp_path, READY[0], answer(content))
    bench.client.export(OCTOBER).close()


# --- envelopes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(answer(FILE_NAME), id="bare"),
        pytest.param(answer(FILE_NAME + b"\n"), id="with a line end"),
        pytest.param(answer({"responseCode": 200, "filename": FILE_NAME.decode()}), id="filename"),
        pytest.param(
            answer({"fileName": FILE_NAME.decode(), "responseCode": "200"}), id="fileName"
        ),
        pytest.param(
            answer('{"responseCode":200.0,"filename":"is_reconciliation_54.csv"}'), id="200.0"
        ),
    ],
)
def test_the_name_of_the_file_comes_bare_or_in_an_envelope(tmp_path, named):
    Bench(tmp_path, named, READY[1]).client.export(OCTOBER).close()


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(answer(b""), id="nothing"),
        pytest.param(answer("<html><body>Sign in</body></html>"), id="HTML"),
        pytest.param(answer("../../etc/passwd"), id="a path"),
        pytest.param(answer("export.exe"), id="another file"),
        pytest.param(answer("a.txt\nb.txt"), id="two names"),
        pytest.param(answer(b"\xff\xfe.txt"), id="not UTF-8"),
        pytest.param(answer({"responseCode": 200}), id="no name"),
        pytest.param(answer({"responseCode": 200, "filename": 5}), id="a number"),
        pytest.param(answer({"responseMessage": "No idea"}), id="no code"),
        pytest.param(answer({"responseCode": "ok"}), id="code in words"),
        pytest.param(answer({"responseCode": True}), id="code as a truth"),
        pytest.param(answer("[]"), id="a list"),
        pytest.param(answer("", status=302, location="https://www.expensify.com"), id="redirect"),
        pytest.param(answer("Method Not Allowed", status=405), id="HTTP 405"),
        pytest.param(answer({"responseCode": 207}), id="partly"),
        pytest.param(answer({"responseCode": 666, "responseMessage": "Rule exists"}), id="666"),
        pytest.param(
            answer("HTTP Status 500 - requestJobDescription", status=500), id="field lost"
        ),
        pytest.param(
            answer("<h1>HTTP Status 500 - JSONObject[\"type\"]</h1>", status=500), id="JSON broken"
        ),
        pytest.param(
            answer({
                "responseCode": 410,
                "responseMessage": "Malformed date '16-01-01'. Expected format is yyyy-MM-dd",
            }),
            id="410",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_the_manual_does_not_know_is_said_to_be_one(tmp_path, garbage):
    bench = Bench(tmp_path, garbage)
    with pytest.raises(ContractBroken, match="Nothing was taken over"):
        bench.client.export(OCTOBER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(answer("401 Unauthorized", status=401), id="HTTP 401"),
        pytest.param(answer("403 - Invalid Credentials", status=403), id="HTTP 403"),
        pytest.param(answer(b"", status=403), id="HTTP 403, empty"),
        pytest.param(answer({"responseCode": 401}), id="JSON 401"),
        pytest.param(
            answer({
                "responseMessage": "Not authorized to authenticate as user ann.reyes@acme.example",
                "responseCode": 500,
            }),
            id="JSON 500",
        ),
        pytest.param(
            answer({"responseCode": "403", "responseMessage": "Invalid credentials"}, status=403),
            id="HTTP and JSON 403",
        ),
    ],
)  # fmt: skip
def test_dead_credentials_are_told_from_everything_else(tmp_path, refusal):
    bench = Bench(tmp_path, refusal)
    with pytest.raises(Unauthorised, match="partner user ID and secret") as refused:
        bench.client.export(OCTOBER)
    assert "https://www.expensify.com/tools/integrations/" in refused.value.message
    assert not refused.value.expired


@pytest.mark.parametrize("code", [403, 404])
@pytest.mark.parametrize("about", ["account", "workspace", "domain"])
def test_what_the_account_may_not_see_blocks_with_a_cure(tmp_path, code, about):
    refusal = {"responseCode": code, "responseMessage": "You are not an admin on this policy"}
    client = Bench(tmp_path, answer(refusal)).client
    ask = {
        "account": lambda: client.policies(),
        "workspace": lambda: client.policy(US),
        "domain": lambda: client.cards("acme.example"),
    }[about]
    with pytest.raises(Blocked) as refused:
        ask()
    problem = refused.value.problem
    assert problem.code == f"expensify.{about}.{'forbidden' if code == 403 else 'missing'}"
    assert problem.code in CODES
    assert "You are not an admin" in problem.message
    assert problem.cure
    assert (about == "account") == (problem.subject == "")


def test_an_export_from_a_workspace_out_of_sight_names_it(tmp_path):
    bench = Bench(tmp_path, answer({"responseCode": 404, "responseMessage": "Policy not found"}))
    with pytest.raises(Blocked) as refused:
        bench.client.export(OCTOBER)
    assert refused.value.problem.subject == f"workspace:{US}"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(answer("<html>Bad gateway</html>", status=502), id="HTTP 502"),
        pytest.param(answer(b"", status=503), id="HTTP 503"),
        pytest.param(answer({"responseCode": 500, "responseMessage": "Oops"}), id="JSON 500"),
    ],
)
def test_a_fault_at_expensify_passes_by_itself_and_is_left_to_the_caller(tmp_path, fault):
    bench = Bench(tmp_path, fault)
    with pytest.raises(AnswerLost, match="next poll asks again"):
        bench.client.export(OCTOBER)
    assert len(bench.transport.requests) == 1


LIMITED = "You have been rate-limited. Please try again later or contact help@expensify.com."


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(answer({"responseMessage": LIMITED, "responseCode": 429}, 429), id="both"),
        pytest.param(answer({"responseCode": 429}), id="JSON 429"),
        pytest.param(answer(b"", status=429), id="HTTP 429, empty"),
        pytest.param(answer({"responseCode": 500, "responseMessage": LIMITED}), id="by its words"),
        pytest.param(answer(LIMITED), id="words alone"),
        pytest.param(answer(LIMITED, status=503), id="words under HTTP 503"),
    ],
)
@pytest.mark.parametrize("job", ["export", "download", "list"])
def test_a_refusal_for_frequency_is_known_in_every_layer(tmp_path, refusal, job):
    bench = Bench(tmp_path, *([READY[0], refusal] if job == "download" else [refusal]))
    with pytest.raises(Throttled) as refused:
        bench.client.policies() if job == "list" else bench.client.export(OCTOBER)
    assert (refused.value.after_s, refused.value.scope) == (30, "connection")


def test_the_wait_grows_with_refusals_in_a_row_and_begins_again_after_a_success(tmp_path):
    limited, fine = answer(b"", status=429), answer({"responseCode": 200, "policyList": []})
    bench = Bench(tmp_path, *[limited] * 5, fine, limited)
    waits = []
    for _ in range(7):
        try:
            bench.client.policies()
        except Throttled as refused:
            waits.append(refused.after_s)
    assert waits == [30, 60, 120, 120, 120, 30]


@pytest.mark.parametrize(
    ("advised", "wait"), [("300", 300), ("1", 30), ("Tue, 03 Nov 2026 12:00:00 GMT", 30)]
)
def test_a_longer_wait_that_the_server_advises_is_kept(tmp_path, advised, wait):
    bench = Bench(tmp_path, answer(b"", status=429, retry_after=advised))
    with pytest.raises(Throttled) as refused:
        bench.client.policies()
    assert refused.value.after_s == wait


@pytest.mark.parametrize("failure", [Unreachable("no route"), AnswerLost("reset")])
@pytest.mark.parametrize("before", [(), READY[:1]], ids=["export", "download"])
def test_what_the_wire_says_passes_through_untouched(tmp_path, failure, before):
    bench = Bench(tmp_path, *before, failure)
    with pytest.raises(type(failure)) as raised:
        bench.client.export(OCTOBER)
    assert raised.value is failure
    assert bench.slept == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(answer(TWO_REPORTS[:-10]), id="cut"),
        pytest.param(answer("<html>" + "x" * 100_000), id="a large HTML page"),
        pytest.param(answer({"responseCode": 200, "responseMessage": "OK"}), id="only an envelope"),
    ],
)
def test_a_download_that_is_no_export_leaves_nothing_behind(tmp_path, content):
    with pytest.raises(ContractBroken, match="taken over"):
        Bench(tmp_path, READY[0], content).client.export(OCTOBER)
    assert list(tmp_path.iterdir()) == []


# --- lists ----------------------------------------------------------------------------------------


def test_lists_are_asked_for_as_the_manual_says(tmp_path):
    bench = Bench(
        tmp_path,
        answer({"responseCode": 200, "policyList": [{"id": US, "name": "Acme US"}]}),
        answer({"policyInfo": {US: {"categories": [{"name": "Airfare"}]}}, "responseCode": "200"}),
        answer({"responseCode": 200, "domainCardList": [{"cardID": 1}]}),
    )
    assert [one.policy_id for one in bench.client.policies()] == [US]
    assert bench.client.policy(US).categories[0].name == "Airfare"
    assert bench.client.cards("acme.example")[0].card_id == "1"
    assert [job["inputSettings"] for job in bench.transport.jobs] == [
        {"type": "policyList"},
        {
            "type": "policy",
            "policyIDList": [US],
            "fields": ["categories", "tags", "reportFields", "tax", "employees"],
        },
        {"type": "domainCardList", "domain": "acme.example"},
    ]
    assert {one.timeout_s for one in bench.transport.requests} == {60}


def test_a_workspace_that_is_not_in_the_answer_blocks(tmp_path):
    bench = Bench(tmp_path, answer({"responseCode": 200, "policyInfo": {}}))
    with pytest.raises(Blocked) as refused:
        bench.client.policy(US)
    assert refused.value.problem.code == "expensify.workspace.missing"


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(answer("export.txt"), id="a file name"),
        pytest.param(answer({"policyList": []}), id="no code"),
        pytest.param(answer({"responseCode": 200}), id="no list"),
        pytest.param(answer({"responseCode": 200, "policyList": [{}]}), id="no id"),
        pytest.param(answer("<html>"), id="HTML"),
    ],
)
def test_a_list_that_cannot_be_read_is_not_taken_as_empty(tmp_path, garbage):
    with pytest.raises(ContractBroken, match="taken over"):
        Bench(tmp_path, garbage).client.policies()


# --- the secret -----------------------------------------------------------------------------------


def test_the_secret_stands_in_no_message_and_no_repr(tmp_path):
    echo = {"responseCode": 410, "responseMessage": f"Cannot read {SECRET} " + "x" * 500}
    bench = Bench(tmp_path, answer(echo))
    with pytest.raises(VendorError) as refused:
        bench.client.export(OCTOBER)
    assert "Cannot read ***" in str(refused.value)
    assert SECRET not in str(refused.value) + repr(refused.value) + repr(bench.client)
    assert len(str(refused.value)) < 500


def test_nothing_of_a_request_or_an_answer_is_logged(tmp_path, caplog):
    caplog.set_level("DEBUG")
    Bench(tmp_path, *READY).client.export(OCTOBER).close()
    assert caplog.records == []


@pytest.mark.parametrize(("hour", "parts"), [(23, 1), (24, 2)])
def test_whether_a_window_is_too_old_is_decided_in_utc(tmp_path, hour, parts):
    window = replace(OCTOBER, approved_after=date(2025, 11, 4))
    now = datetime(2026, 11, 3, tzinfo=UTC) + timedelta(hours=hour)
    bench = Bench(tmp_path, *READY * parts, now=now.astimezone(timezone(timedelta(hours=-5))))
    bench.client.export(window).close()
    assert bench.transport.given == []
