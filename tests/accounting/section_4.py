"""ACCOUNTING.md, section 4: time passes."""

from tests.accounting.words import (
    THE_DAY_OF_POSTING,
    Row,
    bill,
    books,
    charge,
    credit,
    flow,
    held,
    report,
    row,
    rule,
    spent,
    then,
    when,
)

CARDS = {"takes_cards": True, "card_account": "2110 Corporate Card - Visa"}


def two_lines(second: str = "30.00", total: str = "42.50", party: str = "Ben Ito", **more):
    return bill(party, "20 Oct 2026",
                "6120 Ground Transport         |  12.50",
                f"6130 Meals and Entertainment  |  {second}",
                f"2000 Accounts Payable (A/P)   | -{total}", **more)  # fmt: skip


def one_line(amount: str = "12.50", party: str = "Ben Ito", **more):
    return bill(party, "20 Oct 2026",
                f"6120 Ground Transport         |  {amount}",
                f"2000 Accounts Payable (A/P)   | -{amount}", **more)  # fmt: skip


MEAL = charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                             "2110 Corporate Card - Visa    | -40.00")  # fmt: skip
# A taxi and a meal, posted.
POSTED = (report(spent("Taxi", "12.50"), spent("Meals", "30.00")), books(two_lines()))
# ... and the meal is lowered afterwards.
LOWERED = when.line_changed(2, amount="25.00")
CHANGED = (
    "Report {report} (Ben Ito) changed after posting (42.50 USD -> 37.50 USD: 2026-10-12 City Cab "
    "lowered by 5.00), but"
)

READ_AGAIN = [
    row(
        "4.1", "read more than an hour ago and no longer approved: withdrawn before it is posted",
        flow(mode="dry_run"),
        report(spent("Taxi", "12.50")),
        then.standing("Waiting to post"),
        when.an_hour_passes(),
        when.unapproved(),
        when.live_as_built(),
        when.nobody_polls(),
        books(),
        then.standing("Withdrawn: no longer approved"),
        then.told("report.unapproved"),
    ),
    row(
        "4.1", "read more than an hour ago and changed: posted as it is now",
        flow(mode="dry_run"),
        report(spent("Taxi", "12.50"), spent("Meals", "30.00")),
        then.standing("Waiting to post"),
        when.an_hour_passes(),
        LOWERED,
        when.live_as_built(),
        when.nobody_polls(),
        books(two_lines("25.00", "37.50")),
        then.was_written_once(),
    ),
]  # fmt: skip

