"""Our fields of a document, ours against theirs: asked after each post and before each amend."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import exact_json
from connectors.contract.ledger import Difference, Op, Payload, Stored
from connectors.ledgers.quickbooks_online import texts
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, detail_name
from connectors.ledgers.quickbooks_online.parse import COMMENTS, amount, reference

# Ours only where we sent them: QuickBooks fills them in by its own defaults otherwise.
_IF_SENT = {"due_date": "DueDate"}
_REFS_IF_SENT = {"payable_account": "APAccountRef"}
# Compared where both say something: QuickBooks need not repeat it.
_IF_SAID = {"payment_type": "PaymentType", "tax_calculation": "GlobalTaxCalculation"}
# Ours in any case: where we sent none, none may stand there.
_REFS = {
    "party": "VendorRef",
    "payee": "EntityRef",
    "account": "AccountRef",
    "department": "DepartmentRef",
}
_LINE_REFS = {
    "account": "AccountRef",
    "class": "ClassRef",
    "customer": "CustomerRef",
    "department": "DepartmentRef",
    "tax_code": "TaxCodeRef",
}
# QuickBooks puts this code on each line of a company in the United States by itself.
_NO_TAX = "NON"
# A rate may be stored with fewer decimals than were sent, but not with fewer than these.
_RATE_DECIMALS = 4


def differences(payload: Payload, stored: Stored) -> tuple[Difference, ...]:
    """Where the stored document is not what the payload says; () = as sent."""
    if payload.op is Op.CANCEL:
        still = stored.status in ("active", "draft")
        return (Difference("status", "deleted", stored.status),) if still else ()
    ours, theirs = exact_json.loads(payload.body), stored.raw
    found = [] if stored.status == "active" else [Difference("status", "active", stored.status)]
    found += _header(payload, ours, theirs)
    found += _money(ours, stored)
    return (*found, *_lines(ENTITIES[payload.kind], ours, theirs))


def _header(
    payload: Payload, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[Difference]:
    yield from _text("date", ours.get("TxnDate"), theirs.get("TxnDate"))
    yield from _text("number", ours.get("DocNumber"), theirs.get("DocNumber"))
    note = str(theirs.get("PrivateNote") or "")
    if not texts.carries(theirs, payload.marker):
        yield Difference("marker", texts.marker_text(payload.marker), note)
    elif not texts.keeps(note, sent_note := str(ours.get("PrivateNote") or "")):
        yield Difference("memo", sent_note, note)
    for name, field in _IF_SENT.items():
        if field in ours:
            yield from _text(name, ours[field], theirs.get(field))
    for name, field in _IF_SAID.items():
        if field in ours and field in theirs:
            yield from _text(name, ours[field], theirs[field])
    for name, field in _REFS_IF_SENT.items():
        if field in ours:
            yield from _ref(name, field, ours, theirs)
    for name, field in _REFS.items():
        yield from _ref(name, field, ours, theirs)
    if bool(ours.get("Credit")) is not bool(theirs.get("Credit")):
        yield Difference("credit", str(bool(ours.get("Credit"))), str(bool(theirs.get("Credit"))))
    if "TotalAmt" in theirs and payload.kind.value != "journal":
        yield from _amount("total", total_sent(ours), theirs["TotalAmt"])


def _money(ours: Mapping[str, Any], stored: Stored) -> Iterator[Difference]:
    """Currency, rate and tax: the same figures mean other money where one of them differs."""
    # A company with a single currency may leave it unsaid; then it is in that one.
    sent = reference(ours, "CurrencyRef")
    if sent and stored.currency and sent != stored.currency:
        yield Difference("currency", sent, stored.currency)
    if "ExchangeRate" in ours:
        rate, theirs = amount(ours["ExchangeRate"]), amount(stored.raw.get("ExchangeRate"))
        decimals = max(_RATE_DECIMALS, -theirs.as_tuple().exponent)
        if abs(rate - theirs) * 2 > Decimal(1).scaleb(-decimals):
            yield Difference("exchange_rate", f"{rate:f}", f"{theirs:f}")
    our_tax, their_tax = _tax_by_rate(ours), _tax_by_rate(stored.raw)
    for rate_id in sorted({*our_tax, *their_tax} if "TxnTaxDetail" in ours else ()):
        yield from _amount(f"tax.{rate_id}", our_tax.get(rate_id), their_tax.get(rate_id))


def _tax_by_rate(document: Mapping[str, Any]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in (document.get("TxnTaxDetail") or {}).get("TaxLine") or ():
        rate_id = reference(line.get("TaxLineDetail"), "TaxRateRef")
        sums[rate_id] = sums.get(rate_id, Decimal(0)) + amount(line.get("Amount"))
    return sums


def _lines(entity: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Difference]:
    sent, kept = _counted(ours), _counted(theirs)
    if len(sent) != len(kept):
        yield Difference("lines", str(len(sent)), str(len(kept)))
    for place, (our, their) in enumerate(zip(sent, kept, strict=False)):
        yield from _line(f"lines[{place}]", detail_name(entity), our, their)


def _line(
    place: str, name: str, our: Mapping[str, Any], their: Mapping[str, Any]
) -> Iterator[Difference]:
    our_detail, their_detail = our.get(name) or {}, their.get(name) or {}
    yield from _amount(f"{place}.amount", our.get("Amount"), their.get("Amount"))
    yield from _text(f"{place}.description", _description(our), _description(their))
    yield from _text(
        f"{place}.side", our_detail.get("PostingType"), their_detail.get("PostingType")
    )
    for field_name, field in _LINE_REFS.items():
        is_default = field == "TaxCodeRef" and reference(their_detail, field) == _NO_TAX
        if not (is_default and field not in our_detail):
            yield from _ref(f"{place}.{field_name}", field, our_detail, their_detail)
    yield from _ref(
        f"{place}.name", "EntityRef", our_detail.get("Entity"), their_detail.get("Entity")
    )
    sent, kept = _is_billable(our_detail), _is_billable(their_detail)
    if sent is not kept:
        yield Difference(f"{place}.billable", str(sent), str(kept))


def _counted(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Lines that move money: people's comments among them are not ours to judge."""
    return [
        line
        for line in document.get("Line") or ()
        if "Amount" in line and line.get("DetailType") not in COMMENTS
    ]


