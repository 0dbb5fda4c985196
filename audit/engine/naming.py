"""A person decides what an employee's vendor is called, where somebody else has the plain name."""

from dataclasses import dataclass

from audit.engine import desk
from audit.models import Posting, Report
from audit.states import NEEDS_PERSON
from mappings import services


@dataclass(frozen=True, slots=True)
class Proposal:
    """The name under which a hold offers to create the employee's vendor."""

    employee_email: str
    name: str


def proposal(posting: Posting) -> Proposal | None:
    """What the posting's hold offers; None where it is not held for a name that is taken."""
    if posting.state not in NEEDS_PERSON:
        return None
    for problem in posting.problems:
        facts = problem.get("facts") or {}
        if facts.get("proposed_name") and facts.get("employee_email"):
            return Proposal(facts["employee_email"].strip().lower(), facts["proposed_name"])
    return None


def create_under(posting: Posting, name: str, actor: str) -> tuple[list[Report], desk.Done]:
    """Let the employee's vendor be created as `name`: every report that is held for this employee
    is built again, and waits for the vendor unless something else is wrong with it.

    Returns those reports, and what replaying them did. Raises ValidationError for a name that
    nobody can have, LookupError where nothing is proposed.
    """
    offered = proposal(posting)
    if offered is None:
        raise LookupError(f"{posting} is not held because of a name")
    services.name_party(
        connection=posting.connection,
        employee_email=offered.employee_email,
        name=name,
        actor=actor,
    )
    held = Posting.objects.filter(
        connection=posting.connection,
        state__in=NEEDS_PERSON,
        subject=f"employee:{offered.employee_email}",
    )
    reports = list(Report.objects.filter(pk__in=held.values("report")).order_by("pk"))
    return reports, desk.replay(reports, actor)
