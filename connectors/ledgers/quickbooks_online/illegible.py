"""A document that cannot be read whole is told alone: the others of its answer do not wait."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract.ledger import Illegible, Stored
from connectors.contract.problem import Problem
from connectors.contract.transport import ContractBroken
from connectors.ledgers.quickbooks_online import parse, shape
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, WORDS, web_link

_WORDS = {entity: WORDS[kind] for kind, entity in reversed(ENTITIES.items())}


def standing(
    entity: str, raw: Mapping[str, Any], web_url: str, home_currency: str
) -> Stored | Illegible:
    """The transaction as QuickBooks has it, or that it is there and what of it cannot be read."""
    try:
        return parse.stored(entity, raw, web_url, home_currency)
    except ContractBroken as broken:
        return _illegible(entity, raw, web_url, broken)


def together(found: Sequence[Stored | Illegible]) -> Illegible | None:
    """The first one of `found` that cannot be read, which then speaks for all; None without one."""
    first = next((one for one in found if isinstance(one, Illegible)), None)
    if first is None or len(found) == 1:
        return first
    others = ", ".join(one.number or _id(one) for one in found if one is not first)
    message = f"{first.problem.message} Beside it stands: {others}."
    return replace(first, problem=replace(first.problem, message=message))


def _illegible(
    entity: str, raw: Mapping[str, Any], web_url: str, broken: ContractBroken
) -> Illegible:
    document_id, number = shape.row_id(raw), raw.get("DocNumber")
    number = number if isinstance(number, str) else ""
    name = f"{_WORDS[entity].capitalize()} {number or document_id}".strip()
    place = shape.unreadable(raw) or "its contents"
    facts = {
        "document_id": document_id,
        "document_number": number,
        "link": web_link(web_url, entity, document_id) if document_id else "",
        "detail": broken.message,
    }
    return Illegible(
        Problem(
            "qbo.illegible",
            "document",
            f"{name} stands in QuickBooks, but not all of it can be read ({place}). Nothing was "
            "posted or changed.",
            "Look at it in QuickBooks and save it there once more, then release this one. If it "
            "stays so, send the small print to support.",
            facts={key: text for key, text in facts.items() if text},
        ),
        document_id,
        number,
    )


def _id(one: Stored | Illegible) -> str:
    return (one.id if isinstance(one, Stored) else one.document_id) or "one without a number"
