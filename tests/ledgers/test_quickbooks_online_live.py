"""The adapter against the sandbox over real HTTP: two readings of the same vendor must agree."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract.company import ChartRow, Company
from connectors.contract.entry import DimensionRef, Entry, Kind, Ref
from connectors.contract.keys import marker
from connectors.contract.ledger import (
    Absent,
    Connection,
    Found,
    Gone,
    InDoubt,
    Payload,
    Posted,
    Refused,
    Sought,
)
from connectors.contract.transport import Blocked, Throttled, Unauthorised
from connectors.http import HttpTransport
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline, open_ledger
from connectors.sandbox.main import Running
from tests.ledgers.quickbooks_online_company import REALM, entry, expense, offset

DAY = date(2026, 10, 20)


class Desk:
    """One connected company of a running sandbox: its ledger, its lists, its control verbs."""

    def __init__(self, url: str, realm: str = REALM, home: str = "USD") -> None:
        self.url = url
        token = self.control("tokens", {"company": realm})["access_token"]
        transport = HttpTransport(
            f"{url}/quickbooks_online",
            guard=lambda: None,
            authorise=lambda: {"Authorization": f"Bearer {token}"},
        )
        connection = Connection(realm, f"{url}/quickbooks_online/app", {"home_currency": home})
        self.ledger: QuickBooksOnline = open_ledger(connection, transport)
        self.company: Company = self.ledger.check()
        self.rows = [row for row in self.ledger.chart() if isinstance(row, ChartRow)]

    def control(self, verb: str, body: Any = None, method: str | None = None) -> Any:
        return control(self.url, f"quickbooks_online/{verb}", body, method)

    def account(self, number: str) -> Ref:
        row = next(r for r in self.rows if r.list_name == "account" and r.number == number)
        return Ref(row.id, row.name, row.number, row.kind)

    def party(self, name: str) -> Ref:
        row = next(r for r in self.rows if r.kind == "vendor" and r.name == name)
        return Ref(row.id, row.name, kind=row.kind)

    def value(self, dimension: str, name: str) -> DimensionRef:
        row = next(r for r in self.rows if r.list_name == dimension and r.full_name == name)
        return DimensionRef(dimension, Ref(row.id, row.name))

    def entry(self, *lines: Any, **changes: Any) -> Entry:
        """A bill of Ben Ito with accounts of the sandbox's company, one taxi unless told."""
        lines = lines or (expense("18.40", self.account("6120")),)
        total = sum(line.amount for line in lines if line.role.value != "offset")
        card = changes.get("kind") in (Kind.EXPENSE, Kind.CARD_CREDIT)
        if not any(line.role.value == "offset" for line in lines):
            lines = (*lines, offset(str(-total), self.account("2110" if card else "2000")))
        return entry(*lines, **({"party": self.party("Ben Ito"), "date": DAY} | changes))

    def rendered(self, made: Entry, current: Any = None) -> Payload:
        sent = self.ledger.render(made, key(made), self.company.facts, current)
        assert isinstance(sent, Payload), sent
        return sent

    def call(self, *payloads: Payload, epoch: str = "1"):
        (call,) = self.ledger.pack(payloads[0].op, payloads, epoch)
        return call

    def documents(self) -> list[dict]:
        return self.control("documents")


