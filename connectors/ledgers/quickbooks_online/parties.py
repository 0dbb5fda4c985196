"""Vendors that we create: who has the name already, the exact request, and what its answer says."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import exact_json, keys
from connectors.contract.company import ChartRow
from connectors.contract.keys import Marker
from connectors.contract.ledger import InDoubt, NewParty, PartyCall, Refused
from connectors.contract.problem import Problem, Problems
from connectors.contract.transport import Request, Response
from connectors.ledgers.quickbooks_online import chart, verdicts
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.client import Client, Missing, Page, Select, among
from connectors.ledgers.quickbooks_online.pack import HEADERS, MINOR_VERSION, parts
from connectors.ledgers.quickbooks_online.parse import readable
from connectors.ledgers.quickbooks_online.verdicts import Context

# QuickBooks may take up to 500, but many of its pages and partners stop at 100.
NAME_LENGTH = 100
# Parents and children are told apart by a colon; the rest is no text of one line.
_FORBIDDEN = re.compile("[:\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# A single write may have up to 50 characters.
_REQUEST_ID_LENGTH = 36
# Names that one look-up asks for; each is asked for in two spellings.
_NAMES = 60
_NAME_TAKEN = "6240"
_VENDOR = next(one for one in chart.NAME_SPACE if one.entity == "Vendor")
_LEFT = "It was not created, and nothing was posted."


def named(client: Client, names: Sequence[str]) -> dict[str, tuple[ChartRow, ...]]:
    """Who has these names among vendors, employees and customers, active or not.

    QuickBooks compares without regard to case; what it found is compared again here. A list that
    the company's plan does not have has nobody.
    """
    found: dict[str, list[ChartRow]] = {}
    for some in parts(list(dict.fromkeys(names)), _NAMES):
        spellings = [spelling for name in some for spelling in (name, name + chart.SUFFIX)]
        where = f"{among('DisplayName', spellings)} AND {chart.ACTIVE_OR_NOT}"
        answers = client.ask([Select(one.entity, where) for one in chart.NAME_SPACE])
        for one, answer in zip(chart.NAME_SPACE, answers, strict=True):
            with readable(f"a list of {one.entity}"):
                for row in _rows(client, answer):
                    member = chart.chart_row(one, row)
                    found.setdefault(_same(member.name), []).append(member)
    return {name: tuple(found.get(_same(name), ())) for name in names}


def create(
    company_id: str, party: NewParty, marker: Marker, is_multicurrency: bool
) -> PartyCall | Problems:
    """The request that creates the vendor, or why QuickBooks can have none of that name.

    Not marked for the tax form 1099: who gets one is a person's decision.
    """
    if problem := _unusable(party):
        return (problem,)
    body = {
        "DisplayName": party.name,
        "PrimaryEmailAddr": {"Address": party.email},
        "Vendor1099": False,
    }
    if is_multicurrency:
        body["CurrencyRef"] = {"value": party.currency}
    content = exact_json.dumps(body).encode()
    request_id = keys.request_id(content, marker.key, _REQUEST_ID_LENGTH)
    path = f"/v3/company/{company_id}/vendor?{MINOR_VERSION}&requestid={request_id}"
    return PartyCall(
        marker=marker,
        request=Request("POST", path, HEADERS, content),
        request_id=request_id,
        resend_window=ABILITIES.resend_window,
    )


def outcome(call: PartyCall, response: Response) -> ChartRow | Refused | InDoubt:
    """What became of the vendor. Raises Throttled, Unauthorised or Blocked."""
    sent = exact_json.loads(call.request.body)
    tid = verdicts.intuit_tid(response)
    document, faults = verdicts.read(response)
    about = Context(document=f'Vendor "{sent["DisplayName"]}"', left=_LEFT)
    found = verdicts.verdicts(faults, about)
    if (error := verdicts.connection_error(found, response)) is not None:
        raise error
    if response.status >= 500:
        return InDoubt(_why(f"QuickBooks answered HTTP {response.status}", tid))
    if found:
        judged = verdicts.outcome(found, tid)
        is_taken = any(fault.code == _NAME_TAKEN for fault in faults)
        if is_taken and isinstance(judged, Refused):
            return Refused(judged.problems, "reread")
        return judged
    row = document.get("Vendor") if isinstance(document, Mapping) else None
    if response.status != 200 or not isinstance(row, Mapping):
        what = f"QuickBooks answered HTTP {response.status} without a vendor that can be read"
        return InDoubt(_why(what, tid))
    with readable("a vendor"):
        vendor = chart.chart_row(_VENDOR, row)
    if not vendor.id or _same(vendor.name) != _same(sent["DisplayName"]):
        return InDoubt(_why("the answer shows another vendor than the one sent", tid))
    return vendor


def _rows(client: Client, answer: Page | Missing) -> list[Mapping[str, Any]]:
    if isinstance(answer, Missing):
        return []
    rows = list(answer.rows)
    if not answer.is_last:
        rows += [row for page in client.pages(answer.following, answer.rows) for row in page.rows]
    return rows


def _unusable(party: NewParty) -> Problem | None:
    """Names are never cut or mended: under another name nobody would look for the person."""
    if len(party.name) <= NAME_LENGTH and not _FORBIDDEN.search(party.name):
        return None
    what = (
        f"its name has more than {NAME_LENGTH} characters"
        if len(party.name) > NAME_LENGTH
        else "its name has a colon, or a character that no name there may have"
    )
    return Problem(
        "qbo.name_unusable",
        "party",
        f'Vendor "{party.name}" ({party.email}): {what}. {_LEFT}',
        "Add the vendor in QuickBooks under a name that it takes, and link the employee to it.",
    )


def _same(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _why(text: str, tid: str) -> str:
    return f"{text} (request {tid})" if tid else text
