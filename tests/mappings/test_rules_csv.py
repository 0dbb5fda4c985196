"""Rules as a file: it comes back as it went out, and what it would change is shown before."""

from base64 import b64encode
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from connectors.signals import happened, rules_changed
from mappings import rules_file, services
from mappings.admin import rules_csv as screens
from mappings.models import Dimension, Flow, Party, Rule, Tag, TaxCode, Value
from mappings.rulebook import Rule as PlainRule
from mappings.rules_compared import compared
from mappings.rules_csv import (
    MAX_BYTES,
    Layout,
    Lists,
    Member,
    StandingRule,
    cells,
    guarded,
    read,
    unguarded,
    written,
)
from tests.mappings.conftest import SEEN_AT, account_row

# --- any rules come back as they went out ---------------------------------------------------------

# Everything that a database stores as text: quotes, formulas, line ends, other scripts.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = TEXTS.filter(bool) | st.sampled_from(["Sales", "sales", "=1+1", "'-x", "(left empty)"])
MEMBERS = st.lists(
    st.builds(
        Member,
        id=st.integers(1, 10**9),
        name=NAMES,
        number=st.sampled_from(["", "6120", "-6120"]),
        short=NAMES,
        why_not=st.sampled_from(["", "is inactive in the ledger"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda member: member.id,
).map(tuple)
LISTS = st.builds(
    Lists,
    accounts=MEMBERS,
    parties=MEMBERS,
    tax_codes=MEMBERS,
    values=st.fixed_dictionaries({"class": MEMBERS, "customer": MEMBERS}),
)


@st.composite
def standing_rules(draw: Any, lists: Lists) -> tuple[StandingRule, ...]:
    def one_of(members: tuple[Member, ...]) -> Any:
        return st.none() | st.sampled_from([member.id for member in members])

    ids = draw(st.lists(st.integers(1, 10**12), unique=True, max_size=6))
    found = []
    for rule_id in ids:
        tag, is_cost = draw(TEXTS), draw(st.booleans())
        values = {
            name: draw(one_of(members))
            for name, members in lists.values.items()
            if draw(st.booleans())
        }
        rule = PlainRule(
            id=rule_id,
            priority=draw(st.integers(-(2**31), 2**31 - 1)),
            category=draw(TEXTS),
            tag=tag,
            tag_level=draw(st.integers(1, 12)) if tag else None,
            employee=draw(TEXTS),
            card=draw(TEXTS),
            reimbursable=draw(st.none() | st.booleans()),
            expense_type=draw(TEXTS),
            tax=draw(TEXTS),
            account_id=draw(one_of(lists.accounts)),
            party_id=draw(one_of(lists.parties)),
            tax_code_id=None if is_cost else draw(one_of(lists.tax_codes)),
            tax_is_cost=is_cost,
            values=values,
        )
        found.append(StandingRule(rule, draw(st.booleans()), draw(TEXTS)))
    return tuple(found)


@given(st.data(), LISTS, st.sampled_from([",", ";"]))
def test_what_goes_out_changes_nothing_when_it_comes_back(
    data: st.DataObject, lists: Lists, delimiter: str
) -> None:
    standing = data.draw(standing_rules(lists))
    levels = {one.rule.tag_level: "Team" for one in standing if one.rule.tag_level}
    used = frozenset(column for one in standing for column in cells(one, lists))
    layout = Layout(levels, {"class": "Class", "customer": "Party"}, used)
    sheet = read(written(standing, lists, layout, delimiter), layout)
    found = compared(standing, sheet, lists, layout, removes=True)
    assert found.mistakes == () and found.edits == () and found.missing == 0
    assert found.unchanged == len(standing)


@given(
    TEXTS | st.sampled_from(["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "'=1", "''=1", "'s-Berg"])
)
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(cell) == text


# --- a flow with rules of every kind --------------------------------------------------------------


@pytest.fixture
def meals(connection):
    return account_row(connection, "62", "6130", "Meals", "Expense", full_name="Travel:Meals")


@pytest.fixture
def ruled(flow, taxi, sales, ben) -> Flow:
    """Ten rules' worth of conditions and results in four rules."""
    Tag.objects.create(
        workspace=flow.workspace, level=1, level_name="Team", name="A", seen_at=SEEN_AT
    )
    vat = TaxCode.objects.create(
        connection=flow.connection, ledger_id="7", name="20% S", seen_at=SEEN_AT
    )
    services.save_rule(flow=flow, category="Taxi", account=taxi, note="=cmd|' /C calc'!A0")
    services.save_rule(flow=flow, tag="A", tag_level=1, values={"class": sales}, priority=50)
    services.save_rule(
        flow=flow, employee="ben.ito@acme.example", card="1979", reimbursable=False,
        expense_type="distance", tax="Standard", party=ben, tax_code=vat, is_active=False,
    )  # fmt: skip
    services.save_rule(flow=flow, tag="B", tag_level=2, values={"class": None}, tax_is_cost=True)
    return flow


def as_text(flow: Flow) -> str:
    return rules_file.exported(flow).decode("utf-8-sig")


def changed(flow: Flow, *swaps: tuple[str, str]) -> bytes:
    """The flow's file with some texts replaced, each of which must stand in it once."""
    text = as_text(flow)
    for old, new in swaps:
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    return text.encode()


def line_of(flow: Flow, **filled: str) -> str:
    """One more line for the flow's file, by heading without spaces."""
    headings = as_text(flow).splitlines()[0].split(",")
    known = {heading.replace(" ", "_"): "" for heading in headings}
    assert set(filled) <= set(known), known
    return ",".join((known | filled).values()) + "\r\n"


def told(flow: Flow, raw: bytes, *, removes: bool = False) -> list[str]:
    """What is wrong with the file: line, column, text and cure."""
    found = rules_file.preview(flow, raw, removes=removes).mistakes
    return [f"{one.line} {one.column}: {one.text} {one.cure}" for one in found]


def test_the_file_has_a_line_for_each_rule_in_the_order_of_trying(ruled) -> None:
    headings, *lines = as_text(ruled).splitlines()
    assert headings == (
        "Rule,Priority,Active,Note,Category,Tag level 1: Team,Tag level 2,Employee,Card,"
        "Reimbursable,Expense type,Tax,Account number,Account,Party,Tax code,Tax is cost,"
        "Dimension: Class"
    )
    numbers = [rule.pk for rule in Rule.objects.order_by("priority", "pk")]
    assert lines == [
        f"{numbers[0]},50,yes,,,A,,,,,,,,,,,,Sales",
        f"{numbers[1]},100,yes,'=cmd|' /C calc'!A0,Taxi,,,,,,,,6120,Ground Transport,,,,",
        f"{numbers[2]},100,no,,,,,ben.ito@acme.example,1979,no,distance,Standard,,,Ben Ito,20% S,,",
        f"{numbers[3]},100,yes,,,,B,,,,,,,,,,yes,(left empty)",
    ]
    assert rules_file.exported(ruled).startswith(b"\xef\xbb\xbf")  # Excel reads UTF-8 by it


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_the_file_of_a_flow_comes_back_unchanged(ruled, delimiter) -> None:
    Party.objects.update(active=False)  # what is inactive by now stays with the rules that have it
    found = rules_file.preview(ruled, rules_file.exported(ruled, delimiter), removes=True)
    assert (found.mistakes, found.edits, found.unchanged) == ((), (), 4)


def test_every_change_is_told_with_what_was_and_what_would_be(ruled, meals) -> None:
    raw = (
        changed(
            ruled,
            ("6120,Ground Transport", "6130,"),  # the number is enough
            (",50,", ",,"),  # priority left out
            ("distance", "Distance "),  # as it was
        )
        + line_of(ruled, Category="Meals", Account="travel:MEALS").encode()
    )
    found = rules_file.preview(ruled, raw)
    assert found.mistakes == () and found.unchanged == 2
    assert [
        (edit.title, [(one.heading, one.old, one.new) for one in edit.changes])
        for edit in found.changed
    ] == [
        ('tag "A" on level 1', [("Priority", "50", "100")]),
        (
            'category "Taxi"',
            [("Account number", "6120", "6130"), ("Account", "Ground Transport", "Travel:Meals")],
        ),
    ]
    (added,) = found.added
    assert [(one.heading, one.new) for one in added.changes] == [
        ("Priority", "100"),
        ("Active", "yes"),
        ("Category", "Meals"),
        ("Account number", "6130"),
        ("Account", "Travel:Meals"),
    ]


def test_a_rule_without_a_line_goes_only_when_that_is_ticked(ruled) -> None:
    raw = "".join(as_text(ruled).splitlines(keepends=True)[:-1]).encode()
    kept = rules_file.preview(ruled, raw)
    assert (kept.edits, kept.missing, kept.unchanged) == ((), 1, 3)
    (gone,) = rules_file.preview(ruled, raw, removes=True).removed
    assert gone.title == 'tag "B" on level 2'
    assert ("Dimension: Class", "(left empty)", "") in {
        (one.heading, one.old, one.new) for one in gone.changes
    }


def test_a_line_without_a_number_is_the_rule_of_its_conditions(ruled, meals) -> None:
    raw = (as_text(ruled).splitlines()[0] + "\n").encode()
    raw += line_of(ruled, Category="Taxi", Account="Meals").encode()
    found = rules_file.preview(ruled, raw)
    assert found.added == [] and found.missing == 3
    assert [edit.title for edit in found.changed] == ['category "Taxi"']


# --- what is wrong with a file --------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_with_line_column_and_cure(ruled, connection) -> None:
    account_row(connection, "35", "1000", "Checking", "Bank")
    account_row(connection, "36", "6999", "Old", "Expense", active=False)
    for number in ("6201", "6202"):
        account_row(connection, number, number, "Software", "Expense")
    Party.objects.create(
        connection=connection, ledger_id="27", kind="customer", name="Ines", seen_at=SEEN_AT
    )
    numbers = [rule.pk for rule in Rule.objects.order_by("priority", "pk")]
    more = [
        {"Category": "A", "Account": "Nowhere", "Priority": "soon", "Active": "perhaps"},
        {"Category": "B", "Account": "software"},
        {"Category": "C", "Account_number": "6999"},
        {"Category": "D", "Account_number": "6120", "Account": "Software"},
        {"Category": "E", "Account_number": "1000"},
        {"Category": "F", "Account_number": "1", "Party": "Ines", "Tax_code": "VAT"},
        {"Category": "G", "Dimension:_Class": "Marketing", "Employee": "ben"},
        {"Rule": "999999", "Category": "H"},
        {"Rule": str(numbers[1]), "Category": "I"},
        {"Category": "J"},
        {"Category": "J", "Priority": "7"},
        {"Tag_level_2": "X", "Tag_level_1:_Team": "Y"},
        {"Category": "K", "Tax_is_cost": "yes", "Tax_code": "20% S"},
    ]
    raw = as_text(ruled) + "".join(line_of(ruled, **filled) for filled in more)
    raw += "one,two\r\n"
    assert told(ruled, raw.encode()) == [
        '6 Priority: "soon" is no whole number. Write one such as 100.',
        '6 Account: The ledger\'s lists have no account "Nowhere". Correct the name, or read the '
        "connection's lists.",
        '6 Active: "perhaps" is neither yes nor no. Write yes or no.',
        '7 Account: "software" could be any of 2: 6201 Software, 6202 Software. Write the number '
        "and full name; where that is not enough, choose it on the rule's page.",
        "8 Account: Old is inactive in the ledger. Name another account.",
        '9 Account: Account 6120 is "Ground Transport", not "Software". Correct one of the two '
        "cells, or empty one.",
        "10 Account: 1000 Checking is of the type Bank, refused there on a line. Possible types: "
        + ", ".join(sorted(_line_types()))
        + ". Name an account that fits the flow's documents.",
        "11 Account number: No account has the number 1. Correct it, or read the connection's "
        "lists.",
        "11 Party: Ines is a customer there; only a vendor can be owed something. Name another "
        "payee.",
        '11 Tax code: The ledger\'s lists have no tax code "VAT". Correct the name, or read the '
        "connection's lists.",
        '12 Dimension: Class: The ledger\'s lists have no Class "Marketing". Correct the name, or '
        "read the connection's lists.",
        "12 Employee: Enter a valid email address. Write an e-mail address, or empty the cell.",
        "13 Rule: 999999 is not the number of a rule of this flow. Empty the cell to add the line "
        "as a new rule.",
        f"14 Rule: Rule {numbers[1]} stands on line 3 already. Take one of the lines out, or "
        "empty the number.",
        "15 : Another line has the same conditions. Put what they decide on one line.",
        "16 : Another line has the same conditions. Put what they decide on one line.",
        "17 Tag level 2: A rule looks at one tag, and this line names several. Keep one of them, "
        "or write a line for each.",
        "18 Tax is cost: Tax is either cost or reclaimed with a tax code, and this line says both. "
        "Empty one of the two cells.",
        "19 : The line has 2 cells, the headings are 18. Put texts with commas in quotation marks.",
    ]


def _line_types() -> frozenset[str]:
    from connectors.contract.entry import Kind
    from connectors.ledgers.quickbooks_online.abilities import ABILITIES

    return ABILITIES.kinds[Kind.BILL].line_account_types


def test_a_dimension_that_the_document_cannot_carry_is_refused(ruled, connection) -> None:
    grant = Dimension.objects.create(connection=connection, name="grant", label="Grant")
    Value.objects.create(dimension=grant, ledger_id="1", name="NIH", seen_at=SEEN_AT)
    raw = as_text(ruled) + line_of(ruled, Category="A", **{"Dimension:_Grant": "NIH"})
    (mistake,) = told(ruled, raw.encode())
    assert mistake.startswith("6 Dimension: Grant: QuickBooks Online has no Grant on the bill")
    assert mistake.endswith("Empty the cell, or let the flow post another kind of document.")


def test_two_rules_of_the_same_conditions_are_told_apart_by_number(flow, taxi, ben) -> None:
    first = services.save_rule(flow=flow, category="Taxi", account=taxi)
    second = services.save_rule(flow=flow, category="Taxi", party=ben, priority=200)
    raw = as_text(flow).splitlines()[0] + "\n" + line_of(flow, Category="Taxi")
    assert told(flow, raw.encode()) == [
        f"2 Rule: Rules {first.pk} and {second.pk} have these conditions. Write the number of the "
        "one that is meant."
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ["None : The file is empty. Download the rules"]),
        (b"PK\x03\x04xl/workbook", ["None : This is a workbook, not a CSV file. Save it as CSV"]),
        ("Rule,Category\n1,Caf\xe9\n".encode("latin-1"), ["2 : The file is not written in UTF-8"]),
        ("Rule,Category\n".encode("utf-16"), ["1 : The file is not written in UTF-8"]),
        (b"Date,Amount\n1,2\n", ["1 : The first line has none of the headings of a rule."]),
        (b'Rule,"Categ\n1,2\n', ["1 : From here on the file cannot be read"]),
        (b"x" * (MAX_BYTES + 1), ["None : The file is larger than 1,000 kB."]),
    ],
    ids=["empty", "workbook", "latin-1", "utf-16", "another table", "quotes", "too large"],
)
def test_a_file_that_is_no_table_of_rules_is_refused(ruled, raw, expected) -> None:
    found = told(ruled, raw)
    assert [text[: len(want)] for text, want in zip(found, expected, strict=False)] == expected


def test_wrong_headings_are_told_together(ruled) -> None:
    headings = as_text(ruled).splitlines()[0]
    wrong = (
        headings.replace("Card", "Cards")
        .replace("Tax code", "Tax")
        .replace(",Dimension: Class", "")
    )
    assert told(ruled, f"{wrong}\n".encode()) == [
        '1 Cards: No column is called "Cards". Correct the heading, or take the column out.',
        "1 Tax: This column is there twice. Take one of them out.",
        "1 Card: This column is missing. Download the rules of today, change that file, and "
        "upload it again.",
        "1 Tax code: This column is missing. Download the rules of today, change that file, and "
        "upload it again.",
        # A rule decides it: without the column it would be emptied unseen.
        "1 Dimension: Class: This column is missing. Download the rules of today, change that "
        "file, and upload it again.",
    ]


def test_a_broken_line_in_the_middle_is_told_by_its_number(ruled) -> None:
    text = as_text(ruled)
    raw = text.replace("Ground Transport", '"Ground" Transport').encode()
    (mistake,) = told(ruled, raw)
    assert mistake.startswith("3 : From here on the file cannot be read")


def test_line_numbers_count_as_an_editor_does(flow, taxi) -> None:
    services.save_rule(flow=flow, category="Two\nlines", account=taxi)
    raw = as_text(flow) + "\r\n" + line_of(flow, Category="A", Account="Nowhere")
    (mistake,) = told(flow, raw.encode())
    assert mistake.startswith("5 Account: ")


# --- writing --------------------------------------------------------------------------------------


@pytest.fixture
def heard():
    news: list[tuple] = []

    def on_happened(sender, kind, facts, actor, **kwargs) -> None:
        news.append((kind, facts, actor))

    def on_rules(sender, connection_id, flow_id, **kwargs) -> None:
        news.append(("rules", flow_id))

    happened.connect(on_happened)
    rules_changed.connect(on_rules)
    yield news
    happened.disconnect(on_happened)
    rules_changed.disconnect(on_rules)


def test_a_file_can_make_tax_a_cost_and_take_that_back(ruled) -> None:
    taxi, tagged = Rule.objects.get(category="Taxi"), Rule.objects.get(tag="B")
    swaps = (("6120,Ground Transport,,,", "6120,Ground Transport,,,yes"), (",yes,(left", ",,(left"))
    raw = changed(ruled, *swaps)
    shown = rules_file.preview(ruled, raw)
    assert [[(c.heading, c.old, c.new) for c in edit.changes] for edit in shown.changed] == [
        [("Tax is cost", "", "yes")],
        [("Tax is cost", "yes", "")],
    ]
    rules_file.carry_out(
        ruled, raw, removes=False, shown=shown.fingerprint, name="rules.csv", actor="ann"
    )
    costs = dict(Rule.objects.values_list("pk", "tax_is_cost"))
    assert (costs[taxi.pk], costs[tagged.pk]) == (True, False)


def test_what_was_shown_is_written_in_one_go_and_told_once(ruled, meals, heard) -> None:
    gone = Rule.objects.get(tag="B")
    lines = changed(ruled, ("6120,Ground Transport", "6130,Meals")).decode().splitlines(True)
    raw = "".join(line for line in lines if not line.startswith(f"{gone.pk},"))
    raw = (raw + line_of(ruled, Category="Meals", Account="Travel:Meals")).encode()
    shown = rules_file.preview(ruled, raw, removes=True).fingerprint
    rules_file.carry_out(ruled, raw, removes=True, shown=shown, name="rules.csv", actor="ann")
    assert sorted(Rule.objects.values_list("category", "account__number")) == [
        ("", None),
        ("", None),
        ("Meals", "6130"),
        ("Taxi", "6130"),
    ]
    taxi, meals_rule = (Rule.objects.get(category=name).pk for name in ("Taxi", "Meals"))
    (kind, facts, actor), signal = heard
    assert (kind, actor, signal) == ("rules.imported", "ann", ("rules", ruled.pk))
    assert facts["file"] == "rules.csv"
    assert (facts["added"], facts["changed"], facts["removed"]) == (1, 1, 1)
    assert facts["changes"] == [
        f'rule {taxi} changed (category "Taxi"): Account number 6120 -> 6130; '
        "Account Ground Transport -> Travel:Meals",
        f'rule {meals_rule} added (category "Meals"): Priority 100; Active yes; Category Meals; '
        "Account number 6130; Account Travel:Meals",
        f'rule {gone.pk} removed (tag "B" on level 2): Priority 100; Active yes; Tag level 2 B; '
        "Tax is cost yes; Dimension: Class (left empty)",
    ]
    again = rules_file.preview(ruled, rules_file.exported(ruled), removes=True)
    assert again.edits == ()


def test_nothing_is_written_once_the_rules_are_not_those_that_were_shown(ruled, meals) -> None:
    raw = changed(ruled, ("6120,Ground Transport", "6130,Meals"))
    shown = rules_file.preview(ruled, raw).fingerprint
    services.save_rule(flow=ruled, category="Meals", account=meals)
    with pytest.raises(rules_file.RulesChanged):
        rules_file.carry_out(ruled, raw, removes=False, shown=shown)
    assert Rule.objects.get(category="Taxi").account.number == "6120"


def test_when_one_rule_cannot_be_written_none_is(ruled, meals, heard, monkeypatch) -> None:
    raw = changed(ruled, ("6120,Ground Transport", "6130,Meals"), (",50,", ",60,"))
    shown = rules_file.preview(ruled, raw).fingerprint
    save = Rule.save

    def fails_for_taxi(rule, *args, **kwargs):
        if rule.category == "Taxi":
            raise RuntimeError("the disk is full")
        save(rule, *args, **kwargs)

    monkeypatch.setattr(Rule, "save", fails_for_taxi)
    with pytest.raises(RuntimeError):
        rules_file.carry_out(ruled, raw, removes=False, shown=shown)
    assert Rule.objects.get(tag="A").priority == 50 and heard == []
    assert Rule.objects.get(tag="A").dimension_values.count() == 1


def test_a_large_file_is_written_in_few_statements(
    flow, taxi, sales, django_assert_max_num_queries
) -> None:
    lines = [line_of(flow, Category=f"C{n}", Account="Ground Transport") for n in range(300)]
    raw = (as_text(flow) + "".join(lines)).encode()
    shown = rules_file.preview(flow, raw).fingerprint
    with django_assert_max_num_queries(40):
        rules_file.carry_out(flow, raw, removes=False, shown=shown)
    assert Rule.objects.count() == 300


def test_a_preview_takes_as_many_statements_for_many_rules(
    ruled, taxi, sales, django_assert_max_num_queries
) -> None:
    for n in range(30):
        services.save_rule(flow=ruled, category=f"C{n}", account=taxi, values={"class": sales})
    raw = as_text(ruled).replace("6120,Ground Transport", ",Ground Transport").encode()
    raw = raw.replace(b",100,yes", b",101,yes")
    with django_assert_max_num_queries(14):
        assert len(rules_file.preview(ruled, raw).changed) == 32


# --- on the screen --------------------------------------------------------------------------------


def signed_in(*permissions: str) -> Client:
    user = User.objects.create_user("ann", password="secret", is_staff=True)
    for codename in ("view_flow", "view_rule", *permissions):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def accountant(db) -> Client:
    return signed_in("add_rule", "change_rule", "delete_rule")


def page_of(flow: Flow) -> str:
    return reverse("admin:mappings_flow_rules", args=[flow.pk])


def upload(client: Client, flow: Flow, raw: bytes, **more: str):
    form = {"file": SimpleUploadedFile("rules.csv", raw), **more}
    return client.post(page_of(flow), form)


def test_a_person_downloads_changes_looks_and_writes(accountant, ruled, meals, monkeypatch) -> None:
    monkeypatch.setattr(screens, "import_facts", [lambda flow: [("Held reports", "12")]])
    flow_page = accountant.get(reverse("admin:mappings_flow_change", args=[ruled.pk]))
    link = reverse("admin:mappings_flow_rules_csv", args=[ruled.pk])
    for address in (link, f"{link}?semicolons=1", page_of(ruled)):
        assert f'href="{address}"' in flow_page.content.decode()
    file = accountant.get(f"{link}?semicolons=1")
    assert file["Content-Disposition"] == 'attachment; filename="rules-acme-us-to-books.csv"'
    raw = file.content.replace(b"6120;Ground Transport", b"6130;Meals")

    shown = upload(accountant, ruled, raw)
    page = shown.content.decode()
    assert "Account: Ground Transport → Travel:Meals" in page and "Held reports" in page
    assert Rule.objects.get(category="Taxi").account.number == "6120"

    done = accountant.post(page_of(ruled), dict(shown.context["hidden"]), follow=True)
    assert "Rules of Acme US to Books: 1 changed. Held reports: 12." in done.content.decode()
    assert Rule.objects.get(category="Taxi").account.number == "6130"


def test_the_page_shows_every_mistake_and_offers_no_button(accountant, ruled) -> None:
    page = upload(accountant, ruled, changed(ruled, ("6120", "99"), ("distance", "x" * 61)))
    text = page.content.decode()
    assert "2 things are wrong" in text and "No account has the number 99" in text
    assert "hidden" not in page.context and "Write these changes" not in text


def test_a_file_that_changes_nothing_offers_nothing_to_write(accountant, ruled) -> None:
    text = upload(accountant, ruled, rules_file.exported(ruled)).content.decode()
    assert "there is nothing to write" in text and "Write these changes" not in text


def test_what_changed_since_it_was_shown_is_shown_again(accountant, ruled, meals) -> None:
    shown = upload(accountant, ruled, changed(ruled, ("6120,Ground Transport", "6130,Meals")))
    Rule.objects.filter(category="Taxi").update(note="changed meanwhile")
    again = accountant.post(page_of(ruled), dict(shown.context["hidden"]))
    assert "have changed since you looked" in again.content.decode()
    assert Rule.objects.get(category="Taxi").account.number == "6120"
    assert again.context["found"].changed


def test_a_file_that_is_too_large_is_not_read(accountant, ruled) -> None:
    page = upload(accountant, ruled, b"x" * (MAX_BYTES + 1))
    assert "up to 1,000 kB are read" in page.content.decode()
    assert "up to" not in accountant.get(page_of(ruled)).content.decode()


def test_the_list_of_rules_leads_to_the_files(accountant, ruled) -> None:
    listed = reverse("admin:mappings_rule_changelist")
    for address in (listed, f"{listed}?flow__id__exact={ruled.pk}"):
        assert f'href="{page_of(ruled)}"' in accountant.get(address).content.decode()
    other = accountant.get(f"{listed}?flow__id__exact={ruled.pk + 1}")
    assert page_of(ruled) not in other.content.decode()


@pytest.mark.parametrize(
    ("permissions", "download", "upload_", "remove"),
    [
        ([], 200, 403, 403),
        (["change_rule"], 200, 403, 403),
        (["add_rule", "change_rule"], 200, 200, 403),
        (["add_rule", "change_rule", "delete_rule"], 200, 200, 200),
    ],
    ids=["viewer", "changes", "adds too", "deletes too"],
)
def test_a_file_may_do_what_its_sender_may_do(
    ruled, permissions, download, upload_, remove
) -> None:
    client, raw = signed_in(*permissions), rules_file.exported(ruled)
    file = client.get(reverse("admin:mappings_flow_rules_csv", args=[ruled.pk]))
    assert file.status_code == download
    assert client.get(page_of(ruled)).status_code == upload_
    assert upload(client, ruled, raw).status_code == upload_
    assert upload(client, ruled, raw, removes="on").status_code == remove
    confirmed = {"confirm": "1", "file": b64encode(raw).decode(), "removes": "on"}
    assert client.post(page_of(ruled), confirmed).status_code == remove


def test_rules_of_a_flow_that_is_not_there_lead_home(accountant, flow) -> None:
    for page in ("mappings_flow_rules", "mappings_flow_rules_csv"):
        assert accountant.get(reverse(f"admin:{page}", args=[flow.pk + 1])).status_code == 302