REVISED = [
    row(
        "4.2", "revised while open and unpaid: the same document is amended in place",
        *POSTED, LOWERED,
        books(two_lines("25.00", "37.50")),
        then.same_documents(),
        then.told("report.revised", old_total="42.5000"),
    ),
    row(
        "4.2", "a line more, and a line less: the same document",
        *POSTED,
        when.line_added(spent("Lodging", "100.00")),
        when.line_removed(1),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6130 Meals and Entertainment  |   30.00",
                   "6110 Hotels                   |  100.00",
                   "2000 Accounts Payable (A/P)   | -130.00")),
        then.same_documents(),
    ),
    row(
        "4.2", "changed in what no document shows: nothing is written",
        *POSTED,
        when.edit("set_field", name="Cost Center", value="Ops"),
        books(two_lines()),
        then.was_written_once(),
    ),
    row(
        "4.2", "changed and changed back before anybody looked: nothing is written",
        *POSTED, LOWERED, when.line_changed(2, amount="30.00"),
        books(two_lines()),
        then.was_written_once(),
    ),
    row(
        "4.2", "held where the flow says so; released, it is amended",
        flow(revision_policy="hold"),
        *POSTED, LOWERED,
        held("Report {report} (Ben Ito, 37.50 USD) changed after posting (42.50 USD -> 37.50 USD). "
             "This flow holds revised reports, so document {document} was left as it is.",
             cure="Release it to amend the document, or set it aside."),
        when.released(),
        books(two_lines("25.00", "37.50")),
        then.same_documents(),
    ),
    row(
        "4.2", "cancelled and posted anew, where the flow says so",
        flow(revision_policy="repost"),
        *POSTED, LOWERED,
        books(two_lines("25.00", "37.50")),
        then.other_documents(),
    ),
    *(
        row(
            "4.2", f"{words}: held, the document left as it is",
            *POSTED, step, LOWERED,
            books(two_lines()),
            held(f"{CHANGED} bill {{document}} was paid. It was left as it is.",
                 cure="Post the difference, or undo the payment and release this, or leave it and "
                      "set this aside."),
        )
        for words, step in (("paid", when.paid()), ("partly paid", when.paid("10.00")))
    ),
    row(
        "4.2", "paid, and the payment undone: released, it is amended",
        *POSTED, when.paid(), LOWERED,
        books(two_lines()),
        then.holds("document.paid"),
        when.unpaid(),
        when.released(),
        books(two_lines("25.00", "37.50")),
        then.same_documents(),
    ),
    row(
        "4.2", "paid and lowered: the difference as a credit, by a person's choice",
        *POSTED, when.paid(), LOWERED,
        books(two_lines()),
        then.holds("document.paid"),
        when.difference_posted(),
        books(two_lines(),
              credit("Ben Ito", "20 Oct 2026",
                     "6130 Meals and Entertainment  |  -5.00",
                     "2000 Accounts Payable (A/P)   |   5.00")),
        then.standing("Posted"),
    ),
    row(
        "4.2", "paid and raised: the difference as a bill, by a person's choice",
        *POSTED, when.paid(), when.line_changed(2, amount="36.00"),
        books(two_lines()),
        then.holds("document.paid"),
        when.difference_posted(),
        books(two_lines(),
              bill("Ben Ito", "20 Oct 2026",
                   "6130 Meals and Entertainment  |   6.00",
                   "2000 Accounts Payable (A/P)   |  -6.00")),
    ),
    row(
        "4.2", "paid and nothing left of it: all of it as a credit, by a person's choice",
        *POSTED, when.paid(),
        when.line_changed(1, reimbursable=False), when.line_changed(2, reimbursable=False),
        books(two_lines()),
        then.holds("document.paid"),
        when.difference_posted(),
        books(two_lines(),
              credit("Ben Ito", "20 Oct 2026",
                     "6120 Ground Transport         | -12.50",
                     "6130 Meals and Entertainment  | -30.00",
                     "2000 Accounts Payable (A/P)   |  42.50")),
    ),
    row(
        "4.2", "changed in a closed period: the difference on the next open day, by choice",
        *POSTED, when.closed_by_us("31 Oct 2026"), LOWERED,
        books(two_lines()),
        then.holds("map.date.locked"),
        when.difference_posted(),
        books(two_lines(),
              credit("Ben Ito", "1 Nov 2026",
                     "6130 Meals and Entertainment  |  -5.00",
                     "2000 Accounts Payable (A/P)   |   5.00")),
    ),
    row(
        "4.2", "billed on to a customer: held, the document left as it is",
        rule(tag_level=3, tag="Globex", values={"customer": "Globex"}),
        report(spent("Client Costs", "96.00", tags=["", "", "Globex"], billable=True)),
        books(bill("Ben Ito", "20 Oct 2026",
                   "5100 Client Project Costs    |  96.00 | customer Globex, billable",
                   "2000 Accounts Payable (A/P)  | -96.00")),
        when.invoiced(),
        when.line_changed(1, amount="90.00"),
        held("Report {report} (Ben Ito) changed after posting (96.00 USD -> 90.00 USD: 2026-10-12 "
             "City Cab lowered by 6.00), but bill {document} is matched or linked to another "
             "document. It was left as it is.",
             cure="Post the difference, or undo the match and release this, or leave it and set "
                  "this aside."),
    ),
    row(
        # QuickBooks shows no API a match with the bank's feed: what nobody can see holds nothing.
        # What can be seen holds: a payment linked to the bill (above), a deletion refused (below).
        "4.2", "matched with the bank, which QuickBooks tells nobody: amended, the same document",
        flow(**CARDS),
        report(spent("Meals", "40.00", card="4411")),
        books(MEAL),
        when.matched(),
        when.line_changed(1, amount="36.00"),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  36.00",
                                    "2110 Corporate Card - Visa    | -36.00")),
        then.same_documents(),
    ),
    row(
        "4.2", "matched with the bank, and gone in Expensify: QuickBooks refuses, and it is held",
        flow(**CARDS),
        report(spent("Meals", "40.00", card="4411"), spent("Taxi", "12.50")),
        books(MEAL, one_line()),
        when.matched(),
        when.line_removed(1),
        books(MEAL, one_line()),
        then.holds("qbo.bank_matched"),
    ),
    row(
        "4.2", "a part that is gone: its document is taken back",
        flow(**CARDS),
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", card="4411")),
        books(one_line(), MEAL),
        when.line_removed(2),
        books(one_line()),
    ),
    row(
        "4.2", "nothing left for the flow: its document is taken back",
        *POSTED,
        when.line_changed(1, reimbursable=False),
        when.line_changed(2, reimbursable=False),
        books(),
        then.standing("Reversed"),
    ),
    row(
        "4.2", "turned negative: the bill is taken back, a credit takes its place",
        *POSTED,
        when.line_changed(2, amount="-90.00"),
        books(credit("Ben Ito", "20 Oct 2026",
                     "6120 Ground Transport         |  12.50",
                     "6130 Meals and Entertainment  | -90.00",
                     "2000 Accounts Payable (A/P)   |  77.50")),
        then.linked_generations(),
    ),
    row(
        "4.2", "turned negative and paid: held, the document left as it is",
        *POSTED, when.paid(),
        when.line_changed(2, amount="-90.00"),
        books(two_lines()),
        held("Report {report} (Ben Ito): bill {document} was to be taken back, but bill {document} "
             "was paid. It was left as it is.",
             cure="Post the difference, or undo the payment and release this, or leave it and set "
                  "this aside."),
    ),
    row(
        "4.2", "a part that is gone and paid: held, the document left as it is",
        *POSTED, when.paid(),
        when.line_changed(1, reimbursable=False),
        when.line_changed(2, reimbursable=False),
        books(two_lines()),
        then.holds("document.paid"),
    ),
    row(
        "4.2", "revised before it was posted: only what it is now is posted",
        flow(mode="dry_run"),
        report(spent("Taxi", "12.50"), spent("Meals", "30.00")),
        then.standing("Waiting to post"),
        LOWERED,
        then.standing("Waiting to post"),
        when.live(),
        books(two_lines("25.00", "37.50")),
        then.was_written_once(),
    ),
]  # fmt: skip

