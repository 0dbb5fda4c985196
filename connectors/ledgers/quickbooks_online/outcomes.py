"""What became of each document of a call: no answer, however odd, leaves a member without one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.contract.keys import Marker
from connectors.contract.ledger import Call, InDoubt, Op, Outcome, Posted, Receipt, Refused
from connectors.contract.problem import Problem
from connectors.contract.transport import ContractBroken, Response
from connectors.ledgers.quickbooks_online import pack, parse, texts, verdicts
from connectors.ledgers.quickbooks_online.kinds import web_link
from connectors.ledgers.quickbooks_online.pack import Member
from connectors.ledgers.quickbooks_online.verdicts import Context, Verdict

# A request may run for 120 s; the time that an answer states is never further behind its Date.
_LONGEST_REQUEST = timedelta(seconds=150)


def outcomes(
    call: Call, response: Response, web_url: str, home_currency: str
) -> dict[Marker, Outcome]:
    """The outcome of every member of the call.

    Raises Throttled, Unauthorised or Blocked when the answer is about the connection and no
    document of the call was touched.
    """
    members = pack.members(call)
    document, whole = verdicts.read(response)
    found = verdicts.verdicts(whole, Context(op=call.op))
    # A 5xx that names a fault of the connection (a throttle, a locked company) is a refusal all
    # the same: those were turned away before any document was looked at.
    if (error := verdicts.connection_error(found, response)) is not None:
        raise error
    if response.status >= 500:
        return _all(members, InDoubt(_why(f"QuickBooks answered HTTP {response.status}", response)))
    if whole:
        return {m.marker: _whole_refused(m, members, whole, response) for m in members}
    answers = document.get("BatchItemResponse") if isinstance(document, Mapping) else None
    if response.status != 200 or not isinstance(answers, list):
        why = f"QuickBooks answered HTTP {response.status} with nothing that can be read"
        return _all(members, InDoubt(_why(why, response)))
    is_repeated = _is_repeated(document, response)
    return _members(members, answers, is_repeated, response, web_url, home_currency)


def _members(
    members: tuple[Member, ...],
    answers: list[Any],
    is_repeated: bool,
    response: Response,
    web_url: str,
    home_currency: str,
) -> dict[Marker, Outcome]:
    """Answers come in any order and may be fewer than the members: only the id joins them."""
    by_id: dict[Any, list[Mapping[str, Any]]] = {}
    for answer in answers:
        if isinstance(answer, Mapping) and isinstance(answer.get("bId"), str):
            by_id.setdefault(answer["bId"], []).append(answer)
    judged = {m.marker: _faults(m, by_id.get(m.batch_id, [])) for m in members}
    if judged and all(found and found[0].do.is_about_connection for found in judged.values()):
        # Refused one by one, but for the same reason: the connection's.
        error = verdicts.connection_error(next(iter(judged.values())), response)
        if error is not None:
            raise error
    tid = verdicts.intuit_tid(response)
    found_outcomes: dict[Marker, Outcome] = {}
    for member in members:
        own, found = by_id.get(member.batch_id, []), judged[member.marker]
        if len(own) != 1:
            count = "no" if not own else "more than one"
            why = f"the answer has {count} part for this document"
            found_outcomes[member.marker] = InDoubt(_why(why, response))
        elif found:
            found_outcomes[member.marker] = verdicts.outcome(found, tid)
        elif is_repeated and member.op is not Op.CANCEL:
            found_outcomes[member.marker] = _repeated(member, response)
        else:
            found_outcomes[member.marker] = _stored(
                member, own[0], response, web_url, home_currency
            )
    return found_outcomes


def _is_repeated(document: Mapping[str, Any], response: Response) -> bool:
    """The answer is that of an earlier request of the same id: it states its own, earlier time.

    What it shows was stored then, and may have been deleted since.
    """
    said = parse.moment(document.get("time"))
    return said is not None and response.at is not None and response.at - said > _LONGEST_REQUEST


def _repeated(member: Member, response: Response) -> Outcome:
    problem = Problem(
        "qbo.answer_repeated",
        "document",
        f"{pack.context(member).document}: QuickBooks repeats its answer to our first request, and "
        "does not show the document: somebody deleted it there. Nothing more was posted.",
        "Set it aside if it was deleted on purpose; release it to post it anew.",
    )
    return InDoubt(_why("QuickBooks repeats an earlier answer", response), problem)


def _faults(member: Member, answers: list[Mapping[str, Any]]) -> tuple[Verdict, ...]:
    if len(answers) != 1:
        return ()
    faults = verdicts.faults_in(answers[0])
    if not faults or isinstance(answers[0].get(member.entity), Mapping):
        # A fault and a document in one: neither is to be believed.
        return ()
    return verdicts.verdicts(faults, pack.context(member))


def _stored(
    member: Member,
    answer: Mapping[str, Any],
    response: Response,
    web_url: str,
    home_currency: str,
) -> Outcome:
    raw = answer.get(member.entity)
    if not isinstance(raw, Mapping) or verdicts.faults_in(answer):
        return InDoubt(_why("the answer is neither a document nor a refusal", response))
    if member.op is Op.CANCEL:
        return _deleted(member, raw, response, web_url)
    try:
        document = parse.stored(member.entity, raw, web_url, home_currency)
    except ContractBroken as broken:
        return InDoubt(_why(broken.message, response))
    # A repeated request id is answered with the first answer, whatever became of that document
    # since, so the answer proves a document only if it is the one that was sent.
    is_ours = document.number == member.number or texts.carries(raw, member.marker)
    if document.kind is not pack.payload_kind(member) or not is_ours:
        return InDoubt(_why("the answer shows another document than the one sent", response))
    is_target = member.op is Op.POST or document.id == member.document_id
    if document.status == "deleted" or not is_target:
        why = f"the answer shows document {document.id}, {document.status}"
        return InDoubt(_why(why, response))
    return Posted(parse.receipt(document), document)


def _deleted(member: Member, raw: Mapping[str, Any], response: Response, web_url: str) -> Outcome:
    if raw.get("status") != "Deleted" or str(raw.get("Id")) != member.document_id:
        return InDoubt(_why("the answer to a delete does not say Deleted", response))
    kind = pack.payload_kind(member)
    link = web_link(web_url, member.entity, member.document_id)
    version = str(member.body.get("SyncToken") or "")
    return Posted(Receipt(member.document_id, "", version, kind, link), None)


def _whole_refused(
    member: Member,
    members: tuple[Member, ...],
    faults: tuple[verdicts.Fault, ...],
    response: Response,
) -> Outcome:
    """The batch as a whole was refused, so that no document of it was looked at.

    With several members it is one of them that spoils it, or the batch itself, and the others
    must not be blamed: again later, and in smaller batches. Alone, the refusal is its own.
    """
    found = verdicts.verdicts(faults, pack.context(member))
    outcome = verdicts.outcome(found, verdicts.intuit_tid(response))
    if len(members) > 1 and isinstance(outcome, Refused):
        return Refused(outcome.problems, "later")
    return outcome


def _all(members: tuple[Member, ...], outcome: Outcome) -> dict[Marker, Outcome]:
    return {member.marker: outcome for member in members}


def _why(text: str, response: Response) -> str:
    tid = verdicts.intuit_tid(response)
    return f"{text} (request {tid})" if tid else text
