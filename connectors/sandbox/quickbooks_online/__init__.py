"""QuickBooks Online as its API clients and its accountants know it, played on loopback."""

from ..chassis import Clock
from .vendor import QuickBooksOnline


def open_vendor(clock: Clock, seed: int) -> QuickBooksOnline:
    return QuickBooksOnline(clock, seed)