EDITED_THERE = [
    row(
        "4.3", "a person changed one of our fields: held with the difference",
        *POSTED, when.renumbered("1187"), LOWERED,
        books(two_lines()),
        held(f"{CHANGED} somebody changed bill {{number}} in the ledger (number: {{number}} -> "
             "1187). Nothing was overwritten.",
             cure="Put those fields back there and release this, or set it aside."),
    ),
    row(
        "4.3", "a person changed a field that is not ours: kept, the rest amended",
        *POSTED, when.postponed("24 Dec 2026"), LOWERED,
        books(two_lines("25.00", "37.50", due="24 Dec 2026")),
        then.same_documents(),
    ),
    row(
        "4.3", "a person deleted it: held, not posted again by itself",
        *POSTED, when.deleted_there(), LOWERED,
        books(),
        held("Report {report} (Ben Ito, 37.50 USD): bill {number} was deleted in the ledger by "
             "somebody. Nothing was changed.",
             cure="Reverse it here so that the report can be posted anew, or set this change "
                  "aside."),
    ),
]  # fmt: skip

TAKEN_AWAY = [
    row(
        "4.4", "unapproved after posting: the ledger is left alone, the report flagged",
        *POSTED, when.unapproved(),
        books(two_lines()),
        then.badges("No longer approved"),
        then.told("report.unapproved"),
        then.listed_as_unapproved(after_days=2, is_listed=False),
        then.listed_as_unapproved(after_days=3, is_listed=True),
        when.approved_again(),
        books(two_lines()),
        then.badges(),
    ),
    row(
        "4.4", "unapproved after posting: taken back, where the flow says so",
        flow(unapproved_policy="reverse"),
        *POSTED, when.unapproved(),
        books(),
        then.standing("Reversed"),
        when.approved_again(),
        books(bill("Ben Ito", THE_DAY_OF_POSTING,
                   "6120 Ground Transport         |  12.50",
                   "6130 Meals and Entertainment  |  30.00",
                   "2000 Accounts Payable (A/P)   | -42.50")),
    ),
    row(
        "4.4", "unapproved and paid: left as it is and held, although the flow takes back",
        flow(unapproved_policy="reverse"),
        *POSTED, when.paid(), when.unapproved(),
        books(two_lines()),
        then.holds("document.paid"),
    ),
    row(
        "4.4", "missing once in Expensify: nothing is taken for deleted",
        flow(unapproved_policy="reverse"),
        *POSTED, when.deleted_in_expensify(),
        books(two_lines()),
        then.badges("Missing in Expensify"),
    ),
    row(
        "4.4", "missing again a day later: deleted, the ledger left alone",
        *POSTED, when.deleted_in_expensify(),
        books(two_lines()),
        when.a_day_passes(),
        books(two_lines()),
        then.badges("Deleted in Expensify"),
        then.told("report.deleted"),
    ),
    row(
        "4.4", "missing again a day later: deleted and taken back, where the flow says so",
        flow(unapproved_policy="reverse"),
        *POSTED, when.deleted_in_expensify(),
        books(two_lines()),
        when.a_day_passes(),
        books(),
        then.standing("Reversed"),
    ),
    row(
        "4.4", "missing again a day later, the workspace out of sight too: not taken for deleted",
        flow(unapproved_policy="reverse"),
        *POSTED, when.deleted_in_expensify(),
        books(two_lines()),
        when.a_day_passes(in_sight=False),
        books(two_lines()),
        then.badges("Missing in Expensify"),
    ),
]  # fmt: skip

