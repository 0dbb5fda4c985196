"""One value, one text: what is hashed, stored and sent never passes through a float."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.money import InexactNumber


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    HIGH = 3


@dataclass(frozen=True)
class Fare:
    price: Decimal
    on: date


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(-(10**15), 10**15, allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def leaves(value: Any):
    match value:
        case dict():
            for member in value.values():
                yield from leaves(member)
        case list():
            for member in value:
                yield from leaves(member)
        case _:
            yield value


# --- dumps and loads -----------------------------------------------------------------------------


@settings(max_examples=60)
@given(VALUES)
def test_a_text_that_was_read_is_written_again_as_the_same_text(value):
    text = exact_json.dumps(value)
    assert exact_json.dumps(exact_json.loads(text)) == text


@settings(max_examples=60)
@given(VALUES)
def test_what_was_written_is_read_back_equal_and_never_as_a_float(value):
    read = exact_json.loads(exact_json.dumps(value))
    assert read == value
    assert not any(isinstance(leaf, float) for leaf in leaves(read))


@given(st.dictionaries(st.text(max_size=4), SCALARS, min_size=2))
def test_the_order_in_which_keys_were_added_does_not_show(value):
    assert exact_json.dumps(dict(reversed(value.items()))) == exact_json.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(
            {"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}', id="sorted, no spaces"
        ),
        pytest.param({"a": {}, "b": []}, '{"a":{},"b":[]}', id="empty ones"),
        pytest.param((1, (2,)), "[1,[2]]", id="tuples"),
        pytest.param(Decimal("412.60"), "412.60", id="decimals keep their zeros"),
        pytest.param(Decimal("1E+3"), "1000", id="no exponent upwards"),
        pytest.param(Decimal("1E-7"), "0.0000001", id="no exponent downwards"),
        pytest.param(Decimal("-0.00"), "0.00", id="no minus zero"),
        pytest.param(Decimal("-0.50"), "-0.50", id="minus"),
        pytest.param('Jürgen "魏"\n', '"Jürgen \\"魏\\"\\n"', id="letters as they are"),
        pytest.param({"Straße": 1}, '{"Straße":1}', id="in keys too"),
        pytest.param(date(2026, 10, 31), '"2026-10-31"', id="dates"),
        pytest.param(
            datetime(2026, 10, 31, 9, 30, tzinfo=UTC), '"2026-10-31T09:30:00+00:00"', id="moments"
        ),
        pytest.param({Colour.RED: Colour.RED}, '{"red":"red"}', id="enums of text"),
        pytest.param(Level.HIGH, "3", id="enums of numbers"),
        pytest.param(
            Fare(Decimal("9.90"), date(2026, 10, 1)),
            '{"on":"2026-10-01","price":9.90}',
            id="dataclasses",
        ),
        pytest.param(MappingProxyType({"a": 1}), '{"a":1}', id="mappings that are no dict"),
    ],
)
def test_each_value_has_one_spelling(value, text):
    assert exact_json.dumps(value) == text


@pytest.mark.parametrize("text", ["1.10", "0.1", "100.00", "-12.345"])
def test_fractions_are_read_as_decimals_with_the_digits_they_came_with(text):
    read = exact_json.loads(text)
    assert type(read) is Decimal
    assert str(read) == text


def test_exponents_are_read_as_decimals_too():
    assert exact_json.loads("1e2") == Decimal(100)
    assert type(exact_json.loads("1e2")) is Decimal


def test_bytes_are_read_like_text():
    assert exact_json.loads('{"name":"Chloé"}'.encode()) == {"name": "Chloé"}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a":[NaN]}'])
def test_constants_that_are_no_numbers_are_refused_on_reading(text):
    with pytest.raises(ValueError, match="not a number that a ledger can hold"):
        exact_json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("<html>502</html>", id="a page"),
        pytest.param('{"a":1', id="cut off"),
        pytest.param(b"\xff\xfe\xfa", id="no text"),
        pytest.param("[" * 200_000, id="too deep"),
        pytest.param("1e99999999999999999999", id="an exponent beyond Decimal"),
        pytest.param("[0e-999999]", id="a zero of a million digits"),
        pytest.param("1e999999", id="a number of a million digits"),
    ],
)
def test_whatever_cannot_be_read_is_a_value_error(text):
    with pytest.raises(ValueError):
        exact_json.loads(text)


# --- floats and strangers ------------------------------------------------------------------------


@pytest.mark.parametrize("write", [exact_json.dumps, exact_json.plain])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(12.5, id="bare"),
        pytest.param({"a": [1, (2.0,)]}, id="deep inside"),
        pytest.param(Fare(9.9, date(2026, 10, 1)), id="in a dataclass"),
        pytest.param(Decimal("NaN"), id="NaN"),
        pytest.param([Decimal("Infinity")], id="infinity"),
    ],
)
def test_floats_and_numbers_without_end_are_refused(write, value):
    with pytest.raises(InexactNumber):
        write(value)


@pytest.mark.parametrize("write", [exact_json.dumps, exact_json.plain])
@pytest.mark.parametrize("value", [b"bytes", object(), Fare, 1j], ids=lambda v: type(v).__name__)
def test_what_has_no_place_in_json_is_refused_by_name(write, value):
    with pytest.raises(TypeError, match=f"{type(value).__name__} has no place in JSON"):
        write({"a": value})


@pytest.mark.parametrize("key", [1, None, Decimal(1), date(2026, 10, 1)], ids=repr)
def test_keys_that_are_no_texts_are_refused(key):
    with pytest.raises(TypeError, match="text keys only"):
        exact_json.dumps({"a": 1, key: 2})


# --- plain ---------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(VALUES)
def test_plain_values_survive_a_json_reader_that_would_make_floats(value):
    plain = exact_json.plain(value)
    read = json.loads(json.dumps(plain))
    assert read == plain
    assert not any(isinstance(leaf, float) for leaf in leaves(read))
    amounts = [leaf for leaf in leaves(value) if isinstance(leaf, Decimal)]
    texts = [leaf for leaf in leaves(read) if isinstance(leaf, str)]
    assert all(format(amount.copy_abs(), "f") in "\n".join(texts) for amount in amounts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Decimal("412.60"), "412.60", id="amounts are texts"),
        pytest.param(Decimal("1E+3"), "1000", id="without exponent"),
        pytest.param(Decimal("-0.00"), "0.00", id="no minus zero"),
        pytest.param((Colour.RED, Level.HIGH), ["red", 3], id="enums"),
        pytest.param(frozenset({"void", "delete"}), ["delete", "void"], id="sets are sorted"),
        pytest.param({Colour.RED: 1, 7: 2}, {"red": 1, "7": 2}, id="keys become texts"),
        pytest.param(
            {"fare": Fare(Decimal("9.90"), date(2026, 10, 1))},
            {"fare": {"price": "9.90", "on": "2026-10-01"}},
            id="dataclasses",
        ),
        pytest.param(
            datetime(2026, 10, 31, 9, 30, tzinfo=UTC), "2026-10-31T09:30:00+00:00", id="moments"
        ),
        pytest.param(MappingProxyType({"a": Decimal(1)}), {"a": "1"}, id="other mappings"),
        pytest.param([True, None, 3, "x"], [True, None, 3, "x"], id="what is plain stays"),
    ],
)
def test_plain_writes_each_value_as_a_column_takes_it(value, expected):
    plain = exact_json.plain(value)
    assert plain == expected
    assert json.loads(json.dumps(plain)) == expected
