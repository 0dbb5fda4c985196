"""Policies, people, cards and the reconciliation job of the Expensify simulator."""

import pytest

from tests.sandbox.expensify_calls import EUROPE, US, Expensify


@pytest.fixture
def expensify(sandbox):
    found = Expensify(sandbox)
    found.settings(limits=False)
    return found


def policy(expensify, *fields, id=US):
    found = expensify.get(type="policy", policyIDList=[id], fields=list(fields))
    return found["policyInfo"][id]


# -- policies --------------------------------------------------------------------------------------
def test_the_policy_list_names_every_workspace(expensify):
    found = expensify.get(type="policyList", adminOnly=True)["policyList"]
    assert [(one["id"], one["name"], one["outputCurrency"]) for one in found] == [
        (US, "Acme US", "USD"),
        (EUROPE, "Acme Europe", "EUR"),
        ("7B1E5C90D2A4F368", "Acme UK", "GBP"),
        ("19AF6D3382C07BE4", "Acme Field", "USD"),
    ]
    assert {one["role"] for one in found} == {"admin"}


def test_admin_only_leaves_out_what_one_merely_belongs_to(sandbox, expensify):
    ben = Expensify(sandbox, email="ben.ito@acme.example")
    assert [one["role"] for one in ben.get(type="policyList")["policyList"]] == ["user"]
    assert ben.get(type="policyList", adminOnly=True)["policyList"] == []


def test_only_sections_asked_for_are_there(expensify):
    assert set(policy(expensify, "categories", "tax")) == {"categories", "tax"}


def test_optional_category_fields_may_be_missing(expensify):
    rows = {row["name"]: row for row in policy(expensify, "categories")["categories"]}
    assert rows["Airfare"]["glCode"] == "6100"
    assert rows["Team events"]["glCode"] == ""
    assert rows["Other"] == {"name": "Other", "enabled": False}
    assert rows["Old Travel"]["enabled"] is True


def test_tags_come_levelled_or_flat(expensify):
    levels = policy(expensify, "tags")["tags"]
    assert [level["name"] for level in levels] == ["Department", "Region", "Client"]
    flat = policy(expensify, "tags", id=EUROPE)["tags"]
    assert [set(tag) for tag in flat] == [{"name", "glCode", "enabled"}] * 3
    expensify.control("chart", {"kind": "workspace", "action": "levelled_tags", "policyID": EUROPE})
    assert policy(expensify, "tags", id=EUROPE)["tags"][0]["tags"] == flat


def test_tax_is_an_empty_object_where_there_is_none(expensify):
    assert policy(expensify, "tax")["tax"] == {}
    assert policy(expensify, "tax", id=EUROPE)["tax"]["rates"][0]["rate"] == 19


def test_employees_have_no_names(expensify):
    ben = next(
        one for one in policy(expensify, "employees")["employees"] if one["email"].startswith("ben")
    )
    assert ben == {
        "email": "ben.ito@acme.example",
        "role": "user",
        "submitsTo": "cfo@acme.example",
        "employeeID": "E03",
        "customField1": "E03",
        "customField2": "",
    }


def test_report_fields_carry_their_labels(expensify):
    fields = policy(expensify, "reportFields")["reportFields"]
    assert ("Cost Center", "dropdown") in [(one["name"], one["type"]) for one in fields]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"fields": ["tags"]}, "Required parameter 'policyIDList' is missing"),
        ({"policyIDList": US, "fields": ["tags"]}, "'policyIDList' parameter is missing"),
        ({"policyIDList": [US], "fields": []}, "'fields' parameter is missing"),
        ({"policyIDList": [US], "fields": ["taxes"]}, "'fields' parameter is missing"),
        ({"policyIDList": [US]}, "'fields' parameter is missing"),
    ],
    ids=["no ids", "ids as text", "no fields", "unknown field", "fields left out"],
)
def test_the_policy_getter_wants_arrays(expensify, settings, text):
    code, said = expensify.refusal({"type": "get", "inputSettings": {"type": "policy"} | settings})
    assert code == 410
    assert text in said


@pytest.mark.parametrize(("position", "code"), [("json_403", 403), ("json_404", 404)])
def test_a_policy_without_access_is_absent_or_refused(expensify, position, code):
    job = {"type": "policy", "policyIDList": [US, "0000000000000000"], "fields": ["tags"]}
    assert set(expensify.get(**job)["policyInfo"]) == {US}
    expensify.settings(unknown_policy=position)
    assert expensify.refusal({"type": "get", "inputSettings": job})[0] == code


def test_employees_and_tax_need_an_admin(sandbox, expensify):
    ben = Expensify(sandbox, email="ben.ito@acme.example")
    job = {"type": "policy", "policyIDList": [US], "fields": ["employees"]}
    assert ben.refusal({"type": "get", "inputSettings": job})[0] == 403
    assert "categories" in policy(ben, "categories")


def test_acting_for_others_needs_third_party_access(expensify):
    wanted = {"type": "policyList", "userEmail": "emma.larsen@acme.example"}
    assert expensify.refusal({"type": "get", "inputSettings": wanted}) == (
        500,
        "Not authorized to authenticate as user emma.larsen@acme.example",
    )
    expensify.settings(third_party_access=True)
    assert {one["role"] for one in expensify.get(**wanted)["policyList"]} == {"user"}


# -- chart verbs -----------------------------------------------------------------------------------
def test_a_category_is_added_renamed_recoded_disabled_and_deleted(expensify):
    def change(action, **more):
        expensify.control("chart", {"kind": "category", "action": action} | more)
        return {row["name"]: row for row in policy(expensify, "categories")["categories"]}

    assert change("add", name="Parking", glCode="6125")["Parking"]["glCode"] == "6125"
    assert "Garage" in change("rename", name="Parking", new_name="Garage")
    assert change("recode", name="Garage", glCode="6120")["Garage"]["glCode"] == "6120"
    assert change("disable", name="Garage")["Garage"]["enabled"] is False
    assert "Garage" not in change("delete", name="Garage")


