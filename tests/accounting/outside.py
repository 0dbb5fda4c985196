"""What can be given in a row outside of our house: in Expensify and at the ledger's own screen."""

from typing import Any

from mappings import services as mapping
from tests.accounting.documents import Document, Wanted, day
from tests.accounting.words import cents, moment

MOMENTS = ("created", "submitted", "approved", "reimbursed")


class Outside:
    """The part of the stage that acts out there. What it changes for other rows, it undoes."""

    # -- in Expensify ------------------------------------------------------------------------------
    def give_report(self, *lines: dict[str, Any], **more: Any) -> None:
        _ = self.flow  # a row that says nothing of its flow has the usual one
        self.reports += self.house.expensify("reports", self.report_body(lines, more))["reports"]

    def report_body(self, lines: tuple[dict[str, Any], ...], more: dict[str, Any]) -> dict:
        name = more.pop("by", self.firm.employee)
        body: dict[str, Any] = {
            "policyID": self.firm.workspace,
            "reportName": more.pop("name", "October trip"),
            "accountEmail": more.pop("email", f"{name.lower().replace(' ', '.')}@acme.example"),
        }
        body |= {word: moment(more.pop(word)) for word in MOMENTS if word in more}
        if not set(MOMENTS) & set(body):
            body["approved"] = moment("20 Oct 2026")
        if "reimbursed" in body:
            body["status"] = "Reimbursed"
        if "total" in more:
            body["total"] = cents(more.pop("total"))
        currency = more.get("currency", self.firm.currency)
        body["expenses"] = [{"currency": currency, **line} for line in lines]
        return body | more

    def in_expensify(self, report_id: str) -> dict[str, Any] | None:
        """The report as Expensify keeps it; None once it is deleted."""
        kept = self.house.expensify("reports")
        return next((one for one in kept if one["reportID"] == report_id), None)

    def edit(self, action: str, report: int = 1, **more: Any) -> None:
        """A verb of the control interface on the row's report number `report`."""
        self.house.expensify(
            "reports", {"action": action, "reportID": self.reports[report - 1], **more}
        )

    def line_changed(self, line: int, **fields: Any) -> None:
        """`line_changed(2, amount="14.50")`: amounts in the line's currency."""
        if "amount" in fields:
            fields["modifiedAmount"] = cents(fields.pop("amount"))
        self.edit("edit_expense", transactionID=self._transaction(line), fields=fields)

    def line_added(self, line: dict[str, Any]) -> None:
        """To the first report; Expensify gives it an id of its own."""
        body = self.report_body((line,), {})
        made = self.house.expensify("reports", body)["reports"][0]
        (added,) = self.in_expensify(made)["transactionList"]
        self.house.expensify("reports", {"action": "delete", "reportID": made})
        self.edit("add_expense", expense=added)

    def line_removed(self, line: int) -> None:
        self.edit("delete_expense", transactionID=self._transaction(line))

    def nobody_polls(self) -> None:
        """Until the row goes on: what is read is read by the drain."""
        self.polls = False

    def _transaction(self, line: int, report: int = 1) -> str:
        kept = self.in_expensify(self.reports[report - 1])
        return kept["transactionList"][line - 1]["transactionID"]

    def unapproved(self) -> None:
        self.edit("unapprove")

    def approved_again(self) -> None:
        self.edit("approve")

    def reimbursed(self, on: str, *, ach: bool = False) -> None:
        """Paid by Expensify itself (`ach`), or by others and marked so."""
        self.edit("reimburse", at=moment(on), ach=ach)

    def deleted_in_expensify(self) -> None:
        self.edit("delete")

    def exported_by_expensify(self, on: str) -> None:
        """Its own accounting connection books the report."""
        words = "exported this report to QuickBooks Online"
        self.edit("add_action", word="EXPORTINTEGRATION", message=words, at=moment(on))

    # -- at the ledger's screen --------------------------------------------------------------------
    def the_document(self, kind: str = "") -> Document:
        """The only one; of a kind where there are several."""
        (found,) = (one for one in self.documents() if kind in ("", one.kind))
        return found

    def paid(self, amount: str = "") -> None:
        self.ledger.pay(self.company, self.the_document(), amount)

    def unpaid(self) -> None:
        self.ledger.unpay(self.company, self.the_document())

    def matched(self) -> None:
        """A card's transaction, with a line of the bank's feed."""
        self.ledger.match(self.company, self.the_document("card charge"))

    def invoiced(self) -> None:
        self.ledger.invoice(self.company, self.the_document())

    def renumbered(self, number: str) -> None:
        self.ledger.renumber(self.company, self.the_document(), number)

    def postponed(self, due: str) -> None:
        self.ledger.postpone(self.company, self.the_document(), day(due))

    def deleted_there(self) -> None:
        found = self.the_document()
        self.ledger.delete(self.company, found)
        self.lost.append(found)  # our book has it until somebody looks

    def entered_there(self, wanted: Wanted, number: str) -> None:
        """By hand, by somebody else."""
        found = self.ledger.enter(self.company, wanted.document, self.filled_in(number))
        self.not_of_the_report(found)
        self.afterwards(lambda: self._remove(found))

    def _remove(self, document_id: str) -> None:
        for one in self.ledger.documents(self.company):
            if one.id == document_id and one.id not in self.taken_over:
                self.ledger.delete(self.company, one)

    def closed_there(self, through: str) -> None:
        """The ledger's books, and we have not been told yet."""
        self.ledger.close_books(self.company, day(through))
        self.afterwards(self.lists_read)
        self.afterwards(lambda: self.ledger.close_books(self.company, self.ledger.closed_at_first))

    def opened_there(self) -> None:
        self.ledger.close_books(self.company, self.ledger.closed_at_first)

    def agreed_terms(self, vendor: str, terms: str) -> None:
        """When bills of this vendor are due, and our lists say so."""
        self.ledger.agree_terms(self.company, vendor, terms)
        self.afterwards(lambda: self.ledger.agree_terms(self.company, vendor, "Due on receipt"))
        self.lists_read()

    def inactive_there(self, kind: str, name: str) -> None:
        """A member of the ledger's lists, and we have not been told yet."""
        member = self.ledger.archive(self.company, kind, name)
        self.afterwards(self.lists_read)
        self.afterwards(lambda: self.ledger.restore(self.company, kind, member))

    def added_there(self, kind: str, name: str, email: str = "") -> None:
        member = self.ledger.add(self.company, kind, name, email)
        self.afterwards(self.lists_read)
        self.afterwards(lambda: self.ledger.archive(self.company, kind, member))

    def lists_read(self) -> None:
        mapping.pull_chart(self.connection)
        self.connection.refresh_from_db()
