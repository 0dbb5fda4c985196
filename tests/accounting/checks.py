"""What can follow in a row, beside the documents: what holds it, what is left out, what is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from audit import attention
from audit.admin.words import day as shown_day
from audit.admin.words import report_badges
from audit.completeness import month_of
from audit.models import Attempt, Event, Posting, Report
from connectors.clock import database_now
from mappings import services as mapping
from mappings.models import Flow, Party
from mappings.texts import moment
from tests.accounting.documents import Document, Wanted, day
from tests.accounting.words import THE_DAY_OF_POSTING

ADMIN = {"is_staff": True, "is_superuser": True}


class Checks:
    """The half of the stage that asserts. Documents and holds are compared together, when the row
    goes on or ends, so that what is missing stands beside why."""

    def expect_documents(self, *wanted: Wanted) -> None:
        self.wanted = tuple(map(self._of_today, wanted))

    def expect_held(self, message: str, cure: str) -> None:
        self.awaited.append((message, cure))

    def conclude(self) -> None:
        """The documents are as said, and held is what was said: nothing else, nothing less."""
        stored = sorted(self.documents(), key=str)
        names = dict(self._names(stored)) if self.awaited or self.wanted else {}
        wanted = sorted(self.wanted, key=lambda one: str(one.document))
        told = [f"held: {one['message']}\n    cure: {one['cure']}" for one in self.problems]
        said = [f"held: {message}\n    cure: {cure}" for message, cure in self.awaited]
        assert "\n".join([*map(str, stored), *told]) == "\n".join(
            [*(str(one.document) for one in wanted), *(filled_in(one, names) for one in said)]
        )
        self.ids.append({one.id for one in stored})
        complaints = [
            complaint
            for one, wish in zip(stored, wanted, strict=True)
            for complaint in wish.missing(one, partial(filled_in, names=names))
        ]
        assert not complaints, "\n".join(complaints)

    def holds(self, *codes: str) -> None:
        """Held for these reasons, whose words stand in another row."""
        found = [one for one in self.problems if one["code"] in codes]
        assert [one["code"] for one in found] == list(codes), self.problems
        self.awaited += [(one["message"], one["cure"]) for one in found]

    def filled_in(self, text: str) -> str:
        return filled_in(text, dict(self._names(self.documents())))

    def _names(self, stored: Sequence[Document]) -> Iterator[tuple[str, str]]:
        """What only this run knows and a row calls by a name. `{report 2}`: of several reports."""
        yield "ledger", self.ledger.label
        for number, report_id in enumerate(self.reports, 1):
            yield f"report {number}", report_id
        if self.reports:
            yield "report", self.reports[0]
        postings = Posting.objects.filter(flow__in=self.flows).order_by("pk")
        for posting in postings.select_related("report"):
            if posting.slice_name.startswith("card:"):
                yield "transaction", posting.slice_name.removeprefix("card:")
            if posting.number:
                yield "number", posting.number  # as sent, whether it arrived or not
        for one in stored:
            yield "document", one.number
        if self.connection.chart_as_of:
            yield "lists read", moment(self.connection.chart_as_of, self.flow.zone)
        for vendor in Party.objects.filter(connection=self.connection, kind="vendor"):
            yield vendor.name, f'"{vendor.name}" (no. {vendor.ledger_id})'

    def _of_today(self, wanted: Wanted) -> Wanted:
        if wanted.document.on != day(THE_DAY_OF_POSTING):
            return wanted
        today = self.run.started_at.astimezone(ZoneInfo(self.flow.zone)).date()
        return replace(wanted, document=replace(wanted.document, on=today))

    # -- what is not posted ------------------------------------------------------------------------
    def left_out(self, why: str, report: int = 1) -> None:
        """The whole report, and what its page says of it."""
        row = self._report(report)
        assert row.not_taken_text == self.filled_in(why)

    def lines_left_out(self, *why: str, report: int = 1) -> None:
        assert [one["text"] for one in self._report(report).untaken] == list(why)

    def standing(self, word: str, report: int = 1) -> None:
        """The report's word on the screen, such as "Waiting to post"."""
        assert self._report(report).get_standing_display() == word

    def unknown(self, report: int = 1) -> None:
        """Not even looked at: it is none of this flow's reports."""
        assert not Report.objects.filter(report_id=self.reports[report - 1]).exists()

    # -- the same document or another --------------------------------------------------------------
    def same_documents(self) -> None:
        """As when the row went on last."""
        assert {one.id for one in self.documents()} == self.ids[-1]

    def other_documents(self) -> None:
        assert not {one.id for one in self.documents()} & self.ids[-1]

    def was_written_once(self) -> None:
        """Nothing that stands was sent a second time."""
        assert all(Attempt.objects.filter(posting=one).count() <= 1 for one in self._written())
        assert len(self._written()) == len(self.documents())

    def linked_generations(self) -> None:
        """The new document, the reversal of the old one and the old one, one behind the other."""
        new, gone, old = reversed(self._written())
        assert (new.generation, gone.op, old.generation) == (2, "cancel", 1)
        assert gone.replaces == old

    def _written(self) -> list[Posting]:
        found = Posting.objects.filter(flow__in=self.flows, posted_at__isnull=False)
        return list(found.order_by("pk"))

    # -- beside the documents ----------------------------------------------------------------------
    def vendor_there(self, name: str, **columns: Any) -> None:
        """A vendor as the ledger has it."""
        assert self.ledger.vendor(self.company, name) == columns

    def nobody_was_added(self) -> None:
        """The ledger has the parties that it had when its lists were read."""
        before = set(Party.objects.filter(connection=self.connection).values_list("name", "active"))
        mapping.pull_chart(self.connection)
        assert before == set(
            Party.objects.filter(connection=self.connection).values_list("name", "active")
        )

    def was_cut(self, *fields: str) -> None:
        """Texts that were shortened for the ledger, as its posting remembers them."""
        (posting,) = Posting.objects.filter(flow__in=self.flows)
        assert [cut["field"] for cut in posting.cuts] == list(fields)

    def knows_the_rate(self, rate: str) -> None:
        """Of the ledger, kept with the posting."""
        (posting,) = Posting.objects.filter(flow__in=self.flows)
        assert self.ledger.rate_of(posting.stored) == Decimal(rate)

    def noted(self, *notes: str) -> None:
        """On the posting's page."""
        (posting,) = Posting.objects.filter(flow__in=self.flows)
        assert posting.as_entry().notes == notes

    def numbered(self, beginning: str) -> None:
        for one in self.documents():
            assert one.number.startswith(self.filled_in(beginning))

    # -- what screens say --------------------------------------------------------------------------
    def page_says(self, *lines: str) -> None:
        """What the flow's documents can carry."""
        assert mapping.carried(self.flow).splitlines() == list(lines)

    def takes(self, *states: str) -> None:
        assert self.flow.takes_states == list(states)

    def born_in_dry_run(self) -> None:
        assert Flow().mode == "dry_run"

    def in_expensify_it_is(self, status: str, report: int = 1) -> None:
        assert self._report(report).status == status

    def refuses_another_flow(self, reason: str) -> None:
        with pytest.raises(ValidationError) as refused:
            self.new_flow({"selector": "all"})
        assert refused.value.messages == [reason.replace("{flow}", self.flow.name)]

    def refuses_flow(self, reason: str, **columns: Any) -> None:
        with pytest.raises(ValidationError) as refused:
            self.new_flow(columns)
        assert refused.value.messages == [reason]

    def page_of_the_report_shows(self, *words: str, on: str) -> None:
        viewer = Client()
        viewer.force_login(get_user_model().objects.get_or_create(username="ann", **ADMIN)[0])
        page = viewer.get(reverse("admin:audit_report_change", args=[self._report(1).pk]))
        text = unescape(page.content.decode())
        assert [one for one in (*words, shown_day(day(on))) if one not in text] == []

    def badges(self, *words: str, report: int = 1) -> None:
        """What the report's page and the list mark it with."""
        assert report_badges(self._report(report)) == list(words)

    def listed_as_unapproved(self, *, after_days: int, is_listed: bool) -> None:
        """Among what stands in the ledger and is no longer approved."""
        later = database_now() + timedelta(days=after_days, minutes=1)
        found = Report.objects.filter(attention.unapproved(later), flow__in=self.flows)
        assert found.exists() is is_listed

    def on_the_list_of_open_bills(self, is_listed: bool = True) -> None:
        """Open in the ledger although Expensify has paid the employee."""
        assert attention.reimbursed_bills().filter(flow__in=self.flows).exists() is is_listed

    def reimbursed_on(self, on: str) -> None:
        assert self._report(1).reimbursed_at.date() == day(on)

    def says_on_the_posting(self, note: str) -> None:
        assert self._written()[-1].note == note

    # -- the month ---------------------------------------------------------------------------------
    def month(self, month: str, currency: str, *, approved: str, **terms: str) -> None:
        """One currency's equation. `posted_elsewhen`: what of it is dated in another month."""
        first = day(f"1 {month}")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found = month_of(self.flow, first, last)
        (equation,) = [one for one in found.equations if one.currency == currency]
        told = {"approved": equation.approved.amount}
        for place, term in equation.terms.items():
            told[place.value] = term.amount.amount
            told[f"{place.value}_elsewhen"] = term.elsewhen.amount
        wanted = {"approved": approved, **terms}
        assert {name: amount for name, amount in told.items() if amount} == {
            name: Decimal(amount) for name, amount in wanted.items()
        }
        assert equation.agrees

    # -- what is told ------------------------------------------------------------------------------
    def told(self, kind: str, times: int = 1, report: int = 1, **facts: Any) -> None:
        """Events of this kind in the report's trail."""
        found = Event.objects.filter(report=self._report(report), kind=kind)
        assert found.count() == times, [one.facts for one in found]
        for name, fact in facts.items():
            assert str(found.last().facts[name]) == fact

    def polled(self, **columns: Any) -> None:
        """What the last poll wrote down: found, new, revised, unchanged, excluded, totals."""
        self.run.refresh_from_db()
        totals = {currency: str(Decimal(sum_)) for currency, sum_ in self.run.totals.items()}
        stored = {name: getattr(self.run, name) for name in columns} | {"totals": totals}
        assert {name: stored[name] for name in columns} == columns

    def _report(self, number: int) -> Report:
        return Report.objects.get(report_id=self.reports[number - 1], flow__in=self.flows)


def filled_in(text: str, names: Mapping[str, str]) -> str:
    for name, found in names.items():
        text = text.replace(f"{{{name}}}", found)
    return text
