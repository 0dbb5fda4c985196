"""The other workspaces at one go: cards, refunds, credits, journals, parts, tax and currencies."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal

from audit.models import PartyWish, Posting, ReceiptFile, Report
from config.demo import plans
from config.demo.holds import show_held_briefly
from config.demo.office import Office
from config.demo.tables import heading, listing, money, say, table
from connectors.contract.entry import Entry, Kind, Role
from mappings.models import Flow

KINDS = {
    Kind.BILL: "bills",
    Kind.CREDIT: "vendor credits",
    Kind.EXPENSE: "card charges",
    Kind.CARD_CREDIT: "card refunds",
    Kind.JOURNAL: "journals",
}
PART = "/part-"
DUE = plans.ACME_FIELD.accounts["due_from_account"]
ONE = {
    Kind.BILL: "bill",
    Kind.CREDIT: "vendor credit",
    Kind.EXPENSE: "card charge",
    Kind.CARD_CREDIT: "card refund",
    Kind.JOURNAL: "journal",
}


def post_the_others(office: Office, flows: Sequence[Flow]) -> None:
    _post(office, flows)
    _what_became(office, flows)
    _closer_look(office, flows)
    heading("12  What is held there, by cause, and the cure")
    show_held_briefly(*flows)


def _post(office: Office, flows: Sequence[Flow]) -> None:
    heading("10  The other workspaces go live: cards, credits, journals, tax, currencies")
    office.sandbox.control("expensify", "reports", plans.parking())
    office.sandbox.control("expensify", "reports", plans.newcomer())
    office.sandbox.control("quickbooks_online", "documents", plans.BY_HAND)
    runs = office.open_for_business(flows)
    office.until_settled()
    rows = []
    for flow in flows:
        standings = office.standings(flow)
        names = (Report.Standing.POSTED, Report.Standing.HELD, Report.Standing.NOTHING)
        rows.append([flow.name, runs[flow.pk].found, *(standings[name] for name in names)])
    table(["reports", "found", "posted", "held", "nothing to post"], rows)


def _what_became(office: Office, flows: Sequence[Flow]) -> None:
    rows = []
    for flow in flows:
        counts = Counter(posting.kind for posting in office.live(flow))
        rows.append([flow.name, *(counts[kind] or "-" for kind in KINDS)])
    print()
    table(["documents", *KINDS.values()], rows)
    created = PartyWish.objects.filter(state=PartyWish.State.CREATED)
    receipts = ReceiptFile.objects.filter(state=ReceiptFile.State.ATTACHED).count()
    names = ", ".join(created.order_by("pk").values_list("name", flat=True))
    say(f"vendors created because the flow may: {names}; receipts attached: {receipts}")


# --- one by one ----------------------------------------------------------------------------------


def _closer_look(office: Office, flows: Sequence[Flow]) -> None:
    heading("11  A closer look at some of them")
    by_report: dict[str, list[Posting]] = defaultdict(list)
    for posting in office.live(*flows):
        by_report[posting.report.name].append(posting)
    listing([(name, _what(by_report[name])) for name in plans.WORTH_A_LOOK])


def _what(postings: Sequence[Posting]) -> str:
    found = [_told(posting) for posting in postings]
    if any(PART in posting.slice_name for posting in postings):
        return f"{len(found)} parts: {' and '.join(found)}"
    return "; ".join(found)


def _told(posting: Posting) -> str:
    """Kind and amount; tax by code, what employees owe, and the liabilities that aren't usual."""
    entry, home = posting.as_entry(), posting.connection.home_currency
    said = [f"{ONE[entry.kind]} {money(posting.total, posting.currency)}"]
    said += [f"{code} of it {money(tax)}" for code, tax in _tax(entry).items()]
    due = sum((line.amount for line in entry.lines if line.account.number == DUE), Decimal(0))
    said += [f"{money(due)} of it due from the employee"] if due else []
    if entry.kind is Kind.JOURNAL or entry.currency != home:
        owed = (f"{one.account.label} {money(-one.amount)}" for one in entry.role(Role.OFFSET))
        said.append(f"owed on {' and '.join(owed)}")
    told = ", ".join(said)
    return f"{told}. {' '.join(entry.notes)}" if entry.notes else told


def _tax(entry: Entry) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in entry.role(Role.TAX):
        sums[line.tax_code.label] += line.amount
    return sums
