"""Exact amounts: a cent lost or a currency mixed must be impossible, not merely tested for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

# ISO 4217 minor units where they are not 2. Source: ISO 4217 list one.
_MINOR_UNITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
# Below this, sums of a million amounts stay within Decimal's 28 digits, so that none is rounded.
_TOO_LARGE = Decimal(10) ** 18


class InexactNumber(TypeError):
    """A float, NaN or text that is no number stood where an exact amount belongs."""


class CurrencyMix(ValueError):
    """Two currencies met in one sum."""


def exact(number: str | int | Decimal) -> Decimal:
    """`number` as a finite Decimal. Floats are refused (they have lost digits), booleans too."""
    if isinstance(number, (bool, float)) or not isinstance(number, (str, int, Decimal)):
        raise InexactNumber(f"{number!r} is not an exact number: give a Decimal, an int or a text")
    try:
        result = Decimal(number)
    except InvalidOperation:
        raise InexactNumber(f"{number!r} is not a number") from None
    if not result.is_finite():
        raise InexactNumber(f"{number!r} is not a finite number")
    return result


def minor_units(currency: str) -> int:
    """Decimals that the currency is written with: 2 for most, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency, 2)


@lru_cache(maxsize=200)
def quantum(currency: str) -> Decimal:
    """The smallest amount of the currency: 0.01 USD, 1 JPY, 0.001 KWD."""
    return Decimal(1).scaleb(-minor_units(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the currency's decimals, half to even, never minus zero.

    Raises ValueError from 10**18 on: sums of such amounts could be rounded without a word.
    """
    if abs(amount := exact(amount)) >= _TOO_LARGE:
        raise ValueError(f"{amount} {currency} is more than a ledger can hold")
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_EVEN) + Decimal(0)


def is_whole(amount: Decimal, currency: str) -> bool:
    """True when the currency can express the amount, so that no rounding is needed."""
    return exact(amount) == rounded(amount, currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217 code), at the currency's own decimals.

    Raises InexactNumber for floats, ValueError for more decimals than the currency has.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        amount = exact(self.amount)
        code = self.currency
        if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
            raise ValueError(f"{self.currency!r} is not a currency code such as USD")
        if not is_whole(amount, self.currency):
            raise ValueError(f"{amount} has more decimals than {self.currency} is written with")
        object.__setattr__(self, "amount", rounded(amount, self.currency))

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMix(f"{self} and {other} cannot be added: convert one of them first")


def split(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`total` divided by `weights`, to the currency's decimals; the parts add up to the total.

    The units that rounding leaves over go to the parts with the largest remainders, the earlier
    part first, so that the same input always gives the same parts. Weights are not negative and
    not all zero.
    """
    total, weights = exact(total), [Fraction(exact(weight)) for weight in weights]
    if not is_whole(total, currency):
        raise ValueError(f"{total} has more decimals than {currency} is written with")
    whole = sum(weights, Fraction(0))
    if not weights or whole == 0 or any(weight < 0 for weight in weights):
        raise ValueError("an amount is split by weights that are not negative and not all zero")
    unit = quantum(currency)
    sign, units = (-1 if total < 0 else 1), int(abs(total) / unit)
    # Fractions: weights are often results of a division, and Decimal would round their products
    # so that the wrong part has the largest remainder.
    shares = [divmod(units * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    by_remainder = sorted(range(len(parts)), key=lambda place: (-shares[place][1], place))
    for place in by_remainder[: units - sum(parts)]:
        parts[place] += 1
    return [sign * part * unit for part in parts]
