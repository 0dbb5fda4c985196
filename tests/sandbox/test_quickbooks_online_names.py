"""One name space for vendors, customers and employees in the sandbox, as strict as QuickBooks'."""

import pytest

DUPLICATE = "6240"


def kira(**more):
    return {
        "DisplayName": "Kira Nowak",
        "PrimaryEmailAddr": {"Address": "kira.nowak@acme.example"},
        "Vendor1099": False,
    } | more


def test_a_vendor_is_created_once_however_often_the_same_request_comes(books):
    made = books.post("vendor", kira(), requestid="v1")
    assert made["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert (made["Active"], made["Vendor1099"], made["SyncToken"]) == (True, False, "0")
    assert books.post("vendor", kira(), requestid="v1")["Id"] == made["Id"]
    code, detail = books.refused("vendor", kira(), requestid="v2")
    assert code == DUPLICATE
    assert detail.startswith("The name supplied already exists. : Another customer, vendor or")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("vendor", "Ben Ito"),
        ("vendor", "bEN iTO"),
        ("vendor", " Ben Ito "),
        ("customer", "Ines Duarte"),
        ("employee", "Nora Berg"),
        ("customer", "Umbrella"),  # inactive from the beginning
    ],
)
def test_a_name_is_taken_whoever_has_it_in_whatever_case(books, kind, name):
    assert books.refused("vendor", kira(DisplayName=name))[0] == DUPLICATE


@pytest.mark.parametrize("kind", ["vendor", "employee", "customer"])
def test_the_name_of_an_inactive_one_stays_taken_without_its_suffix(books, kind):
    name = {"vendor": "Ben Ito", "employee": "Nora Berg", "customer": "Globex"}[kind]
    books.control("chart", {"kind": kind, "action": "archive", "name": name})
    everybody = f"select * from {kind} where Active in (true, false) maxresults 1000"
    assert f"{name} (deleted)" in [
        row["DisplayName"] for row in books.query(everybody)[kind.capitalize()]
    ]
    assert books.refused("vendor", kira(DisplayName=name.upper()))[0] == DUPLICATE


def test_that_an_inactive_one_frees_its_name_is_a_switch_but_it_cannot_come_back_then(books):
    books.settings(inactive_name="free")
    books.control("chart", {"kind": "vendor", "action": "archive", "name": "Ben Ito"})
    old = books.query(
        "select * from Vendor where DisplayName = 'Ben Ito (deleted)' and Active = false"
    )["Vendor"][0]
    books.post("vendor", kira(DisplayName="Ben Ito"))
    again = {"Id": old["Id"], "SyncToken": old["SyncToken"], "sparse": True, "Active": True}
    assert books.refused("vendor", again)[0] == DUPLICATE


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"DisplayName": "   "}, "6080"),
        ({"DisplayName": "Kira: Nowak"}, "2040"),
        ({"DisplayName": "Kira\tNowak"}, "2040"),
        ({"DisplayName": "Kira\nNowak"}, "2040"),
        ({"DisplayName": "Kira\rNowak"}, "2040"),
        ({"DisplayName": "", "GivenName": "Ki:ra", "FamilyName": "Nowak"}, "2040"),
        ({"DisplayName": "", "GivenName": "Ben", "FamilyName": "Ito"}, DUPLICATE),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"CurrencyRef": {"value": "XXX"}}, "2500"),
        ({"Vendor1099": "perhaps"}, "2010"),
        ({"Email": "kira.nowak@acme.example"}, "2010"),
        ({"PrimaryEmailAddr": "kira.nowak@acme.example"}, "2010"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_a_new_vendor_is_refused_for(books, given, code):
    assert books.refused("vendor", kira() | given)[0] == code
    assert books.query("select * from Vendor where DisplayName = 'Kira Nowak'") == {}


def test_a_currency_is_for_ever(books):
    books.control(f"companies/{books.realm}", {"multicurrency": True})
    made = books.post("vendor", kira(CurrencyRef={"value": "EUR"}))
    assert made["CurrencyRef"]["value"] == "EUR"
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "USD"}}
    code, detail = books.refused("vendor", change)
    assert (code, "currency can't be changed" in detail) == ("6000", True)


def test_inactive_ones_are_found_only_by_those_who_ask_for_them(books):
    books.control("chart", {"kind": "vendor", "action": "archive", "name": "Ben Ito"})
    names = "DisplayName in ('BEN ITO', 'ben ito (deleted)')"
    assert books.query(f"select * from Vendor where {names}") == {}
    found = books.query(f"select * from Vendor where {names} and Active in (true, false)")
    assert [row["DisplayName"] for row in found["Vendor"]] == ["Ben Ito (deleted)"]