def control(url: str, verb: str, body: Any = None, method: str | None = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{url}/_control/{verb}",
        content,
        {"Content-Type": "application/json"},
        method=method or ("GET" if body is None else "POST"),
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def key(made: Entry):
    return marker(f"quickbooks_online:{REALM}", made.report_id, made.slice_name, 1)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    sandbox = Running(port=0, seed=7)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def desk(running: Running) -> Desk:
    control(running.url, "reset", {})
    return Desk(running.url)


def posted(desk: Desk, made: Entry) -> Posted:
    sent = desk.rendered(made)
    outcome = desk.ledger.post(desk.call(sent))[key(made)]
    assert isinstance(outcome, Posted), outcome
    assert desk.ledger.differences(sent, outcome.stored) == ()
    return outcome


def ours(desk: Desk, made: Entry) -> list[dict]:
    wanted = f"mlc:{key(made).k(10)}"
    return [d for d in desk.documents() if any(wanted in text for text in d["markers"].values())]


# --- the company ----------------------------------------------------------------------------------


def test_the_company_tells_what_rendering_needs(desk):
    company = desk.company
    assert (company.company_id, company.home_currency) == (REALM, "USD")
    assert company.closed_through == date(2026, 8, 31)
    assert company.facts["usa"] and company.facts["classes"] == "line"
    assert company.facts["departments"] and not company.is_multicurrency
    assert desk.ledger.locks().first_open(date(2026, 8, 1)) == date(2026, 9, 1)


def test_the_lists_hold_the_whole_company(desk):
    by_list = {row.list_name for row in desk.rows}
    assert by_list >= {"account", "party", "customer", "class", "department"}
    assert desk.account("2000").kind == "Accounts Payable"
    inactive = {row.name.removesuffix(" (deleted)") for row in desk.rows if not row.active}
    assert {"Old Travel", "Legacy Projects", "Umbrella"} <= inactive
    ben = next(r for r in desk.rows if r.name == "Ben Ito" and r.kind == "vendor")
    assert ben.email == "ben.ito@acme.example"
    assert any(r.name == "Ines Duarte" and r.kind == "customer" for r in desk.rows)
    assert any(r.kind == "employee" for r in desk.rows)


# --- posting --------------------------------------------------------------------------------------


def test_every_kind_is_posted_as_sent_and_read_again(desk):
    consulting = desk.value("class", "Consulting")
    taxi, hotel = desk.account("6120"), desk.account("6110")
    globex, berlin = desk.value("customer", "Globex"), desk.value("department", "Berlin")
    entries = [
        desk.entry(
            expense("412.30", taxi, consulting, globex, billable=True, text="Flight"),
            expense("-12.50", hotel, text="Refund"),
            report_id="R1",
            dimensions=(berlin,),
            due_date=date(2026, 11, 4),
        ),
        desk.entry(expense("96.20", hotel, consulting), kind=Kind.EXPENSE, report_id="R2"),
        desk.entry(expense("-96.20", hotel), kind=Kind.CARD_CREDIT, report_id="R3"),
        desk.entry(expense("-50.00", taxi), kind=Kind.CREDIT, report_id="R4"),
        desk.entry(
            expense("20.00", taxi, consulting, globex, berlin),
            expense("-5.00", hotel),
            kind=Kind.JOURNAL,
            report_id="R5",
        ),
    ]
    payloads = [desk.rendered(made) for made in entries]
    outcome = desk.ledger.post(desk.call(*payloads))
    for made, sent in zip(entries, payloads, strict=True):
        one = outcome[key(made)]
        assert isinstance(one, Posted), one
        assert desk.ledger.differences(sent, one.stored) == ()
        if made.kind is not Kind.JOURNAL:
            assert one.stored.total == made.total
    receipts = [outcome[key(made)].receipt for made in entries]
    for receipt, stored in desk.ledger.read(receipts).items():
        assert (stored.id, stored.kind, stored.version) == (
            receipt.document_id,
            receipt.kind,
            receipt.version,
        )
    scanned = {s.id for s in desk.ledger.scan(DAY, DAY)}
    assert {receipt.document_id for receipt in receipts} <= scanned


def test_the_same_call_twice_makes_one_document(desk):
    made = desk.entry()
    call = desk.call(desk.rendered(made))
    first, second = desk.ledger.post(call), desk.ledger.post(call)
    assert first[key(made)].receipt == second[key(made)].receipt
    assert len(ours(desk, made)) == 1


def test_the_same_bytes_under_a_new_id_meet_the_number_and_are_looked_up(desk):
    made = desk.entry()
    sent = desk.rendered(made)
    posted(desk, made)
    outcome = desk.ledger.post(desk.call(sent, epoch="2"))[key(made)]
    assert isinstance(outcome, InDoubt | Posted)
    finding = desk.ledger.find([Sought(key(made), made.kind, sent)])[key(made)]
    assert isinstance(finding, Found)
    assert len(finding.stored) == (1 if isinstance(outcome, InDoubt) else 2)


def test_an_amend_changes_ours_and_keeps_theirs(desk):
    made = desk.entry(
        expense("18.40", desk.account("6120"), text="Taxi"),
        expense("7.00", desk.account("6130"), text="Coffee"),
    )
    receipt = posted(desk, made).receipt
    changed = desk.entry(
        expense("18.40", desk.account("6120"), text="Taxi"),
        expense("9.00", desk.account("6130"), text="Coffee"),
        expense("1.00", desk.account("6130"), text="Tip"),
    )
    current = desk.ledger.read([receipt])[receipt]
    sent = desk.rendered(changed, current)
    outcome = desk.ledger.post(desk.call(sent))[key(made)]
    assert isinstance(outcome, Posted), outcome
    assert outcome.stored.total == Decimal("28.40") and outcome.receipt.version != receipt.version
    assert outcome.receipt.document_id == receipt.document_id
    ids = [line["Id"] for line in outcome.stored.raw["Line"]]
    assert ids[:2] == [line["Id"] for line in current.raw["Line"]]
    assert len(ours(desk, made)) == 1
    stale = replace(sent, body=sent.body.replace("Tip", "Tips"))
    again = desk.ledger.post(desk.call(stale))[key(made)]
    assert isinstance(again, Refused) and again.again == "reread"


def test_a_cancelled_document_is_gone_and_cannot_be_cancelled_again(desk):
    made = desk.entry()
    receipt = posted(desk, made).receipt
    current = desk.ledger.read([receipt])[receipt]
    sent = desk.ledger.cancel(current, "delete", key(made))
    outcome = desk.ledger.post(desk.call(sent))[key(made)]
    assert isinstance(outcome, Posted) and outcome.stored is None
    assert desk.ledger.read([receipt]) == {receipt: Gone()}
    finding = desk.ledger.find([Sought(key(made), made.kind, sent, receipt=receipt)])[key(made)]
    assert isinstance(finding, Absent)
    again = desk.ledger.post(desk.call(sent, epoch="2"))[key(made)]
    assert isinstance(again, Refused) and again.again == "reread"


# --- refusals -------------------------------------------------------------------------------------


def refused(desk: Desk, made: Entry) -> Refused:
    outcome = desk.ledger.post(desk.call(desk.rendered(made)))[key(made)]
    assert isinstance(outcome, Refused), outcome
    assert outcome.again == "no" and ours(desk, made) == []
    return outcome


def test_a_closed_period_is_refused_with_its_date(desk):
    outcome = refused(desk, desk.entry(date=date(2026, 8, 31)))
    assert outcome.problems[0].code == "qbo.period_closed"
    assert "31 Aug 2026" in outcome.problems[0].message


def test_an_inactive_class_is_refused_with_what_to_do(desk):
    legacy = desk.value("class", next(r.full_name for r in desk.rows if "Legacy" in r.name))
    outcome = refused(desk, desk.entry(expense("5.00", desk.account("6120"), legacy)))
    assert outcome.problems[0].code in ("qbo.class_gone", "qbo.reference_inactive")


def test_an_unknown_account_is_refused_with_its_line(desk):
    unknown = Ref("99999", "Gone", "9999", "Expense")
    outcome = refused(desk, desk.entry(expense("5.00", unknown)))
    assert outcome.problems[0].code == "qbo.account_gone"
    assert "line 1 uses" in outcome.problems[0].message


def test_one_refused_document_leaves_the_others_of_its_call(desk):
    good = desk.entry(report_id="R1")
    bad = desk.entry(report_id="R2", date=date(2026, 8, 31))
    outcome = desk.ledger.post(desk.call(desk.rendered(bad), desk.rendered(good)))
    assert isinstance(outcome[key(good)], Posted) and isinstance(outcome[key(bad)], Refused)


# --- what people do -------------------------------------------------------------------------------


def test_a_paid_bill_says_so(desk):
    receipt = posted(desk, desk.entry()).receipt
    desk.control(f"documents/{receipt.document_id}", {"action": "pay"})
    assert desk.ledger.read([receipt])[receipt].paid


def test_an_edit_by_a_person_is_a_difference(desk):
    made = desk.entry()
    sent = desk.rendered(made)
    receipt = posted(desk, made).receipt
    desk.control(
        f"documents/{receipt.document_id}",
        {"action": "edit", "fields": {"TxnDate": "2026-10-19"}, "as_user": "Ann Reyes"},
    )
    stored = desk.ledger.read([receipt])[receipt]
    assert [d.field for d in desk.ledger.differences(sent, stored)] == ["date"]


def test_a_document_whose_number_was_edited_is_found_by_id_or_by_its_date(desk):
    made = desk.entry()
    sent = desk.rendered(made)
    one = posted(desk, made)
    desk.control(
        f"documents/{one.receipt.document_id}", {"action": "edit", "fields": {"DocNumber": "1187"}}
    )
    for sought in (
        Sought(key(made), made.kind, sent, receipt=one.receipt),
        Sought(key(made), made.kind, sent, sent_at=desk.company.as_of),
    ):
        finding = desk.ledger.find([sought])[key(made)]
        assert isinstance(finding, Found) and finding.stored[0].number == "1187"


# --- faults ---------------------------------------------------------------------------------------

FAULTS = {
    "answer lost after storing": ({"kind": "drop_after_store"}, True),
    "connection reset before storing": ({"kind": "reset_before_store"}, False),
    "failed after storing": ({"kind": "error_after_store"}, True),
    "out of order": ({"kind": "unavailable", "status": 503}, False),
    "garbled": ({"kind": "garbled"}, True),
}


@pytest.mark.parametrize("case", FAULTS)
def test_an_open_outcome_is_settled_by_a_look_up_and_a_repeat(desk, case):
    fault, is_stored = FAULTS[case]
    made = desk.entry()
    sent = desk.rendered(made)
    call = desk.call(sent)
    desk.control("faults", {**fault, "match": "/batch", "times": 1})
    outcome = desk.ledger.post(call)[key(made)]
    assert isinstance(outcome, InDoubt), outcome
    finding = desk.ledger.find([Sought(key(made), made.kind, sent, sent_at=desk.company.as_of)])
    assert isinstance(finding[key(made)], Found) is is_stored
    repeated = desk.ledger.post(call)[key(made)]
    assert isinstance(repeated, Posted)
    assert len(ours(desk, made)) == 1


def test_a_throttle_is_waited_out(desk):
    desk.control("faults", {"kind": "throttle", "match": "/batch", "times": 1})
    call = desk.call(desk.rendered(desk.entry()))
    with pytest.raises(Throttled) as raised:
        desk.ledger.post(call)
    assert raised.value.after_s > 0
    assert all(isinstance(one, Posted) for one in desk.ledger.post(call).values())


def test_a_refused_token_is_told_as_such(desk):
    desk.control("faults", {"kind": "unauthorized", "times": 1})
    with pytest.raises(Unauthorised):
        desk.ledger.locks()


# --- what nobody has confirmed: either answer will do ---------------------------------------------

SWITCHES = [
    ("requestid_keeps_faults", True),
    ("newer_sync_token", "accept"),
    ("sparse_on_purchase_documents", "refuse"),
    ("unknown_line_id", "add"),
    ("more_decimals", "refuse"),
    ("astral_characters", "refuse"),
    ("purchase_ex", "ignore"),
    ("inactive_reference", "610"),
    ("inactive_reference", "2500"),
    ("billable_status_elsewhere", "accept"),
    ("class_tracking_off", "refuse"),
    ("due_before_date", "accept"),
    ("journal_numbers", False),
    ("duplicate_purchase_number", "refuse"),
    ("duplicate_credit_number", "refuse"),
    ("us_tax_calculation", "refuse"),
    ("missing_tax_code", "accept"),
    ("query_order", "oldest"),
    ("query_entity_case", "exact"),
    ("query_ignores_case", False),
    ("batch_order", "reversed"),
    ("throttle_body", "xml"),
    ("throttle_status", 403),
    ("deleted_suffix", False),
    ("payment_bumps_version", False),
    ("limits", False),
]


def _one_of_each(desk: Desk, amount: str) -> list[Entry]:
    """A document of every kind over the same amount."""
    taxi, consulting = desk.account("6120"), desk.value("class", "Consulting")
    return [
        desk.entry(
            expense(f"-{amount}" if kind.takes_back else amount, taxi, consulting, text="Taxi"),
            kind=kind,
            report_id=f"R{number}",
        )
        for number, kind in enumerate(Kind)
    ]


@pytest.mark.parametrize(("switch", "state"), SWITCHES, ids=[f"{n} {v}" for n, v in SWITCHES])
def test_a_documents_life_is_the_same_whichever_way_quickbooks_behaves(running, switch, state):
    control(running.url, "reset", {})
    control(running.url, "quickbooks_online/settings", {switch: state})
    desk = Desk(running.url)
    entries = _one_of_each(desk, "18.40")
    payloads = [desk.rendered(made) for made in entries]
    outcome = desk.ledger.post(desk.call(*payloads))
    receipts = []
    for made, sent in zip(entries, payloads, strict=True):
        one = outcome[key(made)]
        assert isinstance(one, Posted), one
        assert desk.ledger.differences(sent, one.stored) == ()
        receipts.append(one.receipt)
    sought = [Sought(p.marker, p.kind, p, desk.company.as_of) for p in payloads]
    assert all(len(found.stored) == 1 for found in desk.ledger.find(sought).values())

    standing = desk.ledger.read(receipts)
    amends = [
        desk.rendered(made, standing[receipt])
        for made, receipt in zip(_one_of_each(desk, "20.15"), receipts, strict=True)
    ]
    changed = desk.ledger.post(desk.call(*amends))
    for sent in amends:
        assert isinstance(changed[sent.marker], Posted), changed[sent.marker]
        assert desk.ledger.differences(sent, changed[sent.marker].stored) == ()

    ends = [
        desk.ledger.cancel(changed[sent.marker].stored, "delete", sent.marker) for sent in amends
    ]
    gone = desk.ledger.post(desk.call(*ends))
    assert all(isinstance(one, Posted) and one.stored is None for one in gone.values())
    assert all(isinstance(one, Absent) for one in desk.ledger.find(sought).values())
    desk.control("faults", {"kind": "throttle", "match": "/batch", "times": 1})
    with pytest.raises(Throttled):
        desk.ledger.post(desk.call(*payloads, epoch="2"))


@pytest.mark.parametrize(
    ("switch", "state", "amounts", "code"),
    [
        ("negative_lines", "refuse", ("20.00", "-5.00"), "qbo.rule_broken"),
        ("zero_total", "refuse", ("5.00", "-5.00"), "qbo.rule_broken"),
        ("astral_characters", "refuse", ("5.00",), "qbo.characters"),
    ],
)
def test_what_a_company_may_refuse_is_told_and_nothing_is_stored(
    desk, switch, state, amounts, code
):
    desk.control("settings", {switch: state})
    taxi = desk.account("6120")
    lines = [expense(amount, taxi, text="Taxi 🚕") for amount in amounts]
    assert refused(desk, desk.entry(*lines)).problems[0].code == code


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({"company_status": "expired"}, Blocked),
        ({"company_status": "expired", "expired_status": 200}, Blocked),
        ({"company_status": "locked"}, Throttled),
        ({"company_status": "maintenance"}, Throttled),
        ({"company_status": "reset"}, Blocked),
        ({"app_access": "wrong_environment"}, Blocked),
        ({"role": "none"}, Unauthorised),
    ],
    ids=lambda state: str(state),
)
def test_a_company_that_serves_nobody_is_told_as_such(desk, state, kind):
    call = desk.call(desk.rendered(desk.entry()))
    desk.control("settings", state)
    with pytest.raises(kind):
        desk.ledger.post(call)
    with pytest.raises(kind):
        desk.ledger.locks()
