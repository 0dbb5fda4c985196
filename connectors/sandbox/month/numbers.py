"""Which report numbers a seed's month has: clear of the volume generator's and of other seeds'."""

SEED = 7
MONTH_FROM = 10**15


def first_number(seed: int) -> int:
    """The first of the thousand numbers of this seed."""
    return MONTH_FROM + seed % 10**9 * 1000
