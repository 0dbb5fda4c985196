"""Everything that `build` must know besides the report, as one frozen value read in one go."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from connectors.contract import exact_json, keys
from connectors.contract.abilities import KindAbilities
from connectors.contract.company import Locks
from connectors.contract.entry import Kind, Ref
from mappings.rulebook import ACCOUNT, PARTY, TAX_CODE, Rule, Rulebook, mapped_dimensions
from mappings.terms import Terms

# Names that a ledger keeps beside its vendors: such a party cannot be owed a bill.
NOT_PAYABLE = frozenset({"customer", "employee"})


@dataclass(frozen=True, slots=True)
class Account:
    """A GL account. `id` is our row, `ledger_id` the ledger's; `kind` the ledger's account type."""

    id: int
    ledger_id: str
    name: str
    number: str = ""
    kind: str = ""
    currency: str = ""
    active: bool = True

    @property
    def ref(self) -> Ref:
        return Ref(self.ledger_id, self.name, self.number, self.kind)

    @property
    def label(self) -> str:
        return self.ref.label


@dataclass(frozen=True, slots=True)
class Value:
    """A member of a dimension, under its full name ("Initech:Website")."""

    id: int
    ledger_id: str
    dimension: str
    name: str
    active: bool = True

    @property
    def ref(self) -> Ref:
        return Ref(self.ledger_id, self.name, kind=self.dimension)

    @property
    def label(self) -> str:
        return self.ref.label


@dataclass(frozen=True, slots=True)
class Party:
    """A payee, or somebody else in the ledger who may own a payee's name.

    has_terms: the ledger knows by itself when what is owed to this party is due
    """

    id: int
    ledger_id: str
    name: str
    kind: str = "vendor"
    email: str = ""
    currency: str = ""
    active: bool = True
    has_terms: bool = False

    @property
    def ref(self) -> Ref:
        return Ref(self.ledger_id, self.name, kind=self.kind)

    @property
    def label(self) -> str:
        return self.ref.label

    @property
    def is_payable(self) -> bool:
        return self.kind not in NOT_PAYABLE


@dataclass(frozen=True, slots=True)
class TaxCode:
    """`percent`: the sum of its rates for purchases; None where the ledger doesn't say."""

    id: int
    ledger_id: str
    name: str
    active: bool = True
    percent: Decimal | None = None

    @property
    def ref(self) -> Ref:
        return Ref(self.ledger_id, self.name, kind="tax_code")

    @property
    def label(self) -> str:
        return self.ref.label


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the home currency for one unit of `currency`, in the month that begins on `month`.

    source  where the figure comes from, in the words of the person who entered it
    """

    month: date
    currency: str
    rate: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """The books' owner. `ledger_label` is what people call the product: QuickBooks Online.

    has_tax, is_multicurrency  False also before the ledger told; `Book.read_at` is None then, and
                               nothing is built on it
    """

    ledger: str
    ledger_label: str
    company_id: str
    name: str
    home_currency: str
    has_tax: bool = False
    is_multicurrency: bool = False


@dataclass(frozen=True)
class Book:
    """One flow's rules over one company's chart, as of one moment.

    accounts, values, parties, tax_codes   by our row number
    rates        the rate table of the company, any order
    links        employee's e-mail in lower case -> row of the party, decided by a person
    party_names  employee's e-mail in lower case -> what a person called the vendor to be
    can_create_parties  payees can be entered in this ledger by us
    locks        the ledger's closed spans and our own
    read_at      when the chart was read, aware; None before the first time
    opened_on    the day in the flow's zone on which this book was opened
    """

    terms: Terms
    company: CompanyFacts
    kinds: Mapping[Kind, KindAbilities]
    rules: tuple[Rule, ...] = ()
    accounts: Mapping[int, Account] = field(default_factory=dict)
    values: Mapping[int, Value] = field(default_factory=dict)
    dimension_labels: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[int, Party] = field(default_factory=dict)
    tax_codes: Mapping[int, TaxCode] = field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    links: Mapping[str, int] = field(default_factory=dict)
    party_names: Mapping[str, str] = field(default_factory=dict)
    can_create_parties: bool = False
    locks: Locks = Locks()
    read_at: datetime | None = None
    opened_on: date | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hex hash of all that decides; reading an unchanged chart again leaves it as it is."""
        return keys.content_hash(exact_json.dumps(exact_json.plain(self._deciding())))

    def _deciding(self) -> dict:
        # The day counts only where the flow posts on the day of posting; otherwise every
        # midnight would look like a change of the rules.
        opened_on = self.opened_on if self.terms.date_policy == "posting_day" else None
        names = ("terms", "company", "kinds", "rules", "accounts", "values", "dimension_labels")
        names += ("parties", "tax_codes", "rates", "links", "party_names", "locks")
        return {name: getattr(self, name) for name in names} | {"opened_on": opened_on}

    def member(self, output: str, row: int) -> "Account | Value | Party | TaxCode":
        """What a rule's output names, by our row number."""
        lists = {ACCOUNT: self.accounts, PARTY: self.parties, TAX_CODE: self.tax_codes}
        return lists.get(output, self.values)[row]

    def rate_of(self, currency: str, on: date) -> Rate | None:
        """The rate of the month in which `on` lies."""
        month = on.replace(day=1)
        return next((r for r in self.rates if (r.currency, r.month) == (currency, month)), None)

    def dimension_label(self, name: str) -> str:
        return self.dimension_labels.get(name) or name.replace("_", " ")

    @cached_property
    def rulebook(self) -> Rulebook:
        return Rulebook(self.rules)

    @cached_property
    def mapped_dimensions(self) -> dict[int, frozenset[str]]:
        return mapped_dimensions(self.rules)

    @cached_property
    def payees_by_email(self) -> dict[str, tuple[Party, ...]]:
        """Active payees by e-mail in lower case."""
        return _grouped((p.email.strip().lower(), p) for p in self._payees if p.email.strip())

    @cached_property
    def payees_by_name(self) -> dict[str, tuple[Party, ...]]:
        """Active payees by `same_name`."""
        return _grouped((same_name(party.name), party) for party in self._payees)

    @cached_property
    def linked_to(self) -> dict[int, tuple[str, ...]]:
        """Row of a party -> e-mail of every employee who was linked to it."""
        return _grouped((row, email) for email, row in self.links.items())

    @cached_property
    def retired_payees(self) -> dict[str, Party]:
        """`same_name` -> an inactive payee: ledgers keep the name taken."""
        gone = (p for p in self.parties.values() if p.is_payable and not p.active)
        return {same_name(party.name): party for party in gone}

    @cached_property
    def names_of_others(self) -> dict[str, str]:
        """`same_name` -> "customer" or "employee", for names that a payee cannot take."""
        others = {same_name(p.name): p.kind for p in self.parties.values() if not p.is_payable}
        for value in self.values.values():
            if value.dimension == "customer":
                others.setdefault(same_name(value.name), "customer")
        return others

    @cached_property
    def accounts_by_number(self) -> dict[str, tuple[Account, ...]]:
        """Active accounts by number, accounts without one left out."""
        return _grouped((a.number, a) for a in self.accounts.values() if a.number and a.active)

    @property
    def _payees(self) -> Iterable[Party]:
        return (party for party in self.parties.values() if party.active and party.is_payable)


def same_name(name: str) -> str:
    """The form in which two names count as the same: ledgers ignore case."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _grouped(pairs: Iterable[tuple]) -> dict[str, tuple]:
    groups: dict[str, list] = {}
    for key, member in pairs:
        groups.setdefault(key, []).append(member)
    return {key: tuple(members) for key, members in groups.items()}
