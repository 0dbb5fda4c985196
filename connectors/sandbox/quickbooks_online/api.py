"""The paths below /v3/company/{realm}: which operation a request means, and its envelope."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..chassis import Fault, Request, Response
from . import attachments, grammar, profile, query
from .change import READ_ONLY_ENTITIES, Change, carry_out
from .company import LISTS, TRANSACTIONS, Company, Obj, parsed_moment, utc_epoch
from .errors import DELETED, NOT_THERE, Refusal, bad_property, missing

MOST_BATCH = 30
MOST_BID = 10
MOST_CHANGES = 1000
LOOK_BACK = timedelta(days=30)
NOT_IN_CDC = ("JournalCode", "TaxAgency", "TimeActivity", "TaxCode", "TaxRate")
SEGMENTS = {name.lower(): name for name in (*TRANSACTIONS, *LISTS, "Attachable")}


@dataclass
class Call:
    """A request past the gates, with its company and what is left of its path."""

    company: Company
    settings: dict[str, Any]
    request: Request
    rest: list[str]

    def change(self, entity: str, operation: str, given: Any, options: str = "") -> Change:
        wanted = frozenset(part.strip() for part in options.split(",") if part.strip())
        return Change(self.company, self.settings, entity, operation, given, wanted)

    def shown(self, entity: str, found: Obj) -> Obj:
        if entity != "Attachable" or "Size" not in found:
            return found
        until = int(self.company.clock.time()) + attachments.LINK_LIVES_S
        return attachments.shown(found, self.company.realm, self.request.base_url, until)


def answer(call: Call) -> Response:
    """Refusal for everything that isn't done."""
    head = call.rest[0] if call.rest else ""
    special = SPECIAL.get(head)
    if special is not None:
        found = special(call)
        return found if isinstance(found, Response) else enveloped(call, found)
    entity = SEGMENTS.get(head)
    if entity is None or len(call.rest) > 2:
        raise Refusal("500", f"Unsupported Operation : {call.request.method} {'/'.join(call.rest)}")
    if call.request.method == "GET":
        return enveloped(call, {entity: _read(call, entity)})
    if call.request.method != "POST":
        raise Refusal("500", f"Unsupported Operation : {call.request.method} is not supported.")
    return enveloped(call, {entity: _write(call, entity)})


def enveloped(call: Call, found: Obj) -> Response:
    response = Response.json(found | {"time": call.company.answered_at()})
    response.headers["Content-Type"] = "application/json;charset=UTF-8"
    return response


def given(request: Request) -> Any:
    """The JSON body; bad bytes are code 500, bad JSON 2010."""
    try:
        return request.json()
    except UnicodeDecodeError:
        raise Refusal("500", "Unsupported Operation : the body is not UTF-8.") from None
    except ValueError:
        raise bad_property("") from None


# -- entities --------------------------------------------------------------------------------------
def _read(call: Call, entity: str) -> Obj:
    if len(call.rest) != 2:
        raise Refusal("500", f"Unsupported Operation : GET {entity} without an id.")
    id = call.rest[1]
    stored = call.company.get(entity, id)
    if stored is not None:
        return call.shown(entity, call.company.shown(entity, stored))
    if entity in TRANSACTIONS:
        raise Refusal("610", DELETED, "Id")
    if not id.isdigit():
        raise Refusal("2030", f"Invalid ID : {id}", "Id")
    raise Refusal("610", NOT_THERE, "Id")


def _write(call: Call, entity: str) -> Obj:
    if entity in READ_ONLY_ENTITIES:
        raise Refusal("500", f"Unsupported Operation : {entity} is read only.")
    body = given(call.request)
    asked = call.request.query
    operation = asked.get("operation", "")
    include = asked.get("include", "")
    return call.shown(entity, carry_out(_change(call, entity, operation, body, include)))


def _change(call: Call, entity: str, operation: str, body: Any, include: str) -> Change:
    if operation not in ("", "create", "update", "delete", "void", "include"):
        raise Refusal("500", f"Unsupported Operation : operation {operation} is not supported.")
    if operation == "void" or include == "void":
        return call.change(entity, "void", body)
    if operation == "delete":
        return call.change(entity, "delete", body)
    has_id = isinstance(body, dict) and body.get("Id") not in (None, "")
    return call.change(
        entity, "update" if has_id and operation != "create" else "create", body, include
    )


