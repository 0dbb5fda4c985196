"""The seeded month holds every case it promises, and the generator makes reports without end."""

import json
from itertools import islice

import pytest

from connectors.sandbox.month import (
    EUROPE,
    US,
    Volume,
    case_report,
    cases,
    effective,
    everything,
    month,
    revision,
    story,
    total,
    volume,
)
from connectors.sandbox.month.build import report_id, report_number
from connectors.sandbox.month.world import CATEGORIES, PEOPLE, TAG_LEVELS

REPORTS = month()
LINES = [line for report in REPORTS for line in report["transactionList"]]


def lines(case):
    return case_report(case)["transactionList"]


def test_the_month_is_about_forty_reports_of_the_first_workspace_and_a_few_of_the_second():
    counts = {policy: sum(one["policyID"] == policy for one in REPORTS) for policy in (US, EUROPE)}
    assert counts == {US: 40, EUROPE: 4}


def test_the_same_seed_gives_the_same_month_and_another_gives_other_ids():
    assert month(7) == REPORTS
    assert not set(story(8).values()) & set(story(7).values())


def test_copies_of_the_month_are_independent():
    month()[0]["transactionList"].clear()
    assert month() == REPORTS


def test_every_case_of_the_story_is_a_report():
    ids = {report["reportID"] for report in everything()}
    assert set(story().values()) <= ids
    assert len(set(story().values())) == len(story())


def test_ids_have_the_vendors_form():
    assert len({report["reportID"] for report in REPORTS}) == len(REPORTS)
    assert len({report["oldReportID"] for report in REPORTS}) == len(REPORTS)
    assert len({line["transactionID"] for line in LINES}) == len(LINES)
    assert {len(line["transactionID"]) for line in LINES} == {18, 19}
    assert all(int(line["transactionID"]) < 2**63 for line in LINES)


@pytest.mark.parametrize("report", REPORTS, ids=[one["reportName"] for one in REPORTS])
def test_totals_are_the_sum_of_the_lines_but_for_one_report(report):
    gap = 1 if report["reportID"] == story()[cases.TOTAL_OFF_BY_A_CENT] else 0
    assert report["total"] - total(report) == gap


@pytest.mark.parametrize("report", REPORTS, ids=[one["reportName"] for one in REPORTS])
def test_the_history_fits_the_status(report):
    words = [row["action"] for row in report["actionList"]]
    times = [row["created"] for row in report["actionList"]]
    assert times == sorted(times)
    assert ("APPROVED" in words) is bool(report["approved"])
    assert ("REIMBURSED" in words) is (report["status"] == "Reimbursed")
    assert ("SUBMITTED" in words) is (report["status"] != "Open")


# -- the cases, one by one -------------------------------------------------------------------------
def test_revised_goes_from_412_60_to_398_10():
    report, edit = case_report(cases.REVISED), revision()
    assert (report["total"], report["accountEmail"]) == (41260, PEOPLE["ben.ito"].email)
    line = report["transactionList"][1]
    assert line["transactionID"] == edit["transactionID"]
    assert edit["fields"]["modifiedAmount"] == line["amount"] - 1450


def test_negative_and_zero_lines():
    amounts = [line["amount"] for line in lines(cases.NEGATIVE_LINES)]
    assert min(amounts) < 0 < sum(amounts)
    assert 0 in [line["amount"] for line in lines(cases.ZERO_LINES)]
    assert {line["amount"] for line in lines(cases.ALL_ZERO)} == {0}


def test_tags_of_every_depth_and_an_escaped_colon():
    depths = [sum(f"ntag{n}" in line for n in (1, 2, 3)) for line in lines(cases.MULTI_LEVEL_TAGS)]
    assert depths == [3, 2, 1, 0]
    [line] = lines(cases.ESCAPED_COLON)
    assert line["tag"] == "Consulting:West:Initech\\:Website"
    assert line["ntag3"] == "Initech:Website"
    assert line["tagGlCode"] == "210:10:"


def test_odd_merchants():
    text = json.dumps(lines(cases.ODD_MERCHANTS), ensure_ascii=False, default=str)
    for part in ('\\"Famous\\"', "Müller", "魏", "&amp;", "\\n", "\\t", "</b>", "\\\\"):
        assert part in text


def test_cards_and_cash():
    both = [(bool(line["cardID"]), line["reimbursable"]) for line in lines(cases.CARD_AND_CASH)]
    assert set(both) == {(True, False), (False, True), (True, True)}
    assert {line["reimbursable"] for line in lines(cases.CARD_ONLY)} == {False}
    assert all(line["bank"] and line["posted"] for line in lines(cases.CARD_ONLY))


def test_team_events_wait_together_for_more_than_a_thousand_dollars():
    waiting = [
        effective(line)
        for case in cases.TEAM_EVENTS
        for line in lines(case)
        if line["category"] == "Team events"
    ]
    assert len(waiting) == 3
    assert sum(waiting) > 120_000
    everywhere = [line for line in LINES if line["category"] == "Team events"]
    assert len(everywhere) == 3


