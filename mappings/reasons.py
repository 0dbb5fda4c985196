"""Reasons against saving a row, collected by field; why an account or a party will not do."""

from typing import TYPE_CHECKING

from connectors.contract.abilities import KindAbilities
from mappings.books import NOT_PAYABLE

if TYPE_CHECKING:
    from mappings.models import Flow, GLAccount, Party

Refusals = dict[str, list[str]]


class Reasons:
    """Collects reasons by field, each once."""

    def __init__(self, found: Refusals | None = None) -> None:
        self.found: Refusals = found if found is not None else {}

    def add(self, field: str, reason: str) -> None:
        reasons = self.found.setdefault(field, [])
        if reason not in reasons:
            reasons.append(reason)

    def add_all(self, field: str, reasons: list[str]) -> None:
        for reason in reasons:
            self.add(field, reason)


def account_reasons(
    account: "GLAccount", flow: "Flow", side: str, abilities: KindAbilities | None
) -> list[str]:
    """`side`: "line" or "offset". Without abilities only company and activity are looked at."""
    if account.connection_id != flow.connection_id:
        return [f"{account} belongs to another company."]
    if not account.active:
        return [f"{account}: choose an account that is active in the ledger."]
    if abilities is None:
        return []
    allowed = getattr(abilities, f"{side}_account_types")
    if not allowed or account.kind in allowed:
        return []
    where = "a line" if side == "line" else "the credit side"
    return [
        f"{account} is of the type {account.kind or '(none)'}, refused there on {where}. "
        f"Possible types: {', '.join(sorted(allowed))}."
    ]


def party_reasons(party: "Party", connection_id: int) -> list[str]:
    if party.connection_id != connection_id:
        return [f"{party} belongs to another company."]
    if party.kind in NOT_PAYABLE:
        return [f"{party} is a {party.kind} there; only a vendor can be owed something."]
    if not party.active:
        return [f"{party}: choose a vendor that is active in the ledger."]
    return []
