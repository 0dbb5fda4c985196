"""The report exporter of the Expensify simulator: checks, filters, files, what a template sees."""

import json
import re

import pytest

from tests.sandbox.expensify_calls import EUROPE, LINES, US, Expensify


@pytest.fixture
def expensify(sandbox):
    found = Expensify(sandbox)
    found.settings(limits=False)
    return found


# -- the file job ----------------------------------------------------------------------------------
def test_the_answer_is_a_bare_file_name_as_text(expensify):
    answer = expensify.job(expensify.export_job(), template=LINES)
    assert re.fullmatch(r"mlc[0-9a-f-]{36}\.txt", answer.text)
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"


def test_the_name_can_come_in_an_envelope(expensify):
    expensify.settings(file_answer="json")
    body = expensify.job(expensify.export_job(), template=LINES).json()
    assert body["responseCode"] == 200
    assert body["filename"].endswith(".txt")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"onReceive": {"immediateResponse": []}}, "'onReceive' parameter is missing or malformed"),
        ({"test": True}, "'test' parameter is missing or malformed"),
        ({"filters": None}, "Required parameter 'filters' is missing"),
        ({"filters": {}}, "Required parameter 'reportIDList'"),
        ({"filters": {"policyIDList": US}}, "Required parameter 'reportIDList'"),
        ({"filters": {}, "reportState": "APPROVED"}, "Required parameter 'reportIDList'"),
        (
            {"filters": {"reportIDList": ["R00"]}},
            "'reportIDList' parameter is missing or malformed",
        ),
        (
            {"filters": {"startDate": "16-01-01"}},
            "Malformed date '16-01-01'. Expected format is yyyy-MM-dd",
        ),
        ({"filters": {"approvedAfter": "2026-02-30"}}, "Malformed date '2026-02-30'"),
        ({"reportState": "APPROVED,PAID"}, "Status 'PAID' is not supported"),
        ({"limit": 5}, "'limit' parameter is missing or malformed"),
        ({"limit": "many"}, "'limit' parameter is missing or malformed"),
        ({"outputSettings": {"fileExtension": "doc"}}, "'fileExtension' parameter is missing"),
        ({"filters": {"approvedAfter": "2025-01-01"}}, "Required parameter 'endDate' is missing"),
        (
            {"filters": {"startDate": "2024-01-01", "endDate": "2026-01-02"}},
            "longer than one year",
        ),
    ],
    ids=lambda one: json.dumps(one) if isinstance(one, dict) else "",
)
def test_a_malformed_export_is_refused_with_410(expensify, changes, text):
    code, said = expensify.refusal(expensify.export_job(**changes), template=LINES)
    assert code == 410
    assert text in said


def test_a_template_is_required(expensify):
    assert expensify.refusal(expensify.export_job()) == (
        410,
        "Required parameter 'template' is missing",
    )


def test_an_old_anchor_with_an_end_within_a_year_is_taken(expensify):
    window = {"startDate": "2025-01-01", "endDate": "2025-12-31"}
    assert expensify.reports(filters=window) == {}


def test_another_employees_view_needs_third_party_access(expensify):
    job = expensify.export_job(employeeEmail="ben.ito@acme.example")
    assert expensify.refusal(job, template=LINES) == (
        500,
        "Not authorized to authenticate as user ben.ito@acme.example",
    )
    expensify.settings(third_party_access=True)
    story = expensify.story()
    seen = expensify.reports(employeeEmail="ben.ito@acme.example")
    assert story["revised"] in seen


# -- filters ---------------------------------------------------------------------------------------
def test_approved_after_finds_no_report_that_is_not_approved(expensify):
    story, seen = expensify.story(), expensify.reports()
    assert story["revised"] in seen
    assert story["processing"] not in seen
    assert story["open"] not in seen


@pytest.mark.parametrize(
    ("words", "cases"),
    [
        ("OPEN", {"open"}),
        ("SUBMITTED", {"processing"}),
        ("REIMBURSED", {"reimbursed"}),
        ("OPEN,REIMBURSED", {"open", "reimbursed"}),
        ("ARCHIVED", set()),
    ],
)
def test_report_state_takes_the_words_of_the_api(expensify, words, cases):
    filters = {"startDate": "2026-09-01", "policyIDList": US}
    seen = expensify.reports(filters=filters, reportState=words)
    assert set(seen) == {expensify.story()[case] for case in cases}