REIMBURSED = [
    row(
        "4.5", "reimbursed when first seen: the bill says not to pay it",
        report(spent("Taxi", "12.50"), approved="20 Oct 2026", reimbursed="22 Oct 2026"),
        books(one_line(memo=["REIMBURSED IN EXPENSIFY 2026-10-22, DO NOT PAY | Expensify report"])),
        then.badges("Reimbursed in Expensify"),
        then.on_the_list_of_open_bills(),
        when.paid(),
        when.looked_at_bills(),
        then.on_the_list_of_open_bills(False),
        books(one_line()),
    ),
    row(
        "4.5", "reimbursed, and owed on cards too: only what the person is owed says so",
        flow(**CARDS),
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", card="4411"),
               approved="20 Oct 2026", reimbursed="22 Oct 2026"),
        books(one_line(memo=["DO NOT PAY"]),
              charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00",
                     memo=["Expensify report {report} | October trip"])),
    ),
    row(
        "4.5", "reimbursed after posting: kept and shown",
        report(spent("Taxi", "12.50")),
        books(one_line()),
        when.reimbursed("22 Oct 2026"),
        then.badges("Reimbursed in Expensify"),
        then.told("report.reimbursed"),
        then.reimbursed_on("22 Oct 2026"),
        then.page_of_the_report_shows("Reimbursed", on="22 Oct 2026"),
    ),
    row(
        "4.5", "reimbursed by Expensify itself: the page says how",
        report(spent("Taxi", "12.50")),
        books(one_line()),
        when.reimbursed("22 Oct 2026", ach=True),
        then.page_of_the_report_shows("Reimbursed", "ACH", on="22 Oct 2026"),
    ),
    row(
        "4.5", "reimbursed by others and marked so: the page says that, too",
        report(spent("Taxi", "12.50")),
        books(one_line()),
        when.reimbursed("22 Oct 2026"),
        then.page_of_the_report_shows("Reimbursed", "not by ACH", on="22 Oct 2026"),
    ),
]  # fmt: skip

BOOKED_BEFORE = [
    row(
        "4.6", "exported by Expensify's own connection: held",
        report(spent("Taxi", "12.50")),
        when.exported_by_expensify("1 Nov 2026"),
        held("Report {report} (Ben Ito, 12.50 USD) was already exported by Expensify's own "
             "connection on 1 Nov 2026. To avoid booking it twice we posted nothing.",
             cure="Set it aside if it is in the books; if it isn't, let the flow post such "
                  "reports."),
        when.set_aside("it is in the books"),
        books(),
        then.standing("Set aside"),
    ),
    row(
        "4.6", "exported by Expensify's own connection: posted anyway, where the flow says so",
        flow(exported_policy="post"),
        report(spent("Taxi", "12.50")),
        when.exported_by_expensify("1 Nov 2026"),
        books(one_line()),
    ),
    row(
        "4.6", "one with the same party, date and total stands there: held, and released",
        when.entered_there(one_line("71.35"), "1187"),
        report(spent("Taxi", "71.35")),
        held("Report {report} (Ben Ito, 71.35 USD): one with the same payee, date and total stands "
             "in the ledger already (no. 1187; Ben Ito, 20 Oct 2026, 71.35 USD), entered by a "
             "person. Nothing was posted.",
             cure="Link it if it is this one; if it is another, release ours to post it."),
        when.released(),
        books(one_line("71.35")),
    ),
    row(
        "4.6", "one with the same party, date and total: linked, it is ours without a second one",
        when.entered_there(one_line("72.35"), "1188"),
        report(spent("Taxi", "72.35")),
        then.holds("document.twin"),
        when.linked_to("1188"),
        books(),
        then.standing("Posted"),
        then.says_on_the_posting("already booked as 1188"),
    ),
    row(
        "4.6", "our number stands there, entered by a person: not posted beside it",
        flow(mode="dry_run"),
        report(spent("Taxi", "73.35")),
        then.standing("Waiting to post"),
        when.entered_there(one_line("74.00"), "{number}"),
        when.live_as_built(),
        books(),
        then.holds("ledger.stored_otherwise"),
    ),
]  # fmt: skip

