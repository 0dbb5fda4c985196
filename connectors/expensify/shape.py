"""The members that our template prints, so that whatever else arrives is noticed and named."""

from collections.abc import Mapping
from typing import Any

# A nested table stands for an object or a list of objects, None for a plain value, and ANY for an
# object whose names are people's own.
ANY: Mapping[str, Any] = {}

_EXPENSE: Mapping[str, Any] = {
    **dict.fromkeys(
        "transactionID reportID type amount modifiedAmount convertedAmount currency "
        "currencyConversionRate created modifiedCreated inserted posted merchant modifiedMerchant "
        "comment mcc modifiedMCC externalID category categoryGlCode categoryPayrollCode tag "
        "tagGlCode reimbursable billable hasTax taxAmount modifiedTaxAmount taxName taxRateName "
        "taxRate taxCode bank cardID cardName cardNumber isDistance".split()
    ),
    "ntags": dict.fromkeys(("level", "name", "glCode")),
    "units": dict.fromkeys(("count", "rate", "unit", "name")),
    "attendees": dict.fromkeys(("email", "displayName")),
    "receipt": dict.fromkeys(("receiptID", "filename", "type", "url")),
}

REPORT: Mapping[str, Any] = {
    **dict.fromkeys(
        "_type _schema reportID oldReportID reportName status state stateNum statusNum policyID "
        "policyName currency total created submitted approved reimbursed entryID isACHReimbursed "
        "accountEmail accountID submitterUserID submitterPayrollID employeeCustomField1 "
        "employeeCustomField2".split()
    ),
    "submitter": dict.fromkeys(("firstName", "lastName", "fullName")),
    "manager": dict.fromkeys(("email", "userID", "payrollID", "fullName")),
    "customField": ANY,
    "approvers": dict.fromkeys(
        ("email", "date", "fullName", "employeeUserID", "employeePayrollID")
    ),
    "actions": dict.fromkeys(("action", "accountEmail", "created", "message")),
    "expenses": _EXPENSE,
}


def unknown_keys(members: Any, known: Mapping[str, Any] = REPORT, path: str = "") -> set[str]:
    """Dotted names in a report line that `known` does not have: `expenses.carbon`.

    An object of people's own names that is null counts too: the template prints that where
    Expensify holds report fields but does not let them be listed, and nobody would miss them.
    """
    if isinstance(members, list):
        return set().union(*(unknown_keys(member, known, path) for member in members))
    if not isinstance(members, dict) or known is ANY:
        return set()
    found = {path + key for key in members.keys() - known.keys()}
    for key, inside in known.items():
        if inside is None or key not in members:
            continue
        if inside is ANY and members[key] is None:
            found.add(path + key)
        elif members[key]:
            found |= unknown_keys(members[key], inside, f"{path}{key}.")
    return found