def test_a_tag_is_changed_on_its_level(expensify):
    expensify.control(
        "chart",
        {"kind": "tag", "level": "Region", "action": "add", "name": "North", "glCode": "40"},
    )
    regions = policy(expensify, "tags")["tags"][1]["tags"]
    assert {"name": "North", "enabled": True, "glCode": "40"} in regions


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "category", "action": "add", "name": "Airfare"}, 409),
        ({"kind": "category", "action": "rename", "name": "Airfare"}, 400),
        ({"kind": "category", "action": "delete", "name": "Nowhere"}, 404),
        ({"kind": "tag", "level": "Planet", "action": "add", "name": "Mars"}, 404),
        ({"kind": "account", "action": "add", "name": "X"}, 400),
        ({"kind": "category", "action": "explode", "name": "Airfare"}, 400),
        ({"kind": "category", "policyID": "x", "action": "add", "name": "Y"}, 404),
    ],
    ids=["exists", "no new name", "unknown", "no level", "no kind", "no verb", "no policy"],
)
def test_a_chart_verb_that_cannot_be_done_says_why(sandbox, body, status):
    answer = sandbox.request("POST", "/_control/expensify/chart", body)
    assert answer.status == status
    assert answer.json()["error"]


def test_an_unshared_workspace_leaves_the_list(expensify):
    expensify.control("chart", {"kind": "workspace", "action": "unshare", "policyID": US})
    found = expensify.get(type="policyList")["policyList"]
    assert [one["name"] for one in found] == ["Acme Europe", "Acme UK", "Acme Field"]


# -- cards and reconciliation ----------------------------------------------------------------------
def test_the_card_list_is_the_domains(expensify):
    cards = expensify.get(type="domainCardList", domain="acme.example")["domainCardList"]
    assert [card["cardID"] for card in cards][:4] == [4411, 4429, 4437, 4445]
    assert len({card["cardID"] for card in cards}) == len(cards) == 13
    assert len({card["bank"] for card in cards}) == 3
    assert cards[0]["cardNumber"] == "4123XXXXXXXX4411"


def test_the_card_list_needs_the_domain_and_its_admin(sandbox, expensify):
    job = {"type": "get", "inputSettings": {"type": "domainCardList"}}
    assert expensify.refusal(job) == (410, "Required parameter 'domain' is missing")
    job["inputSettings"]["domain"] = "other.example"
    assert expensify.refusal(job)[0] == 403
    job["inputSettings"]["domain"] = "acme.example"
    assert Expensify(sandbox, email="ben.ito@acme.example").refusal(job)[0] == 403


RECONCILIATION = """<#list cards as card, reports><#list reports as report>
<#list report.transactionList as t>
${card.ID?c},${report.ID?c},${t.ID},${t.merchant},${(-t.amount/100)?string},${t.isAmountModified()?c},<#t>
${report.isReimbursed()?c},${(report.getApproved())!"never"}<#lt>
</#list></#list></#list>
"""


def reconciliation(**changes):
    settings = {
        "startDate": "2026-10-01",
        "endDate": "2026-10-31",
        "domain": "acme.example",
        "feed": "export_all_feeds",
        "type": "All",
        "async": False,
    }
    return {
        "type": "reconciliation",
        "inputSettings": settings | changes,
        "outputSettings": {"fileExtension": "csv"},
    }


def reconciled(expensify, **changes):
    body = expensify.job(reconciliation(**changes), template=RECONCILIATION).json()
    assert body["responseMessage"] == "OK"
    assert body["filename"].startswith("is_reconciliation_")
    text = expensify.download(body["filename"], fileSystem="reconciliation").text
    return [line.split(",") for line in text.splitlines() if line.strip()]


def test_reconciliation_shows_reported_and_unreported_card_lines(expensify):
    rows = reconciled(expensify)
    assert ["GitHub", "84"] in [row[3:5] for row in rows]
    assert {row[1] == "0" for row in rows} == {True, False}
    assert not any(row[3] == "Uber" for row in rows)


def test_reconciliation_of_the_unreported_only(expensify):
    rows = reconciled(expensify, type="Unreported")
    assert [(row[0], row[1], row[3], row[7]) for row in rows] == [
        ("4429", "0", "Starbucks", "never"),
        ("4437", "0", "Hertz", "never"),
    ]


def test_reconciliation_amounts_have_the_opposite_sign(expensify):
    template = (
        "<#list cards as card, reports><#list reports as r>"
        "<#list r.transactionList as t>${t.amount?c} </#list></#list></#list>"
    )
    job = reconciliation(type="Unreported")
    name = expensify.job(job, template=template).json()["filename"]
    assert expensify.download(name, fileSystem="reconciliation").text == "-865 -21430 "


def test_one_feed_can_be_asked_for(expensify):
    assert {row[0] for row in reconciled(expensify, feed="Acme Visa Ben")} == {"4411"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"startDate": ""}, 410),
        ({"startDate": "1.10.2026"}, 410),
        ({"type": "all"}, 410),
        ({"async": True}, 410),
        ({"domain": "other.example"}, 403),
        ({"feed": "No such feed"}, 404),
    ],
    ids=["no start", "bad date", "unknown type", "async", "other domain", "unknown feed"],
)
def test_a_malformed_reconciliation_is_refused(expensify, changes, code):
    assert expensify.refusal(reconciliation(**changes), template="x")[0] == code
