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
    "expensify.receipt.gone": "The link to a receipt leads nowhere any more, or only for others.",
    "expensify.receipt.guarded": "A page came where a receipt should be: somebody must sign in.",
    "expensify.receipt.oversized": "A receipt is larger than the ledger takes.",
    "expensify.receipt.unavailable": "A receipt could not be fetched just now.",
    "expensify.receipt.unsupported": "A receipt is of a type that the ledger does not take.",
    "expensify.status.unknown": "A report is in a state that we do not know.",
    "expensify.shape.unknown": "A list, text or yes/no answer has another shape than expected.",
}

# What a person does about it, in general; the message itself says it with names.
CURES: Mapping[str, str] = {
    "expensify.account.forbidden": "Share the workspace with the account of the credentials.",
    "expensify.account.missing": "Check which workspaces the account still sees.",
    "expensify.domain.forbidden": "Make the account of the credentials an admin of the domain.",
    "expensify.domain.missing": "Check the name of the domain.",
    "expensify.workspace.forbidden": "Make the account an admin of the workspace.",
    "expensify.workspace.missing": "Check that it still exists and is shared; else pause its flow.",
    "expensify.amount.decimals": "Correct the amount in Expensify.",
    "expensify.amount.missing": "Open the expense in Expensify and enter the amount.",
    "expensify.amount.unreadable": "Open the expense in Expensify and save its amount again.",
    "expensify.currency.unreadable": "Open the expense in Expensify and choose its currency.",
    "expensify.date.unreadable": "Open the expense in Expensify and save its date again.",
    "expensify.expense.doubled": "Read the report again; if it stays, delete one of them there.",
    "expensify.id.missing": "Open the report in Expensify; if it is whole, tell support.",
    "expensify.number.unreadable": "Correct the rate in the workspace's settings.",
    "expensify.receipt.gone": "Attach the receipt by hand, or upload it to Expensify once more.",
    "expensify.receipt.guarded": "Attach the receipt by hand, or let the flow write links.",
    "expensify.receipt.oversized": "Attach a smaller copy by hand.",
    "expensify.receipt.unavailable": "Nothing; it is fetched again by itself.",
    "expensify.receipt.unsupported": "Attach it by hand as a PDF or a picture.",
    "expensify.status.unknown": "Tell support what the state means; nothing is posted meanwhile.",
    "expensify.shape.unknown": "Expensify has changed something: tell support, with this code.",
}
