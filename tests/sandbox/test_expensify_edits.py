"""What people do to reports at Expensify, and how an export shows it afterwards."""

import pytest

from tests.sandbox.expensify_calls import Expensify


@pytest.fixture
def expensify(sandbox):
    found = Expensify(sandbox)
    found.settings(limits=False)
    return found


def edit(expensify, case, action, **more):
    id = expensify.story().get(case, case)
    return expensify.control("reports", {"action": action, "reportID": id, **more})["report"]


def refused(expensify, body):
    answer = expensify.sandbox.request("POST", "/_control/expensify/reports", body)
    assert answer.json()["error"]
    return answer.status


def test_the_story_of_the_revised_report(expensify):
    id = expensify.story()["revised"]
    assert expensify.report(id)["total"] == 41260
    expensify.control("reports", expensify.control("edits")["revise"])
    after = expensify.report(id)
    assert after["total"] == 39810
    assert after["lines"][1]["modified"] == "5,000"
    assert after["actions"][-1] == "MODIFIEDEXPENSE"
    assert after["approved"] == "2026-10-09 15:30:45"


def test_the_story_of_the_unapproved_report(expensify):
    id = expensify.story()["unapproved_later"]
    assert id in expensify.reports()
    expensify.control("reports", expensify.control("edits")["unapprove"])
    assert id not in expensify.reports()
    seen = expensify.report(id)
    assert (seen["status"], seen["approved"]) == ("Processing", "")
    assert seen["actions"][-1] == "UNAPPROVED"


def test_a_reapproval_moves_the_date_unless_switched(expensify):
    edit(expensify, "revised", "reapprove", at="2026-10-20 10:00:00")
    seen = expensify.report(expensify.story()["revised"])
    assert seen["approved"] == "2026-10-20 10:00:00"
    assert seen["actions"][-2:] == ["UNAPPROVED", "APPROVED"]
    expensify.settings(reapproval_moves_approved=False)
    again = edit(expensify, "revised", "reapprove", at="2026-10-25 10:00:00")
    assert again["approved"] == "2026-10-09 15:30:45"


def test_a_reimbursement_leaves_the_approval(expensify):
    report = edit(expensify, "revised", "reimburse", ach=True, at="2026-10-11 09:00:00")
    assert (report["status"], report["isACHReimbursed"]) == ("Reimbursed", True)
    assert report["approved"] == "2026-10-09 15:30:45"
    assert report["reimbursed"] == "2026-10-11 09:00:00"
    bounced = edit(expensify, "revised", "bounce")
    assert (bounced["status"], bounced["reimbursed"]) == ("Approved", "")
    assert bounced["actionList"][-1]["action"] == "REIMBURSEMENTACHBOUNCE"


def test_a_retracted_report_is_a_draft_again_and_can_be_submitted(expensify):
    assert edit(expensify, "revised", "retract")["status"] == "Open"
    assert edit(expensify, "revised", "submit")["status"] == "Processing"
    assert edit(expensify, "revised", "approve")["status"] == "Approved"


def test_a_deleted_report_is_silently_absent(expensify):
    id = expensify.story()["revised"]
    assert edit(expensify, "revised", "delete") is None
    assert expensify.reports(filters={"reportIDList": id}) == {}


def test_a_moved_expense_changes_both_totals(expensify):
    story = expensify.story()
    line = expensify.report(story["revised"])["lines"][1]
    edit(expensify, "revised", "move_expense", transactionID=line["id"], to=story["mileage"])
    assert expensify.report(story["revised"])["total"] == 41260 - 6450
    other = expensify.report(story["mileage"])
    assert other["total"] == 4368 + 6450
    assert other["lines"][-1]["id"] == line["id"]
    assert other["actions"][-1] == "MOVEDTRANSACTION"


def test_a_deleted_expense_leaves_the_total(expensify):
    line = expensify.report(expensify.story()["revised"])["lines"][0]
    report = edit(expensify, "revised", "delete_expense", transactionID=line["id"])
    assert report["total"] == 41260 - 28640
    assert report["actionList"][-1]["action"] == "DELETEDTRANSACTION"


def test_a_total_that_was_wrong_stays_as_wrong_after_an_edit(expensify):
    id = expensify.story()["total_off_by_a_cent"]
    line = expensify.report(id)["lines"][0]["id"]
    report = edit(expensify, id, "edit_expense", transactionID=line, fields={"modifiedAmount": 100})
    assert report["total"] == 100 + 8730 + 1


def test_new_coding_brings_its_gl_codes(expensify):
    line = expensify.report(expensify.story()["team_events_1"])["lines"][0]["id"]
    fields = {"category": "Meals & Entertainment", "tags": ["Sales", "West"]}
    report = edit(expensify, "team_events_1", "edit_expense", transactionID=line, fields=fields)
    changed = report["transactionList"][0]
    assert changed["categoryGlCode"] == "6130"
    assert (changed["tag"], changed["tagGlCode"]) == ("Sales:West", "220:10")
    assert "ntag3" not in changed


