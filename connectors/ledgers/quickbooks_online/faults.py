"""One table: each fault that QuickBooks answers with, what must be done, and what a person reads.

Rules are tried from the top, the first that fits decides. `{document}`, `{date}`, `{day}`,
`{id}`, `{places}`, `{left}` and `{detail}` stand for the document concerned and for QuickBooks'
own words.
"""

import re
from dataclasses import dataclass
from enum import Enum

from connectors.contract.ledger import Op


class Do(Enum):
    """What an answer means for its caller, the most far-reaching first."""

    WAIT = "refused unread for its frequency"
    PAUSE = "the company is locked or under maintenance"
    RENEW = "a fresh token may cure it"
    RECONNECT = "a person connects anew"
    BLOCK = "the connection is not served at all"
    DOUBT = "nobody can tell whether it is stored"
    REREAD = "the document changed under us"
    NO = "a person must change something"
    LATER = "the same may succeed by itself"

    @property
    def is_about_connection(self) -> bool:
        return self in (Do.WAIT, Do.PAUSE, Do.RENEW, Do.RECONNECT, Do.BLOCK)


@dataclass(frozen=True, slots=True)
class Rule:
    """`codes` empty = any code; `pattern` searched in message and detail; `ops` None = any."""

    codes: tuple[str, ...]
    do: Do
    problem: str
    message: str
    cure: str
    field: str = ""
    subject: str = ""
    pattern: re.Pattern[str] | None = None
    ops: frozenset[Op] | None = None


_POST = frozenset({Op.POST})
_CHANGE = frozenset({Op.AMEND, Op.CANCEL})


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _missing(word: str, list_name: str, pattern: str, field: str) -> Rule:
    return Rule(
        ("2500", "610"),
        Do.NO,
        f"qbo.{list_name}_gone",
        "{document}: {places} the " + word + " with QuickBooks' id {id}, which is not in QuickBooks"
        " or was made inactive since the list was read. {left}",
        f"Make the {word} active in QuickBooks, or point the rule elsewhere, then refresh the "
        "lists and replay.",
        field,
        f"{list_name}:{{id}}",
        _words(rf"(?:{pattern}) element id (?P<id>[\w-]+)"),
    )


_CLOSED_CURE = (
    "Open the period in QuickBooks (Account and settings, Advanced, Close the books), or post on "
    "the first open day with the original date in the memo."
)
_OURS_TO_REPAIR = (
    "This is a fault of the connection, not of the report: send the small print to support. "
    "Replay when it is repaired."
)

# Unknown properties, lengths, formats, missing parameters, broken queries: our payload is wrong.
_FAULTS_OF_OURS = tuple(
    """400 500 1040 2000 2010 2020 2050 2060 2070 2080 2090 2100 2110 2130 2140 2170 2250 2260
    2270 2280 2290 2300 4000 4001 4002 6040 6070 6080 10100""".split()
)

