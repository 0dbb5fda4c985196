"""Reports in the shape that all simulators give their documents, for outside checks."""

from decimal import Decimal
from typing import Any

from ..month.build import effective


def document(report: dict[str, Any]) -> dict[str, Any]:
    """One report; its lines are debits, so positive. Amounts in the report's currency."""
    return {
        "id": report["reportID"],
        "company": report["policyID"],
        "kind": "expense_report",
        "number": report["reportID"],
        "markers": {},
        "report_id": report["reportID"],
        "date": (report["approved"] or report["created"])[:10],
        "due_date": None,
        "currency": report["currency"],
        "rate": None,
        "total": _units(report["total"]),
        "credit_account": None,
        "tax": None,
        "status": "active",
        "state": report["status"],
        "paid": bool(report["reimbursed"]),
        "party": report["accountEmail"],
        "billable": any(line["billable"] for line in report["transactionList"]),
        "dimensions": {},
        "lines": [
            {
                "id": line["transactionID"],
                "account": line["categoryGlCode"],
                "amount": _units(effective(line)),
                "dimensions": {"tag": line["tag"]} if line["tag"] else {},
                "tax": _units(line["taxAmount"]) if line["taxAmount"] != "" else None,
                "text": line["modifiedMerchant"] or line["merchant"],
            }
            for line in report["transactionList"]
        ],
        "attachments": [
            line["receiptFilename"] for line in report["transactionList"] if line["receiptFilename"]
        ],
        "version": len(report["actionList"]),
    }


def _units(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2).quantize(Decimal("0.01")))
