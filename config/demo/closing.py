"""The trial balance of each company: our book beside the ledger's, by all there is, to the cent."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from audit import reconcile, trail
from audit.models import Report
from config.demo import ledger_side, plans
from config.demo.office import Office
from config.demo.tables import heading, money, say, table
from connectors.models import LedgerConnection

LIABILITIES = "2"  # the first digit of their numbers
Sums = Mapping[tuple[str, str], Decimal]


def trial_balances(office: Office) -> dict[str, Any]:
    """Print them; the answer is the demo's last line."""
    heading("13  Trial balance: our book beside the ledger's")
    ledgers: dict[str, Any] = {}
    places, agrees = 0, True
    for connection in LedgerConnection.objects.order_by("pk"):
        ours = reconcile.our_balance(connection.pk)
        documents, whole = _theirs(office, connection)
        agrees = agrees and bool(ours) and ours == documents == whole
        places += len(ours)
        _show(connection, ours, whole)
        _count(ledgers, connection)
    broken = list(trail.verify())
    verdict, chain = "all agree" if agrees else "THEY DIFFER", f"{broken}" if broken else "unbroken"
    say(
        f"{places} balances by account, class, location, customer, tax code and currency, against "
        f"QuickBooks' documents and its own trial balance, to the cent: {verdict}; trail {chain}"
    )
    return {"ledgers": ledgers, "agrees": agrees and not broken}


def _theirs(
    office: Office, connection: LedgerConnection
) -> tuple[reconcile.Balance, reconcile.Balance]:
    """What our documents book; and the company's trial balance without what others entered."""
    documents = office.documents(connection.company_id)
    ours = [one for one in documents if ledger_side.is_ours(one)]
    others = [o for o in documents if o["status"] == "active" and not ledger_side.is_ours(o)]
    whole = ledger_side.of_trial_balance(office.trial_balance(connection.company_id))
    rest = defaultdict(Decimal, whole)
    for place, amount in ledger_side.of_documents(others, plans.TAX_ACCOUNT).items():
        rest[place] -= amount
    return ledger_side.of_documents(ours, plans.TAX_ACCOUNT), reconcile.without_zeros(rest)


# --- shown ---------------------------------------------------------------------------------------


def _show(connection: LedgerConnection, ours: reconcile.Balance, theirs: reconcile.Balance) -> None:
    home = connection.home_currency
    print()
    rows = _beside(home, reconcile.by_account(ours), reconcile.by_account(theirs), sums=True)
    table([f"{connection.company_name}, {home}", "our book", "ledger", ""], rows)
    costs = [_only(balance, _is_cost) for balance in (ours, theirs)]
    tax = [_only(balance, _is_tax) for balance in (ours, theirs)]
    rows = []
    for dimension, label in plans.DIMENSIONS.items():
        rows += _beside(home, *(reconcile.by_dimension(one, dimension) for one in costs), of=label)
    if connection.has_tax:
        rows += _beside(home, *map(reconcile.by_tax_code, costs), of="net at")
        rows += _beside(home, *map(reconcile.by_tax_code, tax), of="tax at")
    print()
    table(["what was spent, by", "our book", "ledger", ""], rows)


def _beside(home: str, mine: Sums, its: Sums, *, of: str = "", sums: bool = False) -> list[list]:
    """Rows of a table, the home currency first; with `sums`, each currency is added up."""
    rows = []
    keys = sorted({*mine, *its}, key=lambda key: (key[0] != home, key))
    for currency in dict.fromkeys(key[0] for key in keys):
        names = [name for code, name in keys if code == currency]
        shown = "" if currency == home else currency
        for name in names:
            both = [side.get((currency, name)) for side in (mine, its)]
            texts = [money(amount, shown) for amount in both]
            rows.append([f"{of} {name}".strip(), *texts, "=" if both[0] == both[1] else "DIFFERS"])
        if sums:
            both = [sum(side.get((currency, name), 0) for name in names) for side in (mine, its)]
            rows.append(["sum", *(money(amount, shown) for amount in both), ""])
    return rows


def _only(
    balance: reconcile.Balance, wanted: Callable[[reconcile.Place], bool]
) -> reconcile.Balance:
    return {place: amount for place, amount in balance.items() if wanted(place)}


def _is_cost(place: reconcile.Place) -> bool:
    return not place.account.startswith(LIABILITIES)


def _is_tax(place: reconcile.Place) -> bool:
    return place.account == plans.TAX_ACCOUNT


# --- the last line -------------------------------------------------------------------------------


def _count(ledgers: dict[str, Any], connection: LedgerConnection) -> None:
    """Per ledger the counts of all its companies, and the total and currency of the first one."""
    own = _summary(connection)
    first = {name: own[name] for name in ("total", "currency")}
    whole = ledgers.setdefault(
        connection.ledger, {**dict.fromkeys(COUNTS, 0), **first, "companies": {}}
    )
    for name in COUNTS:
        whole[name] += own[name]
    whole["companies"][connection.company_name] = own


COUNTS = {
    "reports": None,
    "posted": Report.Standing.POSTED,
    "quarantined": Report.Standing.HELD,
    "failed": Report.Standing.FAILED,
    "in_doubt": Report.Standing.IN_DOUBT,
}


def _summary(connection: LedgerConnection) -> dict[str, Any]:
    """`total`: documents in the company's own currency; others stand in `other_currencies`."""
    rows = Report.objects.filter(flow__connection=connection)
    standings = Counter(rows.values_list("standing", flat=True))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for posting in reconcile.live_postings(connection.pk):
        totals[posting.currency] += posting.total
    home = connection.home_currency
    found: dict[str, Any] = {
        name: sum(standings.values()) if standing is None else standings[standing]
        for name, standing in COUNTS.items()
    }
    found |= {"total": f"{totals.pop(home, Decimal(0)):.2f}", "currency": home}
    if totals:
        found["other_currencies"] = {name: f"{sum_:.2f}" for name, sum_ in sorted(totals.items())}
    return found
