"""Every code that this room gives is in its table, and every code of the table is tested."""

import re

from mappings.codes import CODES
from tests.mappings import test_accounting_bills as bills
from tests.mappings import test_accounting_credit_side as credit_side
from tests.mappings import test_accounting_documents as documents
from tests.mappings import test_accounting_tax_and_currency as tax_and_currency


def test_every_held_code_is_in_the_table_and_every_code_of_the_table_is_tested() -> None:
    tables = (bills.HELD, credit_side.HELD, documents.HELD, tax_and_currency.HELD)
    held = [text for table in tables for *_, expected in table for text in expected]
    tested = {re.match(r"[a-z_.]+", text)[0].rstrip(".") for text in held}
    assert tested == {code for code in CODES if code.startswith(("map.", "report."))}
