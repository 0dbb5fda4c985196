"""One expense of a report: which of its amounts counts, and what its tags are."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract.report import Expense, Receipt, Tag, Units
from connectors.expensify import values
from connectors.expensify.values import Conventions, Misfit


def expenses(listed: Any, currency: str, conventions: Conventions) -> tuple[Expense, ...]:
    """The expenses of a report in `currency`, in its order. Raises Misfit, naming the place."""
    found, seen = [], set()
    for place, members in enumerate(values.rows(listed, "expenses")):
        try:
            expense = _expense(members, currency, conventions)
            if expense.transaction_id in seen:
                raise Misfit(
                    "expensify.expense.doubled",
                    "transactionID",
                    f"{expense.transaction_id} stands in the report twice",
                )
        except Misfit as misfit:
            path = f"expenses[{place}].{misfit.field}"
            raise Misfit(misfit.code, path, misfit.complaint) from None
        seen.add(expense.transaction_id)
        found.append(expense)
    return tuple(found)


def _expense(members: Mapping[str, Any], currency: str, conventions: Conventions) -> Expense:
    get = members.get
    if not (transaction_id := values.identifier(get("transactionID"), "transactionID")):
        raise Misfit("expensify.id.missing", "transactionID", "is blank")
    amount, original_amount, original_currency = _amounts(members, currency, conventions)
    reimbursable = values.flag(get("reimbursable"), "reimbursable")
    billable = values.flag(get("billable"), "billable")
    has_tax = bool(values.flag(get("hasTax"), "hasTax"))
    return Expense(
        transaction_id=transaction_id,
        amount=amount,
        original_amount=original_amount,
        original_currency=original_currency,
        spent_on=values.day(get("modifiedCreated"), "modifiedCreated")
        or values.day(get("created"), "created"),
        merchant=_edited(members, "modifiedMerchant", "merchant"),
        comment=values.words(get("comment"), "comment"),
        category=values.name(get("category"), "category"),
        category_gl_code=values.name(get("categoryGlCode"), "categoryGlCode"),
        tags=tags(members),
        reimbursable=reimbursable is not False,
        billable=bool(billable),
        has_unknown_flag=reimbursable is None or billable is None,
        expense_type=_expense_type(members),
        rate=values.ratio(get("currencyConversionRate"), "currencyConversionRate") or None,
        posted_on=values.day(get("posted"), "posted"),
        tax_amount=_tax_amount(members, original_currency, conventions) if has_tax else None,
        tax_name=values.name(get("taxName"), "taxName"),
        tax_rate_name=values.name(get("taxRateName"), "taxRateName"),
        tax_rate=values.ratio(get("taxRate"), "taxRate") if has_tax else None,
        tax_code=values.name(get("taxCode"), "taxCode"),
        bank=values.name(get("bank"), "bank"),
        card_id=values.identifier(get("cardID"), "cardID"),
        card_name=values.name(get("cardName"), "cardName"),
        card_number=values.name(get("cardNumber"), "cardNumber"),
        mcc=values.identifier(get("modifiedMCC"), "modifiedMCC")
        or values.identifier(get("mcc"), "mcc"),
        units=_units(values.record(get("units"), "units")),
        receipt=_receipt(values.record(get("receipt"), "receipt")),
        external_id=values.identifier(get("externalID"), "externalID"),
    )


def _amounts(
    members: Mapping[str, Any], currency: str, conventions: Conventions
) -> tuple[Decimal | None, Decimal, str]:
    """(amount in the report's currency, original amount, its currency).

    Expensify's own precedence: converted, else edited, else original; a 0 counts. A foreign
    expense without a converted amount has no amount in the report's currency: it is never taken
    one to one. Whether a converted amount follows a later edit is unknown; the check of the lines
    against the report's total is what would tell.
    """
    original_currency = values.currency(members.get("currency"), "currency")

    def read(key: str, code: str) -> Decimal | None:
        return values.amount(members.get(key), key, code, conventions.scale_of(code))

    converted = read("convertedAmount", currency)
    modified, first = read("modifiedAmount", original_currency), read("amount", original_currency)
    original = modified if modified is not None else first
    if original_currency == currency:
        original = original if original is not None else converted
        effective = converted if converted is not None else original
    else:
        effective = converted
    return effective, values.required(original, "amount"), original_currency


def _tax_amount(members: Mapping[str, Any], currency: str, conventions: Conventions) -> Decimal:
    """The tax inside the original amount, after a user's edits; blank tax is not taken as none."""
    scale = conventions.scale_of(currency)
    edited = values.amount(members.get("modifiedTaxAmount"), "modifiedTaxAmount", currency, scale)
    first = values.amount(members.get("taxAmount"), "taxAmount", currency, scale)
    return values.required(edited if edited is not None else first, "taxAmount")


def _edited(members: Mapping[str, Any], edited: str, original: str) -> str:
    written = values.words(members.get(edited), edited)
    return written if written.strip() else values.words(members.get(original), original)


def _expense_type(members: Mapping[str, Any]) -> str:
    is_distance = values.flag(members.get("isDistance"), "isDistance")
    return values.name(members.get("type"), "type") or ("distance" if is_distance else "")


def _units(members: Mapping[str, Any]) -> Units | None:
    units = Units(
        count=values.name(members.get("count"), "units.count"),
        rate=values.name(members.get("rate"), "units.rate"),
        unit=values.name(members.get("unit"), "units.unit"),
    )
    return units if units.count or units.rate or units.unit else None


def _receipt(members: Mapping[str, Any]) -> Receipt | None:
    receipt = Receipt(
        receipt_id=values.identifier(members.get("receiptID"), "receipt.receiptID"),
        filename=values.words(members.get("filename"), "receipt.filename"),
        url=values.text(members.get("url"), "receipt.url"),
    )
    return receipt if receipt != Receipt("") else None


# --- tags ---------------------------------------------------------------------------------------

_LEVEL_END = re.compile(r"(?<!\\):")


def tags(members: Mapping[str, Any]) -> tuple[Tag, ...]:
    """The levels of an expense's tag: from `ntags`, else `tag` divided at its colons.

    A colon inside a level is written `\\:`. Blank levels are left out, the others keep their
    number. GL codes are divided the same way, and left blank when they are not one per level:
    which level they belong to could only be guessed.
    """
    if levels := values.rows(members.get("ntags"), "ntags"):
        found = (
            Tag(
                level=_level(one.get("level")),
                name=_tag_name(one.get("name"), "ntags.name"),
                gl_code=values.name(one.get("glCode"), "ntags.glCode"),
            )
            for one in levels
        )
        return tuple(tag for tag in found if tag.name)
    names = _LEVEL_END.split(values.text(members.get("tag"), "tag"))
    codes = _LEVEL_END.split(values.text(members.get("tagGlCode"), "tagGlCode"))
    if len(codes) != len(names):
        codes = [""] * len(names)
    return tuple(
        Tag(level, tag_name, values.name(code, "tagGlCode"))
        for level, (written, code) in enumerate(zip(names, codes, strict=True), start=1)
        if (tag_name := _tag_name(written, "tag"))
    )


def _level(written: Any) -> int:
    if isinstance(written, int) and written >= 1:
        return written
    raise Misfit("expensify.shape.unknown", "ntags.level", f"{str(written)[:30]!r} is no level")


def _tag_name(written: Any, place: str) -> str:
    return values.name(written, place).replace("\\:", ":")
