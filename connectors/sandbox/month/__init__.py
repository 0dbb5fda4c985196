"""The seeded month and the volume generator: what the simulator of Expensify has to tell."""

from . import cases
from .build import effective, expense, report, report_id, total
from .cases import SEED, case_report, month, revision, story, unapproval, unreported
from .volume import Volume, volume
from .world import EUROPE, US, card_list, policies

__all__ = [
    "EUROPE",
    "SEED",
    "US",
    "Volume",
    "card_list",
    "case_report",
    "cases",
    "effective",
    "expense",
    "month",
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
