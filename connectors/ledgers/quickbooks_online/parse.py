"""What QuickBooks stored, read into our words: documents, and what a company says of itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.contract.company import Company
from connectors.contract.entry import Kind
from connectors.contract.ledger import Receipt, Stored, StoredLine
from connectors.contract.transport import ContractBroken
from connectors.ledgers.quickbooks_online import shape
from connectors.ledgers.quickbooks_online.kinds import detail_name, kind_of, web_link

_OFFSETS = {"Bill": "APAccountRef", "VendorCredit": "APAccountRef", "Purchase": "AccountRef"}
_PARTIES = {"Bill": "VendorRef", "VendorCredit": "VendorRef", "Purchase": "EntityRef"}
_US = ("US", "USA")
# Types of line that move no money, whatever amount they show.
COMMENTS = ("DescriptionOnly", "SubTotalLineDetail")


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns the stumbling over an answer of another shape than expected into ContractBroken."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as wrong:
        raise ContractBroken(
            f"QuickBooks returned {what} that cannot be read: {type(wrong).__name__} {wrong}"
        ) from wrong


def stored(entity: str, raw: Mapping[str, Any], web_url: str, home_currency: str) -> Stored:
    """A transaction as QuickBooks has it. Raises ContractBroken when it lacks what each one has.

    Amounts are signed as in our entries: the lines of a vendor credit, positive there, are
    negative here; in a journal the posting type decides, its total is the sum of its debits.
    """
    what = f"a {entity} ({raw.get('Id')!r})"
    if place := shape.unreadable(raw):
        raise ContractBroken(f"QuickBooks returned {what} that cannot be read: {place}")
    with readable(what):
        return _stored(entity, raw, web_url, home_currency)


def receipt(document: Stored) -> Receipt:
    return Receipt(document.id, document.number, document.version, document.kind, document.link)


def reference(holder: Mapping[str, Any] | None, name: str) -> str:
    """The id in the reference `name` of `holder`, "" without one."""
    ref = (holder or {}).get(name) or {}
    return str(ref.get("value") or "")


def amount(number: Any) -> Decimal:
    """An amount of an answer, which a database column may have turned into text."""
    result = Decimal(str(number if number not in (None, "") else 0))
    if not result.is_finite():
        raise ValueError(f"{number!r} is not an amount")
    return result


def moment(text: Any) -> datetime | None:
    """A time stamp of QuickBooks (any offset) in UTC, None where there is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _stored(entity: str, raw: Mapping[str, Any], web_url: str, home_currency: str) -> Stored:
    kind, document_id = kind_of(entity, raw), str(raw["Id"])
    lines = _lines(entity, kind, raw)
    number, note = str(raw.get("DocNumber") or ""), str(raw.get("PrivateNote") or "")
    return Stored(
        kind=kind,
        id=document_id,
        number=number,
        version=str(raw["SyncToken"]),
        date=date.fromisoformat(raw["TxnDate"]),
        currency=reference(raw, "CurrencyRef") or home_currency,
        total=_total(entity, kind, raw, lines),
        lines=lines,
        markers=tuple(text for text in (number, note) if text),
        party_id=_party(entity, raw),
        offset_account_id=reference(raw, _OFFSETS.get(entity, "")),
        dimensions={"department": d} if (d := reference(raw, "DepartmentRef")) else {},
        status=_status(entity, raw, note),
        paid=_is_paid(raw),
        linked=_is_linked(raw),
        due_date=day(raw.get("DueDate")),
        edited_at=moment((raw.get("MetaData") or {}).get("LastUpdatedTime")),
        link=web_link(web_url, entity, document_id),
        raw=raw,
    )


def _lines(entity: str, kind: Kind, raw: Mapping[str, Any]) -> tuple[StoredLine, ...]:
    """Lines with an amount; comments and subtotals have none that counts."""
    lines, sign = [], -1 if kind.takes_back else 1
    for line in raw.get("Line") or ():
        detail_type = line.get("DetailType") or ""
        detail = line.get(detail_type) or {}
        if detail_type in COMMENTS or "Amount" not in line:
            continue
        if kind is Kind.JOURNAL:
            sign = -1 if detail.get("PostingType") == "Credit" else 1
        lines.append(
            StoredLine(
                account_id=reference(detail, "AccountRef"),
                amount=sign * amount(line["Amount"]),
                dimensions=_line_dimensions(detail),
                tax_code=reference(detail, "TaxCodeRef"),
                text=str(line.get("Description") or ""),
            )
        )
    return tuple(lines)


def _line_dimensions(detail: Mapping[str, Any]) -> dict[str, str]:
    entity = detail.get("Entity") or {}
    customer = reference(entity, "EntityRef") if entity.get("Type") == "Customer" else ""
    found = {
        "class": reference(detail, "ClassRef"),
        "customer": reference(detail, "CustomerRef") or customer,
        "department": reference(detail, "DepartmentRef"),
    }
    return {name: value for name, value in found.items() if value}


