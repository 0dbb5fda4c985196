"""The book: what was read, what was decided, what was sent, what came back. Nothing is erased."""

from audit.models.mail import MailWish
from audit.models.postings import Attempt, Call, PartyWish, Posting
from audit.models.receipts import ReceiptFile
from audit.models.reports import Report, Revision
from audit.models.trail import Chain, Event, PollRun
from audit.models.words import CALL_OPS, CAUSES, CREATE, KINDS, OPS

__all__ = [
    "Attempt",
    "CALL_OPS",
    "CAUSES",
    "CREATE",
    "Call",
    "Chain",
    "Event",
    "KINDS",
    "MailWish",
    "OPS",
    "PartyWish",
    "PollRun",
    "Posting",
    "ReceiptFile",
    "Report",
    "Revision",
]
