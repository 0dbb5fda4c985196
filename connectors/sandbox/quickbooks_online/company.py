"""One company file: its lists and transactions as stored, ids, versions, times and the log of
changes.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..chassis import Clock, iso

Obj = dict[str, Any]
CENT = Decimal("0.01")
TRANSACTIONS = ("Bill", "VendorCredit", "Purchase", "JournalEntry", "BillPayment")
NAMES = ("Vendor", "Customer", "Employee")  # one name space
LISTS = (*NAMES, "Account", "Class", "Department", "Term", "TaxCode", "TaxRate")
CURRENCIES = {
    "USD": "United States Dollar",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "JPY": "Japanese Yen",
    "AUD": "Australian Dollar",
    "SEK": "Swedish Krona",
    "INR": "Indian Rupee",
}
# Class and Attachable ids have 19 digits; the others are small. Names share one counter.
_LONG_IDS = {"Class": 5000000000000142200, "Attachable": 5000000000000361800}
# Which list a reference points into, and what a fault calls that list.
REF_LISTS = {
    "VendorRef": ("Vendor", "Names"),
    "CustomerRef": ("Customer", "Names"),
    "AccountRef": ("Account", "Accounts"),
    "APAccountRef": ("Account", "Accounts"),
    "BankAccountRef": ("Account", "Accounts"),
    "CCAccountRef": ("Account", "Accounts"),
    "ClassRef": ("Class", "Klasses"),
    "DepartmentRef": ("Department", "Depts"),
    "SalesTermRef": ("Term", "Terms"),
    "TermRef": ("Term", "Terms"),
    "TaxRateRef": ("TaxRate", "TaxRates"),
    "ItemRef": ("Item", "Items"),
    "PaymentMethodRef": ("PaymentMethod", "PaymentMethods"),
}


def _pacific() -> Any:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # a machine without a zone database: winter time all year
        return timezone(timedelta(hours=-8))


PACIFIC = _pacific()


def cents(amount: Decimal | int) -> Decimal:
    """Rounded half up to two decimals."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def printed(number: Decimal | int) -> Decimal:
    """A number as the vendor prints it: no zeros at the end (412.3, 25.0), 0 alone."""
    number = Decimal(number)
    if not number:
        return Decimal(0)
    short = number.normalize()
    return short if short.as_tuple().exponent < 0 else short.quantize(Decimal("0.1"))  # type: ignore[operator]


