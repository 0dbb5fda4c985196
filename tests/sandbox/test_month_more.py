"""The wider month: every case is a report of its workspace, every edit does what it promises."""

import pytest

from connectors.sandbox.month import (
    EUROPE,
    FIELD,
    UK,
    case_report,
    edits,
    effective,
    everything,
    month,
    more,
    story,
    total,
)
from connectors.sandbox.month.more import europe, field, field_time, uk
from connectors.sandbox.month.world import FEEDS, PEOPLE, WORKERS, policies
from tests.sandbox.expensify_calls import Expensify

REPORTS = more()
LINES = [line for one in REPORTS for line in one["transactionList"]]
WORKSPACE_OF = {FIELD: "field", UK: "uk", EUROPE: "europe"}
OFF = {field.FIELD_RESIDUE: 1, field.FIELD_UNCONVERTED: 0, europe.EUROPE_NO_RATE: 0}
CARD_ONLY = ("field_card_charges", "field_card_and_refund", "field_refund_alone")


@pytest.fixture
def expensify(sandbox):
    found = Expensify(sandbox)
    found.settings(limits=False)
    return found


def lines(case):
    return case_report(case)["transactionList"]


def constants(module, prefix):
    for name, found in vars(module).items():
        if name.startswith(prefix):
            yield from (found,) if isinstance(found, str) else found


# -- the whole -------------------------------------------------------------------------------------
def test_each_workspace_has_its_share():
    counts = {policy: sum(one["policyID"] == policy for one in REPORTS) for policy in WORKSPACE_OF}
    assert counts == {FIELD: 51, UK: 21, EUROPE: 15}
    assert sum(counts.values()) == len(REPORTS)


@pytest.mark.parametrize(
    ("module", "prefix"),
    [(field, "FIELD_"), (field_time, "FIELD_"), (uk, "UK_"), (europe, "EUROPE_")],
    ids=["field", "field_time", "uk", "europe"],
)
def test_every_constant_is_played_by_a_report_of_its_workspace(module, prefix):
    ids, by_id = story(), {one["reportID"]: one for one in REPORTS}
    own = set(constants(module, prefix)) - {EUROPE, UK, FIELD}
    assert own
    assert {WORKSPACE_OF[by_id[ids[case]]["policyID"]] for case in own} == {
        prefix.lower().strip("_")
    }


def test_ids_are_the_vendors_and_shared_with_nobody():
    both = everything()
    transactions = [line["transactionID"] for one in both for line in one["transactionList"]]
    assert len({one["reportID"] for one in both}) == len(both) == len(month()) + len(REPORTS)
    assert len({one["oldReportID"] for one in both}) == len(both)
    assert len(set(transactions)) == len(transactions)
    assert not {one["reportID"] for one in more(8)} & {one["reportID"] for one in REPORTS}


@pytest.mark.parametrize("report", REPORTS, ids=[one["reportName"] for one in REPORTS])
def test_reports_are_sound_but_for_what_their_case_says(report):
    case = next(name for name, id in story().items() if id == report["reportID"])
    unconverted = [
        line
        for line in report["transactionList"]
        if line["currency"] != report["currency"] and line["convertedAmount"] == ""
    ]
    gap = report["total"] - total(report) + sum(line["amount"] for line in unconverted)
    assert gap == OFF.get(case, 0)
    assert bool(unconverted) is (case in (field.FIELD_UNCONVERTED, europe.EUROPE_NO_RATE))
    times = [row["created"] for row in report["actionList"]]
    assert times == sorted(times)
    dated = report["approved"] or report["submitted"]
    assert dated.startswith("2026-10")
    logins = {report["accountEmail"].partition("@")[0]}
    assert logins <= set(WORKERS[report["policyID"]])


@pytest.mark.parametrize("policy", [FIELD, UK, EUROPE], ids=WORKSPACE_OF.values())
def test_lines_use_what_their_workspace_has(policy):
    about = policies()[policy]
    codes = {row["name"]: row.get("glCode", "") for row in about["categories"]}
    tags = [{tag["name"] for tag in level["tags"]} for level in about["levels"]]
    rates = {row["rateID"]: row["rate"] for row in about["tax"].get("rates", ())}
    for line in (x for one in REPORTS if one["policyID"] == policy for x in one["transactionList"]):
        assert line["categoryGlCode"] == codes.get(line["category"], "")
        for level, names in enumerate(tags, start=1):
            assert line.get(f"ntag{level}", next(iter(names))) in names
        if line["taxCode"] in rates:
            assert line["taxRate"] == f"{rates[line['taxCode']]}%"
        if line["cardID"]:
            card = FEEDS[line["cardID"]]
            assert (line["bank"], line["cardName"], line["cardNumber"]) == tuple(
                card.fields[name] for name in ("bank", "cardName", "cardNumber")
            )