def test_each_held_case_stands_alone():
    assert [line["ntag1"] for line in LINES if line.get("ntag1") == "Legacy"] == ["Legacy"]
    assert [line["category"] for line in LINES].count("Old Travel") == 1
    assert [line["category"] for line in LINES].count("Uncategorized") == 1
    by_ines = [one for one in REPORTS if one["accountEmail"] == PEOPLE["ines.duarte"].email]
    assert [one["reportID"] for one in by_ines] == [story()[cases.NO_VENDOR]]


def test_states():
    states = {case: case_report(case)["status"] for case in ("processing", "open", "reimbursed")}
    assert states == {"processing": "Processing", "open": "Open", "reimbursed": "Reimbursed"}
    assert case_report(cases.REIMBURSED)["reimbursed"]
    assert case_report(cases.TEST_MODE)["reportName"].startswith("TEST ")


def test_foreign_currency_is_converted_at_its_rate():
    euro, yen = lines(cases.FOREIGN_CURRENCY)
    assert (euro["amount"], euro["convertedAmount"]) == (8640, 9245)
    assert (yen["currency"], yen["convertedAmount"]) == ("JPY", 3089)


def test_rich_lines():
    assert str(lines(cases.MILEAGE)[0]["units"]["count"]) == "62.4"
    assert len(lines(cases.ATTENDEES)[0]["attendees"]) == 3
    assert all(line["receiptObject"]["url"] for line in lines(cases.RECEIPTS))


def test_dates_on_either_side_of_the_cut_over():
    assert case_report(cases.APPROVED_30_SEP)["approved"] < "2026-10-01"
    assert case_report(cases.APPROVED_1_OCT_UTC)["approved"] == "2026-10-01 02:00:00"
    assert case_report(cases.APPROVED_31_OCT_NEW_YORK)["approved"] == "2026-11-01 02:30:00"


def test_europe_is_in_euros():
    for case in cases.IN_EUROPE:
        assert case_report(case)["currency"] == "EUR"


# -- volume ----------------------------------------------------------------------------------------
def test_ids_lead_back_to_their_numbers():
    for number in (0, 1, 10**8, 10**15 + 7000):
        assert report_number(report_id(number)) == number
    assert report_number("R00") is None
    assert report_number("R00!!!!!!!!!") is None


def test_volume_is_lazy_and_repeatable():
    first = list(islice(volume(10**7, lines=2, seed=3), 3))
    assert first == list(islice(volume(10**7, lines=2, seed=3), 3))
    assert first[0]["reportID"] != next(volume(1, seed=4))["reportID"]


def test_volume_suits_the_demos_mapping():
    for report in volume(60, lines=4, seed=1):
        assert report["status"] == "Approved"
        assert report["approved"][:7] == "2026-10"
        assert report["accountEmail"] != PEOPLE["ines.duarte"].email
        assert report["total"] == total(report) > 0
        assert len(report["transactionList"]) == 4
        for line in report["transactionList"]:
            assert CATEGORIES[line["category"]] == line["categoryGlCode"] != "6290"
            assert line["categoryGlCode"]
            assert line["ntag1"] in set(TAG_LEVELS["Department"]) - {"Legacy"}
            assert line["reimbursable"]


def test_a_share_of_card_lines_can_be_had():
    made = [line for one in volume(40, seed=2, card_share=1.0) for line in one["transactionList"]]
    assert any(line["cardID"] for line in made)
    assert all(line["reimbursable"] is not bool(line["cardID"]) for line in made)


def test_every_id_of_a_volume_is_found_in_both_forms():
    found = Volume(300, lines=1, seed=9)
    for place in (0, 150, 299):
        report = found[place]
        assert found.place_of(report["reportID"]) == place
        assert found.place_of(str(report["oldReportID"])) == place
    assert found.place_of(found.id(0)[:-1] + "!") is None
    assert Volume(299, lines=1, seed=9).place_of(found.id(299)) is None


def test_a_window_of_a_volume_is_what_the_dates_say():
    found = Volume(500, lines=1, seed=9)
    window = ("2026-10-10 00:00:00", "2026-10-09 12:00:00", "2026-10-11 00:00:00")
    expected = [
        place
        for place in range(500)
        if found.dates(place)["approved"] >= window[0]
        and window[1] <= found.dates(place)["submitted"] < window[2]
    ]
    assert list(found.places(*window)) == expected != []


@pytest.mark.parametrize(
    "wrong",
    [{"reports": -1}, {"reports": 1, "lines": 0}, {"reports": 1, "first": "2027-01-01 00:00:00"}],
    ids=["negative", "no lines", "backwards"],
)
def test_an_impossible_volume_is_refused(wrong):
    with pytest.raises(ValueError, match="not|after"):
        Volume(**wrong)
