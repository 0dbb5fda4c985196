"""Conditions and outputs of rules, and the book around them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.contract.company import Closed, Locks
from mappings.books import Rate
from mappings.explain import decided, tried
from mappings.gaps import ListedCategory, ListedTag, ListedTaxRate, check
from mappings.rulebook import Case, Rulebook, case_of
from mappings.terms import CardAccount, DatePolicy, TaxPolicy
from tests.builders import (
    BEN_THE_VENDOR,
    BERLIN,
    HOTELS,
    LEGACY,
    MEALS,
    NO_VAT,
    OLD_TRAVEL,
    SALES,
    TRANSPORT,
    US_COMPANY,
    VAT,
    VAT_5,
    book,
    expense,
    report,
    rule,
    terms,
)

CASE = Case(
    "Taxi", ((1, "Sales"), (2, "West")), "ben@acme.example", frozenset({"1979"}),
    taxes=frozenset({"VAT", "20%", "VAT 20%", "id_TAX_1"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "misses"),
    [
        ({}, ""),
        ({"category": "Taxi"}, ""),
        ({"category": "taxi"}, 'the category is not "taxi"'),
        ({"tag_level": 2, "tag": "West"}, ""),
        ({"tag_level": 1, "tag": "West"}, 'the tag on level 1 is not "West"'),
        ({"employee": "ben@acme.example"}, ""),
        ({"employee": "ann@acme.example"}, "the employee is not ann@acme.example"),
        ({"card": "1979"}, ""),
        ({"card": "1980"}, 'the card is not "1980"'),
        ({"reimbursable": True}, ""),
        ({"reimbursable": False}, "it is reimbursable"),
        ({"expense_type": "distance"}, 'the expense type is not "distance"'),
        ({"tax": "VAT"}, ""),
        ({"tax": "VAT 20%"}, ""),
        ({"tax": "20%"}, ""),
        ({"tax": "id_TAX_1"}, ""),
        ({"tax": "Zero"}, 'the tax is not "Zero"'),
        ({"category": "Taxi", "employee": "x@y.example"}, "the employee is not x@y.example"),
    ],
    ids=lambda x: str(x),
)
def test_a_rule_matches_only_if_all_its_conditions_do(condition, misses) -> None:
    assert rule(**condition).misses(CASE) == misses


def test_the_case_of_an_expense_takes_mail_and_type_in_lower_case() -> None:
    line = expense(
        tags={1: " Sales ", 2: ""}, expense_type="Distance", card_id="7", card_name="Ops"
    )
    given = report([line])
    given = replace(given, employee=replace(given.employee, email="Ben.Ito@Acme.example"))
    case = case_of(given, line)
    assert case.tags == ((1, "Sales"),)
    assert (case.employee, case.expense_type) == ("ben.ito@acme.example", "distance")
    assert case.cards == {"7", "Ops"}


def test_a_tax_goes_by_its_code_its_names_its_rate_and_both() -> None:
    line = expense(tax_name=" VAT ", tax_rate=Decimal("20.00"), tax_code="id_TAX_1")
    known = {"id_TAX_1", "VAT", "20%", "20 %", "VAT 20%", "VAT 20 %"}
    assert case_of(report([line]), line).taxes == known
    line = replace(line, tax_rate_name="Standard ")
    known |= {"Standard", "Standard 20%", "Standard 20 %"}
    assert case_of(report([line]), line).taxes == known
    assert case_of(report(), expense()).taxes == set()


def test_each_output_is_decided_by_the_first_rule_that_sets_it() -> None:
    general = rule(MEALS, priority=50, values={"class": SALES})
    special = rule(TRANSPORT, priority=10, category="Taxi")
    found = Rulebook([general, special]).verdicts(CASE)
    assert (found["account"].rule, found["class"].rule) == (special, general)


def test_of_two_rules_of_one_priority_the_older_wins() -> None:
    older, newer = rule(MEALS), rule(HOTELS)
    assert Rulebook([newer, older]).verdicts(CASE)["account"].rule == older


def test_left_empty_on_purpose_wins_over_a_later_value() -> None:
    empty, later = rule(values={"class": None}), rule(values={"class": SALES})
    assert Rulebook([empty, later]).verdicts(CASE)["class"].target_id is None


# --- why -----------------------------------------------------------------------------------------


def test_explain_names_the_member_and_the_rule() -> None:
    one = rule(values={"class": None}, tag_level=1, tag="Sales")
    texts = [(d.label, d.target, d.why) for d in decided(book(one), CASE)]
    assert texts == [
        ("Account", "6120 Ground Transport", 'by rule 901 (category "Taxi")'),
        ("Class", "left empty on purpose", f'by rule {one.id} (tag "Sales" on level 1)'),
    ]


def test_explain_names_the_rule_by_which_tax_is_cost() -> None:
    cost = rule(priority=10, tax="VAT 20%", tax_is_cost=True)
    code = rule(tax="VAT", tax_code_id=VAT.id)
    found = {d.label: (d.target, d.why) for d in decided(book(cost, code), CASE)}
    assert found["Tax code"] == ("tax is cost", f'by rule {cost.id} (tax "VAT 20%")')
    outcomes = {one.rule_id: one.outcome for one in tried(book(cost, code), CASE)}
    assert outcomes[cost.id] == "decides tax code"
    assert outcomes[code.id] == "matches, but an earlier rule has decided all that it would"


def test_explain_says_of_every_rule_why_it_did_not_decide() -> None:
    late = rule(MEALS, priority=500)
    outcomes = {one.rule_id: one.outcome for one in tried(book(late), CASE)}
    assert outcomes[901] == "decides account"
    assert outcomes[902] == 'does not match: the category is not "Meals"'
    assert outcomes[late.id] == "matches, but an earlier rule has decided all that it would"


# --- the fingerprint -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        book(rule(MEALS)),
        book(terms=terms(due_days=5)),
        book(links={"ben.ito@acme.example": 23}),
        book(locks=Locks((Closed(None, date(2026, 9, 30), "closed"),))),
        book(kinds={}),
        book(rates=(Rate(date(2026, 10, 1), "EUR", Decimal("1.07")),)),
        book(terms=terms(card_accounts=(CardAccount("1979", 9),))),
        book(more_parties=[replace(BEN_THE_VENDOR, active=False)]),
        book(company=replace(book().company, has_tax=True)),
    ],
    ids="rule terms link lock abilities rate card chart company".split(),
)
def test_whatever_decides_changes_the_fingerprint(other) -> None:
    assert other.fingerprint != book().fingerprint


def test_reading_the_same_chart_again_or_another_day_keeps_the_fingerprint() -> None:
    later = book(read_at=datetime(2026, 12, 1, tzinfo=UTC), opened_on=date(2026, 12, 1))
    assert later.fingerprint == book().fingerprint


def test_the_day_counts_where_the_flow_posts_on_the_day_of_posting() -> None:
    daily = terms(date_policy=DatePolicy.POSTING_DAY)
    assert (
        book(terms=daily).fingerprint != book(terms=daily, opened_on=date(2026, 12, 1)).fingerprint
    )


# --- before any report arrives -------------------------------------------------------------------


def gaps_of(open_book, categories=(), tags=()):
    return [(gap.name, gap.output, gap.kind) for gap in check(open_book, categories, tags).gaps]


def test_categories_without_an_active_account_are_told_beforehand() -> None:
    open_book = book(
        rule(OLD_TRAVEL, category="Old Travel"),
        rule(MEALS, category="Dinner", employee="ben.ito@acme.example"),
    )
    listed = [ListedCategory(n) for n in ("Taxi", "Team events", "Old Travel", "Dinner")]
    assert gaps_of(open_book, [*listed, ListedCategory("Uncategorized")]) == [
        ("Team events", "account", "missing"),
        ("Old Travel", "account", "inactive"),
        ("Dinner", "account", "partial"),
    ]


def test_a_rule_for_cards_alone_leaves_a_gap_only_where_persons_pay_too() -> None:
    for_cards = rule(MEALS, category="Dinner", reimbursable=False)
    east = rule(tag_level=2, tag="East", reimbursable=False, values={"department": BERLIN})
    listed = [ListedCategory("Dinner")], [ListedTag(2, "East")]
    both, cards = terms(takes_cards=True), terms(takes_cards=True, takes_reimbursable=False)
    assert gaps_of(book(for_cards, east, terms=both), *listed) == [
        ("Dinner", "account", "partial"),
        ("East", "department", "partial"),
    ]
    assert gaps_of(book(for_cards, east, terms=cards), *listed) == []


def test_gl_codes_and_names_are_proposed() -> None:
    listed = [ListedCategory("Parking", "6120"), ListedCategory("hotels"), ListedCategory("X", "9")]
    found = check(book(), listed, []).gaps
    assert [gap.suggestion and gap.suggestion.target.number for gap in found] == [
        "6120",
        "6110",
        None,
    ]


def test_a_used_gl_code_is_no_gap() -> None:
    assert gaps_of(book(terms=terms(use_gl_codes=True)), [ListedCategory("Parking", "6120")]) == []


def test_tags_on_mapped_levels_are_told_and_other_levels_named() -> None:
    open_book = book(
        rule(tag_level=1, tag="Sales", values={"class": SALES}),
        rule(tag_level=1, tag="Legacy", values={"class": LEGACY}),
    )
    listed = [ListedTag(1, n, "Department") for n in ("Sales", "Legacy", "Consulting")]
    found = check(open_book, [], [*listed, ListedTag(2, "West", "Region"), ListedTag(3, "Globex")])
    assert [(gap.name, gap.kind) for gap in found.gaps] == [
        ("Legacy", "inactive"),
        ("Consulting", "missing"),
    ]
    assert found.gaps[1].suggestion.target.name == "Consulting"
    assert found.uncarried == ("Region", "Level 3")


def test_a_tag_that_a_fallback_covers_is_no_gap() -> None:
    open_book = book(
        rule(tag_level=2, tag="East", values={"department": BERLIN}),
        rule(priority=900, values={"department": BERLIN}),
    )
    assert gaps_of(open_book, [], [ListedTag(2, "West")]) == []


STANDARD = ListedTaxRate("id_20", "VAT", "Standard", Decimal(20))
REDUCED = ListedTaxRate("id_5", "VAT", "Reduced", Decimal(5))
EXEMPT = ListedTaxRate("id_0", "VAT", "Exempt", Decimal(0))
RATES = (STANDARD, REDUCED, EXEMPT)
UK = replace(US_COMPANY, home_currency="GBP", has_tax=True)
RECLAIMS = terms(tax_policy=TaxPolicy.RECLAIM)


def tax_gaps_of(*rules, rates=RATES, company=UK, terms=RECLAIMS):
    found = check(book(*rules, company=company, terms=terms), [], [], rates).gaps
    return [(gap.name, gap.output, gap.kind) for gap in found]


def test_tax_rates_that_no_rule_gives_a_code_are_told_beforehand() -> None:
    assert tax_gaps_of() == [
        ("Standard", "tax_code", "missing"),
        ("Reduced", "tax_code", "missing"),
    ]


@pytest.mark.parametrize("called", ["id_20", "Standard", "VAT 20%", "Standard 20 %", "20%"])
def test_a_rate_is_resolved_by_a_rule_for_any_of_its_names(called) -> None:
    assert tax_gaps_of(rule(tax=called, tax_code_id=VAT.id)) == [("Reduced", "tax_code", "missing")]


def test_a_rate_whose_tax_is_cost_by_rule_is_no_gap() -> None:
    rules = rule(tax="Standard", tax_code_id=VAT.id), rule(tax="Reduced", tax_is_cost=True)
    assert tax_gaps_of(*rules) == []


def test_a_rate_with_a_code_for_some_expenses_only_or_an_inactive_one_is_told() -> None:
    taxi = rule(category="Taxi", tax="Reduced", tax_code_id=VAT_5.id)
    old = replace(VAT, active=False)
    open_book = book(
        taxi,
        rule(tax="Standard", tax_code_id=VAT.id),
        company=UK,
        terms=RECLAIMS,
        tax_codes={one.id: one for one in (old, VAT_5, NO_VAT)},
    )
    found = check(open_book, [], [], RATES).gaps
    assert [(gap.name, gap.kind) for gap in found] == [
        ("Standard", "inactive"),
        ("Reduced", "partial"),
    ]


def test_rates_of_one_name_are_told_by_their_code() -> None:
    rates = STANDARD, replace(REDUCED, name="Standard")
    assert [name for name, *_ in tax_gaps_of(rates=rates)] == ["id_20", "id_5"]


def test_rates_are_no_gap_where_no_tax_is_reclaimed() -> None:
    assert tax_gaps_of(company=US_COMPANY) == []
    assert tax_gaps_of(terms=terms(tax_policy=TaxPolicy.COST)) == []


def remarks_of(*rules, has_tax=True, **changes):
    policy = {"tax_policy": TaxPolicy.RECLAIM, "no_tax_code_id": NO_VAT.id} | changes
    company = replace(US_COMPANY, has_tax=has_tax)
    return check(book(*rules, terms=terms(**policy), company=company), [], []).tax_remarks


def test_a_rule_by_which_tax_is_cost_and_that_comes_too_late_is_told() -> None:
    code = rule(tax="VAT", tax_code_id=VAT.id)
    late = rule(category="Meals", tax_is_cost=True)
    assert remarks_of(code, late) == (
        f'Rule {late.id} (category "Meals") says that tax is cost, but rule {code.id} (tax "VAT") '
        "is tried before it and gives a tax code. Where both match, tax is reclaimed: give rule "
        f"{late.id} a lower number as its priority.",
    )
    assert remarks_of(code, replace(late, priority=50)) == ()
    assert remarks_of(replace(code, category="Taxi"), late) == ()
    tagged = replace(code, tag_level=1, tag="A"), replace(late, tag_level=1, tag="B")
    assert remarks_of(*tagged) == ()
    assert remarks_of(code, late, tax_policy=TaxPolicy.COST) == ()
    assert remarks_of(code, late, has_tax=False) == ()


def test_tax_that_is_cost_without_a_code_for_such_lines_is_told() -> None:
    assert remarks_of(rule(category="Meals", tax_is_cost=True), no_tax_code_id=None) == (
        "Rules say that tax is cost, and the flow has no tax code for lines without tax: "
        "QuickBooks Online may want one. Choose it under Tax.",
    )
    assert remarks_of(no_tax_code_id=None) == ()
