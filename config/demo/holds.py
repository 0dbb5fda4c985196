"""What is held, by its cause: how many reports, how much, why, and the cure."""

from audit.admin.cures import meaning
from audit.models import Posting
from audit.selectors import Held, held
from config.demo.tables import say, sums
from mappings.models import Flow


def show_held(*flows: Flow) -> int:
    """The whole sentence of one report of each cause; returns how many reports are held."""
    groups = _groups(*flows)
    for one in groups:
        more = f" {one.reports} reports wait for this, {sums(one.sums)}." if one.reports > 1 else ""
        say(f"- {one.problem['message']}{more}")
        say(f"    -> {one.problem['cure']}")
    return sum(one.reports for one in groups)


def show_held_briefly(*flows: Flow) -> int:
    """One sentence for each cause, with whose or how many, and its cure; returns how many."""
    groups = _groups(*flows)
    for one in groups:
        person = one.sample.report.employee_name
        who = f"{one.reports} reports" if one.reports > 1 else person
        amounts = f", {sums(one.sums)}" if one.sums else ""
        say(f"- {who}{amounts}: {_why(one)}")
        say(f"    -> {one.problem['cure']}")
    return sum(one.reports for one in groups)


def _why(one: Held) -> str:
    """What the code means; the message where no table tells."""
    told = meaning(one.problem["code"])
    return one.problem["message"] if told == one.problem["code"] else told


def _groups(*flows: Flow) -> list[Held]:
    return held(Posting.objects.filter(flow__in=flows))
