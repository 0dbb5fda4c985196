"""The four transaction types of QuickBooks Online that stand behind our five kinds of document."""

from collections.abc import Mapping
from typing import Any

from connectors.contract.entry import Kind

ENTITIES: Mapping[Kind, str] = {
    Kind.BILL: "Bill",
    Kind.EXPENSE: "Purchase",
    Kind.CREDIT: "VendorCredit",
    Kind.CARD_CREDIT: "Purchase",
    Kind.JOURNAL: "JournalEntry",
}
TRANSACTIONS = ("Bill", "Purchase", "VendorCredit", "JournalEntry")

WORDS: Mapping[Kind, str] = {
    Kind.BILL: "bill",
    Kind.EXPENSE: "card charge",
    Kind.CREDIT: "vendor credit",
    Kind.CARD_CREDIT: "card credit",
    Kind.JOURNAL: "journal entry",
}

# Which page of the web application shows the document. The pages of bill, expense and journal are
# known from links that people share; the one of vendor credits is the application's own pattern.
_PAGES = {
    "Bill": "bill",
    "Purchase": "expense",
    "VendorCredit": "vendorcredit",
    "JournalEntry": "journal",
}

_DETAIL = {"JournalEntry": "JournalEntryLineDetail"}


def detail_name(entity: str) -> str:
    """The DetailType of our lines in `entity`; the line's detail object has the same name."""
    return _DETAIL.get(entity, "AccountBasedExpenseLineDetail")


def kind_of(entity: str, raw: Mapping[str, Any]) -> Kind:
    """Our kind of a stored transaction. A refund on a card is a Purchase that says Credit."""
    match entity:
        case "Bill":
            return Kind.BILL
        case "VendorCredit":
            return Kind.CREDIT
        case "JournalEntry":
            return Kind.JOURNAL
        case "Purchase":
            return Kind.CARD_CREDIT if raw.get("Credit") is True else Kind.EXPENSE
    raise ValueError(f"{entity!r} is not a transaction that we know")


def web_link(web_url: str, entity: str, document_id: str) -> str:
    """Where a person sees the document; "" when the connection has no web address.

    `web_url` is the web application's, with or without its closing `/app`.
    """
    base = web_url.rstrip("/").removesuffix("/app")
    return f"{base}/app/{_PAGES[entity]}?txnId={document_id}" if base else ""
