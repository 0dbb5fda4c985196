"""The query language: a small parser of the documented grammar, and what may be asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from .company import TRANSACTIONS, parsed_moment
from .errors import Refusal

MOST_RESULTS = 1000
_TXN = ("Id", "DocNumber", "TxnDate", "MetaData.CreateTime", "MetaData.LastUpdatedTime")
_LIST = (
    "Id",
    "Name",
    "FullyQualifiedName",
    "Active",
    "ParentRef",
    "MetaData.CreateTime",
    "MetaData.LastUpdatedTime",
)
_NAME = (
    "Id", "DisplayName", "GivenName", "FamilyName", "CompanyName", "Active", "PrimaryEmailAddr",
    "PrintOnCheckName", "FullyQualifiedName", "ParentRef", "Job", "Balance",
    "MetaData.CreateTime", "MetaData.LastUpdatedTime",
)  # fmt: skip
FILTERABLE: dict[str, tuple[str, ...]] = {
    "Bill": (*_TXN, "VendorRef", "APAccountRef", "DueDate", "Balance", "TotalAmt"),
    "Purchase": (*_TXN, "PaymentType", "TotalAmt"),
    "VendorCredit": (*_TXN, "VendorRef", "TotalAmt", "Balance"),
    "JournalEntry": _TXN,
    "BillPayment": (*_TXN, "VendorRef", "TotalAmt"),
    "Vendor": _NAME,
    "Customer": _NAME,
    "Employee": _NAME,
    "Account": (
        *_LIST, "AcctNum", "AccountType", "AccountSubType", "Classification", "CurrentBalance",
        "SubAccount",
    ),
    "Class": _LIST,
    "Department": _LIST,
    "Term": _LIST,
    "TaxCode": (*_LIST, "Description", "Taxable"),
    "TaxRate": _LIST,
    "Attachable": (
        "Id", "FileName", "Note", "ContentType", "AttachableRef.EntityRef.Type",
        "AttachableRef.EntityRef.value", "MetaData.CreateTime", "MetaData.LastUpdatedTime",
    ),
    "CompanyInfo": ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"),
    "Preferences": ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"),
    "ExchangeRate": ("SourceCurrencyCode", "AsOfDate"),
}  # fmt: skip
_NUMBERS = ("Balance", "TotalAmt", "CurrentBalance")
_DAYS = ("TxnDate", "DueDate", "AsOfDate")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),*]))"
)


@dataclass(frozen=True)
class Condition:
    """One `property operator literal`; `wanted` is a list for IN."""

    field: str
    operator: str
    wanted: Any


@dataclass
class Query:
    entity: str
    counts: bool
    conditions: list[Condition]
    order: list[tuple[str, bool]]  # property, descending
    start: int = 1
    most: int | None = None


def unparsable(text: str) -> Refusal:
    return Refusal("4000", f"QueryParserError: {text}")


def invalid(text: str) -> Refusal:
    return Refusal("4001", f"QueryValidationError: {text}")


# -- parsing ---------------------------------------------------------------------------------------
class _Parser:
    def __init__(self, statement: str, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.tokens = list(_tokens(statement))
        self.place = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self.place += 1
        return token

    def word(self, *wanted: str) -> bool:
        """Takes the next word if it is one of `wanted` (any case)."""
        kind, text = self.peek()
        if kind == "word" and text.upper() in wanted:
            self.place += 1
            return True
        return False

    def sign(self, wanted: str) -> bool:
        if self.peek() == ("sign", wanted):
            self.place += 1
            return True
        return False

    def fail(self) -> Refusal:
        kind, text = self.peek()
        shown = "<EOF>" if kind == "end" else text
        return unparsable(f'Encountered "{shown}" at position {self.place + 1}')

    def parse(self) -> Query:
        if not self.word("SELECT"):
            raise self.fail()
        counts = self.selection()
        if not self.word("FROM"):
            raise self.fail()
        kind, name = self.next()
        if kind != "word":
            self.place -= 1
            raise self.fail()
        query = Query(self.entity(name), counts, [], [])
        if self.word("WHERE"):
            query.conditions.append(self.condition(query.entity))
            while self.word("AND"):
                query.conditions.append(self.condition(query.entity))
        self.tail(query)
        if self.peek()[0] != "end":
            raise self.fail()
        return query

    def selection(self) -> bool:
        if self.sign("*"):
            return False
        if self.word("COUNT"):
            if not (self.sign("(") and self.sign("*") and self.sign(")")):
                raise self.fail()
            return True
        while True:  # names are taken, all properties come back anyway
            if self.next()[0] != "word":
                self.place -= 1
                raise self.fail()
            if not self.sign(","):
                return False

    def entity(self, name: str) -> str:
        for known in FILTERABLE:
            same = (
                known == name
                if self.settings["query_entity_case"] == "exact"
                else known.lower() == name.lower()
            )
            if same:
                return known
        raise invalid(f"Invalid context declaration: {name}")

    def field(self, entity: str) -> str:
        kind, name = self.next()
        if kind != "word" or name.upper() in ("NOT", "OR"):
            self.place -= 1
            raise self.fail()
        known = FILTERABLE[entity]
        if entity == "Attachable" and self.settings["attachable_query"] == "own":
            known = tuple(each for each in known if not each.startswith("AttachableRef."))
        if self.settings["private_note_filter"] and entity in TRANSACTIONS:
            known = (*known, "PrivateNote")
        bare = name.removesuffix(".value").removesuffix(".Address")
        for each in known:
            if each.lower() in (name.lower(), bare.lower()):
                return each
        raise invalid(f"property '{name}' is not queryable")

    def condition(self, entity: str) -> Condition:
        field = self.field(entity)
        if self.word("IN"):
            return Condition(field, "IN", self.members(field))
        if self.word("LIKE"):
            return Condition(field, "LIKE", self.literal(field))
        kind, sign = self.next()
        if kind != "sign" or sign not in ("=", "<", ">", "<=", ">="):
            self.place -= 1
            raise self.fail()
        return Condition(field, sign, self.literal(field))

    def members(self, field: str) -> list[Any]:
        if not self.sign("("):
            raise self.fail()
        found = [self.literal(field)]
        while self.sign(","):
            found.append(self.literal(field))
        if not self.sign(")"):
            raise self.fail()
        return found

    def literal(self, field: str) -> Any:
        kind, text = self.next()
        if kind == "text":
            return _typed(field, re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "number":
            return _typed(field, text)
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        self.place -= 1
        raise self.fail()

    def tail(self, query: Query) -> None:
        if self.word("ORDERBY") or (self.word("ORDER") and self.expect("BY")):
            query.order.append(self.ordering(query.entity))
            while self.sign(","):
                query.order.append(self.ordering(query.entity))
        while True:
            if self.word("STARTPOSITION"):
                query.start = self.whole()
            elif self.word("MAXRESULTS"):
                query.most = self.whole()
            else:
                return

    def expect(self, word: str) -> bool:
        if not self.word(word):
            raise self.fail()
        return True

    def ordering(self, entity: str) -> tuple[str, bool]:
        field = self.field(entity)
        if self.word("DESC"):
            return field, True
        self.word("ASC")
        return field, False

    def whole(self) -> int:
        kind, text = self.next()
        if kind != "number" or "." in text:
            self.place -= 1
            raise self.fail()
        return int(text)


def _tokens(statement: str) -> Iterator[tuple[str, str]]:
    place = 0
    statement = statement.strip()
    while place < len(statement):
        found = _TOKEN.match(statement, place)
        if found is None:
            raise unparsable(
                f'Lexical error at column {place + 1}: "{statement[place : place + 12]}"'
            )
        kind = found.lastgroup or ""
        yield kind, found.group(kind)
        place = found.end()


def _typed(field: str, text: str) -> Any:
    """The literal as the property compares."""
    if text == " ":
        return None  # the documented way to write null
    try:
        if field.startswith("MetaData."):
            return parsed_moment(text)
        if field in _NUMBERS:
            return Decimal(text)
        if field in _DAYS:
            return parsed_moment(text).date().isoformat()
    except (ValueError, InvalidOperation):
        raise invalid(f"value '{text}' is not valid for property '{field}'") from None
    if field in ("Active", "Job", "SubAccount", "Taxable") and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def parse(statement: str, settings: dict[str, Any]) -> Query:
    """Refusal 4000 if it isn't the grammar, 4001 if it names what cannot be asked."""
    query = _Parser(statement, settings).parse()
    if query.most is not None and not 0 <= query.most <= MOST_RESULTS:
        raise invalid(f"MAXRESULTS {query.most} is not between 1 and {MOST_RESULTS}")
    if query.start < 1:
        raise invalid(f"STARTPOSITION {query.start} is not 1 or more")
    return query
