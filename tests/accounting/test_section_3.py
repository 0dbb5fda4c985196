"""The accountant's table, section 3: tax and currency. Rows: `section_3`."""

from tests.accounting.section_3 import ROWS  # noqa: F401 - what the tests are asked of
from tests.accounting.table import (  # noqa: F401 - the tests
    test_4_8_its_month_is_complete,
    test_4_8_the_months_of_all_rows_are_complete,
    test_every_message_says_where_what_was_not_done_and_the_cure,
    test_the_books_say,
)
