"""What others read of this room: the open book of a flow, its locks, and what would be held."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, QuerySet
from django.db.models import Value as Literal

from connectors import registry
from connectors.clock import database_now
from connectors.contract.abilities import KindAbilities
from connectors.contract.company import Closed, Locks
from connectors.contract.entry import Kind
from connectors.models import LedgerConnection
from mappings import books, gaps, refusals, rulebook
from mappings.models import (
    Category,
    Dimension,
    Flow,
    GLAccount,
    Party,
    Rule,
    RuleValue,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)
from mappings.records import rule_of, terms_of
from mappings.terms import CardAccount, CreditPolicy, CurrencyPolicy
from mappings.texts import day


def open_book(flow: Flow) -> books.Book:
    """Everything that `build` needs for the flow, in ten statements whatever its size.

    The flow's workspace and connection are read with it unless they were loaded.
    """
    connection = flow.connection
    ledger = registry.abilities(connection.ledger)
    dimensions = Dimension.objects.filter(connection=connection).values_list("name", "label")
    # Before the ledger told about tax and currencies, the chart counts as unread.
    is_known = connection.has_tax is not None and connection.is_multicurrency is not None
    decided = _decided(flow)
    return books.Book(
        terms=replace(
            terms_of(flow),
            card_accounts=tuple(CardAccount(*pair) for pair in decided["card"]),
            payables=dict(decided["payable"]),
            credit_values=dict(decided["credit"]),
        ),
        company=_company(connection),
        kinds=ledger.kinds,
        rules=_rules(flow),
        accounts=_accounts(connection),
        values=_values(connection),
        dimension_labels=dict(dimensions),
        parties=_parties(connection),
        tax_codes=_tax_codes(connection),
        rates=_rates(flow),
        links=dict(decided["link"]),
        party_names=dict(connection.party_names.values_list("employee_email", "name")),
        can_create_parties=ledger.creates_parties,
        locks=locks(connection),
        read_at=connection.chart_as_of if is_known else None,
        opened_on=database_now().astimezone(ZoneInfo(flow.zone)).date(),
    )


def locks(connection: LedgerConnection) -> Locks:
    """The days that nothing is written to: the ledger's, as last told, and our own."""
    label = registry.ledger_label(connection.ledger)
    spans = []
    if through := connection.closed_through:
        spans.append(Closed(None, through, f"{label} is closed through {day(through)}"))
    if through := connection.books_closed_through:
        spans.append(Closed(None, through, f"we closed these books through {day(through)}"))
    return Locks(tuple(spans))


def policy_check(flow: Flow, book: books.Book | None = None) -> gaps.PolicyCheck:
    """What of the workspace's lists would hold a report, before one arrives."""
    listed = Category.objects.filter(workspace=flow.workspace, active=True).order_by("name", "id")
    tags = Tag.objects.filter(workspace=flow.workspace, active=True).order_by("level", "name", "id")
    rates = TaxRate.objects.filter(workspace=flow.workspace, active=True).order_by("name", "id")
    return gaps.check(
        book or open_book(flow),
        [gaps.ListedCategory(*row) for row in listed.values_list("name", "gl_code")],
        [gaps.ListedTag(*row) for row in tags.values_list("level", "name", "level_name")],
        [
            gaps.ListedTaxRate(*row)
            for row in rates.values_list("rate_id", "tax_name", "name", "percent")
        ],
    )


def carried(flow: Flow) -> str:
    """What the flow's documents can say in this ledger, and what they cannot, for people."""
    kinds = registry.abilities(flow.connection.ledger).kinds
    labels = dict(Dimension.objects.filter(connection=flow.connection).values_list("name", "label"))
    taken = refusals.taken_kinds(flow)
    if flow.kind == Kind.BILL and flow.credit_policy == CreditPolicy.JOURNAL:
        taken.append(Kind.JOURNAL)
    elif flow.kind == Kind.BILL:
        credits_of = {Kind.BILL: Kind.CREDIT, Kind.EXPENSE: Kind.CARD_CREDIT}
        taken = [kind for one in taken for kind in (one, credits_of[one])]
    lines = [f"{_KIND_WORDS[kind]}: {_carried_by(kinds.get(kind), labels)}" for kind in taken]
    return "\n".join(lines)


