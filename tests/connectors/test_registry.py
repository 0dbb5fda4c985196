"""Which ledgers there are: names, paths, and errors that say what to correct."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from connectors import opening, registry
from tests.connectors import fake_ledger

HERE = "tests.connectors.fake_ledger"


def test_a_ledger_is_found_by_its_name(settings: Any) -> None:
    settings.LEDGERS = {"xero": f"{HERE}.open_ledger", "acme": f"{HERE}.FakeLedger"}
    assert registry.ledger_names() == ["acme", "xero"]
    assert registry.open_ledger_class("xero") is fake_ledger.open_ledger
    assert registry.open_ledger_class("acme") is fake_ledger.FakeLedger
    assert registry.abilities("xero") is fake_ledger.ABILITIES


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{HERE}.no_such_thing", "has no callable no_such_thing"),
        (f"{HERE}.ABILITIES", "has no callable"),
        ("connectors.no_such_module.open_ledger", "no module connectors.no_such_module"),
        ("no_such_package.deep.open_ledger", "no module no_such_package"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_the_setting(
    path: str, words: str, settings: Any
) -> None:
    settings.LEDGERS = {"xero": path}
    with pytest.raises(ImproperlyConfigured, match="LEDGERS") as told:
        registry.open_ledger_class("xero")
    assert words in str(told.value)


def test_a_module_missing_inside_a_ledger_is_not_mistaken_for_the_ledger(
    settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_ledger.py").write_text("import something_not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    settings.LEDGERS = {"xero": "broken_ledger.open_ledger"}
    with pytest.raises(ModuleNotFoundError, match="something_not_installed"):
        registry.open_ledger_class("xero")


def test_a_ledger_without_abilities_is_a_mistake_of_its_module(settings: Any) -> None:
    settings.LEDGERS = {"xero": "connectors.registry.ledger_names"}
    with pytest.raises(ImproperlyConfigured, match="has no ABILITIES"):
        registry.abilities("xero")


def test_an_unknown_ledger_names_the_known_ones(settings: Any) -> None:
    settings.LEDGERS = {"xero": f"{HERE}.open_ledger"}
    with pytest.raises(registry.UnknownLedger, match="known: xero"):
        registry.open_ledger_class("freshbooks")


def test_every_ledger_of_the_settings_can_be_opened_and_says_what_it_can_do() -> None:
    for name in registry.ledger_names():
        assert callable(registry.open_ledger_class(name))
        assert registry.abilities(name).batch_size >= 1


def test_ledgers_have_names_for_people() -> None:
    assert registry.ledger_label("quickbooks_online") == "QuickBooks Online"
    assert registry.ledger_label("big_books") == "Big Books"


def test_an_address_that_settings_lack_is_named(settings: Any) -> None:
    settings.VENDOR_URLS = {"xero": {"token": "https://x.example/token"}}
    assert opening.vendor_url("xero", "token") == "https://x.example/token"
    for vendor, what in (("xero", "api"), ("freshbooks", "api"), ("expensify", "")):
        with pytest.raises(ImproperlyConfigured, match=f"for {vendor}"):
            opening.vendor_url(vendor, what)
