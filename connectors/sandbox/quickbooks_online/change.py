"""One create, update, delete or void on its way into the company: draft, checks in order, then the
store.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from . import bookkeeping, business, checks, fields, lists, schema
from .company import LISTS, TRANSACTIONS, Company, Obj
from .errors import NOT_THERE, Refusal, bad_property

SPARSE = (*LISTS, "JournalEntry", "BillPayment", "Attachable")
READ_ONLY_ENTITIES = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences", "ExchangeRate")
GATES = ("auth", "throttle", "replay")


@dataclass
class Change:
    """`given` is the body as sent, `draft` what it means (cleaned, merged if sparse), `stored` the
    object as it stands. `by_screen`: a person in the web app, whom closed books only warn."""

    company: Company
    settings: dict[str, Any]
    entity: str
    operation: str
    given: Any
    options: frozenset[str] = frozenset()
    by_screen: bool = False
    as_user: str = ""
    stored: Obj | None = None
    draft: Obj = field(default_factory=dict)

    @property
    def is_transaction(self) -> bool:
        return self.entity in TRANSACTIONS

    @property
    def target(self) -> Obj:
        """What an update, delete or void is about; 610 if it isn't there."""
        if self.stored is None:
            raise Refusal("610", NOT_THERE, "Id")
        return self.stored

    @property
    def lines(self) -> list[Obj]:
        return self.draft.get("Line", [])

    @property
    def multicurrency(self) -> bool:
        return bool(self.company.prefs["multicurrency"])

    @property
    def currency(self) -> str:
        return self.draft.get("CurrencyRef", {}).get("value", self.company.home)

    @property
    def txn_date(self) -> str:
        return self.draft.get("TxnDate") or self.company.today()

    def account(self, ref: Obj | None) -> Obj | None:
        return self.company.get("Account", ref["value"]) if ref else None


STAGES = {
    "properties": lambda change: draw(change),
    "required": checks.required,
    "lengths": checks.lengths,
    "references": checks.references,
    "sync_token": checks.sync_token,
    "duplicate_number": checks.duplicate_number,
    "closed_period": checks.closed_period,
    "account_types": checks.account_types,
    "business": business.check,
}


def ordered_stages(order: str) -> tuple[list[str], list[str]]:
    """(gates, checks) out of the switch `check_order`; ValueError when it isn't one of each."""
    names = [name.strip() for name in order.split(",")]
    gates = [name for name in names if name in GATES]
    rest = [name for name in names if name not in GATES]
    if sorted(names) != sorted((*GATES, *STAGES)) or rest[0] != "properties":
        wanted = ", ".join((*GATES, *STAGES))
        raise ValueError(f"check_order lists each of {wanted} once; properties leads the checks")
    return gates, rest


def carry_out(change: Change) -> Obj:
    """Run the checks and store. Returns the object as answered; Refusal when refused."""
    if change.operation == "void" and change.entity != "BillPayment" and not change.by_screen:
        raise Refusal("500", f"Operation void is not supported for {change.entity}.")
    no_delete = change.entity not in TRANSACTIONS and change.entity != "Attachable"
    if change.entity in READ_ONLY_ENTITIES or (change.operation == "delete" and no_delete):
        raise Refusal("500", f"Operation {change.operation} is not supported for {change.entity}.")
    for name in ordered_stages(change.settings["check_order"])[1]:
        STAGES[name](change)
    return _stored(change)


def draw(change: Change) -> None:
    """Properties and shapes; then the draft, on which every later check works."""
    if not isinstance(change.given, dict):
        raise bad_property(change.entity)
    fields.check(change.entity, change.given, fields.SHAPE, change.settings)
    given = fields.cleaned(change.entity, change.given)
    id = given.get("Id")
    if change.operation == "update" and not id:
        change.operation = "create"
    change.stored = change.company.get(change.entity, id) if id else None
    change.draft = given
    if change.operation == "update" and change.given.get("sparse") in (True, "true"):
        _merge(change, given)


def _merge(change: Change, given: Obj) -> None:
    wish = "sparse" if change.entity in SPARSE else change.settings["sparse_on_purchase_documents"]
    if wish == "refuse":
        raise Refusal("500", f"Operation sparse update is not supported for {change.entity}.")
    if wish == "full" or change.stored is None:
        return
    writable = schema.ENTITIES[change.entity]
    kept = {
        n: deepcopy(v)
        for n, v in change.stored.items()
        if writable.get(n) not in (None, schema.IGNORED)
    }
    if "Line" in given and change.settings["sparse_lines"] == "merge":
        sent = {line["Id"]: line for line in given["Line"] if "Id" in line}
        lines = [line | sent.pop(line["Id"], {}) for line in kept.get("Line", [])]
        given = given | {"Line": lines + [line for line in given["Line"] if "Id" not in line]}
    change.draft = kept | given


def _stored(change: Change) -> Obj:
    company, entity = change.company, change.entity
    if change.operation == "delete":
        if change.is_transaction:
            bookkeeping.take_back(change, change.target)
        company.bury(entity, change.target, change.as_user)
        return {"status": "Deleted", "domain": "QBO", "Id": change.target["Id"]}
    if change.operation == "void":
        return company.shown(entity, bookkeeping.void(change, change.target))
    if change.is_transaction:
        fresh = bookkeeping.composed(change)
    elif entity == "Attachable":
        fresh = {n: v for n, v in change.draft.items() if n not in ("Id", "SyncToken", "sparse")}
    else:
        fresh = lists.composed(change)
    return company.shown(entity, _written(change, fresh))


def _written(change: Change, fresh: Obj) -> Obj:
    company, entity, stored = change.company, change.entity, change.stored
    if change.operation == "create" or stored is None:
        stored = company.insert(entity, fresh, change.as_user)
        if change.is_transaction:
            bookkeeping.take_effect(change, stored)
        elif entity == "Attachable" and change.settings["attachment_bumps_version"]:
            _bump_attached_to(change, stored)
        return stored
    if change.is_transaction:
        bookkeeping.take_back(change, stored)
    kept = {n: stored[n] for n in ("Id", "SyncToken", "MetaData", "domain")}
    if entity == "Attachable":
        kept |= {n: stored[n] for n in ("Size", "ContentType", "FileName") if n in stored}
    stored.clear()
    stored |= kept | {"sparse": False} | fresh
    company.bump(entity, stored, change.as_user)
    if change.is_transaction:
        bookkeeping.take_effect(change, stored)
    return stored


def _bump_attached_to(change: Change, attachable: Obj) -> None:
    """The documents that a new attachment hangs on get a new version by it."""
    entities = {name.lower(): name for name in TRANSACTIONS}
    for one in attachable.get("AttachableRef", []):
        ref = one.get("EntityRef", {})
        entity = entities.get(str(ref.get("type", "")).lower())
        document = change.company.get(entity, ref["value"]) if entity else None
        if entity and document is not None:
            change.company.bump(entity, document, change.as_user)
