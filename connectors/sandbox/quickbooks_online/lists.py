"""Names, accounts, classes, locations and terms: their own rules and how they are stored."""

from typing import TYPE_CHECKING

from .company import NAMES, Obj
from .errors import Refusal, bad_property, business
from .seed import CLASSIFICATIONS, SUB_TYPES

if TYPE_CHECKING:
    from .change import Change

CHILD_FLAG = {"Account": "SubAccount", "Class": "SubClass", "Department": "SubDepartment"}
MOST_LEVELS = 5
SUFFIX = " (deleted)"


def check(change: "Change") -> None:
    """Duplicate names (6240), levels (6180), account types and what is fixed at creation."""
    draft, company = change.draft, change.company
    if change.entity in NAMES:
        _free_name(change)
    elif _taken(change):
        raise _duplicate(change, "")
    if _level(change) >= MOST_LEVELS:
        raise Refusal("6180", "Too many levels : at most five.", "ParentRef")
    if change.entity == "Account":
        kind = draft.get("AccountType")
        if kind is not None and kind not in CLASSIFICATIONS:
            raise bad_property("AccountType")
        if kind is None and draft.get("AccountSubType") not in SUB_TYPES.values():
            raise bad_property("AccountSubType")
    currency = draft.get("CurrencyRef", {}).get("value")
    if currency and currency != company.home and not change.multicurrency and not change.stored:
        raise business("Multi-currency should be enabled to perform this operation", "CurrencyRef")
    if change.stored and currency and currency != company.currency_of(change.stored):
        raise business("The currency can't be changed once it is set", "CurrencyRef")


def shown_name(draft: Obj) -> str:
    """DisplayName, or what the parts of the name make; "" where all of them are blank."""
    parts = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
    given = (draft.get(part, "").strip() for part in parts)
    return draft.get("DisplayName", "").strip() or " ".join(part for part in given if part)


def _free_name(change: "Change") -> None:
    """6240 for a name of any vendor, customer or employee, active or not, in any case."""
    shown = shown_name(change.draft)
    wanted = _suffixed(change, shown, change.draft.get("Active", True))
    for entity in NAMES:
        for other in change.company.table(entity).values():
            same = (entity, other["Id"]) == (change.entity, (change.stored or {}).get("Id"))
            if _spelled(change, other) == wanted.casefold() and not same:
                raise _duplicate(change, other["Id"])


def _spelled(change: "Change", other: Obj) -> str:
    """The name that the other one keeps others from taking."""
    name = other["DisplayName"]
    if change.settings["inactive_name"] == "taken" and not other.get("Active", True):
        name = name.removesuffix(SUFFIX)
    return name.casefold()


def _taken(change: "Change") -> bool:
    name = change.draft.get("Name", "").casefold()
    for other in change.company.table(change.entity).values():
        if change.stored and other["Id"] == change.stored["Id"]:
            continue
        if other["Name"].casefold() == name and other.get("ParentRef") == change.draft.get(
            "ParentRef"
        ):
            return True
    return False


def _duplicate(change: "Change", id: str) -> Refusal:
    tail = f" Id={id}" if id and change.settings["clash_names_id"] else ""
    return Refusal(
        "6240",
        "The name supplied already exists. : Another customer, vendor or employee is already using "
        f"this name. Please use a different name.{tail}",
    )


def _level(change: "Change") -> int:
    level, ref = 0, change.draft.get("ParentRef")
    while ref and level < MOST_LEVELS:
        level += 1
        ref = change.company.table(change.entity)[ref["value"]].get("ParentRef")
    return level


def composed(change: "Change") -> Obj:
    """The member as it will be stored, without Id, version and MetaData."""
    fresh = {n: v for n, v in change.draft.items() if n not in ("Id", "SyncToken", "sparse")}
    fresh.setdefault("Active", True)
    if change.entity in NAMES:
        _name(change, fresh)
    elif change.entity != "Term":
        _tree(change, fresh)
    if change.entity == "Account":
        kind = fresh.get("AccountType")
        if kind is None:
            kind = next(k for k, sub in SUB_TYPES.items() if sub == fresh["AccountSubType"])
        fresh |= {"AccountType": kind, "Classification": CLASSIFICATIONS[kind]}
        fresh.setdefault("AccountSubType", SUB_TYPES[kind])
        fresh.setdefault("CurrencyRef", _old_currency(change))
    return fresh


def _old_currency(change: "Change") -> Obj:
    return {"value": change.company.currency_of(change.stored or {})}


def _suffixed(change: "Change", name: str, is_active: bool) -> str:
    """The vendor renames what is made inactive, and back when it is made active again."""
    if not change.settings["deleted_suffix"] or change.stored is None:
        return name
    was_active = change.stored.get("Active", True)
    if was_active and not is_active:
        return name if name.endswith(SUFFIX) else name + SUFFIX
    return name.removesuffix(SUFFIX) if is_active and not was_active else name


def _name(change: "Change", fresh: Obj) -> None:
    fresh["DisplayName"] = _suffixed(change, shown_name(fresh), fresh["Active"])
    fresh.setdefault("PrintOnCheckName", fresh["DisplayName"])
    if change.entity != "Employee":
        fresh.setdefault("CurrencyRef", _old_currency(change))
    if change.entity == "Vendor":
        fresh.setdefault("Vendor1099", False)
    if change.entity == "Customer":
        fresh["Job"] = "ParentRef" in fresh
        fresh["Level"] = _level(change)
        fresh["IsProject"] = bool((change.stored or {}).get("IsProject"))
        fresh.setdefault("BillWithParent", False)
        fresh["FullyQualifiedName"] = _full_name(change, fresh, "DisplayName")
    if change.entity != "Employee":
        fresh["Balance"] = 0


def _tree(change: "Change", fresh: Obj) -> None:
    fresh["Name"] = _suffixed(change, fresh["Name"], fresh["Active"])
    fresh[CHILD_FLAG[change.entity]] = "ParentRef" in fresh
    fresh["FullyQualifiedName"] = _full_name(change, fresh, "Name")


def _full_name(change: "Change", fresh: Obj, part: str) -> str:
    ref = fresh.get("ParentRef")
    if not ref:
        return fresh[part]
    return (
        f"{change.company.table(change.entity)[ref['value']]['FullyQualifiedName']}:{fresh[part]}"
    )
