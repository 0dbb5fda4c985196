"""Whatever we render, the strict sandbox stores exactly so, and any change of it is seen."""

import itertools
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import DimensionRef, Entry, Kind, Line, Ref, Role
from connectors.contract.ledger import Payload, Posted, Stored
from connectors.ledgers.quickbooks_online import parse
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from connectors.sandbox.main import Running
from tests.ledgers.quickbooks_online_company import REALM
from tests.ledgers.test_quickbooks_online_live import Desk, control, key

UK, EUROPE = "9341450000000002", "9341450000000003"
# company -> (home currency, codes for purchases with their rate,
#             currency -> payable, card, payees)
COMPANIES: dict[str, tuple[str, tuple[str, ...], dict[str, tuple[str, str, tuple[str, ...]]]]] = {
    REALM: ("USD", (), {"USD": ("2000", "2110", ("Ben Ito", "Jo Wei 魏"))}),
    UK: (
        "GBP",
        ("20.0% S", "5.0% R", "0.0% Z", "Exempt", "No VAT"),
        {"GBP": ("2000", "2110", ("Priya Shah", "Oliver Grant"))},
    ),
    EUROPE: (
        "EUR",
        ("19% VSt", "7% VSt", "0%", "Keine USt"),
        {
            "EUR": ("2000", "2110", ("Emma Larsen", "Jürgen Weiß")),
            "USD": ("2051", "2120", ("Hugo Silva",)),
        },
    ),
}
# Expense, asset, liability, income: whatever a line of every kind may use.
ACCOUNTS = ("6100", "6110", "6120", "6130", "5100", "1500", "1320", "2190", "4000")
BILLABLE = ("Expense", "Cost of Goods Sold")
numbers = itertools.count(1)


class Firm:
    """One company of the running sandbox and its lists by name."""

    def __init__(self, running: Running, realm: str) -> None:
        self.home, self.codes, self.currencies = COMPANIES[realm]
        self.desk = Desk(running.url, realm, self.home)
        self.desk.control("settings", {"limits": False})
        self.tax_codes = {
            row.name: (Ref(row.id, row.name, kind="tax_code"), row.facts.get("purchase_percents"))
            for row in self.desk.rows
            if row.list_name == "tax_code"
        }
        self.classes, self.departments, self.customers = (
            [
                DimensionRef(name, Ref(row.id, row.name))
                for row in self.desk.rows
                if row.list_name == name and row.active
            ]
            for name in ("class", "department", "customer")
        )

    @cache  # noqa: B019 (one firm a company)
    def account(self, number: str) -> Ref:
        return self.desk.account(number)

    def sandbox_has(self, document_id: str, realm: str) -> dict[str, Any]:
        """The document as the sandbox's books have it: what the verb answers that changes least."""
        order = {"action": "unmatch", "company": realm}
        return control(self.desk.url, f"quickbooks_online/documents/{document_id}", order)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    sandbox = Running(port=0, seed=11)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module", params=list(COMPANIES), ids=["US", "UK", "Europe"])
def firm(running: Running, request: pytest.FixtureRequest) -> tuple[Firm, str]:
    return Firm(running, request.param), request.param


# --- any entry ------------------------------------------------------------------------------------

cents = st.integers(-50_000, 120_000).map(lambda amount: Decimal(amount) / 100)
texts = st.text(max_size=40) | st.sampled_from(
    ["Taxi 🚕 nach Köln", "two\nlines", "tab\tand \x07bell", " blank ", "'quoted' \\ \"twice\"", ""]
)
memos = texts | st.builds(str.__mul__, st.sampled_from(["x", "🚕", "é "]), st.integers(1950, 4100))


