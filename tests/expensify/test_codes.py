"""The table of problem codes against the code that names them."""

import re
from pathlib import Path

from connectors.expensify import codes

SOURCES = Path(codes.__file__).parent


def test_the_table_has_every_code_that_is_named_and_no_other():
    texts = [path.read_text() for path in SOURCES.glob("*.py") if path.name != "codes.py"]
    named = {code for text in texts for code in re.findall(r'"(expensify\.[a-z]+\.[a-z]+)"', text)}
    # What a refusal is about, and why, are put together where the refusal is read.
    put_together = {
        f"expensify.{about}.{why}"
        for about in ("account", "workspace", "domain")
        for why in ("forbidden", "missing")
    }
    assert named | put_together == set(codes.CODES)


def test_every_code_says_what_it_means():
    assert all(text.endswith(".") and len(text) > 20 for text in codes.CODES.values())
