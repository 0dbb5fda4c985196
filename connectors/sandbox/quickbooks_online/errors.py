"""Refusals of QuickBooks Online in each of the shapes it uses: A (Fault), B (gateway), C (XML), D
(OAuth).
"""

from typing import Any
from xml.sax.saxutils import escape

from ..chassis import Response

MESSAGES = {
    "100": "General Authentication Error",
    "120": "Authorization Failure",
    "130": "Wrong Cluster",
    "140": "Company is locked",
    "150": "Company is under maintenance",
    "400": "MalformedRequest",
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction ID cannot be linked",
    "800": "Cannot delete object",
    "1040": "Batch size exceeds allowed limit",
    "2000": "Invalid object name",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String. The string contains unsupported characters",
    "2050": "String length specified does not match the supported length",
    "2060": "Invalid Date format",
    "2070": "Invalid Date value",
    "2090": "Invalid Number",
    "2100": "Invalid Decimal",
    "2110": "Invalid Amount",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2250": "Missing lines",
    "2260": "PostingType is required",
    "2270": "TaxApplicableOn is required",
    "2280": "TaxAmount is required",
    "2290": "Amount is negative",
    "2300": "Debits and credits are not equal",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6030": "Attachment size exceeds allowed limit",
    "6040": "Attachment metadata is not an Attachable",
    "6041": "Attachment type is not supported",
    "6050": "Attachment is not supported for this entity",
    "6070": "Amount calculation incorrect in the request",
    "6080": "No name provided",
    "6100": "Invalid tax code",
    "6140": "Duplicate Document Number Error",
    "6160": "Tax code not allowed",
    "6170": "Tax detail not allowed",
    "6180": "Too many levels",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed, Cannot Update Through Services API",
    "6210": "Account Period Closed, Password Required",
    "6240": "Duplicate Name Exists Error",
    "6310": "Billable transaction without customer",
    "6320": "Invalid billable status",
    "6400": "Cannot delete purchase, linked to an invoice",
    "6430": "Invalid account type used",
    "6440": "Line has no account",
    "6450": "Void failed",
    "6480": "Matched transaction cannot be deleted",
    "10000": "An application error has occurred while processing your request",
    "10100": "The result set is too big",
    "10200": "Company has been reset",
}
PERIOD_CLOSED = (
    "The account period has closed and the account books cannot be updated through the QBO Services"
    " API. Please use the QBO website to make these changes."
)
NOT_THERE = (
    "Object Not Found : Something you're trying to use has been made inactive. Check the fields"
    " with accounts, customers, items, vendors or employees."
)
DELETED = "Object Not Found : Another user has deleted this transaction."


class Refusal(Exception):
    """One application fault (shape A)."""

    def __init__(
        self,
        code: str,
        detail: str,
        element: str = "",
        *,
        kind: str = "ValidationFault",
        status: int = 400,
        message: str | None = None,
    ) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.kind = kind
        self.status = status
        self.message = message or MESSAGES[code]

    def fault(self) -> dict[str, Any]:
        """The value of `Fault`, as in a body, a batch item or an upload slot."""
        entry = {
            "Message": self.message,
            "Detail": self.detail,
            "code": self.code,
            "element": self.element,
        }
        return {"Error": [entry], "type": self.kind}

    def response(self, time: str) -> Response:
        answer = Response.json({"Fault": self.fault(), "time": time}, self.status)
        answer.headers["Content-Type"] = "application/json;charset=UTF-8"
        return answer


class Gate(Exception):
    """A refusal in front of the application: its whole Response."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status))
        self.response = response


def business(text: str, element: str = "") -> Refusal:
    """6000, whose meaning is in the detail only."""
    return Refusal("6000", f"Business Validation Error: {text}", element)


def missing(parameter: str) -> Refusal:
    return Refusal("2020", f"Required parameter {parameter} is missing in the request", parameter)


def bad_property(path: str) -> Refusal:
    text = (
        "Property Name:failed to parse json object; a property specified is unsupported or invalid"
    )
    return Refusal("2010", text, path)


def not_found_reference(family: str, id: str, element: str) -> Refusal:
    return Refusal("2500", f"Invalid Reference Id : {family} element id {id} not found", element)


def gateway(
    status: int, name: str, code: str, detail: str | None, kind: str, epoch_ms: int
) -> Response:
    """Shape B: lower case, epoch milliseconds. `code` as printed, e.g. "3200"."""
    text = f"message={name}; errorCode={int(code):06d}; statusCode={status}"
    body = {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [{"message": text, "detail": detail, "code": code, "element": None}],
            "type": kind,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": epoch_ms,
        "status": None,
        "cdcresponse": [],
    }
    return Response.json(body, status)


def xml(status: int, kind: str, code: str, message: str, detail: str, time: str) -> Response:
    """Shape C: XML whatever the caller accepts."""
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{kind}"><Error code="{code}"><Message>{escape(message)}</Message>'
        f"<Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
    )
    return Response.text(text, status, "application/xml")


def oauth(status: int, error: str, description: str | None = None) -> Response:
    """Shape D."""
    body = {"error": error}
    if description:
        body["error_description"] = description
    return Response.json(body, status)
