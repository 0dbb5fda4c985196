"""What a template sees of a stored report: its variables, bent by the doubtful facts' switches."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from ..month.build import TIME, Report
from .freemarker import Unlistable

REPORT_TIMES = ("created", "submitted", "approved", "reimbursed")
TEXTS = ("merchant", "modifiedMerchant", "comment", "category", "tag")
ORIGINAL_AMOUNTS = ("amount", "modifiedAmount", "taxAmount", "modifiedTaxAmount")
ZERO_DECIMAL = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX"}
PLAIN_POSITIONS = {
    "zone": "UTC",
    "html_escaped": False,
    "blanks": "empty",
    "converted_same_currency": "blank",
    "zero_decimal": "times_100",
    "closed_word": "Closed",
    "custom_field_listable": True,
    "ntag_escaped": False,
    "times": "text",
}


def local_time(at: str, zone: str) -> str:
    """A stored UTC time on the server's clock; blanks stay blank."""
    if not at or zone == "UTC":
        return at
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(zone)).strftime(TIME)


def utc_bound(on: str, zone: str) -> str:
    """The moment a calendar date begins on the server, as a stored time."""
    midnight = datetime.fromisoformat(on).replace(tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC).strftime(TIME)


def variables(report: Report, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The template's variables of one report; the stored report is left as it is."""
    if all(settings[name] == plain for name, plain in PLAIN_POSITIONS.items()):
        return report
    shown = _local_times(report, settings["zone"])
    if settings["times"] == "date":
        shown |= {n: datetime.fromisoformat(shown[n]) for n in REPORT_TIMES if shown[n]}
    shown["transactionList"] = [
        _expense(line, report["currency"], settings) for line in report["transactionList"]
    ]
    if shown["status"] == "Closed":
        shown["status"] = settings["closed_word"]
    if settings["html_escaped"]:
        shown["reportName"] = _escaped(shown["reportName"])
        shown["customField"] = {name: _escaped(text) for name, text in shown["customField"].items()}
    if settings["zero_decimal"] == "whole" and report["currency"] in ZERO_DECIMAL:
        shown["total"] = report["total"] // 100
    if not settings["custom_field_listable"]:
        shown["customField"] = Unlistable(shown["customField"])
    if settings["blanks"] == "absent":
        return {name: found for name, found in shown.items() if found != ""}
    return shown


def _local_times(report: Report, zone: str) -> dict[str, Any]:
    shown = dict(report)
    for name in REPORT_TIMES:
        shown[name] = local_time(report[name], zone)
    shown["approvers"] = [
        row | {"date": local_time(row["date"], zone)} for row in report["approvers"]
    ]
    shown["actionList"] = [
        row | {"created": local_time(row["created"], zone)} for row in report["actionList"]
    ]
    return shown


def _expense(
    line: dict[str, Any], report_currency: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    shown = dict(line)
    shown["inserted"] = local_time(line["inserted"], settings["zone"])
    if settings["converted_same_currency"] == "filled" and line["convertedAmount"] == "":
        edited = line["modifiedAmount"]
        shown["convertedAmount"] = line["amount"] if edited == "" else edited
    if settings["zero_decimal"] == "whole":
        for name in _whole_amounts(line, report_currency):
            if shown[name] != "":
                shown[name] = shown[name] // 100
    if settings["ntag_escaped"]:
        for name in _level_names(shown):
            shown[name] = shown[name].replace(":", "\\:")
    if settings["html_escaped"]:
        for name in (*TEXTS, *_level_names(shown)):
            shown[name] = _escaped(shown[name])
    if settings["blanks"] == "absent":
        return {name: found for name, found in shown.items() if found != ""}
    return shown


def _whole_amounts(line: dict[str, Any], report_currency: str) -> Iterator[str]:
    if line["currency"] in ZERO_DECIMAL:
        yield from ORIGINAL_AMOUNTS
    if report_currency in ZERO_DECIMAL:
        yield "convertedAmount"


def _level_names(line: dict[str, Any]) -> list[str]:
    return [name for name in line if name.startswith("ntag") and name[4:].isdigit()]


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;").replace("'", "&apos;")
