"""Amounts stay exact: what cannot be expressed is refused, and dividing loses nothing."""

import operator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract.money import (
    CurrencyMix,
    InexactNumber,
    Money,
    exact,
    is_whole,
    minor_units,
    quantum,
    rounded,
    split,
)

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
UNITS = st.integers(-(10**13), 10**13)
WEIGHTS = st.lists(
    st.decimals(0, 10**6, places=4) | st.integers(1, 97).map(lambda n: Decimal(1) / n),
    min_size=1,
    max_size=12,
).filter(any)


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(Decimal(amount), currency)


def decimals(text: str) -> list[Decimal]:
    return [Decimal(word) for word in text.split()]


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [12.5, 12.0, True, None, b"12", [12], Fraction(1, 2)], ids=repr)
def test_what_is_not_decimal_int_or_text_is_refused_as_an_amount(number):
    with pytest.raises(InexactNumber, match="not an exact number"):
        exact(number)


@pytest.mark.parametrize("text", ["", "12,50", "twelve", "1.2.3", "12.50 USD"])
def test_a_text_that_is_no_number_is_refused_by_name(text):
    with pytest.raises(InexactNumber, match="is not a number"):
        exact(text)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", Decimal("-Infinity")], ids=str)
def test_numbers_that_are_not_finite_are_refused(number):
    with pytest.raises(InexactNumber, match="not a finite number"):
        exact(number)


@pytest.mark.parametrize("number", ["12.50", Decimal("12.50"), 12], ids=repr)
def test_decimals_ints_and_number_texts_keep_every_digit(number):
    assert str(exact(number)) == str(number)


# --- currencies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "decimals", "smallest"),
    [
        ("USD", 2, "0.01"),
        ("EUR", 2, "0.01"),
        ("JPY", 0, "1"),
        ("ISK", 0, "1"),
        ("KRW", 0, "1"),
        ("KWD", 3, "0.001"),
        ("TND", 3, "0.001"),
        ("CLF", 4, "0.0001"),
    ],
)
def test_each_currency_has_its_own_smallest_amount(currency, decimals, smallest):
    assert minor_units(currency) == decimals
    assert str(quantum(currency)) == smallest


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "USD", "0.00"),
        ("0.015", "USD", "0.02"),
        ("-0.015", "USD", "-0.02"),
        ("0.0151", "USD", "0.02"),
        ("12", "USD", "12.00"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.0005", "KWD", "1.000"),
        ("-0.004", "USD", "0.00"),
    ],
)
def test_rounding_is_half_to_even_at_the_currencys_decimals(amount, currency, expected):
    assert str(rounded(Decimal(amount), currency)) == expected


@pytest.mark.parametrize("judge", [rounded, is_whole, Money])
def test_an_amount_too_large_to_be_added_up_exactly_is_refused(judge):
    judge(Decimal("999999999999999999.99"), "USD")
    for amount in ("1000000000000000000.00", "-1e18", "1e400"):
        with pytest.raises(ValueError, match="more than a ledger can hold"):
            judge(Decimal(amount), "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "whole"),
    [
        ("12.50", "USD", True),
        ("12.500", "USD", True),
        ("12.505", "USD", False),
        ("100", "JPY", True),
        ("100.00", "JPY", True),
        ("100.5", "JPY", False),
        ("1.234", "KWD", True),
        ("1.2345", "KWD", False),
    ],
)
def test_an_amount_is_whole_where_the_currency_can_express_it(amount, currency, whole):
    assert is_whole(Decimal(amount), currency) is whole


# --- Money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [12.5, float("nan"), True])
def test_money_refuses_floats(amount):
    with pytest.raises(InexactNumber):
        Money(amount, "USD")


@pytest.mark.parametrize("text", ["0.005 USD", "100.5 JPY", "1.2345 KWD"])
def test_money_refuses_more_decimals_than_the_currency_has(text):
    with pytest.raises(ValueError, match="more decimals than"):
        money(text)


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "U5D", "ÄÖÜ", "€  "])
def test_money_refuses_what_is_no_currency_code(currency):
    with pytest.raises(ValueError, match="not a currency code"):
        Money(Decimal(1), currency)


@pytest.mark.parametrize(
    ("given_as", "shown"),
    [
        ("1234.5 USD", "1,234.50 USD"),
        ("-1234567 JPY", "-1,234,567 JPY"),
        ("1 KWD", "1.000 KWD"),
        ("-0.00 USD", "0.00 USD"),
    ],
)
def test_money_is_shown_at_the_currencys_decimals(given_as, shown):
    assert str(money(given_as)) == shown


def test_equal_money_is_equal_however_it_was_written():
    assert money("12.5 USD") == money("12.500 USD")
    assert hash(money("12.5 USD")) == hash(money("12.500 USD"))
    assert money("12.50 USD") != money("12.50 EUR")


