"""Checks that are alike for all entities, in the stages of the vendor: from missing parameters to
account types.
"""

from typing import TYPE_CHECKING, Any

from . import fields, lists
from .company import CURRENCIES, LISTS, NAMES, REF_LISTS, TRANSACTIONS, Obj
from .errors import (
    DELETED,
    NOT_THERE,
    PERIOD_CLOSED,
    Refusal,
    bad_property,
    business,
    missing,
    not_found_reference,
)

if TYPE_CHECKING:
    from .change import Change

REQUIRED = {
    "Bill": ("VendorRef", "Line"),
    "VendorCredit": ("VendorRef", "Line"),
    "Purchase": ("PaymentType", "AccountRef", "Line"),
    "JournalEntry": ("Line",),
    "BillPayment": ("VendorRef", "PayType"),
    "Account": ("Name",),
    "Class": ("Name",),
    "Department": ("Name",),
    "Term": ("Name",),
}
NOT_ON_LINES = {
    "Bill": ("Accounts Receivable", "Accounts Payable", "Non-Posting", "Bank"),
    "VendorCredit": ("Accounts Receivable", "Accounts Payable", "Non-Posting", "Bank"),
    "Purchase": ("Accounts Receivable", "Accounts Payable", "Non-Posting"),
    "JournalEntry": ("Non-Posting",),
}
WRONG_TYPE = (
    "Invalid account type: You need to select a different type of account for this transaction."
)


# -- required --------------------------------------------------------------------------------------
def required(change: "Change") -> None:
    """2020 for what is missing, and the special codes that lines have for it."""
    draft = change.draft
    if change.operation != "create":
        for name in ("Id", "SyncToken"):
            if name not in draft:
                raise missing(name)
    if change.operation in ("delete", "void"):
        return
    for name in REQUIRED.get(change.entity, ()):
        if not draft.get(name):
            raise missing(name)
    if change.entity in NAMES and not lists.shown_name(draft):
        raise Refusal(
            "6080",
            "No name provided : one of DisplayName, Title, GivenName, MiddleName, FamilyName,"
            " Suffix",
        )
    if change.entity == "Account" and not (draft.get("AccountType") or draft.get("AccountSubType")):
        raise missing("AccountType")
    if change.entity == "Attachable" and not (draft.get("Note") or draft.get("FileName")):
        raise missing("Note")
    if change.is_transaction and change.multicurrency and "CurrencyRef" not in draft:
        raise missing("CurrencyRef")
    if change.entity == "BillPayment":
        _required_of_payment(draft)
    elif change.entity == "JournalEntry":
        _required_of_journal(change.lines)
    elif change.is_transaction:
        for line in change.lines:
            _required_of_line(line)


def _required_of_line(line: Obj) -> None:
    for name in ("Amount", "DetailType"):
        if name not in line:
            raise missing(f"Line.{name}")
    kind = line["DetailType"]
    if kind not in line:
        raise missing(f"Line.{kind}")
    if kind == "AccountBasedExpenseLineDetail" and "AccountRef" not in line[kind]:
        raise Refusal("6440", "Line has no account : each line needs an account.", "AccountRef")
    if kind == "ItemBasedExpenseLineDetail" and "ItemRef" not in line[kind]:
        raise missing("Line.ItemBasedExpenseLineDetail.ItemRef")


def _required_of_journal(lines: list[Obj]) -> None:
    posting = [line for line in lines if line.get("DetailType") != "DescriptionOnly"]
    if len(posting) < 2:
        raise Refusal("2250", "Missing lines : a journal entry needs at least two lines.", "Line")
    for line in posting:
        for name in ("Amount", "DetailType"):
            if name not in line:
                raise missing(f"Line.{name}")
        detail = line.get("JournalEntryLineDetail")
        if detail is None:
            raise missing("Line.JournalEntryLineDetail")
        if "PostingType" not in detail:
            raise Refusal(
                "2260", "PostingType is required for each journal entry line.", "PostingType"
            )
        if "AccountRef" not in detail:
            raise Refusal("6440", "Line has no account : each line needs an account.", "AccountRef")


def _required_of_payment(draft: Obj) -> None:
    if "TotalAmt" not in draft:
        raise business("You must set a transaction amount", "TotalAmt")
    place = {
        "Check": ("CheckPayment", "BankAccountRef"),
        "CreditCard": ("CreditCardPayment", "CCAccountRef"),
    }
    part, ref = place[draft["PayType"]]
    if ref not in draft.get(part, {}):
        raise missing(f"{part}.{ref}")


