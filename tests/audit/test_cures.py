"""Every message that a person can do something about has a button that leads to the place."""

from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from django.urls import reverse

from audit.admin.cures import cure_links, titles
from audit.selectors import held
from mappings.codes import CODES
from mappings.models import ExchangeRate, Flow, GLAccount, PartyLink, Rule, TaxCode
from tests.audit.builders import NOON, a_connection, a_flow, a_held, a_person, a_read_report
from tests.mappings.conftest import account_row

EMPLOYEE = {"employee_email": "ben.ito@acme.example", "employee_name": "Ben Ito"}
IN_EXPENSIFY = "Open in Expensify"
READ_AGAIN = "Read it again from Expensify"
FLOW_RULES = "Look at the flow's rules"
ACCOUNT_RULES = "Look at the rules with this account"
CODE_RULES = "Look at the rules with this tax code"
LINK = "Link Ben Ito to a vendor"

# Code, the facts that its problem has, and the buttons in their order.
CURES: list[tuple[str, dict[str, str], list[str]]] = [
    ("report.total.mismatch", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("report.expense.unconverted", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("report.amount.decimals", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("report.expense.repeated", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("report.exported_before", {}, ["Let the flow post such reports", IN_EXPENSIFY, READ_AGAIN]),
    ("report.flag.unknown", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("map.category.uncategorised", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("map.category.missing", {"category": "Taxi"}, ["Choose an account"]),
    ("map.account.inactive", {"account_id": "1"}, [ACCOUNT_RULES]),
    ("map.account.kind", {"account_id": "1"}, [ACCOUNT_RULES]),
    ("map.account.currency", {"account_id": "1"}, [ACCOUNT_RULES]),
    ("map.tag.missing", {"tag": "West", "tag_level": "2"}, ["Add a rule for this tag"]),
    ("map.value.inactive", {"rule_id": "{rule}"}, ["Open the rule"]),
    ("map.dimension.not_carried", {"dimension": "class"}, [FLOW_RULES]),
    ("map.header.conflict", {}, [FLOW_RULES, "Let silent lines follow the others"]),
    ("map.tax.undecided", {}, ["Say what becomes of tax"]),
    ("map.tax.no_code", {"tax": "Standard", "tax_category": "Taxi"},
     ["Choose a tax code", "Choose a tax code for Taxi only"]),
    ("map.tax.no_amount", {"tax_code_id": "1"},
     [CODE_RULES, "Choose the code for lines without tax", IN_EXPENSIFY, READ_AGAIN]),
    ("map.tax.mismatch", {"tax_code_id": "1"},
     [CODE_RULES, "Let the flow post what receipts say", IN_EXPENSIFY, READ_AGAIN]),
    ("map.tax.impossible", {}, [IN_EXPENSIFY, READ_AGAIN]),
    ("map.tax.no_receipt", {},
     ["Say what becomes of tax without a receipt", IN_EXPENSIFY, READ_AGAIN]),
    ("map.tax_code.inactive", {"tax_code_id": "1"},
     [CODE_RULES, "Choose another code in the flow"]),
    ("map.billable.no_customer", {},
     ["Add a rule for the customer", "Let the flow post it as not billable"]),
    ("map.billable.not_carried", {},
     ["Let the flow post it as not billable", IN_EXPENSIFY, READ_AGAIN]),
    ("map.party.missing", EMPLOYEE, [LINK]),
    ("map.party.ambiguous", EMPLOYEE, [LINK]),
    ("map.party.clash", EMPLOYEE, [LINK]),
    ("map.party.unset", {}, ["Choose the clearing vendor"]),
    ("map.party.inactive", {"party_id": "1"}, ["Open the flow"]),
    ("map.party.not_payable", EMPLOYEE | {"party_id": "1"}, [LINK]),
    ("map.party.conflict", {},
     [FLOW_RULES, "Say how the payee is found", IN_EXPENSIFY, READ_AGAIN]),
    ("map.party.no_name", {}, ["Say how the payee is found", IN_EXPENSIFY, READ_AGAIN]),
    ("map.party.card_unset", {}, ["Choose the payee of card documents"]),
    ("map.payable.unset", {}, ["Choose the payable account"]),
    ("map.payable.inactive", {"account_id": "1"}, ["Choose another payable account"]),
    ("map.payable.kind", {"account_id": "1"}, ["Choose another payable account"]),
    ("map.card.unset", {"card": "1979"}, ["Choose an account for card 1979"]),
    ("map.card.inactive", {"account_id": "1"}, ["Choose another account for the card"]),
    ("map.card.kind", {"account_id": "1"}, ["Choose another account for the card"]),
    ("map.company.unset", {}, ["Choose the account without a card", IN_EXPENSIFY, READ_AGAIN]),
    ("map.company.inactive", {"account_id": "1"}, ["Choose another account without a card"]),
    ("map.company.kind", {"account_id": "1"}, ["Choose another account without a card"]),
    ("map.currency.company", {}, ["Let the flow convert by a rate table", "Open the connection"]),
    ("map.currency.party", EMPLOYEE | {"party_id": "1", "currency": "EUR"}, [LINK]),
    ("map.currency.payable", {"account_id": "1", "currency": "EUR"},
     ["Choose a payable account in EUR"]),
    ("map.currency.card", {"account_id": "1", "currency": "EUR"}, ["Choose an account in EUR"]),
    ("map.rate.missing", {"currency": "EUR", "month": "2026-10-01"}, ["Enter the rate of EUR"]),
    ("map.rounding.unset", {}, ["Choose the rounding account"]),
    ("map.rounding.unusable", {}, ["Choose another rounding account"]),
    ("map.flow.divided", {}, ["Change what the flow takes", IN_EXPENSIFY, READ_AGAIN]),
    ("map.kind.unsupported", {}, ["Let the flow post journals"]),
    ("map.kind.no_credit", {}, ["Let the flow post journals"]),
    ("map.kind.no_zero", {}, ["Let the flow post journals"]),
    ("map.kind.negative_line", {}, ["Let the flow post journals"]),
    ("map.date.missing", {}, ["Choose another posting date", IN_EXPENSIFY, READ_AGAIN]),
    ("map.date.locked", {}, ["Let the flow post on the next open day", "Open the connection"]),
    ("map.chart.unread", {}, ["Open the connection"]),
    # The vendor that a tag or a field names is nobody's link.
    ("map.party.missing", {"party_name": "City Cab"}, ["Open the connection"]),
    ("map.party.inactive", EMPLOYEE | {"party_id": "1"}, [LINK]),
    ("revision.policy_hold", {}, ["Let the flow change documents in place"]),
    # The engine's: the ledger is where they are looked at, the buttons of the page cure them.
    ("ledger.found_twice", {}, ["Open in the ledger"]),
    ("document.edited_there", {}, ["Open in the ledger"]),
    ("report.was_reversed", {}, []),
    ("report.other_part_held", {}, []),
    ("report.unbuilt", {}, [READ_AGAIN]),
]  # fmt: skip


@pytest.fixture
def flow(db: None) -> Flow:
    return a_flow(a_connection(name="Acme US", home_currency="USD"), name="Acme US bills")


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def links(flow: Flow, code: str, facts: dict[str, str], who: Any, document: str = "") -> list:
    request = RequestFactory().get("/")
    request.user = who
    problem = {"code": code, "facts": facts}
    return list(cure_links(problem, a_read_report(flow), flow, request, document))


def test_every_message_about_the_books_has_its_button() -> None:
    covered = {code for code, *_ in CURES}
    wanted = {code for code in CODES if code.startswith(("map.", "report."))}
    assert wanted - covered == set()


def test_every_button_has_its_words_and_leads_to_a_place_that_is_there(flow: Flow, boss) -> None:
    who, rule = a_person("ann", is_superuser=True), Rule.objects.create(flow=flow, category="Taxi")
    pages: dict[str, str] = {}
    for code, facts, labels in CURES:
        facts = {name: text.format(rule=rule.pk) for name, text in facts.items()}
        found = links(flow, code, facts, who, "https://ledger.example/17")
        assert [link.label for link in found] == labels, code
        for link in found:
            assert link.is_elsewhere == link.url.startswith("https://"), code
            if link.is_elsewhere:
                continue
            address, _, place = link.url.partition("#")
            if address not in pages:
                answer = boss.post(address) if link.is_pressed else boss.get(address)
                assert answer.status_code == 200, (code, address)
                pages[address] = answer.content.decode()
            assert not place or f'id="{place}"' in pages[address], (code, place)


def test_whoever_may_only_look_is_offered_the_pages_alone(flow: Flow) -> None:
    who = a_person("vera", group="Viewer")
    assert [link.label for link in links(flow, "map.card.unset", {"card": "1979"}, who)] == [
        "Open the flow"
    ]
    assert links(flow, "map.tax.no_code", {"tax": "Standard"}, who) == []
    assert links(flow, "map.party.missing", EMPLOYEE, who) == []
    who.user_permissions.add(Permission.objects.get(codename="add_rule"))
    who = type(who).objects.get(pk=who.pk)  # permissions are kept on the instance
    found = links(flow, "map.tax.no_code", {"tax": "Standard"}, who)
    assert [link.label for link in found] == ["Choose a tax code"]


# --- the forms behind the buttons are filled in ---------------------------------------------------


def followed(boss: Client, flow: Flow, code: str, facts: dict[str, str], label: str) -> Any:
    """The page behind the button that the held posting's page shows."""
    problem = {"code": code, "message": "x", "facts": facts, "subject": ""}
    posting = a_held(a_read_report(flow), problem)
    page = boss.get(reverse("admin:audit_posting_change", args=[posting.pk]))
    told = {link.label: link.url for one in page.context["problems"] for link in one.links}
    assert told[label] in unescape(page.content.decode())
    return boss.get(told[label])


def initial(page: Any) -> dict[str, Any]:
    form = page.context["adminform"].form
    return {name: text for name, text in form.initial.items() if text not in (None, "")}


def test_a_tax_without_a_code_starts_a_rule_for_it(flow: Flow, boss: Client) -> None:
    page = followed(boss, flow, "map.tax.no_code", {"tax": "Standard 20%"}, "Choose a tax code")
    assert initial(page) == {"flow": str(flow.pk), "tax": "Standard 20%"}
    assert 'value="Standard 20%"' in page.content.decode()


def test_a_tax_of_one_category_starts_a_rule_for_both(flow: Flow, boss: Client) -> None:
    facts = {"tax": "Standard", "tax_category": "Taxi"}
    page = followed(boss, flow, "map.tax.no_code", facts, "Choose a tax code for Taxi only")
    assert initial(page) == {"flow": str(flow.pk), "tax": "Standard", "category": "Taxi"}
    # A tax that goes by no name at all can be told by the category alone.
    del facts["tax"]
    page = followed(boss, flow, "map.tax.no_code", facts, "Choose a tax code for Taxi only")
    assert initial(page) == {"flow": str(flow.pk), "category": "Taxi"}


def test_a_category_without_an_account_starts_a_rule_with_the_proposed_one(
    flow: Flow, boss: Client
) -> None:
    account = account_row(flow.connection, "61", "6120", "Ground Transport", "Expense")
    facts = {"category": "Taxi", "suggested_account_id": str(account.pk)}
    page = followed(boss, flow, "map.category.missing", facts, "Choose an account")
    assert initial(page)["account"] == str(account.pk)
    assert "6120 Ground Transport" in page.content.decode()


def test_a_missing_rate_starts_the_line_of_the_rate_table(flow: Flow, boss: Client) -> None:
    facts = {"currency": "EUR", "month": "2026-10-01"}
    page = followed(boss, flow, "map.rate.missing", facts, "Enter the rate of EUR")
    given = initial(page)
    assert given == {"connection": str(flow.connection_id), **facts}
    answer = boss.post(page.request["PATH_INFO"], given | {"rate": "1.0832", "source": "ECB"})
    assert answer.status_code == 302, answer.context["errors"]
    assert ExchangeRate.objects.get().rate == Decimal("1.0832")


def test_an_employee_without_a_vendor_starts_the_link(flow: Flow, boss: Client) -> None:
    page = followed(boss, flow, "map.party.missing", EMPLOYEE, LINK)
    assert initial(page)["employee_email"] == "ben.ito@acme.example"
    assert not PartyLink.objects.exists()


def test_the_rules_with_an_account_are_those_of_the_flow(flow: Flow, boss: Client) -> None:
    account = account_row(flow.connection, "61", "6120", "Ground Transport", "Expense")
    code = TaxCode.objects.create(
        connection=flow.connection, ledger_id="7", name="20% S", seen_at=NOON
    )
    wanted = Rule.objects.create(flow=flow, category="Taxi", account=account, tax_code=code)
    Rule.objects.create(flow=flow, category="Meals")
    Rule.objects.create(flow=a_flow(), category="Taxi", account=account)
    for fact, one, cause, label in (
        ("account_id", account, "map.account.inactive", ACCOUNT_RULES),
        ("tax_code_id", code, "map.tax_code.inactive", CODE_RULES),
    ):
        page = followed(boss, flow, cause, {fact: str(one.pk)}, label)
        assert list(page.context["cl"].result_list) == [wanted]


# --- groups of held postings ----------------------------------------------------------------------


def group_titles(flow: Flow, *problems: tuple[str, str]) -> Iterator[str]:
    for code, subject in problems:
        a_held(a_read_report(flow), {"code": code, "subject": subject})
    return iter(sorted(titles(held()).values()))


def test_what_reports_wait_for_has_a_title_without_numbers_of_ours(flow: Flow) -> None:
    account = account_row(flow.connection, "61", "6120", "Ground Transport", "Expense")
    code = TaxCode.objects.create(
        connection=flow.connection, ledger_id="7", name="20% S", seen_at=NOON
    )
    found = group_titles(
        flow,
        ("map.account.inactive", f"account:{account.pk}"),
        ("map.tax_code.inactive", f"tax_code:{code.pk}"),
        ("map.company.unset", f"flow:{flow.pk}:company"),
        ("map.card.unset", "card:1979"),
        ("map.tax.no_code", "tax:Standard"),
        ("map.party.missing", "party_name:City Cab"),
        ("map.rate.missing", "rate:EUR:2026-10"),
        ("map.date.locked", "period:2026-09"),
        ("qbo.bills_off", "setting:bills"),
    )
    assert list(found) == [
        "Account 6120 Ground Transport",
        "Bills are switched off in this company.",
        "Card “1979”",
        "Closed period: Sep 2026",
        "Flow Acme US bills",
        "Payee “City Cab”",
        "Rate of EUR for Oct 2026",
        "Tax code 20% S",
        "Tax “Standard”",
    ]


def test_a_number_of_the_ledgers_is_not_taken_for_one_of_ours(flow: Flow) -> None:
    account = account_row(flow.connection, "61", "6120", "Ground Transport", "Expense")
    found = group_titles(flow, ("qbo.account_gone", f"account:{account.pk}"))
    assert list(found) == ["An account is not there any more, or was made inactive."]
    assert GLAccount.objects.count() == 1


def test_no_button_leads_out_by_an_address_of_ours(flow: Flow) -> None:
    who = a_person("ann", is_superuser=True)
    for code, facts, _ in CURES:
        for link in links(flow, code, {**facts, "rule_id": "1"}, who):
            assert bool(urlsplit(link.url).netloc) == link.is_elsewhere
