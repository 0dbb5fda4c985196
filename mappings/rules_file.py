"""The rules of a flow as a file: written from the rows, compared with them, and carried out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from mappings import refusals, services
from mappings.books import NOT_PAYABLE
from mappings.models import (
    Dimension,
    Flow,
    GLAccount,
    Party,
    Rule,
    RuleValue,
    Tag,
    TaxCode,
    Value,
)
from mappings.records import rule_of
from mappings.rules_compared import Comparison, Edit, compared
from mappings.rules_csv import (
    Layout,
    Lists,
    Member,
    Mistake,
    StandingRule,
    cells,
    dimension_column,
    read,
    tag_column,
    written,
)


class RulesChanged(Exception):
    """The rules are not those that the person was shown; nothing was written."""


def exported(flow: Flow, delimiter: str = ",") -> bytes:
    """Every rule of the flow, inactive ones too, in the order in which they are tried."""
    opened = _Opened(flow)
    return written(opened.standing, opened.lists, opened.layout, delimiter)


def preview(flow: Flow, raw: bytes, *, removes: bool = False) -> Comparison:
    """What the file would change, with all that is wrong with it. Writes nothing."""
    opened = _Opened(flow)
    found = compared(
        opened.standing,
        read(raw, opened.layout),
        opened.lists,
        opened.layout,
        removes=removes,
    )
    told = {(one.line, one.column) for one in found.mistakes}
    refused = [one for one in _refused(opened, found) if (one.line, one.column) not in told]
    if not refused:
        return found
    mistakes = sorted([*found.mistakes, *refused], key=lambda one: one.line or 0)
    return replace(found, mistakes=tuple(mistakes))


def carry_out(
    flow: Flow, raw: bytes, *, removes: bool, shown: str, name: str = "", actor: str = ""
) -> Comparison:
    """Write what was shown, all of it or nothing. `shown`: the fingerprint of the preview.

    Raises RulesChanged where the file would now do something else.
    """
    with transaction.atomic():
        ours = Rule.objects.select_for_update().filter(flow=flow).order_by("pk")
        locked = {rule.pk: rule for rule in ours}
        found = preview(flow, raw, removes=removes)
        if found.mistakes or found.fingerprint != shown:
            raise RulesChanged
        if found.edits:
            numbers = _store(flow, found, locked)
            changes = [_told(edit, numbers) for edit in found.edits]
            counted = {"added": found.added, "changed": found.changed, "removed": found.removed}
            facts = {"file": name} | {word: len(edits) for word, edits in counted.items()}
            services.announce(flow, "rules.imported", facts | {"changes": changes}, actor)
    return found


# --- what stands ---------------------------------------------------------------------------------


class _Opened:
    """A flow's rules and everything that they can name, in seven statements."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        dimensions = Dimension.objects.filter(connection=flow.connection).order_by("name")
        self.labels = dict(dimensions.values_list("name", "label"))
        self.lists = _lists(flow, self.labels)
        self.standing = _standing(flow)
        used = (column for one in self.standing for column in cells(one, self.lists))
        listed = Tag.objects.filter(workspace_id=flow.workspace_id).order_by("level", "-pk")
        levels = {one.rule.tag_level: "" for one in self.standing if one.rule.tag_level}
        levels |= dict(listed.values_list("level", "level_name").distinct())
        self.layout = Layout(levels, self.labels, frozenset(used))


def _standing(flow: Flow) -> tuple[StandingRule, ...]:
    rows = Rule.objects.filter(flow=flow).order_by("priority", "pk")
    decided = RuleValue.objects.filter(rule__flow=flow).order_by("dimension__name")
    values: dict[int, dict[str, int | None]] = {}
    for rule_id, dimension, value_id in decided.values_list(
        "rule_id", "dimension__name", "value_id"
    ):
        values.setdefault(rule_id, {})[dimension] = value_id
    return tuple(
        StandingRule(rule_of(row, values.get(row.pk, {})), row.is_active, row.note) for row in rows
    )


_INACTIVE = "is inactive in the ledger"


def _lists(flow: Flow, labels: Iterable[str]) -> Lists:
    def rows(model: type, *columns: str) -> Iterator[tuple]:
        members = model.objects.filter(connection=flow.connection).order_by("pk")
        return members.values_list("pk", "name", "active", *columns)

    values: dict[str, list[Member]] = {name: [] for name in labels}
    members = Value.objects.filter(dimension__connection=flow.connection).order_by("pk")
    for pk, name, active, full_name, dimension in members.values_list(
        "pk", "name", "active", "full_name", "dimension__name"
    ):
        why = "" if active else _INACTIVE
        values[dimension].append(Member(pk, full_name or name, "", name, why))
    return Lists(
        accounts=tuple(
            Member(pk, full_name or name, number, name, "" if active else _INACTIVE)
            for pk, name, active, full_name, number in rows(GLAccount, "full_name", "number")
        ),
        parties=tuple(
            Member(pk, name, why_not=_why_not_party(active, kind))
            for pk, name, active, kind in rows(Party, "kind")
        ),
        tax_codes=tuple(
            Member(pk, name, why_not="" if active else _INACTIVE)
            for pk, name, active in rows(TaxCode)
        ),
        values={name: tuple(found) for name, found in values.items()},
    )


def _why_not_party(active: bool, kind: str) -> str:
    if kind in NOT_PAYABLE:
        return f"is a {kind} there; only a vendor can be owed something"
    return "" if active else _INACTIVE


# --- what may not be saved -----------------------------------------------------------------------