def _total(entity: str, kind: Kind, raw: Mapping[str, Any], lines: Sequence[StoredLine]) -> Decimal:
    if entity == "JournalEntry":
        return sum((line.amount for line in lines if line.amount > 0), Decimal(0))
    if "TotalAmt" not in raw:
        return sum((line.amount for line in lines), Decimal(0))
    return (-1 if kind.takes_back else 1) * amount(raw["TotalAmt"])


def _party(entity: str, raw: Mapping[str, Any]) -> str:
    if entity != "JournalEntry":
        return reference(raw, _PARTIES[entity])
    names = {
        reference(name, "EntityRef")
        for line in raw.get("Line") or ()
        if (name := (line.get(detail_name(entity)) or {}).get("Entity"))
        and name.get("Type") in ("Vendor", "Employee")
    }
    return names.pop() if len(names) == 1 else ""


def _status(entity: str, raw: Mapping[str, Any], note: str) -> str:
    if raw.get("status") == "Deleted":
        return "deleted"
    # Only people can void our kinds, on the screen: amounts become zero, the memo says so. Of a
    # journal the lines tell, for it has no total.
    lines = (line.get("Amount") for line in raw.get("Line") or ())
    amounts = [raw["TotalAmt"]] if "TotalAmt" in raw and entity != "JournalEntry" else lines
    is_void = note.startswith("Voided") and not any(map(amount, amounts))
    return "voided" if is_void else "active"


def _is_paid(raw: Mapping[str, Any]) -> bool:
    is_settled = "Balance" in raw and amount(raw["Balance"]) < amount(raw.get("TotalAmt"))
    return is_settled or any(_is_payment(link) for link in raw.get("LinkedTxn") or ())


def _is_linked(raw: Mapping[str, Any]) -> bool:
    links = [link for link in raw.get("LinkedTxn") or () if not _is_payment(link)]
    for line in raw.get("Line") or ():
        links += line.get("LinkedTxn") or ()
        detail = line.get(line.get("DetailType") or "") or {}
        if detail.get("BillableStatus") == "HasBeenBilled":
            return True
    return bool(links)


def _is_payment(link: Mapping[str, Any]) -> bool:
    return str(link.get("TxnType") or "").startswith("BillPayment")


# --- the company ----------------------------------------------------------------------------------


def closed_through(preferences: Mapping[str, Any]) -> date | None:
    """Through which day the books are closed; None = they are open. Raises ContractBroken."""
    with readable("preferences"):
        return day(_section(preferences, "AccountingInfoPrefs").get("BookCloseDate"))


def company(
    company_id: str,
    info: Mapping[str, Any],
    preferences: Mapping[str, Any],
    tax_codes: Mapping[str, Any],
    as_of: datetime,
) -> Company:
    """What `check` returns. `facts` is what `render` needs, see `facts`. Raises ContractBroken."""
    with readable("a company"):
        known = facts(info, preferences, tax_codes)
    return Company(
        company_id=company_id,
        name=str(info.get("CompanyName") or info.get("LegalName") or company_id),
        home_currency=known["home_currency"],
        country=known["country"],
        has_tax=known["tax"] and not known["usa"],
        is_multicurrency=known["multicurrency"],
        closed_through=closed_through(preferences),
        # The API does not tell as whom we are connected; only administrators can connect at all.
        role="unknown",
        as_of=as_of,
        facts=known,
    )


def facts(
    info: Mapping[str, Any], preferences: Mapping[str, Any], tax_codes: Mapping[str, Any]
) -> dict[str, Any]:
    """Plain JSON: what the company has switched on.

    classes            line | document | off
    duplicate_numbers  whether it warns of duplicate numbers, which the API does not tell
    tax_codes          id -> {name, rates: [{id, percent}]}, the rates for purchases
    """
    accounting = _section(preferences, "AccountingInfoPrefs")
    purchases = _section(preferences, "VendorAndPurchasesPrefs")
    currency = _section(preferences, "CurrencyPrefs")
    country = str(info.get("Country") or (info.get("CompanyAddr") or {}).get("Country") or "")
    classes = "document" if accounting.get("ClassTrackingPerTxn") else "off"
    return {
        "country": country,
        "usa": country.upper() in _US,
        "home_currency": reference(currency, "HomeCurrency"),
        "multicurrency": currency.get("MultiCurrencyEnabled") is True,
        "classes": "line" if accounting.get("ClassTrackingPerTxnLine") else classes,
        "departments": accounting.get("TrackDepartments") is True,
        "dimension_labels": {
            "class": "Class",
            # Companies call it Location, Department, Division, Property, Store or Territory.
            "department": str(accounting.get("DepartmentTerminology") or "Location"),
            "customer": "Customer",
        },
        # Absent on plans where it cannot be switched, and then customers on lines are refused
        # by QuickBooks itself.
        "customers": purchases.get("TrackingByCustomer", True) is True,
        "billable": purchases.get("BillableExpenseTracking") is True,
        "bills": purchases.get("EnableBills", True) is True,
        "account_numbers": accounting.get("UseAccountNumbers") is True,
        "duplicate_numbers": "unknown",
        "tax": _section(preferences, "TaxPrefs").get("UsingSalesTax") is True,
        "tax_codes": dict(tax_codes),
    }


def _section(preferences: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = preferences.get(name)
    return section if isinstance(section, Mapping) else {}
