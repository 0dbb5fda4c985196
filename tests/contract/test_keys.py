"""Made names: stable for ever, different wherever anything differs, never cut."""

import hashlib
import random
import string
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.contract import keys
from connectors.contract.keys import Marker

REALM = "quickbooks_online:9341450000000001"
# Letters, digits and the separators themselves, to provoke names that run into each other.
PARTS = st.text("ab12:/-", min_size=1, max_size=5)
COMPONENTS = st.tuples(PARTS, PARTS, PARTS, st.integers(1, 30))


def k(company=REALM, report_id="R00X9oNOn2MO", slice_name="reimbursable", generation=1) -> Marker:
    return keys.marker(company, report_id, slice_name, generation)


# --- markers -------------------------------------------------------------------------------------


def test_a_marker_is_the_same_for_ever():
    """Made with openssl and base32. Where it changes, every posted document is lost to us."""
    assert str(k()) == "CYDZ5SPIDRZ2MBUKCHGIHIW43Q5WD5SPIMP2KO2ESVJR55QHPFAA"


@given(COMPONENTS, COMPONENTS)
def test_two_documents_never_share_a_marker(one, other):
    assume(one != other)
    assert keys.marker(*one) != keys.marker(*other)


@pytest.mark.parametrize(
    "change",
    [
        {"company": "quickbooks_online:9341450000000002"},
        {"company": "xero:9341450000000001"},
        {"report_id": "R00X9oNOn2MP"},
        {"report_id": "r00x9onon2mo"},
        {"slice_name": "all"},
        {"slice_name": "reimbursable/part-1"},
        {"generation": 2},
    ],
    ids=str,
)
def test_a_marker_differs_when_any_component_differs(change):
    assert k(**change) != k()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", "all", 1), ("a", "bc", "all", 1)),
        (("x", "ab", "c", 1), ("x", "a", "bc", 1)),
        (("x", "r", "a", 11), ("x", "r", "a1", 1)),
        (("a1:b", "c", "all", 1), ("a", "1:bc", "all", 1)),
        (("a", "b:1", "c", 1), ("a:b", "1", "c", 1)),
    ],
)
def test_components_do_not_run_into_each_other(one, other):
    assert keys.marker(*one) != keys.marker(*other)


@pytest.mark.parametrize(
    "gap",
    [{"company": ""}, {"report_id": ""}, {"slice_name": ""}, {"generation": 0}, {"generation": -1}],
    ids=str,
)
def test_a_marker_is_never_made_of_gaps(gap):
    with pytest.raises(ValueError, match="a marker needs"):
        k(**gap)


@pytest.mark.parametrize(
    "text", ["", "A" * 51, "A" * 53, "a" * 52, "A" * 51 + "1", "A" * 52 + "\n"]
)
def test_other_texts_are_no_markers(text):
    with pytest.raises(ValueError, match="not a marker"):
        Marker(text)


def test_a_marker_shows_as_many_characters_as_the_field_has_room_for():
    assert [k().k(length) for length in (7, 8, 10)] == ["CYDZ5SP", "CYDZ5SPI", "CYDZ5SPIDR"]
    assert k().k(52) == k().key == str(k())


@pytest.mark.parametrize("length", [0, -1])
def test_a_marker_without_characters_is_refused(length):
    with pytest.raises(ValueError, match="found everywhere"):
        k().k(length)


def test_markers_are_values():
    assert k() == Marker(k().key)
    assert len({k(), k(), k(generation=2)}) == 2
    assert sorted([Marker("B" * 52), Marker("A" * 52)])[0] == Marker("A" * 52)
    with pytest.raises(FrozenInstanceError):
        k().key = "A" * 52


# --- slices --------------------------------------------------------------------------------------


def test_slices_are_named_from_the_report_alone():
    assert keys.card_slice("4056343049275634494") == "card:4056343049275634494"
    assert keys.part_slice("reimbursable", 1) == "reimbursable/part-1"
    assert keys.part_slice("card:12", 10) == "card:12/part-10"


def test_a_card_transaction_without_an_id_has_no_slice():
    with pytest.raises(ValueError, match="without an id"):
        keys.card_slice("")


@pytest.mark.parametrize(
    ("slice_name", "number"),
    [("all", 0), ("all", -1), ("all/part-1", 2), ("card:1/part-12", 1)],
)
def test_a_part_is_not_divided_again_and_parts_count_from_one(slice_name, number):
    with pytest.raises(ValueError, match="cannot be divided"):
        keys.part_slice(slice_name, number)


# --- ids in narrow fields ------------------------------------------------------------------------


@given(st.integers(0, 10**25))
def test_base_36_says_the_same_number(number):
    written = keys.base36(number)
    assert int(written, 36) == number
    assert written == keys.base36(str(number))
    assert set(written) <= set(string.digits + string.ascii_lowercase)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0", "0"),
        ("35", "z"),
        ("36", "10"),
        ("1295", "zz"),
        ("18446744073709551615", "3w5e11264sgsf"),
    ],
)
def test_base_36_is_written_shortest_first_digit_first(number, written):
    assert keys.base36(number) == written


