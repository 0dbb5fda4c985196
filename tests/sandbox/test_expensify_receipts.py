"""Receipts of the simulated Expensify: links that lead to the sandbox, and who gets the file."""

from urllib.parse import urlsplit

import pytest

from tests.sandbox.expensify_calls import Expensify

TEMPLATE = (
    "<#list reports as r><#list r.transactionList as e>"
    "<#if e.receiptObject?has_content>${e.receiptObject.url}\n</#if></#list></#list>"
)


@pytest.fixture
def vendor(sandbox):
    expensify = Expensify(sandbox)
    expensify.settings(limits=False)
    return expensify


def links(vendor, case="receipts"):
    ids = vendor.story()[case]
    text = vendor.text(TEMPLATE, filters={"reportIDList": ids}, reportState="APPROVED")
    return text.split()


def fetched(vendor, link, method="GET"):
    parts = urlsplit(link)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return vendor.sandbox.request(method, path)


def test_links_lead_to_the_sandbox_and_to_a_picture_of_its_own(vendor):
    found = links(vendor)
    assert found
    assert all(link.startswith(f"{vendor.sandbox.url}/expensify/receipts/w_") for link in found)
    answers = [fetched(vendor, link) for link in found]
    assert {answer.headers["content-type"] for answer in answers} == {"image/jpeg"}
    assert len({answer.body for answer in answers}) == len(found), "no two receipts are alike"
    assert all(a.body.startswith(b"\xff\xd8") and a.body.endswith(b"\xff\xd9") for a in answers)
    assert fetched(vendor, found[0]).body == answers[0].body


def test_the_stored_report_keeps_the_vendors_own_address(vendor):
    links(vendor)
    stored = vendor.control(f"reports/{vendor.story()['receipts']}")
    url = stored["transactionList"][0]["receiptObject"]["url"]
    assert url.startswith("https://www.expensify.com/receipts/")


@pytest.mark.parametrize(
    ("kind", "content_type", "beginning"),
    [("pdf", "application/pdf", b"%PDF-1.4"), ("heic", "image/heic", b"\x00\x00\x00\x18ftypheic")],
)
def test_a_receipt_is_what_its_report_says(vendor, kind, content_type, beginning):
    line = {"created": "2026-10-12", "merchant": "Delta", "category": "Airfare", "amount": 100}
    made = vendor.control(
        "reports",
        {"approved": "2026-10-20 10:00:00", "expenses": [line | {"receiptObject": {"type": kind}}]},
    )
    [link] = vendor.text(TEMPLATE, filters={"reportIDList": made["reports"][0]}).split()
    answer = fetched(vendor, link)
    assert link.endswith(f".{kind}")
    assert (answer.headers["content-type"], answer.body[: len(beginning)]) == (
        content_type,
        beginning,
    )


def test_what_no_report_names_is_not_there(vendor):
    assert fetched(vendor, f"{vendor.sandbox.url}/expensify/receipts/w_0.jpg").status == 404
    assert fetched(vendor, links(vendor)[0], "POST").status == 405


def test_a_login_is_asked_for_in_a_page_that_is_no_error(vendor):
    link = links(vendor)[0]
    vendor.settings(receipt_access="login")
    answer = fetched(vendor, link)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    vendor.settings(receipt_access="login_redirect")
    answer = fetched(vendor, link)
    assert answer.status == 302
    assert "Sign In" in fetched(vendor, answer.headers["location"]).text
    vendor.settings(receipt_access="expired")
    assert fetched(vendor, link).status == 403


def test_a_signed_link_ends_and_a_new_export_brings_a_new_one(vendor):
    vendor.settings(receipt_life_s=60)
    link = links(vendor)[0]
    assert fetched(vendor, link).status == 200
    assert fetched(vendor, link.partition("?")[0]).status == 403
    assert fetched(vendor, link.replace("signature=", "signature=0")).status == 403
    vendor.sandbox.control("", "clock", {"advance_s": 61})
    assert fetched(vendor, link).status == 403
    assert fetched(vendor, links(vendor)[0]).status == 200


def test_a_receipt_can_be_of_any_size(vendor):
    link = links(vendor)[0]
    vendor.settings(receipt_bytes=3_000_000)
    assert len(fetched(vendor, link).body) == 3_000_000