RULES_CHANGE = [
    row(
        "4.7", "a changed rule never touches what is posted",
        *POSTED,
        rule(category="Meals", account="6210 Office Supplies", priority=10),
        books(two_lines()),
        when.replayed(),
        books(two_lines()),
        then.was_written_once(),
    ),
    row(
        "4.7", "re-posted with current rules, confirmed: the same document",
        *POSTED,
        rule(category="Meals", account="6210 Office Supplies", priority=10),
        when.reposted(),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "6210 Office Supplies          |  30.00",
                   "2000 Accounts Payable (A/P)   | -42.50")),
        then.same_documents(),
    ),
    row(
        "4.7", "re-posted for another payee: the old one is taken back",
        *POSTED,
        when.linked("ben.ito@acme.example", "Hugo Silva"),
        when.reposted(),
        books(two_lines(party="Hugo Silva")),
        then.other_documents(),
    ),
]  # fmt: skip

COMPLETE = [
    row(
        "4.8", "each amount of the month is in one place",
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", card="4411")),
        report(spent("Team events", "7.00")),
        report(spent("Taxi", "5.00"), approved="30 Sep 2026"),
        report(spent("Taxi", "3.00"), approved="31 Oct 2026 at 23:30"),
        books(one_line(),
              bill("Ben Ito", "31 Oct 2026",
                   "6120 Ground Transport         |   3.00",
                   "2000 Accounts Payable (A/P)   |  -3.00")),
        then.holds("map.category.missing"),
        then.month("Oct 2026", "USD", approved="62.50", posted="15.50", held="7.00",
                   untaken="40.00"),
        then.month("Sep 2026", "USD", approved="5.00", excluded="5.00"),
    ),
    row(
        "4.8", "approved in one month and posted in another: in its own column",
        flow(lock_policy="next_open"),
        when.closed_by_us("31 Oct 2026"),
        report(spent("Taxi", "12.50")),
        books(bill("Ben Ito", "1 Nov 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
        then.month("Oct 2026", "USD", approved="12.50", posted="12.50", posted_elsewhen="12.50"),
    ),
    row(
        "4.8", "reversed, set aside, waiting: each in its place",
        report(spent("Taxi", "12.50")),
        books(one_line()),
        when.reversed(),
        books(),
        then.month("Oct 2026", "USD", approved="12.50", reversed="12.50"),
    ),
    row(
        "4.8", "currency by currency",
        report(spent("Taxi", "12.50")),
        report(spent("Taxi", "10.00", currency="EUR"), currency="EUR"),
        books(one_line()),
        then.holds("map.currency.company"),
        then.month("Oct 2026", "USD", approved="12.50", posted="12.50"),
        then.month("Oct 2026", "EUR", approved="10.00", held="10.00"),
    ),
]  # fmt: skip

MANY = 1001
SIZES = [
    row(
        "4.9", "too many lines for one document: numbered parts, each balanced",
        report(*[spent("Taxi", "1.00")] * MANY),
        books(bill("Ben Ito", "20 Oct 2026",
                   *["6120 Ground Transport         |     1.00"] * 1000,
                   "2000 Accounts Payable (A/P)   | -1000.00", memo=["part 1 of 2"]),
              one_line("1.00", memo=["part 2 of 2"])),
        then.standing("Posted"),
    ),
]  # fmt: skip

RECORDS = [
    row(
        "4.10", "every poll leaves a record: found, new, revised, unchanged, excluded, totals",
        report(spent("Taxi", "12.50")),
        report(spent("Taxi", "5.00"), approved="30 Sep 2026"),
        report(spent("Taxi", "10.00", currency="EUR"), currency="EUR"),
        then.polled(found=3, new=3, revised=0, unchanged=0,
                    excluded={"excluded.before_start": 1},
                    totals={"USD": "17.50", "EUR": "10.00"}),
        then.holds("map.currency.company"),
        books(one_line()),
        when.line_changed(1, amount="13.00"),
        then.polled(found=3, new=0, revised=1, unchanged=2,
                    excluded={"excluded.before_start": 1},
                    totals={"USD": "18.00", "EUR": "10.00"}),
        then.holds("map.currency.company"),
        books(one_line("13.00")),
    ),
    row(
        "4.10", "a poll that finds nothing leaves a record, too",
        flow(),
        then.polled(found=0, new=0, revised=0, unchanged=0, excluded={}, totals={}),
        books(),
    ),
]  # fmt: skip

ROWS: list[Row] = [
    *READ_AGAIN, *REVISED, *EDITED_THERE, *TAKEN_AWAY, *REIMBURSED, *BOOKED_BEFORE, *RULES_CHANGE,
    *COMPLETE, *SIZES, *RECORDS,
]  # fmt: skip