@pytest.mark.parametrize(("follows", "total"), [(True, 9630 + 3089), (False, 9245 + 3089)])
def test_the_converted_amount_follows_an_edit_or_not(expensify, follows, total):
    expensify.settings(converted_follows_edit=follows)
    line = expensify.report(expensify.story()["foreign_currency"])["lines"][0]["id"]
    fields = {"modifiedAmount": 9000}
    report = edit(expensify, "foreign_currency", "edit_expense", transactionID=line, fields=fields)
    assert report["total"] == total


def test_renaming_and_report_fields(expensify):
    assert edit(expensify, "revised", "rename", reportName="New")["reportName"] == "New"
    report = edit(expensify, "revised", "set_field", name="Cost Center", value="Eng")
    assert report["customField"] == {"Cost_Center": "Eng"}


def test_any_row_of_history_can_be_added(expensify):
    report = edit(expensify, "revised", "add_action", word="EXPORTINTEGRATION", message="to QBO")
    assert report["actionList"][-1]["details"] == {"message": "to QBO"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "unapprove", "reportID": "R00zzzzzzzzz"}, 404),
        ({"action": "explode"}, 400),
        ({"action": "unapprove", "case": "reimbursed"}, 409),
        ({"action": "approve", "case": "open"}, 409),
        ({"action": "bounce", "case": "revised"}, 409),
        ({"action": "edit_expense", "case": "revised", "transactionID": "1"}, 404),
        ({"action": "rename", "case": "revised"}, 400),
        ({"expenses": [], "approved": "yesterday"}, 400),
        ({"expenses": [{"merchant": "A", "amount": 1}], "approved": "2026-10-01 10:00:00"}, 400),
        ({"expenses": [{"amount": "1.00"}], "approved": "2026-10-01 10:00:00"}, 400),
        ({"approved": "2026-10-01 10:00:00", "policyID": "none"}, 400),
        ({"expenses": []}, 400),
        ({"generate": {"reports": -1}}, 400),
        ({"generate": {"sheets": 5}}, 400),
    ],
    ids=lambda one: str(one.get("action") or list(one)) if isinstance(one, dict) else "",
)
def test_what_cannot_be_done_is_refused_with_a_reason(expensify, body, status):
    body = dict(body)
    if "case" in body:
        body["reportID"] = expensify.story()[body.pop("case")]
    assert refused(expensify, body) == status


def test_a_short_report_is_completed(expensify):
    made = expensify.control(
        "reports",
        {
            "reportName": "By hand",
            "accountEmail": "kira.novak@acme.example",
            "approved": "2026-10-15 12:00:00",
            "expenses": [
                {
                    "created": "2026-10-14",
                    "merchant": "Uber",
                    "category": "Taxi & Rideshare",
                    "amount": 1234,
                    "tags": ["Sales", "West", "Globex"],
                },
                {
                    "created": "2026-10-14",
                    "merchant": "Hotel",
                    "category": "Lodging",
                    "amount": 10000,
                    "currency": "EUR",
                    "rate": "1.1",
                },
            ],
        },
    )
    [id] = made["reports"]
    report = expensify.control(f"reports/{id}")
    assert report["total"] == 1234 + 11000
    assert report["submitter"]["fullName"] == "Kira Novak"
    assert report["transactionList"][0]["categoryGlCode"] == "6120"
    assert [row["action"] for row in report["actionList"]] == ["CREATED", "SUBMITTED", "APPROVED"]
    assert expensify.report(id)["name"] == "By hand"


def test_a_report_with_a_known_id_replaces_the_old_one(expensify):
    id = expensify.story()["revised"]
    whole = expensify.control(f"reports/{id}")
    whole["transactionList"][0]["amount"] = 100
    del whole["total"]
    expensify.control("reports", {"reports": [whole]})
    seen = expensify.report(id)
    assert seen["total"] == 100 + 6450 + 6170
    assert seen["lines"][0]["id"] == whole["transactionList"][0]["transactionID"]


def test_documents_are_the_reports_in_the_common_shape(expensify):
    by_id = {one["id"]: one for one in expensify.control("documents")}
    revised = by_id[expensify.story()["revised"]]
    assert (revised["total"], revised["currency"]) == ("412.60", "USD")
    assert revised["lines"][1]["amount"] == "64.50"
    assert revised["lines"][1]["account"] == "6120"


def test_a_restart_keeps_everything(tmp_path):
    from connectors.sandbox.chassis import Clock, freeze, thaw
    from connectors.sandbox.expensify import open_vendor

    first = open_vendor(Clock(), 7)
    pair = first.tokens({})
    first.control("POST", "reports", {"generate": {"reports": 5, "lines": 1}})
    first.control("POST", "reports", first.control("GET", "edits", {})["revise"])
    first.chart({"kind": "category", "action": "add", "name": "Parking"})
    second = open_vendor(Clock(), 7)
    second.load_all(thaw(freeze(first.dump_all())))
    assert second.tokens({}) == pair
    assert second.documents() == first.documents()
    assert len(second.reports.volumes[0]) == 5
    assert second.workspaces.category_code("0810E551A5F2A9C2", "Parking") == ""
    assert second.dump() == first.dump()