def test_both_forms_of_an_id_find_a_report_and_unknown_ids_are_silently_absent(expensify):
    story = expensify.story()
    old = expensify.control(f"reports/{story['open']}")["oldReportID"]
    wanted = f"{story['processing']},{old},R00zzzzzzzzz,123"
    assert set(expensify.reports(filters={"reportIDList": wanted})) == {
        story["processing"],
        story["open"],
    }


def test_policies_narrow(expensify):
    story = expensify.story()
    seen = expensify.reports(filters={"approvedAfter": "2026-09-01", "policyIDList": EUROPE})
    assert set(seen) >= {story[f"europe_{n}"] for n in (1, 2, 3, 4)}
    assert {case.partition("_")[0] for case, id in story.items() if id in seen} == {"europe"}


def test_start_and_end_date_look_at_the_later_of_created_and_submitted(expensify):
    expensify.control(
        "reports",
        {
            "reportID": "R00late00001",
            "created": "2026-03-01 10:00:00",
            "submitted": "2026-03-20 23:59:59",
            "approved": "2026-10-05 10:00:00",
            "expenses": [
                {"created": "2026-03-01", "merchant": "A", "category": "Airfare", "amount": 100}
            ],
        },
    )

    def found(start, end):
        return "R00late00001" in expensify.reports(filters={"startDate": start, "endDate": end})

    assert found("2026-03-20", "2026-03-20")
    assert not found("2026-03-01", "2026-03-19")
    assert not found("2026-03-21", "2026-10-31")


def test_approved_after_is_inclusive_unless_switched(expensify):
    story = expensify.story()
    day = {"approvedAfter": "2026-10-09"}
    assert story["revised"] in expensify.reports(filters=day)
    expensify.settings(approved_after_inclusive=False)
    assert story["revised"] not in expensify.reports(filters=day)


def test_the_servers_zone_moves_printed_times_and_filters(expensify):
    id = expensify.story()["approved_1_oct_utc"]
    first_of_october = {"approvedAfter": "2026-10-01"}
    assert expensify.reports(filters=first_of_october)[id]["approved"] == "2026-10-01 02:00:00"
    expensify.settings(zone="America/New_York")
    assert id not in expensify.reports(filters=first_of_october)
    assert expensify.report(id)["approved"] == "2026-09-30 22:00:00"


def test_limit_cuts_at_either_end(expensify):
    oldest = list(expensify.reports(limit="3"))
    expensify.settings(limit_order="newest")
    newest = list(expensify.reports(limit="3"))
    assert len(oldest) == len(newest) == 3
    assert not set(oldest) & set(newest)


def test_a_label_hides_reports_for_good_but_not_after_a_test_run(expensify):
    finish = [{"actionName": "markAsExported", "label": "mlc"}]
    everything = {"approvedAfter": "2026-09-01"}
    unmarked = everything | {"markedAsExported": "mlc"}
    expensify.reports(onFinish=finish, test="true")
    assert expensify.reports(filters=unmarked)
    expensify.reports(onFinish=finish)
    assert not expensify.reports(filters=unmarked)
    assert expensify.reports(filters=everything)


def test_a_plain_user_sees_own_reports_only(sandbox, expensify):
    story = expensify.story()
    ben = Expensify(sandbox, email="ben.ito@acme.example")
    seen = ben.reports()
    assert story["revised"] in seen
    assert story["negative_lines"] not in seen


def test_reports_vanish_with_the_access_to_their_workspace(expensify):
    expensify.control("chart", {"kind": "workspace", "action": "unshare", "policyID": EUROPE})
    assert expensify.story()["europe_1"] not in expensify.reports()


# -- download --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("position", "status", "body"),
    [("json_404", 200, None), ("http_404", 404, None), ("empty_200", 200, b"")],
    ids=["json", "http", "empty"],
)
def test_a_file_may_not_be_ready_yet(sandbox, expensify, position, status, body):
    expensify.settings(ready_delay_s=5, not_ready=position)
    name = expensify.file_name()
    answer = expensify.download(name)
    assert answer.status == status
    if body is not None:
        assert answer.body == body
    if position == "json_404":
        assert answer.json()["responseCode"] == 404
    sandbox.control("", "clock", {"advance_s": 6})
    assert expensify.download(name).text.endswith('{"end":true}\n')


