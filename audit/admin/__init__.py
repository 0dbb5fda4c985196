"""Where accountants live: the screens of this room, one module each."""

from audit import groups  # noqa: F401  (importing connects its receiver)
from audit.admin import (  # noqa: F401  (importing registers them)
    calls,
    connections,
    decisions,
    events,
    flows,
    mail,
    parties,
    polls,
    postings,
    reports,
)
