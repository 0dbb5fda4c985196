"""On which account the credit side of a document stands: payable, card, or paid by the company."""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.contract.abilities import KindAbilities
from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings.books import Account, Book
from mappings.texts import line_place, one_line, report_place
from mappings.validate import NOTHING_POSTED, kept_in, one_to_one, since

PAYABLE = "payable"
CARD = "card"
COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money was spent: the person's (payable), a card's, the company's in another way.

    card   how the card is called; names: all that it goes by
    """

    purpose: str
    card: str = ""
    names: frozenset[str] = frozenset()


def purse_of(expense: Expense) -> Purse:
    if expense.reimbursable:
        return Purse(PAYABLE)
    if not expense.is_on_card:
        return Purse(COMPANY)
    names = tuple(filter(None, (expense.card_number, expense.card_name)))
    shown = " ".join(names) or expense.card_id or expense.bank
    return Purse(CARD, one_line(shown), frozenset(filter(None, (*names, expense.card_id))))


@dataclass(frozen=True, slots=True)
class Liability:
    """The account of one purse. `account` is None, and a problem says why, where none can be."""

    purse: Purse
    account: Account | None
    problems: tuple[Problem, ...] = ()
    currency_problems: tuple[Problem, ...] = ()


def liability(
    report: Report,
    number: int,
    expense: Expense,
    book: Book,
    abilities: KindAbilities | None,
    currency: str,
) -> Liability:
    """What line `number` is owed on, in a document of `currency` with these abilities."""
    purse = purse_of(expense)
    account = book.accounts.get(_account_id(purse, currency, book))
    place = (
        report_place(report)
        if purse.purpose == PAYABLE
        else line_place(number, expense, report.currency)
    )
    if account is None:
        return Liability(purse, None, (_unset(purse, place, book),))
    return Liability(
        purse,
        account,
        tuple(_unusable(purse, account, place, book, abilities)),
        tuple(_currency(purse, account, place, report, book, currency)),
    )


def _account_id(purse: Purse, currency: str, book: Book) -> int | None:
    terms = book.terms
    if purse.purpose == PAYABLE:
        return terms.payables.get(currency, terms.payable_id)
    if purse.purpose == COMPANY:
        return terms.company_account_id
    named = (one.account_id for one in terms.card_accounts if one.card in purse.names)
    return next(named, terms.card_account_id)


_WHAT = {
    PAYABLE: "on which reports are owed",
    CARD: "of the card",
    COMPANY: "of what the company paid without a known card",
}


def _unset(purse: Purse, place: str, book: Book) -> Problem:
    flow = f"flow:{book.terms.flow_id}"
    if purse.purpose == PAYABLE:
        return Problem(
            "map.payable.unset",
            "flow.payable_account",
            f"{place}: this flow doesn't say on which account reports are owed. {NOTHING_POSTED}",
            "Choose the payable account on the flow's page.",
            subject=flow,
        )
    if purse.purpose == CARD:
        return Problem(
            "map.card.unset",
            "flow.card_account",
            f'{place}: this flow names no account for card "{purse.card}". {NOTHING_POSTED}',
            "Choose an account for this card, or one for all cards, on the flow's page.",
            subject=f"card:{purse.card}",
            facts={"card": purse.card},
        )
    return Problem(
        "map.company.unset",
        "flow.company_account",
        f"{place} is not reimbursable and on no known card, and this flow names no account for "
        f"such expenses. {NOTHING_POSTED}",
        "Choose that account on the flow's page, or mark the expense as reimbursable in Expensify.",
        subject=f"{flow}:company",
    )


def _unusable(
    purse: Purse, account: Account, place: str, book: Book, abilities: KindAbilities | None
) -> Iterator[Problem]:
    facts, subject = {"account_id": str(account.id)}, f"account:{account.id}"
    field, what = f"flow.{purse.purpose}_account", _WHAT[purse.purpose]
    if not account.active:
        yield Problem(
            f"map.{purse.purpose}.inactive",
            field,
            f"{place}: account {account.label}, {what}, is inactive in "
            f"{book.company.ledger_label}{since(book)}. {NOTHING_POSTED}",
            "Make it active there, or choose another account on the flow's page.",
            subject,
            facts,
        )
    allowed = abilities.offset_account_types if abilities else frozenset()
    if allowed and account.kind not in allowed:
        yield Problem(
            f"map.{purse.purpose}.kind",
            field,
            f"{place}: account {account.label} is of the type {account.kind or '(none)'}; what is "
            f"owed must stand on {' or '.join(sorted(allowed))}. {NOTHING_POSTED}",
            "Choose another account on the flow's page.",
            subject,
            facts,
        )


def _currency(
    purse: Purse, account: Account, place: str, report: Report, book: Book, currency: str
) -> Iterator[Problem]:
    if not book.company.is_multicurrency or kept_in(account, book) == currency:
        return
    yield Problem(
        "map.currency.payable" if purse.purpose == PAYABLE else "map.currency.card",
        f"flow.{purse.purpose}_account",
        f"{place}: account {account.label} is kept in {kept_in(account, book)}"
        f"{f', the document is in {currency}' if currency != report.currency else ''}. "
        f"{one_to_one(book)}",
        f"Choose {'a payable account' if purse.purpose == PAYABLE else 'an account'} in {currency} "
        "on the flow's page.",
        f"account:{account.id}",
        {"account_id": str(account.id), "currency": currency},
    )