class Company:
    """`tables[entity][id]` are the objects as answers show them, less the names of references."""

    def __init__(self, clock: Clock, realm: str, name: str, country: str, home: str) -> None:
        self.clock = clock
        self.realm = realm
        self.name = name
        self.country = country
        self.home = home
        self.prefs: dict[str, Any] = {
            "multicurrency": False,
            "class_per_line": True,
            "class_per_document": False,
            "locations": True,
            "book_close_date": None,
            "book_close_password": False,
            "warn_duplicate_bill_number": True,
            "warn_duplicate_journal_number": True,
            "warn_duplicate_check_number": False,
            "billable_expenses": True,
            "projects": True,
            "account_numbers": True,
            "tax": True,
        }
        self.rates: dict[str, dict[str, str]] = {}  # currency -> {day: home units per unit}
        self.tables: dict[str, dict[str, Obj]] = {
            entity: {} for entity in (*TRANSACTIONS, *LISTS, "Attachable")
        }
        self.buried: list[dict[str, Any]] = []  # deleted ones: entity, id, at, object
        self.changed: dict[str, float] = {}  # "Bill 1207" -> epoch seconds of the last change
        self.flags: dict[
            str, dict[str, Any]
        ] = {}  # "Bill 1207" -> matched, voided, as_user, next_line
        self.files: dict[str, str] = {}  # attachable id -> base64
        self.events: list[dict[str, Any]] = []  # for webhooks, not yet delivered
        self.balances: dict[str, Decimal] = {}  # account id -> debit-positive, home currency
        self.replays: dict[str, dict[str, Any]] = {}
        self.last_id: dict[str, int] = {}
        self.prefs_version = 0
        self.names_version = 0
        self.prefs_at = clock.time()
        self._by_number: dict[str, dict[str, None]] = {}  # "Bill EXP-1" -> ids, oldest first
        self._number_of: dict[str, str] = {}  # "Bill 1207" -> "Bill EXP-1"

    # -- time ------------------------------------------------------------------------------------
    def stamp(self) -> str:
        """For MetaData: Pacific offset, whole seconds."""
        return datetime.fromtimestamp(int(self.clock.time()), PACIFIC).isoformat()

    def answered_at(self) -> str:
        """For `time` in answers: Pacific offset, milliseconds."""
        return self.clock.now().astimezone(PACIFIC).isoformat(timespec="milliseconds")

    def today(self) -> str:
        return self.clock.now().astimezone(PACIFIC).date().isoformat()

    # -- store -----------------------------------------------------------------------------------
    def table(self, entity: str) -> dict[str, Obj]:
        return self.tables.get(entity, {})

    def get(self, entity: str, id: str) -> Obj | None:
        return self.table(entity).get(id)

    def new_id(self, entity: str) -> str:
        group = "Txn" if entity in TRANSACTIONS else "Name" if entity in NAMES else entity
        start = _LONG_IDS.get(entity, 1000 if group == "Txn" else 0)
        self.last_id[group] = self.last_id.get(group, start) + 1
        return str(self.last_id[group])

    def insert(self, entity: str, fresh: Obj, as_user: str = "") -> Obj:
        """Store a new object: Id, SyncToken "0", MetaData, domain."""
        now = self.stamp()
        fresh["Id"] = self.new_id(entity)
        fresh |= {"domain": "QBO", "sparse": False, "SyncToken": "0"}
        fresh["MetaData"] = {"CreateTime": now, "LastUpdatedTime": now}
        self.table(entity)[fresh["Id"]] = fresh
        self._touched(entity, fresh["Id"], "created", as_user)
        return fresh

    def bump(self, entity: str, stored: Obj, as_user: str = "", what: str = "updated") -> None:
        """A new version of an object that is already stored."""
        stored["SyncToken"] = str(int(stored["SyncToken"]) + 1)
        stored["MetaData"] = stored["MetaData"] | {"LastUpdatedTime": self.stamp()}
        self._touched(entity, stored["Id"], what, as_user)

    def bury(self, entity: str, stored: Obj, as_user: str = "") -> None:
        """Delete: gone from the tables, remembered as a tombstone."""
        self.table(entity).pop(stored["Id"], None)
        self.buried.append(
            {
                "entity": entity,
                "id": stored["Id"],
                "time": self.stamp(),
                "at": self.clock.time(),
                "object": stored,
            }
        )
        self._touched(entity, stored["Id"], "deleted", as_user)

    def _touched(self, entity: str, id: str, what: str, as_user: str) -> None:
        key = f"{entity} {id}"
        self.changed[key] = self.clock.time()
        self._index(entity, id)
        self.flag(entity, id)["as_user"] = as_user
        if entity in LISTS:
            self.names_version += 1
        self.events.append(
            {"entity": entity, "id": id, "what": what, "time": iso(self.clock.now())}
        )
        if len(self.events) > 10_000:
            del self.events[:5_000]

    def numbered(self, entity: str, number: str) -> list[Obj]:
        """The transactions of one kind with this DocNumber, in any case."""
        ids = self._by_number.get(f"{entity} {number.casefold()}", {})
        return [self.tables[entity][id] for id in ids]

    def _index(self, entity: str, id: str) -> None:
        if entity not in TRANSACTIONS:
            return
        old = self._number_of.pop(f"{entity} {id}", None)
        if old is not None:
            self._by_number[old].pop(id)
        number = self.table(entity).get(id, {}).get("DocNumber")
        if number is not None:
            key = f"{entity} {number.casefold()}"
            self._by_number.setdefault(key, {})[id] = None
            self._number_of[f"{entity} {id}"] = key

    def flag(self, entity: str, id: str) -> dict[str, Any]:
        """Facts about an object that its answer doesn't show."""
        return self.flags.setdefault(f"{entity} {id}", {})

    def find_transaction(self, id: str) -> tuple[str, Obj] | None:
        for entity in TRANSACTIONS:
            if id in self.table(entity):
                return entity, self.table(entity)[id]
        return None

    # -- the books -------------------------------------------------------------------------------
    def book(self, postings: list[tuple[str, Decimal]], sign: int = 1) -> None:
        """Move balances: (account id or "Vendor <id>", debit-positive home amount)."""
        for account, amount in postings:
            self.balances[account] = self.balances.get(account, Decimal(0)) + sign * amount

    def rate(self, currency: str, day: str) -> Decimal:
        """Home units for one unit of `currency` on `day`; KeyError for a currency without rates."""
        if currency == self.home:
            return Decimal(1)
        known = self.rates[currency]
        before = [each for each in known if each <= day]
        return Decimal(known[max(before)] if before else known[min(known)])

    def currency_of(self, stored: Obj) -> str:
        return stored.get("CurrencyRef", {}).get("value", self.home)

    def default_payable(self, currency: str) -> str | None:
        """Id of the first active A/P account in that currency."""
        for id, account in self.table("Account").items():
            is_payable = account["AccountType"] == "Accounts Payable" and account["Active"]
            if is_payable and self.currency_of(account) == currency:
                return id
        return None

    # -- reading ---------------------------------------------------------------------------------
    def shown(self, entity: str, stored: Obj) -> Obj:
        """As an answer prints it: references with the names of today, balances."""
        found = self._named(stored, entity)
        if entity == "Vendor":
            found["Balance"] = printed(-self.balances.get(f"Vendor {stored['Id']}", Decimal(0)))
        if entity == "Account":
            balance = self.balances.get(stored["Id"], Decimal(0))
            if stored["Classification"] in ("Liability", "Equity", "Revenue"):
                balance = -balance
            found["CurrentBalance"] = printed(balance)
            found["CurrentBalanceWithSubAccounts"] = printed(balance)
        return found

    def _named(self, found: Any, entity: str) -> Any:
        shown: Obj = {}
        for name, value in found.items():
            kind = type(value)
            if kind is dict:
                is_ref = name.endswith("Ref") and "value" in value
                shown[name] = (
                    self.reference(name, value, entity) if is_ref else self._named(value, entity)
                )
            elif kind is list:
                shown[name] = [
                    self._named(each, entity) if type(each) is dict else each for each in value
                ]
            else:
                shown[name] = value
        return shown

    def reference(self, field: str, ref: Obj, entity: str) -> Obj:
        """The reference with its name; bill lines name a class in full, purchases in short."""
        name = self.reference_name(field, ref, entity)
        return ref if name is None else ref | {"name": name}

    def reference_name(self, field: str, ref: Obj, entity: str) -> str | None:
        if field == "CurrencyRef":
            return CURRENCIES.get(ref["value"], ref["value"])
        if field == "TaxCodeRef":
            return None
        if field == "ParentRef":
            table = entity
        elif field == "EntityRef":
            table = ref.get("type", "")
        else:
            table = REF_LISTS.get(field, ("", ""))[0]
        target = self.tables.get(table, {}).get(ref["value"])
        if target is None:
            return None
        if field == "ClassRef" and entity != "Bill":
            return target["Name"]
        return target.get("FullyQualifiedName") or target.get("DisplayName") or target.get("Name")

    def change_preferences(self, changes: dict[str, Any]) -> None:
        """KeyError for a name that isn't a preference."""
        for name in changes:
            if name not in self.prefs:
                raise KeyError(name)
        self.prefs.update(changes)
        self.prefs_version += 1
        self.prefs_at = self.clock.time()
        self.events.append(
            {"entity": "Preferences", "id": "1", "what": "updated", "time": iso(self.clock.now())}
        )

    # -- state -----------------------------------------------------------------------------------
    _KEPT = (
        "prefs", "rates", "tables", "buried", "changed", "flags", "files", "events", "balances",
        "replays", "last_id", "prefs_version", "names_version", "prefs_at",
    )  # fmt: skip

    def dump(self) -> dict[str, Any]:
        head = {n: getattr(self, n) for n in ("realm", "name", "country", "home")}
        return head | {name: getattr(self, name) for name in self._KEPT}

    @classmethod
    def load(cls, clock: Clock, kept: dict[str, Any]) -> "Company":
        company = cls(clock, kept["realm"], kept["name"], kept["country"], kept["home"])
        for name in cls._KEPT:
            setattr(company, name, kept[name])
        for entity in TRANSACTIONS:
            for id in company.table(entity):
                company._index(entity, id)
        return company


def parsed_moment(text: str) -> datetime:
    """A date or date-time of a query or changedSince, aware; without an offset it is Pacific."""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)


def days_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def utc_epoch(text: str) -> float:
    return parsed_moment(text).astimezone(UTC).timestamp()