def test_gl_codes_are_the_numbers_of_accounts_in_quickbooks():
    chart = (
        "6100 6110 6120 6130 6140 6150 6200 6210 6220 6230 6240 6250 6260 1500 5100 1320".split()
    )
    assert {line["categoryGlCode"] for line in LINES} <= {*chart, ""}


# -- flags and cards -------------------------------------------------------------------------------
def test_the_four_flag_cases_stand_in_one_report():
    flags = {(line["reimbursable"], bool(line["cardID"])) for line in lines("field_four_flags")}
    assert flags == {(True, False), (True, True), (False, True), (False, False)}


@pytest.mark.parametrize("case", CARD_ONLY)
def test_card_reports_have_nothing_reimbursable_and_are_posted_by_the_bank(case):
    assert all(line["cardID"] and not line["reimbursable"] for line in lines(case))
    assert all(line["posted"] > line["created"] for line in lines(case))


def test_card_charges_come_from_two_feeds_and_a_refund_makes_the_report_negative():
    assert len({line["bank"] for line in lines("field_card_charges")}) == 2
    assert case_report("field_refund_alone")["total"] == -32460
    assert [line["amount"] for line in lines("field_card_and_refund")] == [48000, -16000]


def test_a_charge_may_be_unposted_or_posted_in_the_next_month():
    assert lines("field_unposted_charge")[0]["posted"] == ""
    assert lines("field_posted_next_month")[0]["posted"] == "2026-11-02"
    assert case_report("field_posted_next_month")["approved"] < "2026-11"


def test_two_charges_alike_differ_by_their_ids_only():
    first, second = lines("field_one_day_twice")
    assert {n for n in first if first[n] != second[n]} == {"transactionID"}


@pytest.mark.parametrize(
    ("case", "cents"),
    [("field_negative", -8420), ("field_nets_to_zero", 0), ("field_all_zero", 0)],
)
def test_sums_at_or_below_zero(case, cents):
    assert case_report(case)["total"] == cents


def test_many_lines_are_several_hundred():
    assert len(lines("field_many_lines")) == 430


@pytest.mark.parametrize(
    ("case", "kind", "cents"),
    [
        ("field_per_diem", "perDiem", 19750),
        ("field_mileage", "distance", 8302),
        ("field_time", "time", 90000),
    ],
)
def test_count_times_rate_is_the_amount(case, kind, cents):
    [line] = lines(case)
    assert line["type"] == kind
    assert line["units"]["count"] * line["units"]["rate"] * 100 == line["amount"] == cents


def test_billable_lines_have_a_client_or_none():
    assert lines("field_billable")[0]["ntag3"] == "Globex"
    assert "ntag3" not in lines("field_billable_alone")[0]
    assert all(lines(case)[0]["billable"] for case in ("field_billable", "field_billable_alone"))


def test_closed_reports_have_no_approval():
    closed = case_report("field_closed")
    assert (closed["status"], closed["approved"], closed["approvers"]) == ("Closed", "", [])


# -- tax and currency ------------------------------------------------------------------------------
def test_mixed_rates_and_a_line_without_tax():
    assert [line["taxRate"] for line in lines("uk_mixed_rates")] == ["20%", "5%", "0%", "0%", ""]
    assert [line["hasTax"] for line in lines("uk_mixed_rates")] == [True] * 4 + [False]


def test_odd_pence_are_not_what_the_rate_gives_in_all():
    gross = sum(line["amount"] for line in lines("uk_odd_pence"))
    tax = sum(line["taxAmount"] for line in lines("uk_odd_pence"))
    assert (gross, tax) == (3365, 560)
    assert round(gross / 6) == 561


def test_receipts_are_there_or_not():
    has = [bool(line["receiptObject"]) for line in lines("uk_no_receipt")]
    assert has == [True, False]
    assert all(line["receiptObject"] for line in lines("uk_standard"))


def test_negative_tax_and_edited_tax():
    assert [line["taxAmount"] for line in lines("uk_negative")] == [200, -800]
    assert case_report("uk_negative")["total"] < 0 < case_report("uk_negative_line")["total"]
    assert lines("uk_card_refund")[0]["taxAmount"] == -400
    assert lines("uk_edited_tax")[0]["modifiedTaxAmount"] == 2750


@pytest.mark.parametrize(
    ("case", "currency"),
    [
        ("europe_in_dollars", "USD"),
        ("europe_in_francs", "CHF"),
        ("europe_in_yen", "JPY"),
        ("europe_vendor_in_dollars", "EUR"),
        ("uk_standard", "GBP"),
    ],
)
def test_reports_have_their_currency(case, currency):
    assert case_report(case)["currency"] == currency