# -- reads -----------------------------------------------------------------------------------------
def _company_info(call: Call) -> Obj:
    if call.rest[1:] not in ([], [call.company.realm]):
        raise Refusal("610", NOT_THERE, "Id")
    return {"CompanyInfo": profile.company_info(call.company, call.settings["plan"])}


def _preferences(call: Call) -> Obj:
    if call.request.method != "GET":
        raise Refusal("500", "Unsupported Operation : preferences are read only here.")
    return {"Preferences": profile.preferences(call.company)}


def _exchange_rate(call: Call) -> Obj:
    asked = call.request.query
    currency = asked.get("sourcecurrencycode")
    if not currency:
        raise missing("sourcecurrencycode")
    found = profile.exchange_rate(
        call.company, currency, asked.get("asofdate") or call.company.today()
    )
    if found is None:
        raise Refusal("610", NOT_THERE, "SourceCurrencyCode")
    return {"ExchangeRate": found}


def _query(call: Call) -> Obj:
    statement = call.request.query.get("query")
    if call.request.method == "POST":
        if "text" not in call.request.headers.get("content-type", ""):
            raise grammar.unparsable("a query in the body is Content-Type application/text")
        statement = call.request.text
    if not statement or not statement.strip():
        raise grammar.unparsable('Encountered "<EOF>" at position 1')
    return {"QueryResponse": _queried(call, statement)}


def _queried(call: Call, statement: str) -> Obj:
    found = query.run(call.company, statement, call.settings)
    if "Attachable" in found:
        found["Attachable"] = [call.shown("Attachable", one) for one in found["Attachable"]]
    return found