_KIND_WORDS = {
    Kind.BILL: "Bill",
    Kind.CREDIT: "Credit (negative total)",
    Kind.EXPENSE: "Card transaction",
    Kind.CARD_CREDIT: "Refund on a card",
    Kind.JOURNAL: "Journal entry",
}


def _carried_by(abilities: KindAbilities | None, labels: Mapping[str, str]) -> str:
    if abilities is None:
        return "not possible in this ledger, such reports are held."
    places = {"line": "on each line", "header": "once per document"}
    said = [
        f"{labels.get(name) or name} {places[where]}"
        for name, where in sorted(abilities.dimensions.items(), key=lambda one: (one[1], one[0]))
    ]
    billable = "the billable flag" if abilities.carries_billable else "not the billable flag"
    return f"{', '.join([*said, billable])}."


def _company(connection: LedgerConnection) -> books.CompanyFacts:
    return books.CompanyFacts(
        ledger=connection.ledger,
        ledger_label=registry.ledger_label(connection.ledger),
        company_id=connection.company_id,
        name=connection.company_name or connection.name,
        home_currency=connection.home_currency,
        has_tax=bool(connection.has_tax),
        is_multicurrency=bool(connection.is_multicurrency),
    )


def _decided(flow: Flow) -> dict[str, list[tuple[str, int]]]:
    """The short lists of what people decided, in one statement: list -> (name, row) by name."""

    def pairs(rows: QuerySet, kind: str, name: str, row: str) -> QuerySet:
        columns = {"kind": Literal(kind, CharField()), "named": F(name), "row": F(row)}
        return rows.order_by().annotate(**columns).values_list(*columns)

    found: dict[str, list[tuple[str, int]]] = {"link": [], "card": [], "payable": [], "credit": []}
    rows = pairs(flow.connection.party_links.all(), "link", "employee_email", "party_id").union(
        pairs(flow.card_accounts.all(), "card", "card", "account_id"),
        pairs(flow.payable_accounts.all(), "payable", "currency", "account_id"),
        pairs(flow.credit_values.all(), "credit", "dimension__name", "value_id"),
        all=True,
    )
    for kind, name, row in sorted(rows):
        found[kind].append((name, row))
    return found


def _rates(flow: Flow) -> tuple[books.Rate, ...]:
    if flow.currency_policy != CurrencyPolicy.RATES:
        return ()
    rows = flow.connection.exchange_rates.order_by("month", "currency")
    return tuple(
        books.Rate(*row) for row in rows.values_list("month", "currency", "rate", "source")
    )


def _rules(flow: Flow) -> tuple[rulebook.Rule, ...]:
    values: dict[int, dict[str, int | None]] = {}
    decided = RuleValue.objects.filter(rule__flow=flow, rule__is_active=True)
    for rule_id, dimension, value_id in decided.order_by("dimension__name").values_list(
        "rule_id", "dimension__name", "value_id"
    ):
        values.setdefault(rule_id, {})[dimension] = value_id
    rows = Rule.objects.filter(flow=flow, is_active=True)
    return rulebook.in_order(rule_of(row, values.get(row.pk, {})) for row in rows)


def _accounts(connection: LedgerConnection) -> dict[int, books.Account]:
    columns = ("pk", "ledger_id", "name", "number", "kind", "currency", "active")
    rows = GLAccount.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {row[0]: books.Account(*row) for row in rows}


def _values(connection: LedgerConnection) -> dict[int, books.Value]:
    rows = Value.objects.filter(dimension__connection=connection).order_by("pk")
    columns = ("pk", "ledger_id", "dimension__name", "full_name", "name", "active")
    return {
        pk: books.Value(pk, ledger_id, dimension, full_name or name, active)
        for pk, ledger_id, dimension, full_name, name, active in rows.values_list(*columns)
    }


def _parties(connection: LedgerConnection) -> dict[int, books.Party]:
    columns = ("pk", "ledger_id", "name", "kind", "email", "currency", "active", "terms_id")
    rows = Party.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {pk: books.Party(pk, *rest, bool(terms_id)) for pk, *rest, terms_id in rows}


def _tax_codes(connection: LedgerConnection) -> dict[int, books.TaxCode]:
    columns = ("pk", "ledger_id", "name", "active", "percent")
    rows = TaxCode.objects.filter(connection=connection).order_by("pk").values_list(*columns)
    return {row[0]: books.TaxCode(*row) for row in rows}
