"""What people do at Expensify and at our desk while everything else breaks."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.engine import desk
from audit.models import Call, Posting
from audit.states import State
from config.demo import firm
from config.torture.ground import Ground
from connectors import oauth
from connectors.clock import database_now
from connectors.models import Credential
from connectors.signals import tell
from mappings.models import Flow

PEOPLE = ("ben.ito", "chloe.martin", "dan.okafor", "emma.larsen", "farid.haddad", "grace.kim")
DEPARTMENTS = ("Consulting", "Sales", "Operations", "Engineering")
FIRST = datetime(2026, 10, 3, 14, 0)  # noqa: DTZ001 - Expensify prints moments without a zone
# Approvals move on through the weeks, so that a poll's window holds the newest only.
SPAN = timedelta(days=45)

LATE_S = 0.25
RATES = (
    ("drop_after_store", 0.10, {}),
    ("reset_before_store", 0.05, {}),
    ("error_after_store", 0.05, {}),
    # Whole seconds are all that the header knows.
    ("throttle", 0.05, {"retry_after_s": 1}),
    ("late_store", 0.05, {"delay_s": LATE_S}),
    ("garbled", 0.02, {}),
    ("unavailable", 0.02, {}),
)
BATCH_RATES = (("partial_batch", 0.05, {"body": "missing"}),)
# Of the few requests to the token endpoint. A rotation whose answer is lost leaves us with a token
# that this strict vendor does not take any more: a person has to connect again.
TOKEN_RATES = (("drop_token_answer", 0.1, {}), ("unavailable", 0.3, {}))
EXPENSIFY_RATES = (
    ("reset_before_store", 0.03, {"match": "combinedReportData"}),
    ("throttle", 0.02, {"retry_after_s": 1}),
)


@dataclass
class Storm:
    """Files `postings` reports over its time, and changes what it filed."""

    ground: Ground
    chance: random.Random
    postings: int
    filed: list[str] = field(default_factory=list)
    reversed: set[str] = field(default_factory=set)
    copies: dict[int, str] = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)
    progress: float = 0.0

    # -- faults ------------------------------------------------------------------------------------
    def order_faults(self) -> None:
        name, tokens = self.ground.victim.name, {"match": self.ground.victim.tokens}
        # The first order that fits is played: those of the token endpoint come first.
        at_sign_in = tuple((kind, rate, more | tokens) for kind, rate, more in TOKEN_RATES)
        at_ledger = at_sign_in + RATES + BATCH_RATES
        for vendor, rates in ((name, at_ledger), ("expensify", EXPENSIFY_RATES)):
            for kind, rate, more in rates:
                self.order(kind, vendor, rate=rate, seed=self.chance.randrange(10**6), **more)

    def order(self, kind: str, vendor: str = "", **how: Any) -> None:
        """One fault of the ledger, or of `vendor`."""
        self.ground.control(vendor or self.ground.victim.name, "faults", {"kind": kind, **how})

    def clear_faults(self) -> None:
        for vendor in (self.ground.victim.name, "expensify"):
            self.ground.control(vendor, "faults", method="DELETE")

    def late_request_ids(self) -> set[str]:
        """Of calls that the ledger carried out a while after we had given them up."""
        asked = self.ground.control(self.ground.victim.name, "requests")
        return {one["request_id"] for one in asked if one["fault"] == "late_store"}

    def played(self) -> Counter:
        """Faults that were played, by kind."""
        asked = [
            one
            for vendor in (self.ground.victim.name, "expensify")
            for one in self.ground.control(vendor, "requests")
        ]
        return Counter(one["fault"] for one in asked if one["fault"])

    # -- Expensify ---------------------------------------------------------------------------------
    def file(self, count: int) -> None:
        count = min(count, self.postings - len(self.filed))
        if count <= 0:
            return
        reports = [self._report(len(self.filed) + place) for place in range(count)]
        self.filed += self.ground.control("expensify", "reports", {"reports": reports})["reports"]

    def _report(self, number: int) -> dict[str, Any]:
        lines = [
            {
                "created": "2026-10-02",
                "merchant": f"Merchant {self.chance.randint(1, 99)}",
                "category": self.chance.choice(sorted(firm.ACCOUNT_OF)),
                "amount": self.chance.randint(101, 99_999),
                "tags": [self.chance.choice(DEPARTMENTS), "West", "Internal"],
            }
            for _ in range(self.chance.randint(1, 3))
        ]
        return {
            "reportName": f"Report {number}",
            "accountEmail": f"{self.chance.choice(PEOPLE)}@acme.example",
            "status": "Approved",
            "submitted": self._now(),
            "approved": self._now(),
            "expenses": lines,
        }

    def _now(self) -> str:
        moment = FIRST + SPAN * min(self.progress, 1.0)
        return moment.isoformat(" ", "seconds")

    def amend(self, report_id: str = "") -> None:
        """Another amount on one line, of this report or of any; now and then one that turns the
        report into a credit."""
        report = self._any(report_id)
        if report is None or report["status"] != "Approved":
            return
        line = self.chance.choice(report["transactionList"])
        turned = not report_id and self.chance.random() < 0.1
        cents = -250_000 if turned else self.chance.randint(101, 99_999)
        self._change(report, line, "turned into a credit" if turned else "amended", cents)

    def take_lines_away(self) -> None:
        """All lines become the company's own: what stands for the report is taken back."""
        report = self._any()
        if report is None or report["status"] != "Approved":
            return
        for line in report["transactionList"]:
            self._edit(report, "edit_expense", line, fields={"reimbursable": False})
        self.done["emptied"] += 1

    def move_line(self) -> None:
        one, other = self._any(), self._any()
        if one is None or other is None or one["reportID"] == other["reportID"]:
            return
        if len(one["transactionList"]) > 1 and one["status"] == other["status"] == "Approved":
            line = self.chance.choice(one["transactionList"])
            self._edit(one, "move_expense", line, to=other["reportID"])
            self.done["moved a line"] += 1

    def unapprove(self) -> None:
        report = self._any()
        if report is not None and report["status"] == "Approved":
            self._edit(report, "unapprove")
            self.done["unapproved"] += 1

    def reapprove_all(self) -> None:
        for report in self.ground.control("expensify", "reports"):
            if report["status"] == "Processing":
                self._edit(report, "approve")

    def _any(self, report_id: str = "") -> dict[str, Any] | None:
        if report_id:
            return self.ground.control("expensify", f"reports/{report_id}")
        touchable = [one for one in self.filed[-400:] if one not in self.reversed]
        if not touchable:
            return None
        return self.ground.control("expensify", f"reports/{self.chance.choice(touchable)}")

    def _change(self, report: dict[str, Any], line: dict[str, Any], word: str, cents: int) -> None:
        self._edit(report, "edit_expense", line, fields={"modifiedAmount": cents})
        self.done[word] += 1

    def _edit(self, report: dict, action: str, line: dict | None = None, **more: Any) -> None:
        body = {"action": action, "reportID": report["reportID"], "at": self._now(), **more}
        if line is not None:
            body["transactionID"] = line["transactionID"]
        self.ground.control("expensify", "reports", body)

    # -- our side ----------------------------------------------------------------------------------
    def poll(self) -> None:
        Flow.objects.filter(pk=self.ground.flow_id).update(due_at=database_now())

    def reverse(self, report_id: str = "") -> None:
        """A person takes a document back; the report is not touched any more."""
        live = Posting.objects.filter(state=State.POSTED).exclude(op="cancel")
        live = live.exclude(report__report_id__in=self.reversed).select_related("report")
        live = live.filter(report__report_id=report_id) if report_id else live
        found = list(live.order_by("?")[:1])
        if found and desk.reverse(found, "torture", "a mistake").moved:
            self.reversed.add(found[0].report.report_id)
            self.done["reversed"] += 1

    def half_a_day_passes(self) -> None:
        """The vendor has forgotten the request ids of calls that were lost."""
        lost = Call.objects.filter(status=Call.Status.LOST, resend_until__gt=database_now())
        if lost.update(resend_until=database_now() - timedelta(seconds=1)):
            self.done["resend windows ended"] += 1

    def tokens_expire(self) -> None:
        self.ground.control("", "clock", {"advance_s": 3700})
        self.done["tokens expired"] += 1

    def connect_again(self) -> None:
        """Where the sign-in has ended, a person presses Connect."""
        credential = Credential.objects.get(ledger_connection=self.ground.connection_id)
        if credential.state != Credential.State.RECONNECT:
            return
        minted = self.ground.control(self.ground.victim.name, "tokens", {})
        with transaction.atomic():
            tokens = oauth.Tokens(minted["access_token"], minted["refresh_token"], 3600)
            oauth.keep(credential, tokens)
            subject = {"connection_id": self.ground.connection_id}
            tell("connection.reconnected", subject=subject, actor="torture")
        self.done["connected again"] += 1

    # -- at the ledger -----------------------------------------------------------------------------
    def enter_a_copy(self) -> None:
        """Somebody enters a bill again, memo and all, while we are in doubt about ours."""
        name = self.ground.victim.name
        in_doubt = Posting.objects.filter(state=State.IN_DOUBT, op="post").exclude(number="")
        for row in in_doubt.exclude(report__in=self.copies)[:1]:
            found = self.ground.control(name, f"documents?number={row.number}&status=active")
            if found:
                copy = {word: found[0][word] for word in COPIED}
                self.copies[row.report_id] = self.ground.control(name, "documents", copy)["id"]
                self.done["entered a copy of a bill in doubt"] += 1

    def take_copies_back(self, *, all_of_them: bool = False) -> None:
        """The copy is deleted where the look-up has told of it, and what it held is released."""
        held = Posting.objects.filter(state=State.QUARANTINED)
        twice = [p for p in held if any(_is_of_a_copy(one["code"]) for one in p.problems)]
        told = {posting.report_id for posting in twice}
        for pk in [pk for pk in self.copies if all_of_them or pk in told]:
            copy = self.copies.pop(pk)
            self.ground.control(self.ground.victim.name, f"documents/{copy}", {"action": "delete"})
        if twice and (released := desk.release(twice, "torture", "the copy is gone").moved):
            self.done["released after the copy was deleted"] += len(released)


def _is_of_a_copy(code: str) -> bool:
    """Found beside ours, or, entered after ours was found, in the way of a change's number."""
    return code == "ledger.found_twice" or code.endswith(".number_taken")


COPIED = "kind number date due_date currency party credit_account dimensions markers lines".split()