def _changes(call: Call) -> Obj:
    """Full objects changed since a moment, one QueryResponse per entity, deleted ones as
    tombstones.
    """
    asked = call.request.query
    for name in ("entities", "changedSince"):
        if not asked.get(name):
            raise missing(name)
    try:
        since = parsed_moment(asked["changedSince"])
    except ValueError:
        raise Refusal(
            "2060", f"Invalid Date format : {asked['changedSince']}", "changedSince"
        ) from None
    if call.company.clock.now() - since > LOOK_BACK:
        raise grammar.invalid("changedSince is more than 30 days ago")
    left, responses = MOST_CHANGES, []
    for name in asked["entities"].split(","):
        entity = SEGMENTS.get(name.strip().lower())
        if entity is None or entity in NOT_IN_CDC:
            raise Refusal("2000", f"Invalid object name : {name.strip()}")
        rows = _changed(call.company, entity, int(since.timestamp()))[:left]
        left -= len(rows)
        counts = {"startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)}
        responses.append({entity: rows} | counts if rows else {})
    return {"CDCResponse": [{"QueryResponse": responses}]}


def _changed(company: Company, entity: str, since: int) -> list[Obj]:
    table = company.table(entity)
    recent = [
        (company.changed[f"{entity} {id}"], company.shown(entity, stored))
        for id, stored in table.items()
        if int(company.changed.get(f"{entity} {id}", 0)) >= since
    ]
    for grave in company.buried:
        if grave["entity"] == entity and int(utc_epoch(grave["time"])) >= since:
            tombstone = {
                "domain": "QBO",
                "status": "Deleted",
                "Id": grave["id"],
                "MetaData": {"LastUpdatedTime": grave["time"]},
            }
            recent.append((grave["at"], tombstone))
    return [row for _, row in sorted(recent, key=lambda one: one[0])]


# -- batch -----------------------------------------------------------------------------------------
def _batch(call: Call) -> Obj:
    """Each member for itself; one that is refused doesn't touch the others."""
    if call.request.method != "POST":
        raise Refusal("500", "Unsupported Operation : batch is POST only.")
    body = given(call.request)
    if not isinstance(body, dict) or set(body) - {"BatchItemRequest"}:
        raise bad_property("BatchItemRequest")
    members = body.get("BatchItemRequest")
    if not members:
        raise Refusal("400", "Batch Request is Empty")
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise bad_property("BatchItemRequest")
    if len(members) > MOST_BATCH:
        raise Refusal(
            "1040", f"Batch size exceeds allowed limit : {len(members)}, at most {MOST_BATCH}."
        )
    _check_bids(call, members)
    fate = _fates(call.request.fault, members)
    order = members if call.settings["batch_order"] == "given" else members[::-1]
    answers = []
    for member in order:
        doom = fate.get(member["bId"])
        if doom != "missing":
            found = _member(call, member, doom == "refused")
            if doom != "missing_stored":
                answers.append(found | {"bId": member["bId"]})
    return {"BatchItemResponse": answers}


def _check_bids(call: Call, members: list[Obj]) -> None:
    bids = [member.get("bId") for member in members]
    if not all(isinstance(bid, str) and bid for bid in bids):
        raise missing("bId")
    if len(set(bids)) != len(bids) and call.settings["duplicate_bids"] == "refuse":
        raise Refusal("2010", "Property Name:bId is used more than once in the batch", "bId")
    if call.request.query.get("requestid") and any(len(str(bid)) > MOST_BID for bid in bids):
        raise Refusal(
            "2130",
            f"Invalid Request Id Format : with a requestid a bId has at most {MOST_BID} characters",
        )


def _fates(fault: Fault | None, members: list[Obj]) -> dict[str, str]:
    """What partial_batch does to whom: `body` is missing, missing_stored, a list of bIds to refuse,
    `~text` to refuse whatever contains the text, or nothing for every second member."""
    if fault is None:
        return {}
    seconds = [member["bId"] for member in members[1::2]] or [members[0]["bId"]]
    if fault.body in ("missing", "missing_stored"):
        return dict.fromkeys(seconds, fault.body)
    if fault.body and fault.body.startswith("~"):
        return {one["bId"]: "refused" for one in members if fault.body[1:] in str(one)}
    chosen = [bid.strip() for bid in fault.body.split(",")] if fault.body else seconds
    return dict.fromkeys(chosen, "refused")


def _member(call: Call, member: Obj, is_refused: bool) -> Obj:
    try:
        if is_refused:
            raise Refusal("6000", "Business Validation Error: Unexpected Internal Error. (-30000)")
        return _member_answer(call, member)
    except Refusal as refusal:
        return {"Fault": refusal.fault()}


def _member_answer(call: Call, member: Obj) -> Obj:
    if "Query" in member:
        if not isinstance(member["Query"], str):
            raise bad_property("Query")
        return {"QueryResponse": _queried(call, member["Query"])}
    entities = [name for name in member if name in SEGMENTS.values()]
    strange = set(member) - {"bId", "operation", "optionsData", *entities}
    if len(entities) != 1 or strange:
        raise bad_property("".join(sorted(strange)[:1]) or "BatchItemRequest")
    entity = entities[0]
    options = member.get("optionsData") or ""
    if not isinstance(options, str):
        raise bad_property("optionsData")
    change = _change(call, entity, member.get("operation") or "create", member[entity], options)
    if member.get("operation") == "update" and change.operation == "create":
        raise missing("Id")
    return {entity: call.shown(entity, carry_out(change))}


# -- files -----------------------------------------------------------------------------------------
def _upload(call: Call) -> Obj:
    if call.request.method != "POST":
        raise Refusal("500", "Unsupported Operation : upload is POST only.")
    kind = call.request.headers.get("content-type", "")
    slots = attachments.upload(call.company, call.settings, call.request.body, kind)
    for slot in slots:
        if "Attachable" in slot:
            slot["Attachable"] = call.shown("Attachable", slot["Attachable"])
    return {"AttachableResponse": slots}


def _download(call: Call) -> Response:
    id = call.rest[1] if len(call.rest) == 2 else ""
    if id not in call.company.files or not call.settings["download"]:
        raise Refusal("610", NOT_THERE, "Id")
    until = int(call.company.clock.time()) + attachments.LINK_LIVES_S
    address = attachments.temporary(id, call.company.realm, call.request.base_url, until)
    return Response.text(address)


SPECIAL: dict[str, Callable[[Call], Any]] = {
    "companyinfo": _company_info,
    "preferences": _preferences,
    "exchangerate": _exchange_rate,
    "query": _query,
    "cdc": _changes,
    "batch": _batch,
    "upload": _upload,
    "download": _download,
}
