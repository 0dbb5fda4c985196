"""Every code that a message can carry stands in a table with its meaning, its cure and a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from audit import codes
from audit.models import Posting
from connectors import codes as of_connectors
from connectors.contract.transport import VendorError
from connectors.expensify import codes as of_expensify
from mappings import codes as of_mappings
from tests.audit.builders import a_flow, a_held, a_person, a_read_report

PROJECT = Path(codes.__file__).parent.parent
PREFIXES = ("report.", "map.", "excluded.", "untaken.")
PURPOSES = ("payable", "card", "company")


def sources(*patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from (one for one in PROJECT.glob(pattern) if one.name != "codes.py")


def named_in(path: Path) -> Iterator[str]:
    """The codes that a module gives to problems; one that is put together as its source text.

    Whoever passes on the code of another problem names none.
    """
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        given: ast.expr | None = None
        name = getattr(getattr(node, "func", None), "id", getattr(node, "attr", ""))
        if isinstance(node, ast.Call) and name.lower().endswith("problem"):
            told = [one.value for one in node.keywords if one.arg == "code"]
            given = (told + node.args)[0] if told or node.args else None
        elif isinstance(node, ast.Dict) and {"code", "message", "cure"} <= {
            getattr(key, "value", None) for key in node.keys
        }:
            keys = [getattr(key, "value", None) for key in node.keys]
            given = node.values[keys.index("code")]
        yield from codes_of(given, constants)


def codes_of(given: ast.expr | None, constants: dict[str, str]) -> Iterator[str]:
    match given:
        case None | ast.Attribute(attr="code") | ast.Name(id="code"):
            return
        case ast.Constant():
            yield given.value
        case ast.Name() if given.id in constants:
            yield constants[given.id]
        case ast.IfExp():
            yield from codes_of(given.body, constants)
            yield from codes_of(given.orelse, constants)
        case _:
            yield ast.unparse(given)


def test_the_engine_and_the_connectors_name_no_code_that_is_not_in_their_table() -> None:
    named = {code for path in sources("audit/**/*.py", "qbwc/**/*.py") for code in named_in(path)}
    # A poll that fails has its code from the name of the exception; Blocked brings a problem.
    named.remove("f'connection.{name.lower()}'")
    kinds = [kind.__name__.lower() for kind in VendorError.__subclasses__()]
    named |= {f"connection.{kind}" for kind in kinds if kind != "blocked"}
    assert named == set(codes.CODES)
    named = {code for path in sources("connectors/*.py") for code in named_in(path)}
    assert named == set(of_connectors.CODES)


def test_the_mappings_name_no_code_that_is_not_in_their_table() -> None:
    modules = list(sources("mappings/*.py"))
    literals = {
        code
        for path in modules
        for code in re.findall(r'"([a-z]+\.[a-z_.]+)"', path.read_text())
        if code.startswith(PREFIXES)
    }
    given = {code for path in modules for code in named_in(path)}
    # Of the three accounts that something can be owed on the codes are put together.
    put_together = {code for code in given if code.startswith("f'")}
    assert put_together == {"f'map.{purse.purpose}.inactive'", "f'map.{purse.purpose}.kind'"}
    named = literals | given - put_together
    named |= {f"map.{one}.{why}" for one in PURPOSES for why in ("inactive", "kind")}
    plain = {code for code in of_mappings.CODES if "." not in code}
    assert named == set(of_mappings.CODES) - plain


@pytest.mark.parametrize(
    "table", [codes, of_connectors, of_expensify, of_mappings], ids=lambda table: table.__name__
)
def test_every_code_has_a_meaning_and_a_cure_in_one_sentence(table) -> None:
    assert set(table.CODES) == set(table.CURES)
    for text in (*table.CODES.values(), *table.CURES.values()):
        assert text.endswith(".") and text[0].isupper() and "\n" not in text, text


def test_no_code_stands_in_two_tables() -> None:
    every = [one.code for rows in codes.tables().values() for one in rows]
    assert len(every) == len(set(every))


def test_every_code_is_tested() -> None:
    """Ledgers and Expensify tell so beside their own tables."""
    tests = [path for path in (PROJECT / "tests").rglob("*.py") if path != Path(__file__)]
    told = "\n".join(path.read_text() for path in tests)
    every = (*codes.CODES, *of_connectors.CODES, *of_mappings.CODES)
    assert [code for code in every if code not in told] == []


def test_a_code_is_put_in_words_and_an_unknown_one_stays_as_it_is() -> None:
    assert (
        codes.meaning("ledger.found_twice") == "The document stands in the ledger more than once."
    )
    assert codes.meaning("map.category.missing") == "No rule gives the category an account."
    assert codes.meaning("expensify.number.unreadable") == "A rate is not a number."
    assert (
        codes.meaning("qbo.linked") == "The document is tied to a payment or to another document."
    )
    assert codes.meaning("nobody.knows") == "nobody.knows"
    assert codes.meaning("") == "No reason was recorded."


# --- on the screen -------------------------------------------------------------------------------


def test_the_small_print_of_a_message_leads_to_what_it_means(client, db) -> None:
    client.force_login(a_person("vera", group="Viewer"))
    posting = a_held(a_read_report(a_flow()))
    held = client.get(reverse("admin:audit_posting_change", args=[posting.pk])).content.decode()
    address = reverse("admin:audit_posting_messages")
    assert f'href="{address}#map.category.missing"' in held
    page = client.get(address).content.decode()
    assert 'id="map.category.missing"' in page and "QuickBooks Online" in page
    for rows in codes.tables().values():
        assert all(f'id="{one.code}"' in page for one in rows)


def test_the_meanings_are_for_people_who_may_see_postings(client, db) -> None:
    client.force_login(a_person("nobody"))
    assert client.get(reverse("admin:audit_posting_messages")).status_code == 403
    assert not Posting.objects.exists()