_COLUMNS = {"is_active": "active", "tag_level": "tag"}
_CURES = {
    "account": "Name an account that fits the flow's documents.",
    "dimension": "Empty the cell, or let the flow post another kind of document.",
    "value": "Name another one.",
    "employee": "Write an e-mail address, or empty the cell.",
}
_OTHERWISE = "Correct the cell."


def _refused(opened: _Opened, found: Comparison) -> Iterator[Mistake]:
    """What the rule's own page would refuse as well, line by line."""
    kept = [edit for edit in found.edits if edit.now is not None]
    rows = _Rows(opened.flow, (edit.now for edit in kept))
    for edit in kept:
        rule = Rule(flow=opened.flow, **rows.columns(edit.now))
        for field, reasons in _rule_refusals(rule).items():
            column = _COLUMNS.get(field, field)
            if column == "tag" and edit.now.rule.tag_level:
                column = tag_column(edit.now.rule.tag_level)
            yield from _mistakes(opened, edit, column, field, reasons)
        for name, value in rows.values(edit.now).items():
            row = RuleValue(rule=rule, dimension=rows.dimensions[name], value=value)
            for field, reasons in refusals.rule_value_refusals(row).items():
                yield from _mistakes(opened, edit, dimension_column(name), field, reasons)


def _mistakes(
    opened: _Opened, edit: Edit, column: str, field: str, reasons: Iterable[str]
) -> Iterator[Mistake]:
    known = column in opened.layout.headings or column.startswith("tag:")
    heading = opened.layout.heading(column) if known else ""
    for reason in reasons:
        yield Mistake(edit.line, heading, reason, _CURES.get(field, _OTHERWISE))


def _rule_refusals(rule: Rule) -> dict[str, list[str]]:
    """Everything that `full_clean` would say without asking the database once a rule."""
    found: dict[str, list[str]] = {}
    chosen = {"flow", "account", "party", "tax_code"}  # rows that were just read
    checks: tuple[Callable[[], None], ...] = (
        lambda: rule.clean_fields(exclude=chosen),
        rule.clean,
    )
    for check in checks:
        try:
            check()
        except ValidationError as refused:
            for field, reasons in refused.message_dict.items():
                found.setdefault(field, []).extend(reasons)
    return found


# --- writing -------------------------------------------------------------------------------------


class _Rows:
    """The rows that these rules name, read once for all of them."""

    def __init__(self, flow: Flow, wanted: Iterable[StandingRule]) -> None:
        rules = [one.rule for one in wanted]
        self.dimensions = {
            row.name: row for row in Dimension.objects.filter(connection=flow.connection)
        }
        self._accounts = _named(GLAccount.objects, (rule.account_id for rule in rules))
        self._parties = _named(Party.objects, (rule.party_id for rule in rules))
        self._tax_codes = _named(TaxCode.objects, (rule.tax_code_id for rule in rules))
        values = (row for rule in rules for row in rule.values.values())
        self._values = _named(Value.objects.select_related("dimension"), values)

    def columns(self, one: StandingRule) -> dict[str, object]:
        """As `services.write_rule` takes them."""
        rule = one.rule
        names = ("priority", "category", "tag_level", "tag", "employee", "card")
        names += ("reimbursable", "expense_type", "tax")
        return {name: getattr(rule, name) for name in names} | {
            "account": self._accounts.get(rule.account_id),
            "party": self._parties.get(rule.party_id),
            "tax_code": self._tax_codes.get(rule.tax_code_id),
            "tax_is_cost": rule.tax_is_cost,
            "is_active": one.is_active,
            "note": one.note,
        }

    def values(self, one: StandingRule) -> dict[str, Value | None]:
        return {name: row and self._values[row] for name, row in one.rule.values.items()}


def _named(rows: QuerySet, wanted: Iterable[int | None]) -> dict[int, object]:
    return rows.in_bulk(sorted({row for row in wanted if row is not None}))


def _store(flow: Flow, found: Comparison, locked: dict[int, Rule]) -> dict[int, int]:
    """Write what `preview` has checked, many rows at a time; new rules' numbers by their line.

    One by one they would keep everybody else from writing for as long as it takes.
    """
    kept = [edit for edit in found.edits if edit.now is not None]
    rows = _Rows(flow, (edit.now for edit in kept))
    touched = [edit.was.rule.id for edit in found.edits if edit.was]
    RuleValue.objects.filter(rule__in=touched).delete()
    Rule.objects.filter(pk__in=[edit.was.rule.id for edit in found.removed]).delete()
    by_line = {
        edit.line: locked[edit.was.rule.id] if edit.was else Rule(flow=flow) for edit in kept
    }
    for edit in kept:
        for name, content in rows.columns(edit.now).items():
            setattr(by_line[edit.line], name, content)
    Rule.objects.bulk_create([rule for rule in by_line.values() if rule.pk is None])
    for edit in found.changed:
        by_line[edit.line].save()
    RuleValue.objects.bulk_create(
        RuleValue(rule=by_line[edit.line], dimension=rows.dimensions[name], value=value)
        for edit in kept
        for name, value in rows.values(edit.now).items()
    )
    return {line: rule.pk for line, rule in by_line.items()}


def _told(edit: Edit, numbers: dict[int, int]) -> str:
    """The edit as the trail keeps it."""
    number = edit.was.rule.id if edit.was else numbers[edit.line]
    if edit.was and edit.now:
        word = "changed"
        texts = [
            (one.heading, f"{one.old or 'nothing'} -> {one.new or 'nothing'}")
            for one in edit.changes
        ]
    else:
        word = "added" if edit.now else "removed"
        texts = [(one.heading, one.new or one.old) for one in edit.changes]
    cells_told = "; ".join(f"{heading} {text}" for heading, text in texts)
    return f"rule {number} {word} ({edit.title}): {cells_told}"
