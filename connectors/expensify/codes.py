"""Every problem that the reader can name, and its meaning: codes are stable, texts may change."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "expensify.account.forbidden": "The Expensify account may not export these reports.",
    "expensify.account.missing": "Expensify knows nothing of what was asked for.",
    "expensify.domain.forbidden": "The Expensify account is no admin of the domain.",
    "expensify.domain.missing": "Expensify does not know the domain.",
    "expensify.workspace.forbidden": "The Expensify account is no admin of the workspace.",
    "expensify.workspace.missing": "The workspace is gone, or no longer shared with the account.",
    "expensify.amount.decimals": "The amount has more decimals than its currency.",
    "expensify.amount.missing": "An amount that must be there is blank.",
    "expensify.amount.unreadable": "An amount is no whole number of cents.",
    "expensify.currency.unreadable": "A currency is blank or no ISO 4217 code.",
    "expensify.date.unreadable": "A date or time is not written as Expensify writes them.",
    "expensify.expense.doubled": "One expense stands in the report twice.",
    "expensify.id.missing": "A report or expense came without its id.",
    "expensify.number.unreadable": "A rate is not a number.",
    "expensify.shape.unknown": "A list, text or yes/no answer has another shape than expected.",
}