# -- lengths, dates, characters --------------------------------------------------------------------
def lengths(change: "Change") -> None:
    """Lengths (2050, DocNumber 6000), characters 2040, dates 2060 and 2070, ids 2030, numbers."""
    fields.check(change.entity, change.given, fields.CONTENT, change.settings)
    if change.operation not in ("create", "update"):
        return
    # Made of its parts, a name must obey what holds for a whole one.
    shown = lists.shown_name(change.draft) if change.entity in NAMES else ""
    most = change.settings["display_name_most"]
    if len(shown) > most:
        raise Refusal(
            "2050",
            "String length is either shorter or longer than supported by specification. "
            f"Min:0 Max:{most} supplied:{len(shown)}",
            "DisplayName",
        )
    name = change.draft.get("Name", "")
    no_colon = (
        change.entity in ("Class", "Department")
        or change.settings["account_name_colon"] == "refuse"
    )
    if set(shown) & set(":\t\r\n") or (no_colon and set(name) & set(':"\t\r\n')):
        raise Refusal(
            "2040", f"Invalid String. The string contains unsupported characters: {shown or name}"
        )


# -- references ------------------------------------------------------------------------------------
def references(change: "Change") -> None:
    """610 for the object itself, then 2500 or 610 for whatever it refers to."""
    id = change.draft.get("Id")
    if change.operation != "create" and change.stored is None:
        buried = any(t["entity"] == change.entity and t["id"] == id for t in change.company.buried)
        raise Refusal("610", DELETED if buried or change.is_transaction else NOT_THERE, "Id")
    if change.operation in ("create", "update"):
        _references_in(change, change.draft, "")


def _references_in(change: "Change", found: Obj, kind: str) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            if name.endswith("Ref"):
                _one_reference(change, name, value, kind or value.get("type", ""))
            else:
                _references_in(change, value, value.get("Type", "") if name == "Entity" else "")
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    _references_in(change, each, "")


def _one_reference(change: "Change", field: str, ref: Obj, kind: str) -> None:
    company, id = change.company, ref["value"]
    if field == "CurrencyRef":
        if id not in CURRENCIES:
            raise not_found_reference("Currencies", id, field)
        return
    if field == "TaxCodeRef":
        if company.country == "US":
            return  # the pseudo codes are looked at under `business`
        code = company.get("TaxCode", id)
        if code is None:
            raise not_found_reference("TaxCodes", id, field)
        if not code["Active"]:
            raise _inactive(change, "TaxCodes", id, field)
        return
    if change.entity == "Attachable":
        _attached_to(change, ref, kind)
        return
    if field == "ParentRef":
        table, family = change.entity, "Names" if change.entity in NAMES else f"{change.entity}s"
    elif field == "EntityRef":
        table, family = kind, "Names"
    else:
        table, family = REF_LISTS.get(field, ("", f"{field.removesuffix('Ref')}s"))
    target = (
        _named(change, id) if table == "" and family == "Names" else company.table(table).get(id)
    )
    if target is None:
        raise not_found_reference(family, id, field)
    if not target.get("Active", True):
        raise _inactive(change, family, id, field)


def _named(change: "Change", id: str) -> Obj | None:
    # an EntityRef without type: Vendor, Customer and Employee share their ids
    return next((t for t in (change.company.get(name, id) for name in NAMES) if t), None)


def _inactive(change: "Change", family: str, id: str, field: str) -> Refusal:
    wish = change.settings["inactive_reference"]
    if wish == "610" or (wish == "sheet" and family != "Names"):
        return Refusal("610", NOT_THERE, field)
    if wish == "2500":
        return Refusal("2500", NOT_THERE.replace("Object Not Found", "Invalid Reference Id"), field)
    return not_found_reference(family, id, field)


def _attached_to(change: "Change", ref: Obj, kind: str) -> None:
    entities = {name.lower(): name for name in (*TRANSACTIONS, *LISTS)}
    entity = entities.get(kind.lower())
    if entity not in (*TRANSACTIONS, *NAMES):
        raise Refusal("6050", f"Attachment is not supported for this entity : {kind}", "EntityRef")
    if change.company.get(entity, ref["value"]) is None:
        raise Refusal("610", NOT_THERE, "EntityRef")