def test_foreign_lines_are_converted_yen_and_dinars_too():
    found = {line["currency"]: effective(line) for line in lines("europe_foreign_lines")}
    assert found == {"GBP": 3305, "USD": 2916, "JPY": 2855, "KWD": 3862}
    assert {line["currency"] for line in lines("field_foreign")} == {"JPY", "KWD"}


# -- time passes -----------------------------------------------------------------------------------
def test_every_edit_belongs_to_a_case():
    assert set(edits()) - {"revise", "unapprove"} <= set(story())


@pytest.mark.parametrize("name", sorted(edits()))
def test_every_edit_can_be_played(expensify, name):
    touched = expensify.control("reports", expensify.control("edits")[name])["reports"]
    assert touched


def played(expensify, case):
    expensify.control("reports", expensify.control("edits")[case])
    return expensify.control(f"reports/{story()[case]}")


@pytest.mark.parametrize(
    ("case", "before", "after"),
    [
        ("field_grows", 9640, 11890),
        ("field_shrinks", 24000, 18000),
        ("field_reapproved", 6610, 5910),
    ],
)
def test_revisions_change_the_total(expensify, case, before, after):
    assert case_report(case)["total"] == before
    found = played(expensify, case)
    assert (found["total"], found["status"]) == (after, "Approved")


def test_a_slice_goes_a_kind_changes_and_a_line_turns_out_to_be_on_a_card(expensify):
    gone = played(expensify, "field_slice_gone")
    assert not any(line["reimbursable"] for line in gone["transactionList"])
    assert played(expensify, "field_kind_changes")["total"] == -19500
    [on_card] = played(expensify, "field_card_line_later")["transactionList"]
    assert (on_card["cardID"], on_card["cardNumber"]) == ("5528", "3782XXXXXXXX5528")


@pytest.mark.parametrize(
    ("case", "status", "word"),
    [
        ("field_reimbursed_later", "Reimbursed", "REIMBURSED"),
        ("field_bounces", "Approved", "REIMBURSEMENTACHBOUNCE"),
        ("field_exported_later", "Approved", "EXPORTINTEGRATION"),
        ("field_unapproved", "Processing", "UNAPPROVED"),
        ("field_retracted", "Open", "RETRACTED"),
        ("field_renamed", "Approved", "RENAMED"),
    ],
)
def test_the_history_tells_what_happened(expensify, case, status, word):
    found = played(expensify, case)
    assert (found["status"], found["actionList"][-1]["action"]) == (status, word)


def test_exported_before_anybody_looked():
    found = case_report("field_exported")
    assert found["actionList"][-1]["action"] == "EXPORTINTEGRATION"
    assert found["actionList"][-1]["created"].startswith("2026-11-01")
    assert case_report("field_reimbursed")["isACHReimbursed"]


def test_a_deleted_report_is_gone(expensify):
    expensify.control("reports", expensify.control("edits")["field_deleted"])
    assert expensify.reports(filters={"reportIDList": story()["field_deleted"]}) == {}


@pytest.mark.parametrize("case", ["field_moved", "field_card_moved"])
def test_an_expense_moves_with_its_id(expensify, case):
    moved = expensify.control("edits")[f"{case}_from"]["transactionID"]
    source = played(expensify, f"{case}_from")
    target = expensify.control(f"reports/{story()[f'{case}_to']}")
    assert moved not in [line["transactionID"] for line in source["transactionList"]]
    assert moved in [line["transactionID"] for line in target["transactionList"]]
    assert (source["total"], target["total"]) == (total(source), total(target))


def test_the_edits_leave_the_seed_alone(expensify):
    for body in expensify.control("edits").values():
        expensify.control("reports", body)
    assert more() == REPORTS
    expensify.control("reset", {})
    kept = {one["reportID"]: one["total"] for one in expensify.control("reports")}
    assert kept == {one["reportID"]: one["total"] for one in everything()}


def test_a_short_line_on_a_card_gets_what_the_feed_knows(expensify):
    line = {"created": "2026-10-05", "merchant": "Uber", "category": "Mileage", "amount": 100}
    body = {"policyID": FIELD, "approved": "2026-10-06 10:00:00", "expenses": [line]}
    for card, name in (("5510", "Acme Visa Marco"), ("4411", "")):
        line["card"] = card
        [id] = expensify.control("reports", body)["reports"]
        [kept] = expensify.control(f"reports/{id}")["transactionList"]
        assert (kept["cardID"], kept["cardName"], kept["reimbursable"]) == (card, name, False)


def test_the_bill_typed_in_by_hand_can_be_planted(sandbox):
    planted = sandbox.control("quickbooks_online", "documents", field_time.BY_HAND)
    report = case_report("field_booked_by_hand")
    assert planted["total"] == f"{report['total'] / 100:.2f}"
    assert planted["date"] == report["approved"][:10]
    assert planted["party"] == PEOPLE["noor.aziz"].full
    assert planted["report_id"] is None
