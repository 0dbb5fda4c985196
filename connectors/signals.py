"""What the upper rooms hear from the lower ones: the only way news goes up."""

from django.dispatch import Signal

# Something that belongs into the trail. Sent inside the transaction that made it true, and received
# in the same one: a receiver that fails undoes both. Keywords:
#   kind     dotted name, such as `connection.connected`
#   subject  dict of references as plain values: {"connection_id": 3}
#   facts    dict of plain JSON values, no secret, no row
#   actor    the user name of the person who did it, "" for the system
happened = Signal()

# The lists of a ledger connection were read anew. Keywords: connection_id.
chart_changed = Signal()

# Rules, mappings or a flow's settings changed. Keywords: connection_id (None = all), flow_id.
rules_changed = Signal()


def tell(kind: str, *, subject: dict, facts: dict | None = None, actor: str = "") -> None:
    """Send `happened`; what a receiver raises goes on to the caller, whose transaction ends."""
    happened.send(sender=None, kind=kind, subject=subject, facts=facts or {}, actor=actor)