# -- version, number, period -----------------------------------------------------------------------
def sync_token(change: "Change") -> None:
    """5010 for any SyncToken but the current one."""
    if change.operation == "create" or change.stored is None or change.by_screen:
        return
    sent, now = int(change.draft.get("SyncToken", "0")), int(change.stored["SyncToken"])
    if sent == now or (sent > now and change.settings["newer_sync_token"] == "accept"):
        return
    id = change.stored["Id"]
    other = change.company.flag(change.entity, id).get("as_user") or "another user"
    raise Refusal(
        "5010",
        f"Stale Object Error : You and {other} were working on this at the same time. "
        f"{other} finished before you did, so your work was not saved.",
    )


def duplicate_number(change: "Change") -> None:
    """6140 where the company warns of duplicates: bills of one vendor, all journals, cheques."""
    number = change.draft.get("DocNumber")
    if not number or change.operation not in ("create", "update") or change.by_screen:
        return
    if "allowduplicatedocnum" in change.options or not _watches_numbers(change):
        return
    for other in change.company.numbered(change.entity, number):
        if change.stored is not None and other["Id"] == change.stored["Id"]:
            continue
        per_vendor = change.entity in ("Bill", "VendorCredit")
        if per_vendor and other["VendorRef"]["value"] != change.draft["VendorRef"]["value"]:
            continue
        raise Refusal(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number"
            f" has already been used. DocNumber={number} is assigned to TxnType={change.entity}"
            f" with TxnId={other['Id']}",
        )


def _watches_numbers(change: "Change") -> bool:
    prefs, settings = change.company.prefs, change.settings
    match change.entity:
        case "Bill":
            return bool(prefs["warn_duplicate_bill_number"])
        case "JournalEntry":
            return bool(prefs["warn_duplicate_journal_number"])
        case "VendorCredit":
            return settings["duplicate_credit_number"] == "refuse"
        case "Purchase":
            cheque = change.draft.get("PaymentType") == "Check"
            watched = cheque and prefs["warn_duplicate_check_number"]
            return bool(watched) or settings["duplicate_purchase_number"] == "refuse"
    return False


def closed_period(change: "Change") -> None:
    """6200, or 6210 with a password: the new and the stored date must lie after BookCloseDate."""
    closed = change.company.prefs["book_close_date"]
    if not closed or not change.is_transaction or change.by_screen:
        return
    dates = [change.stored["TxnDate"]] if change.stored else []
    if change.operation in ("create", "update"):
        dates.append(change.txn_date)
    password = change.company.prefs["book_close_password"]
    if not password and change.settings["closed_period_warning"] == "accept":
        return
    if any(day <= closed for day in dates):
        raise Refusal("6210" if password else "6200", PERIOD_CLOSED)


# -- account types ---------------------------------------------------------------------------------
def account_types(change: "Change") -> None:
    """6430 for an account of a type that has no business in its place."""
    if not change.is_transaction or change.operation not in ("create", "update"):
        return
    draft = change.draft
    for line in change.lines:
        detail = line.get(line.get("DetailType", ""), {})
        _forbid(change, detail.get("AccountRef"), NOT_ON_LINES.get(change.entity, ()))
    _demand(change, draft.get("APAccountRef"), ("Accounts Payable",))
    if change.entity == "Purchase":
        cash = (
            ("Bank", "Other Current Asset")
            if change.settings["cash_accounts"] == "both"
            else ("Bank",)
        )
        wanted = {"Check": ("Bank",), "CreditCard": ("Credit Card",), "Cash": cash}
        _demand(change, draft.get("AccountRef"), wanted[draft["PaymentType"]])
    if change.entity == "BillPayment":
        _demand(change, draft.get("CheckPayment", {}).get("BankAccountRef"), ("Bank",))
        _demand(change, draft.get("CreditCardPayment", {}).get("CCAccountRef"), ("Credit Card",))


def _demand(change: "Change", ref: Any, kinds: tuple[str, ...]) -> None:
    account = change.account(ref)
    if account is not None and account["AccountType"] not in kinds:
        raise Refusal("6430", WRONG_TYPE)


def _forbid(change: "Change", ref: Any, kinds: tuple[str, ...]) -> None:
    account = change.account(ref)
    if account is not None and account["AccountType"] in kinds:
        raise Refusal("6430", WRONG_TYPE)


def known_lines(change: "Change") -> None:
    """Line Ids in an update must be the document's own."""
    if change.stored is None or change.settings["unknown_line_id"] == "add":
        return
    known = {line.get("Id") for line in change.stored.get("Line", [])}
    for line in change.lines:
        if "Id" in line and line["Id"] not in known:
            raise bad_property("Line.Id")
