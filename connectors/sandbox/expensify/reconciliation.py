"""The reconciliation job: card transactions, reported or not, in a template dialect of their own.

Here an expense is negative, the reverse of the report exporter's sign, and many facts are methods
(`report.isReimbursed()`), so the two dialects share nothing but the engine.
"""

from collections.abc import Mapping
from typing import Any

from ..month.build import Expense, Report
from ..month.world import PEOPLE
from .answers import JobRefused, malformed, malformed_date, missing
from .freemarker import Pairs
from .store import Reports

EXTENSIONS = ("csv", "txt", "json", "xml")
STATUS_WORDS = {"Closed": "Archived"}
UNREPORTED = {
    "ID": 0,
    "currency": "USD",
    "name": "",
    "policyID": "",
    "state": "",
    "status": "",
    "total": 0,
    "url": "",
    "managerEmail": "",
    "submitterEmail": "",
    "submitterID": "",
}


def read_order(job: Mapping[str, Any], form: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """(inputSettings, file extension), checked. JobRefused says what is wrong."""
    wanted, output = job.get("inputSettings"), job.get("outputSettings")
    if not isinstance(wanted, dict):
        raise missing("inputSettings")
    for name in ("startDate", "endDate", "domain", "feed", "type"):
        if not wanted.get(name):
            raise missing(name)
    for name in ("startDate", "endDate"):
        text = str(wanted[name])
        if len(text) != 10 or text[4] + text[7] != "--":
            raise malformed_date(text)
    if wanted["type"] not in ("Unreported", "All"):
        raise malformed("type")
    if wanted.get("async", False) is not False:
        raise malformed("async")
    if not isinstance(output, dict) or output.get("fileExtension") not in EXTENSIONS:
        raise malformed("fileExtension")
    if not form.get("template", "").strip():
        raise missing("template")
    return wanted, output["fileExtension"]


def model(store: Reports, unreported: list[Expense], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """`cards` for the template: card -> reports -> transactionList."""
    feeds = {card["cardName"] for card in store.workspaces.cards}
    if wanted["feed"] != "export_all_feeds" and wanted["feed"] not in feeds:
        raise JobRefused(404, f"Feed '{wanted['feed']}' not found")
    pairs = Pairs()
    for card in store.workspaces.cards:
        if wanted["feed"] in ("export_all_feeds", card["cardName"]):
            pairs.append((_card(card), _reports(store, unreported, card, wanted)))
    return {"cards": pairs, "addHeader": True}


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bank": card["bank"],
        "ID": card["cardID"],
        "name": card["cardName"],
        "owner": card["email"],
    }


def _reports(
    store: Reports,
    unreported: list[Expense],
    card: Mapping[str, Any],
    wanted: Mapping[str, Any],
) -> list[dict[str, Any]]:
    def taken(line: Expense) -> bool:
        on = line["posted"] or line["created"]
        same_card = line["cardID"] == str(card["cardID"])
        return same_card and wanted["startDate"] <= on <= wanted["endDate"]

    found = []
    loose = [_transaction(line, card, 0) for line in unreported if taken(line)]
    if loose:
        found.append(UNREPORTED | _methods({"status": "", "approved": ""}) | _lines(loose))
    for report in map(store.receipts.linked, store.explicit()) if wanted["type"] == "All" else ():
        number = report["oldReportID"]
        lines = [
            _transaction(line, card, number) for line in report["transactionList"] if taken(line)
        ]
        if lines:
            found.append(_report(report) | _lines(lines))
    return found


def _lines(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"transactionList": lines}


def _report(report: Report) -> dict[str, Any]:
    return {
        "ID": report["oldReportID"],
        "currency": report["currency"],
        "name": report["reportName"],
        "policyID": report["policyID"],
        "state": report["state"],
        "status": STATUS_WORDS.get(report["status"], report["status"]),
        "total": -report["total"],
        "url": f"https://www.expensify.com/report?reportID={report['oldReportID']}",
        "managerEmail": report["managerEmail"],
        "submitterEmail": report["accountEmail"],
        "submitterID": report["accountID"],
    } | _methods(report)


def _methods(report: Mapping[str, Any]) -> dict[str, Any]:
    status = report["status"]
    lines = report.get("transactionList", ())
    return {
        "getApproved": lambda: report.get("approved") or None,
        "getSubmitted": lambda: report.get("submitted") or None,
        "hasAttachment": lambda: any(line["receiptObject"] for line in lines),
        "hasBeenApproved": lambda: bool(report.get("approved")),
        "isACHReimbursed": lambda: bool(report.get("isACHReimbursed")),
        "isClosed": lambda: status == "Closed",
        "isOpen": lambda: status == "Open",
        "isReimbursed": lambda: status == "Reimbursed",
        "isReimbursementComplete": lambda: status == "Reimbursed",
        "isSubmitted": lambda: status == "Processing",
    }


def _transaction(line: Expense, card: Mapping[str, Any], report: int) -> dict[str, Any]:
    edited = line["modifiedAmount"]
    amount = line["amount"]
    in_report_currency = line["convertedAmount"]
    return {
        "ID": line["transactionID"],
        "amount": -(amount if in_report_currency == "" else in_report_currency),
        "bank": line["bank"],
        "billable": line["billable"],
        "cardID": card["cardID"],
        "category": line["category"],
        "comment": line["comment"],
        "convertedAmount": "" if in_report_currency == "" else -in_report_currency,
        "created": line["modifiedCreated"] or line["created"],
        "currency": line["currency"],
        "currencyConversionRate": line["currencyConversionRate"],
        "externalID": line["externalID"],
        "isAmountModified": lambda: edited != "",
        "isTagged": lambda: bool(line["tag"]),
        "originalAmount": -amount,
        "originalCreated": line["created"],
        "originalCurrencyAmount": -amount,
        "originalMerchant": line["merchant"],
        "maskedPAN": line["cardNumber"],
        "merchant": line["modifiedMerchant"] or line["merchant"],
        "modifiedAmount": 0 if edited == "" else -edited,
        "modifiedCreated": line["modifiedCreated"],
        "modifiedMerchant": line["modifiedMerchant"],
        "owner": next((p.full for p in PEOPLE.values() if p.email == card["email"]), ""),
        "posted": line["posted"],
        "receiptID": line["receiptID"],
        "receiptURL": line["receiptObject"].get("url", ""),
        "reimbursable": line["reimbursable"],
        "reportID": report,
        "split": False,
        "tag": line["tag"],
        "taxAmount": "" if line["taxAmount"] == "" else -line["taxAmount"],
        "taxExternalID": line["taxCode"],
        "taxRate": line["taxRate"],
    }