@given(st.integers(10**18, 10**19 - 1))
def test_nineteen_digits_fit_thirteen_characters(number):
    assert len(keys.base36(number)) <= 13
    assert keys.fitting_id(str(number), 13) == keys.base36(number)


@pytest.mark.parametrize(
    "text", [-1, "-1", "", "12a", "1_000", " 12", "+12", "1.0", "²", "١٢", True]
)
def test_what_is_no_decimal_id_is_not_written_in_base_36(text):
    with pytest.raises(ValueError, match="only ids of decimal digits"):
        keys.base36(text)


@pytest.mark.parametrize("vendor_id", ["R00X9oNOn2MO", "123456789012", "", "007"])
def test_an_id_with_room_stays_as_it_is(vendor_id):
    assert keys.fitting_id(vendor_id, 12) == vendor_id


@given(st.text(max_size=60), st.integers(8, 60))
def test_an_id_fits_and_is_never_silently_cut(vendor_id, length):
    short = keys.fitting_id(vendor_id, length)
    assert len(short) <= length
    if len(vendor_id) > length:
        assert not vendor_id.startswith(short)
        assert "=" not in short
    else:
        assert short == vendor_id


@pytest.mark.parametrize("length", [8, 11, 12, 13, 20])
def test_ten_thousand_ids_have_ten_thousand_fitted_ids(length):
    dice = random.Random(length)
    letters = string.ascii_letters + string.digits
    ids = {"".join(dice.choices(letters, k=dice.randint(14, 30))) for _ in range(2500)}
    ids |= {"".join(dice.choices("0123456789", k=dice.randint(12, 24))) for _ in range(2500)}
    ids |= {str(4056343049275634494 + place) for place in range(2500)}
    ids |= {f"card-transaction-of-acme-{place}" for place in range(10_000 - len(ids))}
    assert len(ids) == 10_000
    assert len({keys.fitting_id(one, length) for one in ids}) == 10_000


def test_ids_that_are_the_same_number_are_still_two_ids():
    spellings = ["1234567890123", "01234567890123", "001234567890123", "١٢٣٤٥٦٧٨٩٠١٢٣"]
    assert len({keys.fitting_id(one, 12) for one in spellings}) == 4


def test_a_hash_is_not_filled_up_where_there_is_more_room_than_it_needs():
    assert len(keys.fitting_id("x" * 70, 60)) == 52
    assert keys.fitting_id("x" * 70, 60).isalnum()


def test_an_id_is_refused_where_not_even_a_hash_has_room():
    with pytest.raises(ValueError, match="cannot be told from others in 7"):
        keys.fitting_id("a-transaction-of-acme", 7)
    assert keys.fitting_id("123456789", 6) == keys.base36("123456789")


# --- hashes --------------------------------------------------------------------------------------


def test_a_content_hash_is_sha_256_of_the_text_as_utf_8():
    assert keys.content_hash("Chloé") == hashlib.sha256("Chloé".encode()).hexdigest()
    assert keys.content_hash("Chloé".encode()) == keys.content_hash("Chloé")
    assert keys.content_hash("") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


@given(st.binary(max_size=20), st.sampled_from(["", "1", "2026-10-31T09:30:00+00:00"]))
def test_the_same_bytes_in_the_same_epoch_keep_their_request_id(body, epoch):
    asked = keys.request_id(body, epoch, 50)
    assert asked == keys.request_id(body, epoch, 50)
    assert asked != keys.request_id(body + b" ", epoch, 50)
    assert asked != keys.request_id(body, epoch + "x", 50)


def test_a_request_id_has_the_length_asked_for_and_keeps_body_and_epoch_apart():
    assert [len(keys.request_id(b"{}", "1", length)) for length in (36, 50)] == [36, 50]
    assert keys.request_id(b"1{}", "1", 50) != keys.request_id(b"{}", "11", 50)


# --- files on a document --------------------------------------------------------------------------


def test_a_file_has_one_name_per_document_expense_and_receipt() -> None:
    bill = keys.marker("quickbooks_online:1", "R1", "reimbursable", 1)
    again = keys.marker("quickbooks_online:1", "R1", "reimbursable", 2)
    names = {
        keys.file_marker(document, transaction, receipt)
        for document in (bill, again)
        for transaction in ("1001", "1002")
        for receipt in ("", "7", "8")
    }
    assert len(names) == 12 and not names & {bill, again}
    assert keys.file_marker(bill, "1001", "7") == keys.file_marker(bill, "1001", "7")


def test_a_file_without_an_expense_has_no_name() -> None:
    bill = keys.marker("quickbooks_online:1", "R1", "reimbursable", 1)
    with pytest.raises(ValueError, match="belongs to an expense"):
        keys.file_marker(bill, "", "7")
