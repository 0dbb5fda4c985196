"""What waits for a person, by its cause, as a terminal shows it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from audit import selectors
from audit.admin.cures import titles
from audit.admin.words import sums_and_unknown
from audit.management.terminal import at, wrapped
from audit.models import Posting
from audit.selectors import Held
from connectors.contract import exact_json
from connectors.counting import counted

# The ids of so many reports are listed with each cause.
LISTED = 12


def groups(chosen: QuerySet[Posting]) -> list[Held]:
    """The causes for which postings of `chosen` are held, most reports first."""
    return selectors.held(chosen)


def reports_of(one: Held, chosen: QuerySet[Posting]) -> list[str]:
    """The Expensify ids of the reports that this cause holds."""
    rows = chosen.filter(selectors.waiting_for(one.subject, one.code))
    rows = rows.filter(connection=one.sample.connection_id)
    rows = rows.filter(state__in=selectors.NEEDS_PERSON)
    return list(
        rows.order_by("report__report_id").values_list("report__report_id", flat=True).distinct()
    )


def lines(chosen: QuerySet[Posting], found: Sequence[Held]) -> list[str]:
    """Each cause with its cure, what it holds, and how to name it to `replay`."""
    named, names_company = titles(found), selectors.has_many_companies()
    told: list[str] = []
    for one in found:
        count = counted(one.reports, "report") + (f" in {one.company}" if names_company else "")
        title = named[one.key].rstrip(".")
        told += wrapped(
            f"{title}: {count}, {sums_and_unknown(one)}, since {at(one.since)}", indent=2
        )
        problem = one.problem
        told += wrapped(str(problem.get("message", "")), indent=6, first="    ! ")
        told += wrapped(str(problem.get("cure", "")), indent=8, first="      > ")
        ids = reports_of(one, chosen)
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        told += wrapped(f"Reports {', '.join(ids[:LISTED])}{more}", indent=6)
        if one.subject:
            told += wrapped(f"Then: replay --held --subject {quoted(one.subject)}", indent=6)
    return told


def as_plain(chosen: QuerySet[Posting], found: Sequence[Held]) -> list[dict[str, Any]]:
    named = titles(found)
    return [
        exact_json.plain(
            {
                "subject": one.subject,
                "code": one.code,
                "title": named[one.key],
                "connection": one.company,
                "reports": reports_of(one, chosen),
                "totals": one.sums,
                "amounts_not_known": one.unknown,
                "since": one.since,
                "message": one.problem.get("message", ""),
                "cure": one.problem.get("cure", ""),
            }
        )
        for one in found
    ]


def matching(found: Sequence[Held], asked: str) -> list[Held]:
    """Those that a person means by `asked`: the subject, the code or the title, in any case."""
    named = titles(found)
    wanted = asked.strip().casefold()

    def names(one: Held) -> set[str]:
        title = named[one.key]
        plain = title.replace("“", '"').replace("”", '"')
        return {text.casefold() for text in (one.subject or one.code, one.code, title, plain)}

    return [one for one in found if wanted in names(one)]


def quoted(text: str) -> str:
    """As a shell takes it for one word."""
    return f"'{text}'" if "'" not in text else f'"{text}"'
