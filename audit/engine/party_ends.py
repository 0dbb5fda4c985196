"""How a wish for a vendor ends: created, met, held or in doubt; with its reports and its trail."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q

from audit.book import Page, lock_reports, writing
from audit.engine.places import report_place
from audit.engine.run import Run
from audit.engine.wishes import IDLE, Wish
from audit.models import Call, PartyWish, Posting, Report
from audit.pace import pace
from audit.states import State
from connectors.clock import database_now
from connectors.contract import exact_json
from connectors.contract.company import ChartRow
from connectors.contract.ledger import InDoubt
from connectors.contract.problem import Problem, Problems
from connectors.contract.transport import ContractBroken
from mappings import services

log = logging.getLogger(__name__)

Flows = set[int]


def created(run: Run, one: PartyWish, row: ChartRow, *, was_found: bool) -> Flows:
    """It stands: entered in our lists and linked; the reports are built again."""
    with writing(run.connection.pk, lease=run.lease) as page:
        # The link before the reports, as a person's request does that links the same employee.
        party = services.add_party(
            connection=run.connection, row=row, employee_email=one.employee_email
        )
        flows = _look_again(one)
        lock(one)
        end_call(page, one, Call.Status.ANSWERED)
        services.announce_party(
            party, employee_email=one.employee_email, was_found=was_found, actor=one.asked_by
        )
        write(run, page, one, Wish.CREATED, party=party, problems=[], attempts=0, due_at=None)
    run.outcomes["created"] += 1
    return flows


def met(run: Run, one: PartyWish, rows: Sequence[ChartRow]) -> Flows:
    """Somebody has the name. Who that is to the employee is for the rules to say, which now know
    of them: the reports are built again."""
    told = exact_json.plain((_somebody(one, rows),))
    if one.problems == told:
        # The rules know of them already, and want a vendor of the name all the same.
        return hold(run, one, (_somebody(one, rows),), is_taken=True)
    with writing(run.connection.pk, lease=run.lease) as page:
        flows = _look_again(one)
        lock(one)
        end_call(page, one, Call.Status.ANSWERED)
        services.add_members(connection=run.connection, rows=rows)
        is_old = one.party is not None and any(row.id == one.party.ledger_id for row in rows)
        end = Wish.CREATED if is_old else Wish.MET
        write(run, page, one, end, problems=told, attempts=0, due_at=None)
    run.outcomes["met"] += 1
    return flows


def hold(run: Run, one: PartyWish, problems: Problems, *, is_taken: bool = False) -> Flows:
    """A person must decide: every posting that waits is held, and nothing of its report is sent."""
    problems = tuple(_with_cure(one, problem, is_taken) for problem in problems)
    with writing(run.connection.pk, lease=run.lease) as page:
        postings = list(
            Posting.objects.filter(waits_for=one, state=State.READY).select_related("report")
        )
        for posting in postings:
            placed = tuple(_placed(posting.report, problem) for problem in problems)
            posting.problems, posting.subject = exact_json.plain(placed), problems[0].subject
        codes = {"problems": [problem.code for problem in problems]}
        page.move(
            postings,
            {State.READY},
            State.QUARANTINED,
            fields=["problems", "subject"],
            facts={posting.pk: codes for posting in postings},
        )
        lock(one)
        end_call(page, one, Call.Status.ANSWERED)
        write(run, page, one, Wish.HELD, problems=exact_json.plain(problems), due_at=None)
        page.note("party.held", facts_of(one) | codes)
    run.outcomes["held"] += len(postings)
    return set()


def doubt(run: Run, one: PartyWish, doubt: InDoubt) -> Flows:
    with writing(run.connection.pk, lease=run.lease) as page:
        end_call(page, one, Call.Status.LOST, doubt.why)
        told = exact_json.plain((doubt.problem,)) if doubt.problem is not None else one.problems
        more = {"attempts": one.attempts + 1, "due_at": page.now + run.visibility}
        write(run, page, one, Wish.IN_DOUBT, problems=told, **more)
        page.note("party.in_doubt", facts_of(one) | {"why": doubt.why})
    run.outcomes["in_doubt"] += 1
    return set()


def put_off(wishes: Sequence[PartyWish], broken: ContractBroken) -> None:
    """One row that cannot be read must not keep the documents of everybody else waiting."""
    log.warning("names were not looked up: %s", broken)
    problem = Problem(
        "party.not_looked_up",
        "party",
        f"Whether the ledger has the name already could not be read: {broken.message}.",
        "Nothing to do: it is tried again by itself. Send the small print to support if it stays.",
    )
    later = database_now() + pace().breaker_open
    idle = PartyWish.objects.filter(pk__in=[one.pk for one in wishes])
    idle.filter(state__in=[*IDLE, Wish.IN_DOUBT]).update(
        due_at=later, problems=exact_json.plain((problem,))
    )


# --- rows -----------------------------------------------------------------------------------------


def _look_again(one: PartyWish) -> Flows:
    """Have every report built again that waits, or is held, for the employee's vendor."""
    theirs = Q(waits_for=one) | Q(
        connection_id=one.connection_id, subject=f"employee:{one.employee_email}"
    )
    held = Posting.objects.filter(theirs, state__in=[State.READY, State.QUARANTINED])
    ids = set(held.values_list("report_id", flat=True))
    lock_reports(ids)
    Report.objects.filter(pk__in=ids).update(is_due=True)
    return set(
        Report.objects.filter(pk__in=ids, flow__isnull=False).values_list("flow_id", flat=True)
    )


