"""What can be given in a row within our house: the flow's choices and rules, what people decide."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from audit import attention
from audit.engine import accept, corrections, desk, naming
from audit.models import Posting, Report
from audit.states import NEEDS_PERSON, State
from connectors.clock import database_now
from connectors.models import Workspace
from mappings import services as mapping
from mappings.models import (
    CardAccount,
    CreditValue,
    ExchangeRate,
    Flow,
    GLAccount,
    Party,
    PayableAccount,
    TaxCode,
    Value,
)
from tests.accounting.documents import day

ACCOUNTS = frozenset(
    """payable_account card_account company_account due_from_account tax_account
    rounding_account""".split()
)
PARTIES = frozenset({"fixed_party", "card_party"})


class Inside:
    """The part of the stage that acts in here. What it changes for other rows, it undoes."""

    # -- names into rows ---------------------------------------------------------------------------
    @property
    def workspace(self) -> Workspace:
        return self.house.workspaces[self.firm.workspace]

    def account(self, label: str) -> GLAccount:
        """By its number, whatever the ledger calls it."""
        return self.house.accounts[self.connection.pk, label.split()[0]]

    def value(self, dimension: str, name: str) -> Value:
        return self.house.values[self.connection.pk, dimension, name]

    def vendor(self, name: str) -> Party:
        return Party.objects.get(connection=self.connection, name=name, kind="vendor")

    def tax_code(self, name: str) -> TaxCode:
        theirs = self.ledger.tax_codes[self.company][name]
        return TaxCode.objects.get(connection=self.connection, name=theirs)

    # -- the flow and its rules --------------------------------------------------------------------
    def choose(self, **columns: Any) -> None:
        lists = {name: columns.pop(name, {}) for name in ("cards", "payables", "credit_values")}
        if self.flows:
            self.fill(self.flow, columns)
            mapping.save_flow(self.flow)
        else:
            self.new_flow(columns)
        self._add_to_lists(self.flow, lists)

    def another_flow(self, **columns: Any) -> None:
        self.new_flow(columns)

    def fill(self, flow: Flow, columns: Mapping[str, Any]) -> None:
        for name, said in columns.items():
            if name in ACCOUNTS and said is not None:
                said = self.account(said)
            elif name in PARTIES and said is not None:
                said = self.vendor(said)
            elif name == "no_tax_code" and said is not None:
                said = self.tax_code(said)
            elif name == "starts_on" and isinstance(said, str):
                said = day(said)
            setattr(flow, name, said)

    def _add_to_lists(self, flow: Flow, lists: Mapping[str, Mapping[str, str]]) -> None:
        rows = [
            CardAccount(flow=flow, card=card, account=self.account(label))
            for card, label in lists["cards"].items()
        ]
        rows += [
            PayableAccount(flow=flow, currency=currency, account=self.account(label))
            for currency, label in lists["payables"].items()
        ]
        for dimension, name in lists["credit_values"].items():
            value = self.value(dimension, name)
            rows.append(CreditValue(flow=flow, dimension=value.dimension, value=value))
        for one in rows:
            one.full_clean()
            one.save()

    def add_rule(self, **columns: Any) -> None:
        values = {
            dimension: self.value(dimension, name) if name else None
            for dimension, name in columns.pop("values", {}).items()
        }
        for name, find in (
            ("account", self.account), ("party", self.vendor), ("tax_code", self.tax_code)
        ):  # fmt: skip
            if name in columns:
                columns[name] = find(columns[name])
        mapping.save_rule(flow=self.flow, values=values or None, **columns)

    def rate(self, currency: str, month: str, rate: str, source: str = "ECB") -> None:
        """The rate table of the connection: `rate("EUR", "Oct 2026", "1.0832")`."""
        row = ExchangeRate(
            connection=self.connection,
            currency=currency,
            month=day(f"1 {month}"),
            rate=Decimal(rate),
            source=source,
        )
        row.full_clean()
        row.save()
        self.afterwards(lambda: ExchangeRate.objects.filter(pk=row.pk).delete())

    def asked_for(self, first: str, last: str) -> None:
        """A person wants what was approved in these days as well."""
        _ = self.flow
        mapping.backfill(self.flow, day(first), day(last), facts={}, actor="ann")

    def live(self) -> None:
        desk.go_live(self.flow, "ann")

    def live_as_built(self) -> None:
        """Nothing is built again: as if the flow had been live when the world changed."""
        Flow.objects.filter(pk=self.flow.pk).update(mode="live")

    # -- at our screens ----------------------------------------------------------------------------
    def closed_by_us(self, through: str) -> None:
        def close(on: date | None) -> None:
            self.connection.books_closed_through = on
            self.connection.save(update_fields=["books_closed_through"])

        close(day(through))
        self.afterwards(lambda: close(None))

    def linked(self, email: str, vendor: str) -> None:
        """A person's word on who this employee is."""
        link = mapping.link_party(
            connection=self.connection, employee_email=email, party=self.vendor(vendor)
        )
        self.afterwards(link.delete)

    def created_under(self, name: str) -> None:
        """A person's word that the employee's vendor is called so."""
        (held,) = self._postings(NEEDS_PERSON)
        naming.create_under(held, name, "ann")

    def linked_to(self, number: str) -> None:
        """A person's word that this is the document in the ledger."""
        (held,) = self._postings(NEEDS_PERSON)
        stored = self.ledger.documents(self.company)
        (found,) = (one for one in stored if one.number == number)
        accept.link(held, found.id, "ann")
        self.taken_over.add(found.id)

    def replayed(self) -> None:
        desk.replay(self.rows(), "ann")

    def reposted(self) -> None:
        """ "Re-post with current rules", confirmed."""
        desk.replay(self.rows(), "ann", repost=True)

    def released(self) -> None:
        done = desk.release(self._postings(NEEDS_PERSON), "ann")
        assert not done.left, done.left

    def difference_posted(self) -> None:
        """ "Post the difference", confirmed."""
        (held,) = self._postings(NEEDS_PERSON)
        corrections.post_difference(held, "ann", "paid already")

    def looked_at_bills(self) -> None:
        """The ledger was asked which open bills were paid meanwhile, as every day."""
        attention.look_at_bills(self.connection.pk)

    def set_aside(self, reason: str) -> None:
        desk.ignore(self._postings(NEEDS_PERSON), "ann", reason)

    def reversed(self) -> None:
        done = desk.reverse(self._postings({State.POSTED}), "ann", "wrong company")
        assert done.moved, done.left

    def a_day_passes(self, in_sight: bool = True) -> None:
        """Since the reports went missing; the workspace's lists were read meanwhile."""
        for one in self.rows():
            long_ago = one.absent_since - timedelta(hours=25)
            Report.objects.filter(pk=one.pk).update(absent_since=long_ago)
        Workspace.objects.filter(pk=self.workspace.pk).update(
            is_visible=in_sight, lists_as_of=database_now() - timedelta(hours=1)
        )
        seen = Workspace.objects.filter(pk=self.workspace.pk)
        self.afterwards(lambda: seen.update(is_visible=True))

    def an_hour_passes(self) -> None:
        """Since the reports were read."""
        for one in self.rows():
            Report.objects.filter(pk=one.pk).update(read_at=one.read_at - timedelta(minutes=61))

    def rows(self) -> list[Report]:
        return list(Report.objects.filter(flow__in=self.flows).order_by("pk"))

    def _postings(self, states: Any) -> list[Posting]:
        found = Posting.objects.filter(flow__in=self.flows, state__in=list(states))
        return list(found.order_by("pk"))
