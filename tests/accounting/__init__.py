"""The accountant's table; its assertions explain themselves as those of test modules do."""

import pytest

pytest.register_assert_rewrite("tests.accounting.checks", "tests.accounting.table")