def test_a_file_may_never_be_ready(sandbox, expensify):
    expensify.settings(ready_delay_s=-1)
    name = expensify.file_name()
    sandbox.control("", "clock", {"advance_s": 300})
    assert expensify.download(name).json()["responseCode"] == 404


def test_a_file_expires(sandbox, expensify):
    name = expensify.file_name()
    sandbox.control("", "clock", {"advance_s": 601})
    assert expensify.download(name).json() == {
        "responseCode": 404,
        "responseMessage": "File not found",
    }


def test_the_wrong_file_system_has_no_such_file(expensify):
    name = expensify.file_name()
    assert expensify.download(name, fileSystem="reconciliation").json()["responseCode"] == 404
    expensify.settings(wrong_file_system="garbage")
    assert expensify.download(name, fileSystem="reconciliation").body == b"\x00\x01\x02"


def test_a_file_shows_the_reports_as_they_were_when_it_was_made(expensify):
    id = expensify.story()["revised"]
    name = expensify.file_name(filters={"reportIDList": id})
    expensify.control("reports", expensify.control("edits")["revise"])
    assert '"total":41260' in expensify.download(name).text
    assert expensify.report(id)["total"] == 39810


@pytest.mark.parametrize("damage", ["truncated", "bad_byte", "html"])
def test_a_file_can_be_damaged(expensify, damage):
    expensify.settings(file_damage=damage)
    found = expensify.download(expensify.file_name()).body
    if damage == "truncated":
        assert not found.endswith(b'{"end":true}\n')
    elif damage == "bad_byte":
        assert b"\xff" in found
    else:
        assert found.startswith(b"<html>")


# -- what a template sees --------------------------------------------------------------------------
def test_an_undefined_variable_ends_the_file_in_a_freemarker_error(expensify):
    found = expensify.text("<#list reports as r>${r.reportID} ${r.noSuchThing}\n</#list>end")
    assert "FreeMarker template error" in found
    assert "==> r.noSuchThing" in found
    assert "Expression r.noSuchThing is undefined" in found
    assert not found.endswith("end")


def test_a_template_error_can_come_as_json(expensify):
    expensify.settings(template_error="json_500")
    code, text = expensify.refusal(expensify.export_job(), template="${nothing}")
    assert (code, text) == (500, "FreeMarker template error")


def test_a_template_that_cannot_be_read_is_an_error_too(expensify):
    assert "Unknown directive: #lists" in expensify.text("<#lists reports as r></#lists>")


def test_an_empty_window_gives_the_static_text_or_nothing(expensify):
    nothing = {"startDate": "2026-01-01", "endDate": "2026-01-02"}
    assert expensify.text(filters=nothing) == '{"end":true}\n'
    expensify.settings(empty_window="empty_file")
    assert expensify.text(filters=nothing) == ""


def test_several_passes_give_several_ends_and_one_header(expensify):
    expensify.settings(render_passes=3)
    lines = [json.loads(line) for line in expensify.text().splitlines()]
    assert [line for line in lines if "end" in line] == [{"end": True}] * 3
    assert len({line["id"] for line in lines if "id" in line}) == len(lines) - 3
    assert {line["header"] for line in lines if "id" in line} == {True, False}


def line_of(expensify, case, place=0):
    return expensify.report(expensify.story()[case])["lines"][place]


def test_escaped_html_is_a_switch(expensify):
    assert line_of(expensify, "odd_merchants")["merchant"] == 'Joe\'s "Famous" Pizza'
    expensify.settings(html_escaped=True)
    assert line_of(expensify, "odd_merchants")["merchant"] == "Joe&apos;s &quot;Famous&quot; Pizza"
    assert line_of(expensify, "odd_merchants", 3)["merchant"] == "AT&amp;amp;T Store #0415"


def test_zero_decimal_amounts_are_a_switch(expensify):
    assert line_of(expensify, "foreign_currency", 1)["amount"] == 468000
    expensify.settings(zero_decimal="whole")
    assert line_of(expensify, "foreign_currency", 1)["amount"] == 4680


def test_the_converted_amount_may_be_filled_without_a_conversion(expensify):
    assert line_of(expensify, "card_only")["converted"] == ""
    expensify.settings(converted_same_currency="filled")
    assert line_of(expensify, "card_only")["converted"] == "8,400"