@st.composite
def entries(draw: st.DrawFn, firm: Firm, kind: Kind | None = None, like: Entry | None = None):
    """Any entry that this company can hold; `like` keeps what an amend cannot change."""
    kind = kind or draw(st.sampled_from(list(Kind)))
    currency = like.currency if like else draw(st.sampled_from(sorted(firm.currencies)))
    payable, card, payees = firm.currencies[currency]
    is_taxed = kind is not Kind.JOURNAL and bool(firm.codes) and draw(st.booleans())
    lines = [
        one
        for number in range(draw(st.integers(1, 5)))
        for one in draw(_expenses(firm, kind, is_taxed, str(number)))
    ]
    if kind is not Kind.JOURNAL:
        sign = -1 if kind.takes_back else 1
        if sign * sum((line.amount for line in lines), Decimal(0)) < 0:
            lines = [replace(line, amount=-line.amount) for line in lines]
    total = sum((line.amount for line in lines), Decimal(0))
    number = card if kind in (Kind.EXPENSE, Kind.CARD_CREDIT) else payable
    party = firm.desk.party(draw(st.sampled_from(payees)))
    lines.append(Line(firm.account(number), -total, role=Role.OFFSET, text=draw(texts)))
    on = date(2026, 10, 1) + timedelta(days=draw(st.integers(0, 31)))
    due = on + timedelta(days=draw(st.integers(0, 60))) if draw(st.booleans()) else None
    department = draw(st.none() | st.sampled_from(firm.departments))
    rate = Decimal(draw(st.integers(50_000, 150_000))) / 100_000
    return Entry(
        kind=kind,
        report_id=like.report_id if like else f"R{next(numbers):011}",
        slice_name=like.slice_name if like else "all",
        date=on,
        currency=currency,
        lines=tuple(lines),
        party=like.party if like else party,
        due_date=due if kind is Kind.BILL else None,
        memo=draw(memos),
        dimensions=(department,) if department and kind is not Kind.JOURNAL else (),
        rate=rate if currency != firm.home and draw(st.booleans()) else None,
    )


@st.composite
def _expenses(draw: st.DrawFn, firm: Firm, kind: Kind, is_taxed: bool, transaction: str):
    """An expense line, and beside it the tax of its receipt, whatever the rate would give."""
    account, amount = firm.account(draw(st.sampled_from(ACCOUNTS))), draw(cents)
    chosen = [draw(st.none() | st.sampled_from(ones)) for ones in (firm.classes, firm.customers)]
    if kind is Kind.JOURNAL:
        chosen.append(draw(st.none() | st.sampled_from(firm.departments)))
    dimensions = tuple(one for one in chosen if one is not None)
    has_customer = any(one.dimension == "customer" for one in dimensions)
    can_bill = has_customer and account.kind in BILLABLE and not kind.takes_back
    code, percent = firm.tax_codes[draw(st.sampled_from(firm.codes))] if is_taxed else (None, None)
    yield_lines = [
        Line(
            account,
            amount,
            text=draw(texts),
            dimensions=dimensions,
            transaction_id=transaction,
            tax_code=code,
            billable=can_bill and draw(st.booleans()),
        )
    ]
    if percent:
        most = int(abs(amount) * 40)
        tax = Decimal(draw(st.integers(0, most))) / 100 * (-1 if amount < 0 else 1)
        account = Ref("", f"Tax {code.label}", kind="tax")
        yield_lines.append(
            Line(account, tax, role=Role.TAX, transaction_id=transaction, tax_code=code)
        )
    return yield_lines


# --- what must be so ------------------------------------------------------------------------------


def rendered(firm: Firm, made: Entry, current: Stored | None = None) -> Payload:
    sent = firm.desk.ledger.render(made, key(made), firm.desk.company.facts, current)
    assert isinstance(sent, Payload), [str(problem) for problem in sent]
    return sent


def stands(firm: Firm, realm: str, made: Entry, sent: Payload, outcome: Any) -> Stored:
    """The document is there as it was meant: by our reading, and by the sandbox's own books."""
    assert isinstance(outcome, Posted), outcome
    ledger = firm.desk.ledger
    (stored,) = ledger.read([outcome.receipt]).values()
    assert ledger.differences(sent, outcome.stored) == ()
    assert ledger.differences(sent, stored) == ()
    is_journal = made.kind is Kind.JOURNAL
    meant = made.lines if is_journal else made.role(Role.EXPENSE)
    assert [(line.account_id, line.amount) for line in stored.lines] == [
        (line.account.id, line.amount) for line in meant
    ]
    assert (stored.currency, stored.date) == (made.currency, made.date)
    theirs = firm.sandbox_has(stored.id, realm)
    assert [Decimal(line["amount"]) for line in theirs["lines"]] == [line.amount for line in meant]
    assert [line["account"] for line in theirs["lines"]] == [line.account.label for line in meant]
    if not is_journal:
        tax = sum((line.amount for line in made.role(Role.TAX)), Decimal(0))
        assert Decimal(theirs["total"]) == stored.total == made.total
        assert Decimal(theirs["tax"]) == tax
        assert theirs["credit_account"] == made.role(Role.OFFSET)[0].account.label
    if made.rate is not None and made.currency != firm.home:
        assert Decimal(theirs["rate"]) == made.rate
    return stored


