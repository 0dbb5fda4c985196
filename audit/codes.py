"""Every code that a message can carry, what it means and what to do: one table for all rooms.

Each room keeps the codes that it names itself; the engine's stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors import codes as of_connectors
from connectors import registry
from connectors.expensify import codes as of_expensify
from mappings import codes as of_mappings

CODES: dict[str, str] = {
    # Before anything is sent.
    "party.wanted": "The payee is not in the ledger yet.",
    "party.name_taken": "The name of a vendor that was to be created is taken in the ledger.",
    "party.not_looked_up": "Nobody could tell whether a vendor exists already.",
    "party.unanswered": "The ledger did not answer when a vendor was to be created.",
    "report.other_part_held": "Another part of the same report is held.",
    "report.unbuilt": "The report could not be built from what was read of it.",
    "document.elsewhere": "An expense stands in another document, to be changed first.",
    "report.was_reversed": "The document was reversed, and the report has changed since.",
    "revision.policy_hold": "The report changed after posting, and the flow holds such reports.",
    "card.stands_elsewhere": "The card transaction is booked already because of another report.",
    "document.twin": "A document of the same payee, date and total stands in the ledger already.",
    # A document that stands.
    "document.paid": "The document was paid, so it was left as it is.",
    "document.linked": "The document is matched or linked to another one, so it was left.",
    "document.locked": "The document's date is in a closed period.",
    "document.linked_by_hand": "A person entered the document; it was only linked to the report.",
    "document.has_corrections": "Other documents put the document right already.",
    "document.edited_there": "Somebody changed the document in the ledger.",
    "ledger.stored_otherwise": "The ledger has the document, but not as it was sent.",
    "ledger.found_twice": "The document stands in the ledger more than once.",
    "ledger.deleted_there": "Somebody deleted the document in the ledger.",
    "receipt.unsure": "Whether a receipt was attached is not certain.",
    # Reading.
    "connection.answerlost": "The answer of the other side was lost on its way.",
    "connection.contractbroken": "The other side answered in a way that we do not know.",
    "connection.not_connected": "The flow's ledger is not connected to a company yet.",
    "connection.not_installed": "This installation lacks the ledger that the flow posts to.",
    "connection.throttled": "The other side asks for a pause.",
    "connection.unauthorised": "The other side does not accept our credentials any more.",
    "connection.unreachable": "The other side could not be reached.",
}

CURES: dict[str, str] = {
    "party.wanted": "Enter the payee there, read the lists again, then replay the report.",
    "party.name_taken": "Link the employee to that vendor, or add one of another name there.",
    "party.not_looked_up": "Nothing to do: it is tried again by itself.",
    "party.unanswered": "Add the vendor there and read the lists again, or replay the report.",
    "report.other_part_held": "Settle the other part's problem; this one then goes with it.",
    "report.unbuilt": "Read the report again; if it stays, send the message to support.",
    "document.elsewhere": "Nothing, or settle what holds that document; it follows by itself.",
    "report.was_reversed": "Release it to post it again as a new document, or set it aside.",
    "revision.policy_hold": "Release it to change the document, or set it aside.",
    "card.stands_elsewhere": "Release it when it was taken back there, or set it aside.",
    "document.twin": "Set ours aside if it is this one; release it if it is another.",
    "document.paid": "Undo the payment and release this, or set it aside.",
    "document.linked": "Undo the match and release this, or set it aside.",
    "document.locked": "Open the period and release this, or set it aside.",
    "document.linked_by_hand": "Change it in the ledger if it should change, and set this aside.",
    "document.has_corrections": "Post the difference, or set this aside.",
    "document.edited_there": "Put those fields back there and release this, or set it aside.",
    "ledger.stored_otherwise": "Correct it there and accept it, or reverse it and replay.",
    "ledger.found_twice": "Delete the one that is too many there, then release this.",
    "ledger.deleted_there": "Set it aside if it was deleted on purpose, else replay the report.",
    "receipt.unsure": "Nothing to do: it is looked up before it is sent again.",
    "connection.answerlost": "Nothing to do: it is asked again by itself.",
    "connection.contractbroken": "If it stays so, send the message to support.",
    "connection.not_connected": "Press Connect on the connection's page, then poll again.",
    "connection.not_installed": "Mend the installation, then poll again.",
    "connection.throttled": "Nothing to do: it is asked again by itself.",
    "connection.unauthorised": "Enter the credentials again and test the connection.",
    "connection.unreachable": "Check the network; it is asked again by itself.",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code, what it says in one sentence, and what a person does about it."""

    code: str
    text: str
    cure: str


def tables() -> dict[str, list[Meaning]]:
    """Every code there is, under the headings of the page that explains them."""
    ours = _rows(of_mappings.CODES, of_mappings.CURES)
    held = [one for one in ours if one.code.startswith(("report.", "map.", "correction."))]
    found = {
        "What the report means in the books": held,
        "Documents": _rows(CODES, CURES),
        "Connections": _rows(of_connectors.CODES, of_connectors.CURES),
        "Reading from Expensify": _rows(of_expensify.CODES, of_expensify.CURES),
    }
    for name in registry.ledger_names():
        found[registry.ledger_label(name)] = [
            Meaning(code, *told) for code, told in registry.codes(name).items()
        ]
    found["Left out on purpose"] = [one for one in ours if one not in held]
    return {title: rows for title, rows in found.items() if rows}


def meaning(code: str) -> str:
    """What a code says in one sentence; the code itself where no table explains it."""
    texts = {one.code: one.text for rows in tables().values() for one in rows}
    return texts.get(code) or code or "No reason was recorded."


def _rows(texts: Mapping[str, str], cures: Mapping[str, str]) -> list[Meaning]:
    return [Meaning(code, text, cures[code]) for code, text in texts.items()]
