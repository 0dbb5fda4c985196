"""Which ledgers there are, and who opens each: dotted paths in settings, looked up on first use."""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from connectors.contract.abilities import Abilities
from connectors.contract.ledger import Connection, Ledger
from connectors.contract.transport import Transport

LedgerOpener = Callable[[Connection, Transport], Ledger]

# Names as people write them; a ledger without an entry is shown with its own name, spaced.
_LABELS = {
    "quickbooks_online": "QuickBooks Online",
    "quickbooks_desktop": "QuickBooks Desktop",
    "xero": "Xero",
    "freshbooks": "FreshBooks",
    "exact_online": "Exact Online",
}


class UnknownLedger(LookupError):
    """A ledger is named that settings.LEDGERS does not have."""


def ledger_names() -> list[str]:
    """The names of all ledgers that this installation can open, sorted."""
    return sorted(settings.LEDGERS)


def ledger_label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").title())


def open_ledger_class(name: str) -> LedgerOpener:
    """What makes a Ledger from plain values and a transport: the target of settings.LEDGERS[name].

    Raises UnknownLedger, and ImproperlyConfigured where the path leads nowhere.
    """
    module, attribute = _resolved(_path(name))
    opener = getattr(module, attribute, None)
    if not callable(opener):
        raise ImproperlyConfigured(
            f"LEDGERS[{name!r}] names {_path(name)}, but {module.__name__} has no callable "
            f"{attribute}. Correct the path in settings."
        )
    return opener


def abilities(name: str) -> Abilities:
    """What the ledger can do, known without a connection: ABILITIES of its module."""
    module, attribute = _resolved(_path(name))
    found: Any = getattr(module, "ABILITIES", None)
    if not isinstance(found, Abilities):
        raise ImproperlyConfigured(
            f"{module.__name__} (the module of LEDGERS[{name!r}], which has {attribute}) has no "
            "ABILITIES. Every ledger's module says what its ledger can do."
        )
    return found


def codes(name: str) -> dict[str, tuple[str, str]]:
    """Code -> meaning and cure, for every problem that the ledger's room names; {} without a
    module `codes` in it."""
    room = _path(name).rpartition(".")[0].rpartition(".")[0]
    try:
        if find_spec(f"{room}.codes") is None:
            return {}
    except ModuleNotFoundError:
        return {}  # the path leads nowhere, which whoever opens the ledger is told
    table = import_module(f"{room}.codes")
    return {code: (text, table.CURES[code]) for code, text in table.CODES.items()}


def _path(name: str) -> str:
    try:
        return settings.LEDGERS[name]
    except KeyError:
        known = ", ".join(ledger_names()) or "none"
        raise UnknownLedger(
            f"{name!r} is not a ledger of this installation (known: {known}). "
            "Add it to LEDGERS in settings, or correct the connection."
        ) from None


@lru_cache
def _resolved(path: str) -> tuple[ModuleType, str]:
    module_name, _, attribute = path.rpartition(".")
    try:
        return import_module(module_name), attribute
    except ModuleNotFoundError as failure:
        # A module missing *inside* the ledger's own is that ledger's defect: let it be seen.
        if failure.name and not f"{module_name}.".startswith(f"{failure.name}."):
            raise
        raise ImproperlyConfigured(
            f"LEDGERS names {path}, but there is no module {failure.name}. "
            "Correct the path in settings."
        ) from None
