"""A simulator of Expensify's Integration Server, strict where the vendor is strict."""

from ..chassis import Clock
from .vendor import Expensify


def open_vendor(clock: Clock, seed: int) -> Expensify:
    """The simulator with the seeded month in it."""
    return Expensify(clock, seed)