@pytest.mark.parametrize("join", [operator.add, operator.sub])
def test_two_currencies_never_meet_in_one_sum(join):
    with pytest.raises(CurrencyMix, match="USD.*EUR"):
        join(money("1.00 USD"), money("1.00 EUR"))


@pytest.mark.parametrize("join", [operator.add, operator.sub])
def test_money_is_never_joined_with_a_bare_number(join):
    with pytest.raises(TypeError, match="unsupported operand"):
        join(money("1.00 USD"), Decimal("1.00"))
    with pytest.raises(TypeError, match="unsupported operand"):
        join(Decimal("1.00"), money("1.00 USD"))


@given(CURRENCIES, UNITS, UNITS)
def test_money_adds_and_takes_away_to_the_smallest_unit(currency, first, second):
    one, other = (Money(units * quantum(currency), currency) for units in (first, second))
    assert (one + other).amount == (first + second) * quantum(currency)
    assert one + other - other == one
    assert one - one == Money(Decimal(0), currency)
    assert (-one).amount == -first * quantum(currency)
    assert bool(one) is bool(first)


# --- split ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        pytest.param("100.00 USD", "1 1 1", "33.34 33.33 33.33", id="the earlier part first"),
        pytest.param("0.05 USD", "1 1", "0.03 0.02", id="an odd cent"),
        pytest.param("0.01 USD", "1 1 1", "0.01 0.00 0.00", id="one cent for three"),
        pytest.param("1.00 USD", "1 1 4", "0.17 0.17 0.66", id="the largest remainders"),
        pytest.param("10.00 USD", "0 1 0", "0.00 10.00 0.00", id="no weight, no cent"),
        pytest.param("0.00 USD", "1 2", "0.00 0.00", id="nothing"),
        pytest.param("-100.00 USD", "1 1 1", "-33.34 -33.33 -33.33", id="money back"),
        pytest.param("100 JPY", "1 1 1", "34 33 33", id="yen have no decimals"),
        pytest.param("1.000 KWD", "1 1 1", "0.334 0.333 0.333", id="dinars have three"),
        pytest.param("12.50 USD", "0.3", "12.50", id="one part takes all"),
        pytest.param("1e2 USD", "1 3", "25.00 75.00", id="exponents"),
        pytest.param(
            "4.75 USD",
            "0.4 0.7692307692307692307692307692",
            "1.63 3.12",
            id="a remainder larger in the 29th digit",
        ),
    ],
)
def test_an_amount_is_split_to_the_last_unit(total, weights, expected):
    amount, currency = total.split()
    parts = split(Decimal(amount), decimals(weights), currency)
    assert [str(part) for part in parts] == expected.split()


@given(CURRENCIES, UNITS, WEIGHTS)
def test_a_split_loses_no_unit_and_gives_every_part_its_share(currency, units, weights):
    unit = quantum(currency)
    total = units * unit
    parts = split(total, weights, currency)
    assert len(parts) == len(weights)
    assert sum(map(Fraction, parts)) == Fraction(total)
    whole = sum(map(Fraction, weights))
    for part, weight in zip(parts, weights, strict=True):
        assert is_whole(part, currency)
        assert abs(Fraction(part) - Fraction(total) * Fraction(weight) / whole) < Fraction(unit)
        assert part * total >= 0
        assert part == 0 or weight > 0


@given(CURRENCIES, UNITS, WEIGHTS)
def test_the_same_input_is_always_split_the_same_way(currency, units, weights):
    total = units * quantum(currency)
    parts = split(total, weights, currency)
    assert split(total, list(weights), currency) == parts
    assert split(total, [weight * 8 for weight in weights], currency) == parts
    assert split(-total, weights, currency) == [-part for part in parts]


def test_weights_of_many_digits_lose_nothing_either():
    sevenths = [Decimal(n) / 7 for n in (1, 2, 4)]
    parts = split(Decimal("999999999999999.99"), sevenths, "USD")
    assert parts == decimals("142857142857142.86 285714285714285.71 571428571428571.42")


@pytest.mark.parametrize("weights", ["", "0 0", "1 -1", "2 -1"])
def test_weights_that_divide_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights that are not negative and not all zero"):
        split(Decimal("10.00"), decimals(weights), "USD")


@pytest.mark.parametrize(
    ("total", "weights"), [(10.0, [Decimal(1)]), (Decimal(10), [0.5, 0.5])], ids=["total", "weight"]
)
def test_a_split_refuses_floats(total, weights):
    with pytest.raises(InexactNumber):
        split(total, weights, "USD")


def test_an_amount_that_the_currency_cannot_express_is_not_split():
    with pytest.raises(ValueError, match="more decimals than JPY"):
        split(Decimal("100.5"), [Decimal(1)], "JPY")