@given(data=st.data())
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_rendered_is_stored_as_it_was_meant_and_amended_to_it(firm, data):
    """Every kind, company and currency; then the same document becomes any other entry."""
    one, realm = firm
    made = data.draw(st.lists(entries(one), min_size=1, max_size=4))
    sent = [rendered(one, each) for each in made]
    outcomes = one.desk.ledger.post(one.desk.call(*sent))
    for each, payload in zip(made, sent, strict=True):
        stored = stands(one, realm, each, payload, outcomes[payload.marker])
        changed = data.draw(entries(one, each.kind, each))
        amend = rendered(one, changed, stored)
        assert amend.document_id == stored.id
        outcome = one.desk.ledger.post(one.desk.call(amend))[amend.marker]
        stands(one, realm, changed, amend, outcome)


# --- any single change is seen --------------------------------------------------------------------


def changes(raw: dict[str, Any], sent: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field of ours, changed, added or taken away on its own."""
    other = {"value": "987654"}
    header = {"TxnDate": "2027-01-01", "DocNumber": "1187", "PrivateNote": "typed over"}
    header |= {"CurrencyRef": {"value": "SEK"}, "DepartmentRef": other}
    for name in ("VendorRef", "EntityRef", "AccountRef", "APAccountRef"):
        header |= {name: other} if name in sent else {}
    for name, value in (("DueDate", "2027-02-02"), ("ExchangeRate", Decimal("9.9"))):
        header |= {name: value} if name in sent else {}
    if "PaymentType" in sent:
        header |= {"PaymentType": "Cash", "Credit": not raw["Credit"]}
    if "GlobalTaxCalculation" in sent:
        header["GlobalTaxCalculation"] = "TaxInclusive"
    for name, value in header.items():
        yield name, raw | {name: value}
    inside = raw["PrivateNote"].replace(" mlc:", "! mlc:") if " mlc:" in raw["PrivateNote"] else ""
    if inside:
        yield "memo", raw | {"PrivateNote": inside}
    if "DepartmentRef" in raw:
        yield "no department", {k: v for k, v in raw.items() if k != "DepartmentRef"}
    yield "a line less", raw | {"Line": raw["Line"][1:]}
    yield "a line more", raw | {"Line": [*raw["Line"], raw["Line"][0]]}
    for place in range(len((raw.get("TxnTaxDetail") or {}).get("TaxLine") or ())):
        fresh = deepcopy(raw)
        fresh["TxnTaxDetail"]["TaxLine"][place]["Amount"] += Decimal("0.01")
        yield f"tax {place}", fresh
    for place in range(len(raw["Line"])):
        yield from _line_changes(raw, place, other)


def _line_changes(raw: dict[str, Any], place: int, other: dict[str, str]):
    detail_type = raw["Line"][place]["DetailType"]
    is_journal = detail_type == "JournalEntryLineDetail"
    for name, value in (("Amount", Decimal("77.77")), ("Description", "Limousine")):
        fresh = deepcopy(raw)
        fresh["Line"][place][name] = value
        yield f"line {place} {name}", fresh
    names = {"AccountRef", "ClassRef", "TaxCodeRef"}
    names |= {"DepartmentRef"} if is_journal else {"CustomerRef"}
    detail = raw["Line"][place][detail_type]
    flipped = {"Debit": "Credit", "Credit": "Debit"}
    edits = dict.fromkeys(names, other)
    if is_journal:
        edits |= {"PostingType": flipped[detail["PostingType"]]}
        edits |= {"Entity": {"Type": "Vendor", "EntityRef": other}}
    billed = "NotBillable" if detail.get("BillableStatus") == "Billable" else "Billable"
    taken = names & set(detail)
    if detail.get("TaxCodeRef") == {"value": "NON"}:
        taken.discard("TaxCodeRef")  # QuickBooks' own
    for name, value in (*edits.items(), ("BillableStatus", billed), *((n, None) for n in taken)):
        fresh = deepcopy(raw)
        fresh["Line"][place][detail_type][name] = value
        yield f"line {place} {name} {value}", fresh


@given(data=st.data())
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_single_change_of_what_we_wrote_is_a_difference(firm, data):
    one, _ = firm
    made = data.draw(entries(one))
    sent = rendered(one, made)
    outcome = one.desk.ledger.post(one.desk.call(sent))[sent.marker]
    assert isinstance(outcome, Posted), outcome
    for name, raw in changes(dict(outcome.stored.raw), exact_json.loads(sent.body)):
        stored = parse.stored(ENTITIES[made.kind], raw, "", one.home)
        assert one.desk.ledger.differences(sent, stored), name
