"""What QuickBooks Online can carry, per kind of document, and how fast it may be asked."""

from datetime import timedelta

from connectors.contract.abilities import Abilities, FileLimits, KindAbilities, Limit
from connectors.contract.entry import Kind

NUMBER_LENGTH = 21
TEXT_LENGTH = 4000
# " mlc:" and ten characters of the marker close every memo.
MARKER_ROOM = 15

BATCH_SIZE = 30
PAGE_SIZE = 1000

# Types that an expense line is accepted with. Receivables, payables and Non-Posting are refused
# with fault 6430, and so is Bank on a bill.
_BILL_LINES = frozenset(
    {
        "Expense",
        "Other Expense",
        "Cost of Goods Sold",
        "Fixed Asset",
        "Other Asset",
        "Other Current Asset",
        "Other Current Liability",
        "Long Term Liability",
        "Equity",
        "Income",
        "Other Income",
        "Credit Card",
    }
)
_JOURNAL_LINES = _BILL_LINES | {"Bank", "Accounts Receivable", "Accounts Payable"}
_PAYABLE = frozenset({"Accounts Payable"})
_CARD = frozenset({"Credit Card"})

# The kinds of file that are known to be taken; a telephone's own (heic) is not among them.
_ENDINGS = "ai csv doc docx eps gif jpeg jpg png ods pdf rtf tif txt xls xlsx xml".split()
# 100 MB a request, whichever way that is counted, and room for what goes with the file.
_MOST_BYTES = 100_000_000 - 64 * 1024

_LENGTHS = {"memo": TEXT_LENGTH - MARKER_ROOM, "line": TEXT_LENGTH, "number": NUMBER_LENGTH}
# That a bill takes negative lines while its total is not negative, and a total of 0.00, is common
# experience but written nowhere. Where a company refuses them, it does so with fault 6000, and a
# person decides.

# Location stands once per document, class and customer on each line.
_DIMENSIONS = {"department": "header", "class": "line", "customer": "line"}


def _kind(lines: frozenset[str], offset: frozenset[str], **more) -> KindAbilities:
    return KindAbilities(
        **{
            "dimensions": _DIMENSIONS,
            "text_lengths": _LENGTHS,
            "line_account_types": lines,
            "offset_account_types": offset,
            # The API cannot void any of our kinds.
            "cancel": frozenset({"delete"}),
            # An attachment names the document that it hangs on, so that must be there first.
            "attach": "after",
            **more,
        }
    )


ABILITIES = Abilities(
    kinds={
        Kind.BILL: _kind(
            _BILL_LINES, _PAYABLE, counter=Kind.CREDIT, party_required=True, carries_billable=True
        ),
        Kind.CREDIT: _kind(_BILL_LINES, _PAYABLE, counter=Kind.BILL, party_required=True),
        Kind.EXPENSE: _kind(
            _BILL_LINES | {"Bank"}, _CARD, counter=Kind.CARD_CREDIT, carries_billable=True
        ),
        Kind.CARD_CREDIT: _kind(_BILL_LINES | {"Bank"}, _CARD, counter=Kind.EXPENSE),
        Kind.JOURNAL: _kind(
            _JOURNAL_LINES,
            _JOURNAL_LINES,
            counter=Kind.JOURNAL,
            dimensions=dict.fromkeys(("class", "department", "customer"), "line"),
            carries_billable=True,
        ),
    },
    batch_size=BATCH_SIZE,
    # As many as are in flight at once. How long an IN list may be is not documented: lookup
    # divides it.
    find_many=4 * BATCH_SIZE,
    concurrency=4,
    limits=(
        Limit(count=500, per_s=60),
        Limit(count=10, per_s=1),
        Limit(count=40, per_s=60, path="/batch"),
    ),
    # A request may run for 120 s after it arrived, so a document whose answer was lost can turn up
    # that late; what has been answered is visible to queries at once.
    visibility_delay=timedelta(seconds=120),
    # How long request ids are remembered is not documented. Half a day is vouched for by nobody:
    # the engine looks up before it sends again, the id is the second guard. Not longer, because a
    # company might also repeat a *refusal* under the same id, and then only a new id gets through.
    resend_window=timedelta(hours=12),
    creates_parties=True,
    files=FileLimits(frozenset(_ENDINGS), _MOST_BYTES),
)
