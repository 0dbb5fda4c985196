"""The seeded month and the volume generator: what the simulator of Expensify has to tell."""

from . import cases
from .build import effective, expense, report, report_id, total
from .first import unreported
from .months import case_report, edits, everything, month, revision, story, unapproval
from .more import more
from .numbers import SEED
from .volume import Volume, volume
from .world import EUROPE, FIELD, UK, US, card_list, policies

__all__ = [
    "EUROPE",
    "FIELD",
    "SEED",
    "UK",
    "US",
    "Volume",
    "card_list",
    "case_report",
    "cases",
    "edits",
    "effective",
    "everything",
    "expense",
    "month",
    "more",
    "policies",
    "report",
    "report_id",
    "revision",
    "story",
    "total",
    "unapproval",
    "unreported",
    "volume",
]