def lock(one: PartyWish) -> bool:
    """Lock the wish until the page is closed; False if it is not any more what we took it for.

    After reports, and before the trail: as everybody does who locks several of them.
    """
    wished = {"state": one.state, "name": one.name, "currency": one.currency}
    same = PartyWish.objects.select_for_update().order_by()
    return bool(same.filter(pk=one.pk, **wished).values_list("pk", flat=True))


def write(run: Run, page: Page, one: PartyWish, new: Wish, **changes: Any) -> None:
    changes |= {"state": new, "state_at": page.now, "fence": run.lease.fence}
    for column, content in changes.items():
        setattr(one, column, content)
    one.save(update_fields=[*changes])


def end_call(page: Page, one: PartyWish, status: Call.Status, note: str = "") -> None:
    if one.state == Wish.SENDING:
        Call.objects.filter(pk=one.call_id).update(
            status=status, answered_at=page.now, note=note[:2000]
        )


# --- words ----------------------------------------------------------------------------------------


def facts_of(one: PartyWish) -> dict[str, str]:
    return {"party": one.name, "employee_email": one.employee_email}


def _with_cure(one: PartyWish, problem: Problem, is_taken: bool) -> Problem:
    """The problem with what its buttons need: link the employee, or create under another name."""
    facts = {"employee_email": one.employee_email, "employee_name": one.name}
    if is_taken:
        facts["proposed_name"] = f"{one.name} (employee)"
    return replace(
        problem,
        subject=f"employee:{one.employee_email}",
        facts={**problem.facts, **facts},
    )


def _placed(report: Report, problem: Problem) -> Problem:
    return replace(problem, message=f"{report_place(report)}: {problem.message}")


def _somebody(one: PartyWish, rows: Sequence[ChartRow]) -> Problem:
    kinds = (f"{'' if row.active else 'inactive '}{row.kind or row.list_name}" for row in rows)
    pairs = zip(kinds, rows, strict=True)
    listed = ", ".join(f'{kind} "{row.name}" (no. {row.id})' for kind, row in pairs)
    return Problem(
        "party.name_taken",
        "party",
        f"{one} was not created as a vendor, because the ledger has {listed}. Nothing was posted.",
        f'Link {one.name} to a vendor, or create "{one.name} (employee)".',
    )


def unanswered(one: PartyWish) -> Problem:
    return Problem(
        "party.unanswered",
        "party",
        f"Vendor {one} was sent to the ledger {one.attempts} times without a usable answer, and is "
        "not in its lists. Nothing was posted.",
        "Add the vendor there and read the lists again, or replay the report to try once more.",
    )