def test_blanks_may_be_absent(expensify):
    template = "<#list reports as r><#if r.reimbursed??>there<#else>absent</#if></#list>"
    one = {"reportIDList": expensify.story()["revised"]}
    assert expensify.text(template, filters=one) == "there"
    expensify.settings(blanks="absent")
    assert expensify.text(template, filters=one) == "absent"


def test_report_times_may_be_dates(expensify):
    template = (
        "<#list reports as r><#if r.approved?is_date_like>"
        '${r.approved?string("yyyy-MM-dd HH:mm:ss")}<#else>${r.approved}</#if></#list>'
    )
    one = {"reportIDList": expensify.story()["revised"]}
    for times in ("text", "date"):
        expensify.settings(times=times)
        assert expensify.text(template, filters=one) == "2026-10-09 15:30:45"


def test_report_fields_may_refuse_to_be_listed(expensify):
    template = (
        "<#list reports as r>${r.customField.Cost_Center} ${r.customField?is_hash_ex?c}</#list>"
    )
    one = {"reportIDList": expensify.story()["revised"]}
    assert expensify.text(template, filters=one) == "Ops true"
    expensify.settings(custom_field_listable=False)
    assert expensify.text(template, filters=one) == "Ops false"


def test_the_colon_of_a_level_is_escaped_in_the_joined_tag(expensify):
    assert line_of(expensify, "escaped_colon")["tag"] == "Consulting:West:Initech\\:Website"
    template = "<#list reports as r>${r.transactionList[0].ntag3}</#list>"
    one = {"reportIDList": expensify.story()["escaped_colon"]}
    assert expensify.text(template, filters=one) == "Initech:Website"
    expensify.settings(ntag_escaped=True)
    assert expensify.text(template, filters=one) == "Initech\\:Website"


def test_closed_reports_have_two_words(expensify):
    id = expensify.story()["open"]
    expensify.control("reports", {"action": "close", "reportID": id})
    assert expensify.report(id)["status"] == "Closed"
    expensify.settings(closed_word="Archived")
    assert expensify.report(id)["status"] == "Archived"


def test_an_unknown_setting_is_refused(expensify):
    answer = expensify.sandbox.request("POST", "/_control/expensify/settings", {"zone": "Mars"})
    assert answer.status == 400
    assert "zone" in answer.text


# -- volume ----------------------------------------------------------------------------------------
def test_generated_reports_are_served_by_window_and_by_id(expensify):
    made = expensify.control("reports", {"generate": {"reports": 200, "lines": 3, "seed": 11}})
    first, last = made["first_and_last"]
    window = {"approvedAfter": "2026-10-31", "policyIDList": US}
    seen = expensify.reports(filters=window)
    assert last in seen
    assert first not in seen
    report = expensify.report(first)
    assert len(report["lines"]) == 3
    assert report["total"] == sum(line["amount"] for line in report["lines"])


def test_a_generated_report_can_be_edited_and_deleted(expensify):
    made = expensify.control("reports", {"generate": {"reports": 20, "lines": 2}})
    first, last = made["first_and_last"]
    expensify.control("reports", {"action": "unapprove", "reportID": first})
    expensify.control("reports", {"action": "delete", "reportID": last})
    assert expensify.report(first)["status"] == "Processing"
    assert last not in expensify.reports()
    assert expensify.reports(filters={"reportIDList": last}) == {}
    filters = {"startDate": "2026-09-01", "policyIDList": US}
    assert len(expensify.reports(filters=filters)) == 40 + 19


def test_a_seed_is_generated_once(expensify):
    expensify.control("reports", {"generate": {"reports": 2, "seed": 3}})
    answer = expensify.sandbox.request(
        "POST", "/_control/expensify/reports", {"generate": {"reports": 2, "seed": 3}}
    )
    assert answer.status == 409


def test_a_hundred_thousand_reports_are_picked_from_without_being_made(expensify):
    made = expensify.control("reports", {"generate": {"reports": 100_000, "seed": 5}})
    last = made["first_and_last"][1]
    window = {"approvedAfter": "2026-10-31", "policyIDList": US}
    assert len(expensify.reports(filters=window, limit="4")) == 4
    assert expensify.report(last)["name"] == "Report 100000"