def total_sent(ours: Mapping[str, Any]) -> Decimal:
    """What QuickBooks will show as the total of the document with this body."""
    tax = (ours.get("TxnTaxDetail") or {}).get("TotalTax")
    return sum((amount(line["Amount"]) for line in _counted(ours)), amount(tax))


def _description(line: Mapping[str, Any]) -> str:
    # Whether links are wanted, and where a receipt lies, are no facts of the books.
    return texts.without_link(str(line.get("Description") or ""))


def _is_billable(detail: Mapping[str, Any]) -> bool:
    return detail.get("BillableStatus") in ("Billable", "HasBeenBilled")


def _text(name: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    # Blanks at the ends and the kind of line break do not survive storing.
    ours, theirs = ("\n".join(str(t or "").split("\r\n")).strip() for t in (ours, theirs))
    if ours != theirs:
        yield Difference(name, ours, theirs)


def _amount(name: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    if amount(ours) != amount(theirs):
        yield Difference(name, str(amount(ours)), str(amount(theirs)))


def _ref(
    name: str, field: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None
) -> Iterator[Difference]:
    ours, theirs = ours or {}, theirs or {}
    if reference(ours, field) != reference(theirs, field):
        yield Difference(name, _shown(ours.get(field)), _shown(theirs.get(field)))


def _shown(ref: Mapping[str, Any] | None) -> str:
    """A reference as people know it where QuickBooks names it, its id otherwise."""
    return str((ref or {}).get("name") or (ref or {}).get("value") or "")
