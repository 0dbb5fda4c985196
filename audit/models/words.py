"""The words of the book's choices."""

from connectors.contract.entry import Kind
from connectors.contract.ledger import Op

KINDS = [
    (Kind.BILL.value, "Bill"),
    (Kind.EXPENSE.value, "Card expense"),
    (Kind.CREDIT.value, "Vendor credit"),
    (Kind.CARD_CREDIT.value, "Card refund"),
    (Kind.JOURNAL.value, "Journal entry"),
]
OPS = [
    (Op.POST.value, "Post"),
    (Op.AMEND.value, "Amend"),
    (Op.CANCEL.value, "Reverse"),
]
# The one call that is about no document.
CREATE = "create"
CALL_OPS = [*OPS, (CREATE, "Create a vendor")]
CAUSES = [
    ("report", "The report"),
    ("away", "The report is no longer approved"),
    ("person", "A person"),
]
