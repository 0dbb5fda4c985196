"""The table of codes against the code that names them, and each fault against its code."""

import re
from pathlib import Path

import pytest

from connectors.contract.ledger import Op
from connectors.ledgers.quickbooks_online import codes
from connectors.ledgers.quickbooks_online.faults import RULES, Do
from connectors.ledgers.quickbooks_online.verdicts import Context, Fault, verdict

SOURCES = Path(codes.__file__).parent


def test_the_table_has_every_code_that_is_named_and_no_other() -> None:
    texts = [path.read_text() for path in SOURCES.glob("*.py") if path.name != "codes.py"]
    named = {code for text in texts for code in re.findall(r'"(qbo\.[a-z_]+)"', text)}
    # Of lists whose members went missing the codes are put together.
    named |= {rule.problem for rule in RULES}
    assert named == set(codes.CODES) == set(codes.CURES)


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    for text in (*codes.CODES.values(), *codes.CURES.values()):
        assert text.endswith(".") and 12 < len(text) <= 80, text


def test_every_code_is_tested() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.glob("*.py")]
    tested = {code for text in texts for code in re.findall(r"qbo\.[a-z_]+", text)}
    assert set(codes.CODES) - tested == set()


@pytest.mark.parametrize(
    ("number", "words", "op", "code", "do"),
    [
        ("3001", "ThrottleExceeded", Op.POST, "qbo.throttled", Do.WAIT),
        ("130", "Company under maintenance", Op.POST, "qbo.company_locked", Do.PAUSE),
        ("3200", "token expired", Op.POST, "qbo.token_expired", Do.RENEW),
        ("3202", "missing token", Op.POST, "qbo.token_missing", Do.RECONNECT),
        ("120", "Authorization failure", Op.POST, "qbo.user_removed", Do.RECONNECT),
        ("100", "wrong cluster", Op.POST, "qbo.wrong_company", Do.BLOCK),
        ("3100", "ApplicationAuthorizationFailed", Op.POST, "qbo.no_access", Do.BLOCK),
        ("6190", "subscription ended", Op.POST, "qbo.company_status", Do.BLOCK),
        ("10200", "company reset", Op.POST, "qbo.company_reset", Do.BLOCK),
        ("2500", "Currency element id 7 not found", Op.POST, "qbo.currency_gone", Do.NO),
        ("2500", "TaxCode element id 7 not found", Op.POST, "qbo.tax_code_gone", Do.NO),
        ("610", "someone deleted this transaction", Op.AMEND, "qbo.deleted_there", Do.REREAD),
        ("610", "Object Not Found", Op.CANCEL, "qbo.not_found", Do.REREAD),
        ("600", "in progress", Op.POST, "qbo.request_running", Do.DOUBT),
        ("6000", "An unexpected internal error", Op.POST, "qbo.internal_error", Do.DOUBT),
        ("10000", "System Failure", Op.POST, "qbo.system_failure", Do.DOUBT),
        ("6041", "file type", Op.POST, "qbo.file_type", Do.NO),
        ("6050", "file place", Op.POST, "qbo.file_place", Do.NO),
    ],
    ids=lambda case: case if isinstance(case, str) and case.startswith("qbo.") else "",
)
def test_a_fault_has_its_code(number: str, words: str, op: Op, code: str, do: Do) -> None:
    found = verdict(Fault(number, words, words), Context(document="Bill 1", op=op))
    assert (found.problem.code, found.do) == (code, do)
    assert found.problem.message and found.problem.cure
