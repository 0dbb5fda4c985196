"""Single members: tables of what Expensify prints and what it means."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.expensify import values
from connectors.expensify.codes import CODES
from connectors.expensify.values import Misfit


@pytest.mark.parametrize(
    ("cents", "currency", "scale", "amount"),
    [
        pytest.param(1250, "USD", 2, "12.50", id="cents"),
        pytest.param(-1, "USD", 2, "-0.01", id="a refund of a cent"),
        pytest.param(0, "USD", 2, "0.00", id="zero is an amount"),
        pytest.param(Decimal("8640.0"), "EUR", 2, "86.40", id="a whole number with a point"),
        pytest.param(864000, "JPY", 2, "8640", id="yen times 100"),
        pytest.param(8640, "JPY", 0, "8640", id="yen as they are, by convention"),
        pytest.param(12340, "KWD", 2, "123.400", id="three decimals"),
        pytest.param(12345, "KWD", 3, "12.345", id="three decimals, by convention"),
    ],
)
def test_an_amount_is_read_at_the_scale_and_written_as_its_currency_is(
    cents, currency, scale, amount
):
    read = values.amount(cents, "amount", currency, scale)
    assert (read, str(read)) == (Decimal(amount), amount)


@pytest.mark.parametrize("blank", [None, ""])
def test_a_blank_amount_is_none_and_not_zero(blank):
    assert values.amount(blank, "amount", "USD", 2) is None


@pytest.mark.parametrize(
    ("cents", "currency", "code"),
    [
        pytest.param(Decimal("12.5"), "USD", "expensify.amount.unreadable", id="half a cent"),
        pytest.param("1,234", "USD", "expensify.amount.unreadable", id="grouped digits"),
        pytest.param("1250", "USD", "expensify.amount.unreadable", id="text"),
        pytest.param(True, "USD", "expensify.amount.unreadable", id="a truth"),
        pytest.param([], "USD", "expensify.amount.unreadable", id="a list"),
        pytest.param(Decimal("1E+999999"), "USD", "expensify.amount.unreadable", id="beyond all"),
        pytest.param(10**15, "USD", "expensify.amount.unreadable", id="a quadrillion"),
        pytest.param(8641, "JPY", "expensify.amount.decimals", id="yen that are no multiple"),
    ],
)
def test_an_amount_that_is_no_count_of_cents_is_refused(cents, currency, code):
    with pytest.raises(Misfit) as refused:
        values.amount(cents, "amount", currency, 2)
    assert (refused.value.code, refused.value.field) == (code, "amount")


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("written", "zone", "moment"),
    [
        pytest.param("2026-10-08 15:30:45", UTC, (2026, 10, 8, 15, 30, 45), id="a blank between"),
        pytest.param("2026-10-08T15:30:45", UTC, (2026, 10, 8, 15, 30, 45), id="a T between"),
        pytest.param("2026-10-08 23:30:00", NEW_YORK, (2026, 10, 9, 3, 30), id="another zone"),
        pytest.param("2026-10-08 15:30:45.123", UTC, (2026, 10, 8, 15, 30, 45, 123000), id="ms"),
        pytest.param("2026-10-08T15:30:45Z", NEW_YORK, (2026, 10, 8, 15, 30, 45), id="a zone"),
        pytest.param("2026-10-08T15:30:45+02:00", UTC, (2026, 10, 8, 13, 30, 45), id="an offset"),
        pytest.param("2026-10-08", UTC, (2026, 10, 8, 12), id="a date alone is its noon"),
    ],
)
def test_a_time_without_a_zone_is_read_in_the_zone_given(written, zone, moment):
    assert values.moment(written, "approved", zone) == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_date_is_none(blank):
    assert values.moment(blank, "approved", UTC) is None
    assert values.day(blank, "created") is None


@pytest.mark.parametrize(
    "written", ["10/08/2026", "2026-13-08", "2026-10-08 25:00:00", "soon", "2026-10", "0000-00-00"]
)
def test_another_date_is_refused(written):
    with pytest.raises(Misfit, match="is not a date"):
        values.moment(written, "approved", UTC)
    with pytest.raises(Misfit, match="is not a date"):
        values.day(written, "created")


def test_a_moment_that_no_calendar_has_in_utc_is_refused():
    with pytest.raises(Misfit, match="is not a date"):
        values.moment("0001-01-01 00:00:00", "approved", timezone(timedelta(hours=5)))


@pytest.mark.parametrize(
    "written", ["2026-10-31", "2026-10-31 23:59:59", "2026-10-31T00:00:00Z", "20261031"]
)
def test_the_date_of_an_expense_is_never_shifted(written):
    assert values.day(written, "created") == date(2026, 10, 31)


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        pytest.param("Meals &amp; Entertainment", "Meals & Entertainment", id="ampersand"),
        pytest.param("&quot;A&quot; &lt;b&gt; &apos;c&apos;", "\"A\" <b> 'c'", id="the five"),
        pytest.param("Caf&eacute; &#233; &#xE9;", "Café é é", id="letters"),
        pytest.param("&amp;lt;", "&lt;", id="once only"),
        pytest.param("R&D, AT&T; Q&A", "R&D, AT&T; Q&A", id="no entities"),
        pytest.param("a?b=1&copy=2&lt", "a?b=1&copy=2&lt", id="no semicolon"),
        pytest.param(
            "&nosuchname; &#0; &#xD800; &#128;", "&nosuchname; &#0; &#xD800; &#128;", id="not text"
        ),
        pytest.param("&#1114112;", "&#1114112;", id="beyond Unicode"),
    ],
)
def test_html_entities_are_undone_once_where_they_really_are(escaped, text):
    assert values.words(escaped, "merchant") == text


@given(st.text())
def test_text_without_an_ampersand_stays_as_it_is(text):
    text = text.replace("&", "+").replace("\x00", "")
    assert values.words(text, "merchant") == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param("a\x00b", "a\ufffdb", id="NUL"),
        pytest.param("a\ud83d", "a\ufffd", id="half a pair"),
        pytest.param("\ud83d\ude80 \u9b4f", "\U0001f680 魏", id="a pair in halves"),
        pytest.param(4056343049275634494, "4056343049275634494", id="nineteen digits"),
        pytest.param(Decimal("1.070"), "1.070", id="a fraction"),
        pytest.param(True, "true", id="a truth"),
        pytest.param(None, "", id="none"),
    ],
)
def test_text_is_what_a_database_can_store(written, text):
    assert values.text(written, "comment") == text
    values.text(written, "comment").encode()


@pytest.mark.parametrize("written", [[], {}, ["a"], Decimal("1E+400000")])
def test_a_list_is_not_read_as_text(written):
    with pytest.raises(Misfit, match="is not a text"):
        values.text(written, "comment")


@pytest.mark.parametrize(("written", "found"), [("0", ""), (0, ""), (None, ""), (" 42 ", "42")])
def test_zero_stands_for_no_id(written, found):
    assert values.identifier(written, "cardID") == found


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.07", "1.07"),
        ("20%", "20"),
        ("7.7 %", "7.7"),
        ("", None),
        (None, None),
        (19, "19"),
        ("1.2E-4", "0.00012"),
    ],
)
def test_rates_come_as_text_with_or_without_a_percent_sign(written, number):
    assert values.ratio(written, "taxRate") == (Decimal(number) if number else None)


@pytest.mark.parametrize("written", ["exempt", "1,07", "NaN", "1.0.7", "--1"])
def test_a_rate_that_is_no_number_is_refused(written):
    with pytest.raises(Misfit, match="is not a number"):
        values.ratio(written, "taxRate")


@pytest.mark.parametrize("written", ["yes", 1, "true"])
def test_a_yes_or_no_in_other_words_is_refused(written):
    with pytest.raises(Misfit, match="neither yes nor no"):
        values.flag(written, "billable")


@pytest.mark.parametrize("written", ["", None, "US", "DOLLAR", "12A"])
def test_a_currency_is_three_letters(written):
    with pytest.raises(Misfit) as refused:
        values.currency(written, "currency")
    assert refused.value.code in CODES


@pytest.mark.parametrize("written", [{}, "a", [1], [["a"]]])
def test_a_list_of_other_things_is_refused(written):
    with pytest.raises(Misfit, match="is not a list of JSON objects"):
        values.rows(written, "expenses")
