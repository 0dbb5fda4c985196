"""The first month's cases by name; `story()` says which report id plays each of them.

The wider month's stand in the modules of `more`, beside their reports.
"""

REVISED = "revised"  # 412.60 USD, 398.10 after `revision()`: its second line is lowered by 14.50
REVISION_CENTS = -1450
UNAPPROVED_LATER = "unapproved_later"  # approved at first, `unapproval()` takes that back
NEGATIVE_LINES = "negative_lines"  # a refund among the lines, total still positive
ZERO_LINES = "zero_lines"  # one line of 0.00 among others
ALL_ZERO = "all_zero"  # every line 0.00: nothing to post
MULTI_LEVEL_TAGS = "multi_level_tags"  # three, two and one levels, and a line without any
ESCAPED_COLON = "escaped_colon"  # client Initech:Website, so `tag` holds "Initech\:Website"
ODD_MERCHANTS = "odd_merchants"  # quotes, umlauts, CJK, &amp;, line breaks, </b>, backslash
CARD_AND_CASH = "card_and_cash"  # company card, out of pocket, and a reimbursable card line
CARD_ONLY = "card_only"  # nothing reimbursable
TEAM_EVENTS = ("team_events_1", "team_events_2", "team_events_3")  # category without GL code
LEFT_HELD = "left_held"  # tag Legacy, whose class is inactive in the ledger: nobody cures this one
OLD_TRAVEL = "old_travel"  # category enabled here, account inactive in the ledger
NO_VENDOR = "no_vendor"  # Ines Duarte: only a customer has that name in the ledger
PROCESSING = "processing"  # submitted, not approved
OPEN = "open"  # a draft
REIMBURSED = "reimbursed"  # already paid by Expensify when first seen
FOREIGN_CURRENCY = "foreign_currency"  # EUR and JPY expenses converted into USD
MILEAGE = "mileage"  # distance with units
ATTENDEES = "attendees"  # a dinner with named guests
RECEIPTS = "receipts"  # every line has a receipt, one transaction id of 18 digits
TEST_MODE = "test_mode"  # the name begins with "TEST "
APPROVED_30_SEP = "approved_30_sep"  # 30 Sep 23:30 UTC: before the cut-over in every zone
APPROVED_1_OCT_UTC = "approved_1_oct_utc"  # 1 Oct 02:00 UTC, which is 30 Sep in New York
APPROVED_31_OCT_NEW_YORK = "approved_31_oct_new_york"  # 1 Nov 02:30 UTC, 31 Oct in New York
TOTAL_OFF_BY_A_CENT = "total_off_by_a_cent"  # `total` says one cent more than the lines
UNCATEGORIZED = "uncategorized"  # one line still has Expensify's default category
IN_EUROPE = ("europe_1", "europe_2", "europe_3", "europe_4")  # workspace Acme Europe, EUR
TEST_PREFIX = "TEST "