RULES: tuple[Rule, ...] = (
    # --- the connection, whatever the document -----------------------------------------------
    Rule(
        ("3001",),
        Do.WAIT,
        "qbo.throttled",
        "QuickBooks asks for a pause: too many requests. {left}",
        "Nothing to do: it is tried again by itself.",
    ),
    Rule(
        ("130", "140", "150"),
        Do.PAUSE,
        "qbo.company_locked",
        "The QuickBooks company is locked or under maintenance. {left}",
        "Nothing to do: it is tried again by itself.",
    ),
    Rule(
        ("3200",),
        Do.RENEW,
        "qbo.token_expired",
        "QuickBooks no longer accepts our access. {left}",
        "If it stays so, connect to QuickBooks anew.",
    ),
    Rule(
        ("3202",),
        Do.RECONNECT,
        "qbo.token_missing",
        "QuickBooks was asked without access. {left}",
        "Connect to QuickBooks anew.",
    ),
    Rule(
        ("120",),
        Do.RECONNECT,
        "qbo.user_removed",
        "The person who connected QuickBooks may no longer use this company. {left}",
        "Let an administrator of the company connect to QuickBooks anew.",
    ),
    Rule(
        ("100",),
        Do.BLOCK,
        "qbo.wrong_company",
        "Our access belongs to another QuickBooks company. {left}",
        "Connect again and choose this very company on Intuit's page.",
    ),
    Rule(
        ("3100",),
        Do.BLOCK,
        "qbo.no_access",
        "QuickBooks refuses this application: development keys meet a real company (or the other "
        "way round), or the application was not given access. {left}",
        "Compare client id and address of the API, then connect again.",
    ),
    Rule(
        ("6190",),
        Do.BLOCK,
        "qbo.company_status",
        "The QuickBooks company takes no changes: its subscription or trial has ended. {left}",
        "Renew the subscription in QuickBooks; what waits is then posted.",
    ),
    Rule(
        ("10200",),
        Do.BLOCK,
        "qbo.company_reset",
        "The QuickBooks company was reset, so all that we knew of its lists and documents is out of"
        " date. {left}",
        "Check the company, read its lists anew, then resume the connection.",
    ),
    # --- dates -------------------------------------------------------------------------------
    # 6210 was once printed for duplicate numbers too: code and words must agree.
    Rule(
        ("6210",),
        Do.DOUBT,
        "qbo.number_taken",
        "{document}: the number exists as TxnId {id}: look it up",
        "Look at the document of that number in QuickBooks.",
        "number",
        pattern=_words(r"duplicate doc.*TxnId=(?P<id>\d+)"),
        ops=_POST,
    ),
    Rule(
        (),
        Do.NO,
        "qbo.period_closed",
        "{document}: its date {day} is in a closed period of QuickBooks. {left}",
        _CLOSED_CURE,
        "date",
        "period:{date}",
        _words(r"account period (has )?closed"),
    ),
    Rule(
        ("6200", "6210"),
        Do.NO,
        "qbo.period_closed",
        "{document}: its date {day} is in a closed period of QuickBooks. {left}",
        _CLOSED_CURE,
        "date",
        "period:{date}",
    ),
    # --- what the document refers to ---------------------------------------------------------
    _missing("account", "account", "accounts?", "account"),
    _missing("class", "class", "klass(es)?|class(es)?", "dimensions.class"),
    _missing("location", "department", "depts?|departments?", "dimensions.department"),
    _missing("tax code", "tax_code", "tax ?codes?", "tax"),
    _missing("currency", "currency", "currenc(y|ies)", "currency"),
    _missing("vendor, customer or employee", "party", "names?|vendors?|customers?", "party"),
    Rule(
        ("610",),
        Do.REREAD,
        "qbo.deleted_there",
        "{document} is not there any more: somebody deleted it in QuickBooks. {left}",
        "Decide whether it is to be posted again.",
        pattern=_words(r"deleted this transaction"),
        ops=_CHANGE,
    ),
    Rule(
        ("610", "2500"),
        Do.NO,
        "qbo.reference_inactive",
        "{document} uses an account, class, location, customer or vendor that was made inactive or "
        "removed in QuickBooks. {left}",
        "Make it active there, or point the rule elsewhere, then refresh the lists and replay.",
        pattern=_words(r"inactive"),
    ),
    Rule(
        ("610",),
        Do.REREAD,
        "qbo.not_found",
        "{document} was not found in QuickBooks. {left}",
        "Decide whether it is to be posted again.",
        ops=_CHANGE,
    ),
    Rule(
        ("610", "2500", "2030", "6250"),
        Do.NO,
        "qbo.reference_unknown",
        "{document} refers to something that QuickBooks does not know (any more). {left}",
        "Refresh the lists, look at the account, dimensions and vendor of each line, then replay.",
    ),
    # --- versions and numbers ----------------------------------------------------------------
    Rule(
        ("5010",),
        Do.REREAD,
        "qbo.changed_there",
        "{document} was changed in QuickBooks in the meantime. {left}",
        "Nothing to do yet: it is read again and compared.",
    ),
    Rule(
        ("600",),
        Do.DOUBT,
        "qbo.request_running",
        "{document}: QuickBooks is still busy with our first request for it.",
        "Nothing to do: it is looked up by itself.",
    ),
    Rule(
        ("6140",),
        Do.DOUBT,
        "qbo.number_taken",
        "{document}: the number exists as TxnId {id}: look it up",
        "Look at the document of that number in QuickBooks.",
        "number",
        pattern=_words(r"TxnId=(?P<id>\d+)"),
        ops=_POST,
    ),
    Rule(
        ("6140",),
        Do.NO,
        "qbo.number_taken",
        "{document}: another document in QuickBooks has the same number. {left}",
        "Give the other document another number in QuickBooks, or link it as this report's.",
        "number",
    ),
    # --- what stands in the way of taking it back --------------------------------------------
    Rule(
        ("620", "800", "6220", "6450"),
        Do.NO,
        "qbo.linked",
        "{document} is tied to a payment or to another document in QuickBooks. {left}",
        "Undo the payment or the link in QuickBooks, or post a document that takes it back.",
    ),
    Rule(
        ("6400",),
        Do.NO,
        "qbo.billed_on",
        "{document} has been billed to a customer. {left}",
        "Correct the customer's invoice first, or post a document that takes it back.",
    ),
    Rule(
        ("6480", "6540"),
        Do.NO,
        "qbo.bank_matched",
        "{document} is matched with the bank feed or deposited. {left}",
        "Undo the match in QuickBooks, or post a document that takes it back.",
    ),
    # --- what a person can change ------------------------------------------------------------
    Rule(
        ("5020", "5030"),
        Do.NO,
        "qbo.feature_missing",
        "{document} needs something that this company's QuickBooks plan, or our user there, does "
        "not have (bills, classes, locations or currencies). {left}",
        "Change the plan or the user's rights in QuickBooks, or take the dimension out of the "
        "flow.",
    ),
    Rule(
        ("6430",),
        Do.NO,
        "qbo.account_type",
        "{document}: an account is of a type that QuickBooks does not take in this place, such as "
        "a receivable or payable account on a line. {left}",
        "Choose another account for the line, the card or the payable by a rule or in the flow.",
        "account",
    ),
    Rule(
        ("6440",),
        Do.NO,
        "qbo.line_without_account",
        "{document}: a line has no account. {left}",
        "Give the line an account by a rule.",
        "account",
    ),
    Rule(
        ("6310", "6320"),
        Do.NO,
        "qbo.billable",
        "{document}: a billable line has no customer, or cannot be billed on. {left}",
        "Give the line a customer by a rule, or let the flow ignore the billable flag.",
        "billable",
    ),
    Rule(
        ("6100", "6160", "6170", "6230"),
        Do.NO,
        "qbo.tax",
        "{document}: QuickBooks does not take this tax code or tax amount. {left}",
        "Choose another tax code by a rule, or set the flow's tax policy to: tax is cost.",
        "tax",
    ),
    Rule(
        ("6240",),
        Do.NO,
        "qbo.name_taken",
        "{document}: a vendor, customer or employee of that name exists in QuickBooks. {left}",
        "Link the employee to it if it is a vendor, or create a vendor under another name.",
        "party",
    ),
    Rule(
        ("6000",),
        Do.DOUBT,
        "qbo.internal_error",
        "{document}: QuickBooks reported an internal error of its own.",
        "Nothing to do: it is looked up by itself.",
        pattern=_words(r"unexpected internal error"),
    ),
    Rule(
        ("6000",),
        Do.NO,
        "qbo.number_length",
        "{document}: QuickBooks finds its number too long. {left}",
        _OURS_TO_REPAIR,
        "number",
        pattern=_words(r"doc_num"),
    ),
    Rule(
        ("6000",),
        Do.NO,
        "qbo.vendor_missing",
        "{document}: a line on accounts payable has no vendor. {left}",
        "Link the employee to a vendor, or choose a clearing account in the flow.",
        "party",
        pattern=_words(r"choose a vendor"),
    ),
    Rule(
        ("6000",),
        Do.NO,
        "qbo.not_reimbursable",
        "{document}: a line is billable although its account is not an expense account. {left}",
        "Choose an expense account by a rule, or let the flow ignore the billable flag.",
        "billable",
        pattern=_words(r"not reimbursable"),
    ),
    Rule(
        ("6000",),
        Do.NO,
        "qbo.tax",
        "{document}: a line has no tax code. {left}",
        "Add a rule that gives every line a tax code.",
        "tax",
        pattern=_words(r"\b(vat|gst|tax)\b"),
    ),
    Rule(
        ("6000",),
        Do.NO,
        "qbo.rule_broken",
        '{document} breaks a rule of QuickBooks: "{detail}". {left}',
        "Change what QuickBooks names, in the rules, the flow or in QuickBooks, then replay.",
    ),
    Rule(
        ("2040",),
        Do.NO,
        "qbo.characters",
        "{document}: a text has characters that QuickBooks cannot store, an emoji perhaps. {left}",
        "Take them out of the report's name, merchants and comments in Expensify.",
        "memo",
    ),
    # --- files ---------------------------------------------------------------------------------
    Rule(
        ("6030",),
        Do.NO,
        "qbo.file_size",
        "{document} is larger than QuickBooks takes. {left}",
        "Attach a smaller copy in QuickBooks by hand, or put one into Expensify.",
    ),
    Rule(
        ("6041",),
        Do.NO,
        "qbo.file_type",
        "{document} is of a type that QuickBooks does not take. {left}",
        "Attach it in QuickBooks by hand as a PDF or a picture.",
    ),
    Rule(
        ("6050",),
        Do.NO,
        "qbo.file_place",
        "{document}: QuickBooks takes no files on documents of this kind. {left}",
        "Choose another way with receipts in the flow.",
    ),
    # --- outcome open, or by itself ----------------------------------------------------------
    Rule(
        ("1000", "1010", "1020"),
        Do.LATER,
        "qbo.failed_there",
        "{document}: QuickBooks could not carry it out just now. {left}",
        "Nothing to do: it is tried again by itself.",
    ),
    Rule(
        ("10000",),
        Do.DOUBT,
        "qbo.system_failure",
        "{document}: QuickBooks reported a failure of its own.",
        "Nothing to do: it is looked up by itself.",
    ),
    # --- faults of ours ----------------------------------------------------------------------
    Rule(
        _FAULTS_OF_OURS,
        Do.NO,
        "qbo.not_understood",
        '{document}: QuickBooks did not understand what we sent: "{detail}". {left}',
        _OURS_TO_REPAIR,
    ),
    # --- what nobody has described -----------------------------------------------------------
    Rule(
        (),
        Do.NO,
        "qbo.refused",
        '{document} was refused by QuickBooks, for a reason that we do not know: "{detail}". '
        "{left}",
        "Change what QuickBooks names, then replay; send the small print to support if it names "
        "nothing.",
    ),
)

UNDESCRIBED = RULES[-1]
