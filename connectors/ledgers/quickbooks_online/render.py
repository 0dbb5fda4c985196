"""From an entry to the transaction that QuickBooks stores, or to what a person must change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import exact_json
from connectors.contract.entry import Entry, Kind, Line, Ref, Role
from connectors.contract.keys import Marker
from connectors.contract.ledger import Cut, Op, Payload, Stored
from connectors.contract.money import quantum
from connectors.contract.problem import Problems
from connectors.ledgers.quickbooks_online import amend, limits, tax, texts
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, detail_name

_ENTITY_TYPES = {"vendor": "Vendor", "customer": "Customer", "employee": "Employee"}


def render(
    entry: Entry, marker: Marker, facts: Mapping[str, Any], current: Stored | None = None
) -> Payload | Problems:
    """The payload of a post, or with `current` of its amend. Pure; see the protocol."""
    if problems := limits.problems(entry, facts):
        return problems
    ours, cuts = _body(entry, marker, facts)
    if current is None:
        body, document_id, version = ours, "", ""
    else:
        if problems := amend.problems(entry, current):
            return problems
        note, note_cuts = texts.note(entry.memo, marker, texts.written_around(current.raw, marker))
        cuts = (*(cut for cut in cuts if cut.field != "memo"), *note_cuts)
        body = amend.merged(ours | {"PrivateNote": note}, current)
        document_id, version = current.id, current.version
    return Payload(
        kind=entry.kind,
        op=Op.AMEND if current else Op.POST,
        marker=marker,
        body=exact_json.dumps(body),
        number=ours["DocNumber"],
        document_id=document_id,
        version=version,
        cuts=cuts,
    )


def _body(
    entry: Entry, marker: Marker, facts: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Cut, ...]]:
    note, note_cuts = texts.note(entry.memo, marker)
    lines, line_cuts = _lines(entry)
    body: dict[str, Any] = {
        "DocNumber": texts.number(entry, marker),
        "TxnDate": entry.date,
        # Said by every document. With multicurrency, which somebody may have switched on since the
        # facts were read, leaving it out means the vendor's, whatever the report says.
        "CurrencyRef": {"value": entry.currency},
        "PrivateNote": note,
        "Line": lines,
        **_header(entry),
        **tax.fields(entry, facts, _sign(entry)),
    }
    if department := entry.header_dimension("department"):
        body["DepartmentRef"] = _ref(department)
    # Home units per unit of the report's currency, which is QuickBooks' own direction. Without a
    # rate of the flow QuickBooks takes its own for the date.
    is_foreign = facts.get("multicurrency") and entry.currency != facts.get("home_currency")
    if entry.rate is not None and is_foreign:
        body["ExchangeRate"] = entry.rate
    return body, note_cuts + line_cuts + tax.left_out(entry)


def _header(entry: Entry) -> dict[str, Any]:
    if entry.kind is Kind.JOURNAL:
        return {}
    offset = entry.role(Role.OFFSET)[0]
    if entry.kind in (Kind.BILL, Kind.CREDIT):
        header = {"VendorRef": _ref(entry.party), "APAccountRef": _ref(offset.account)}
        if entry.kind is Kind.BILL and entry.due_date:
            header["DueDate"] = entry.due_date
        return header
    header = {
        "PaymentType": "CreditCard",
        "AccountRef": _ref(offset.account),
        "Credit": entry.kind is Kind.CARD_CREDIT,
    }
    if entry.party:
        header["EntityRef"] = _ref(entry.party) | {"type": _entity_type(entry.party)}
    return header


def _lines(entry: Entry) -> tuple[list[dict[str, Any]], tuple[Cut, ...]]:
    """Every expense line, for a journal the credit side too, in the entry's order."""
    lines, cuts = [], ()
    for place, line in enumerate(entry.lines):
        if entry.kind is Kind.JOURNAL:
            detail, amount = _journal_detail(entry, line), abs(line.amount)
        elif line.role is Role.EXPENSE:
            detail = _expense_detail(entry, line)
            amount = _sign(entry) * tax.net(entry, line)
        else:
            continue
        name = detail_name(ENTITIES[entry.kind])
        rendered = {"Amount": _money(amount, entry.currency), "DetailType": name, name: detail}
        text, cut = texts.fitted(f"lines[{place}].text", line.text)
        if text := texts.with_link(text, line.receipt_url):
            rendered["Description"] = text
        lines.append(rendered)
        cuts += cut
    return lines, cuts


def _expense_detail(entry: Entry, line: Line) -> dict[str, Any]:
    detail: dict[str, Any] = {"AccountRef": _ref(line.account)}
    if (value := line.dimension("class")) is not None:
        detail["ClassRef"] = _ref(value)
    if (value := line.dimension("customer")) is not None:
        detail["CustomerRef"] = _ref(value)
    if line.tax_code:
        detail["TaxCodeRef"] = _ref(line.tax_code)
    return detail | _billable(entry, line)


def _journal_detail(entry: Entry, line: Line) -> dict[str, Any]:
    # A journal has no negative amounts: the side says it. Zero stands on the side of its role.
    is_credit = line.amount < 0 or (not line.amount and line.role is Role.OFFSET)
    detail: dict[str, Any] = {
        "AccountRef": _ref(line.account),
        "PostingType": "Credit" if is_credit else "Debit",
    }
    for dimension, field in (("class", "ClassRef"), ("department", "DepartmentRef")):
        if (value := line.dimension(dimension)) is not None:
            detail[field] = _ref(value)
    if name := _journal_name(entry, line):
        detail["Entity"] = name
    return detail | _billable(entry, line)


def _journal_name(entry: Entry, line: Line) -> dict[str, Any] | None:
    """The one name of a journal line: its customer, or else its party."""
    customer, party = line.dimension("customer"), limits.named(entry, line)
    if customer:
        return {"Type": "Customer", "EntityRef": _ref(customer)}
    return {"Type": _entity_type(party), "EntityRef": _ref(party)} if party else None


def _billable(entry: Entry, line: Line) -> dict[str, str]:
    # Even "NotBillable" is refused on accounts that are not expenses, so silence means no.
    is_carried = line.billable and ABILITIES.kinds[entry.kind].carries_billable
    return {"BillableStatus": "Billable"} if is_carried else {}


def _entity_type(party: Ref) -> str:
    return _ENTITY_TYPES.get(party.kind, "Vendor")


def _ref(member: Ref) -> dict[str, str]:
    return {"value": member.id}


def _sign(entry: Entry) -> int:
    """Credits have negative expense lines in the entry and positive ones in QuickBooks."""
    return -1 if entry.kind.takes_back else 1


def _money(amount: Decimal, currency: str) -> Decimal:
    # Adding zero turns -0.00 into 0.00.
    return amount.quantize(quantum(currency)) + Decimal(0)
