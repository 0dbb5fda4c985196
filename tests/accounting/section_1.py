"""ACCOUNTING.md, section 1: which expenses become what.

Debits are positive, credits negative; the last lines of a document are its credit side.
"""

from tests.accounting.words import (
    Row,
    bill,
    books,
    card_credit,
    charge,
    counted,
    credit,
    flow,
    held,
    journal,
    report,
    row,
    rule,
    spent,
    then,
    when,
)

PAYABLE = "2000 Accounts Payable (A/P)"
VISA = "2110 Corporate Card - Visa"
CARDS = {"takes_cards": True, "card_account": VISA}
JOURNALS = {**CARDS, "kind": "journal"}
# What stands beside a part that holds: the report is never half in the books.
OTHER_PART = held(
    "Report {report} (Ben Ito, 52.50 USD): another part of it is held, so this part was not posted "
    "either.",
    cure="Settle the other part's problem; this one then goes with it.",
)

TWO_FLAGS = [
    row(
        "1.1", "reimbursable without a card: a bill to the person",
        report(spent("Taxi", "12.50")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
    ),
    row(
        "1.1", "reimbursable on a card: owed to the person, beside the rest",
        flow(**CARDS),
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", card="4411", reimbursable=True)),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "6130 Meals and Entertainment  |  40.00",
                   "2000 Accounts Payable (A/P)   | -52.50")),
    ),
    row(
        "1.1", "on a company card: a document for each transaction, however alike",
        flow(**CARDS),
        report(spent("Meals", "4.50", "Café Nord", card="4411"),
               spent("Meals", "4.50", "Café Nord", card="4411"),
               spent("Software", "120.00", "GitHub", card="4411", on="15 Oct 2026")),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment      |   4.50",
                                    "2110 Corporate Card - Visa        |  -4.50"),
              charge("14 Oct 2026", "6130 Meals and Entertainment      |   4.50",
                                    "2110 Corporate Card - Visa        |  -4.50"),
              charge("17 Oct 2026", "6200 Software and Subscriptions   | 120.00",
                                    "2110 Corporate Card - Visa        | -120.00")),
    ),
    row(
        "1.1", "the four cases of the two flags in one report",
        flow(**CARDS, company_account="2120 Corporate Card - Amex"),
        report(spent("Taxi", "28.40"),
               spent("Lodging", "188.00", card="4411"),
               spent("Meals", "39.90", card="4411", reimbursable=True),
               spent("Software", "25.00", reimbursable=False)),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  28.40",
                   "6130 Meals and Entertainment  |  39.90",
                   "2000 Accounts Payable (A/P)   | -68.30"),
              charge("14 Oct 2026", "6110 Hotels                      |  188.00",
                                    "2110 Corporate Card - Visa       | -188.00"),
              charge("12 Oct 2026", "6200 Software and Subscriptions  |   25.00",
                                    "2120 Corporate Card - Amex       |  -25.00")),
    ),
    row(
        "1.1", "a card's own account before the one for all cards",
        flow(**CARDS, cards={"4123XXXXXXXX4429": "2120 Corporate Card - Amex"}),
        report(spent("Meals", "40.00", card="4411"), spent("Meals", "5.00", card="4429")),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00"),
              charge("14 Oct 2026", "6130 Meals and Entertainment  |   5.00",
                                    "2120 Corporate Card - Amex    |  -5.00")),
    ),
    row(
        "1.1", "a card without an account is held, and so is the rest of the report",
        flow(takes_cards=True),
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", "Café Nord", card="4411")),
        OTHER_PART,
        held("Report {report} (Ben Ito, 52.50 USD), line 2 (Café Nord, 40.00 USD): this flow names "
             'no account for card "4123XXXXXXXX4411". Nothing was posted.',
             cure="Choose an account for this card, or one for all cards, on the flow's page."),
    ),
    row(
        "1.1", "neither reimbursable nor on a known card: held until the flow names an account",
        flow(**CARDS),
        report(spent("Software", "25.00", "KubeCon", reimbursable=False)),
        held("Report {report} (Ben Ito, 25.00 USD), line 1 (KubeCon, 25.00 USD) is not "
             "reimbursable and on no known card, and this flow names no account for such expenses. "
             "Nothing was posted.",
             cure="Choose that account on the flow's page, or mark the expense as reimbursable in "
                  "Expensify."),
        flow(company_account="2120 Corporate Card - Amex"),
        when.replayed(),
        books(charge("12 Oct 2026", "6200 Software and Subscriptions  |  25.00",
                                    "2120 Corporate Card - Amex       | -25.00")),
    ),
    row(
        "1.1", "a flow of reimbursable expenses leaves cards out, and says so",
        report(spent("Taxi", "12.50"),
               spent("Meals", "40.00", "Café Nord", card="4411"),
               spent("Software", "25.00", "KubeCon", reimbursable=False)),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
        then.lines_left_out(
            "Line 2 (Café Nord, 40.00 USD): company-card expenses are not taken by this flow.",
            "Line 3 (KubeCon, 25.00 USD): not reimbursable, and on no known card."),
    ),
    row(
        "1.1", "a flow of cards alone",
        flow(**CARDS, takes_reimbursable=False),
        report(spent("Taxi", "12.50"), spent("Meals", "40.00", card="4411")),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00")),
        then.lines_left_out(
            "Line 1 (City Cab, 12.50 USD): reimbursable expenses are not taken by this flow."),
    ),
    row(
        "1.1", "in journals: one for all, with a credit line for each liability",
        flow(**JOURNALS, cards={"4123XXXXXXXX4429": "2120 Corporate Card - Amex"},
             company_account="1000 Checking"),
        report(spent("Taxi", "12.50"),
               spent("Meals", "40.00", card="4411"),
               spent("Meals", "5.00", card="4429"),
               spent("Software", "9.00", reimbursable=False)),
        books(journal("20 Oct 2026",
                      "6120 Ground Transport            |  12.50",
                      "6130 Meals and Entertainment     |  40.00",
                      "6130 Meals and Entertainment     |   5.00",
                      "6200 Software and Subscriptions  |   9.00",
                      "2000 Accounts Payable (A/P)      | -12.50 | for Ben Ito",
                      "2110 Corporate Card - Visa       | -40.00",
                      "2120 Corporate Card - Amex       |  -5.00",
                      "1000 Checking                    |  -9.00")),
    ),
    row(
        "1.1", "in journals: what the company paid is owed to nobody who filed a report",
        flow(**JOURNALS, company_account="2190 Employee Clearing"),
        report(spent("Taxi", "12.50"), spent("Software", "9.00", reimbursable=False)),
        books(journal("20 Oct 2026",
                      "6120 Ground Transport            |  12.50",
                      "6200 Software and Subscriptions  |   9.00",
                      "2000 Accounts Payable (A/P)      | -12.50 | for Ben Ito",
                      "2190 Employee Clearing           |  -9.00")),
    ),
]  # fmt: skip

SIGNS = [
    row(
        "1.2", "a refund stays a negative line while the total is not negative",
        report(spent("Taxi", "30.00"), spent("Meals", "-5.00", "Café Nord")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  30.00",
                   "6130 Meals and Entertainment  |  -5.00",
                   "2000 Accounts Payable (A/P)   | -25.00")),
    ),
    row(
        "1.2", "lines on the same account stay two lines",
        report(spent("Taxi", "30.00"), spent("Taxi", "-5.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  30.00",
                   "6120 Ground Transport         |  -5.00",
                   "2000 Accounts Payable (A/P)   | -25.00")),
    ),
    row(
        "1.2", "in a journal the side is swapped, for each liability by itself",
        flow(**JOURNALS),
        report(spent("Taxi", "-30.00"), spent("Meals", "40.00", card="4411")),
        books(journal("20 Oct 2026",
                      "6120 Ground Transport         | -30.00",
                      "6130 Meals and Entertainment  |  40.00",
                      "2000 Accounts Payable (A/P)   |  30.00 | for Ben Ito",
                      "2110 Corporate Card - Visa    | -40.00")),
    ),
    row(
        "1.3", "a negative reimbursable total: a vendor credit",
        report(spent("Taxi", "5.00"), spent("Meals", "-30.00")),
        books(credit("Ben Ito", "20 Oct 2026",
                     "6120 Ground Transport         |   5.00",
                     "6130 Meals and Entertainment  | -30.00",
                     "2000 Accounts Payable (A/P)   |  25.00")),
    ),
    row(
        "1.3", "a refund on a card: a credit on the card",
        flow(**CARDS),
        report(spent("Airfare", "-324.60", "United Airlines", card="4411")),
        books(card_credit("14 Oct 2026", "6100 Airfare                |  -324.60",
                                         "2110 Corporate Card - Visa  |   324.60")),
    ),
    row(
        "1.3", "journals instead of credits, where the flow says so",
        flow(**CARDS, credit_policy="journal"),
        report(spent("Taxi", "-5.00"), spent("Airfare", "-324.60", card="4411")),
        books(journal("20 Oct 2026", "6120 Ground Transport        |   -5.00",
                                     "2000 Accounts Payable (A/P)  |    5.00 | for Ben Ito"),
              journal("14 Oct 2026", "6100 Airfare                 | -324.60",
                                     "2110 Corporate Card - Visa   |  324.60")),
    ),
    row(
        "1.4", "all lines zero: no document, one event",
        report(spent("Taxi", "0.00"), spent("Meals", "0.00")),
        then.left_out("Every line is zero, so there is nothing to post."),
        then.told("report.not_taken", why="Every line is zero, so there is nothing to post."),
        then.standing("Nothing to post"),
    ),
    row(
        "1.4", "lines that net to zero: a document of 0.00",
        report(spent("Taxi", "61.30"), spent("Meals", "-61.30")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  61.30",
                   "6130 Meals and Entertainment  | -61.30",
                   "2000 Accounts Payable (A/P)   |   0.00")),
    ),
    row(
        "1.4", "a zero line beside others is kept",
        report(spent("Taxi", "5.00"), spent("Meals", "0.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |   5.00",
                   "6130 Meals and Entertainment  |   0.00",
                   "2000 Accounts Payable (A/P)   |  -5.00")),
    ),
    row(
        "1.4", "a card transaction of 0.00 beside others: no document of its own",
        flow(**CARDS),
        report(spent("Taxi", "5.00"), spent("Meals", "0.00", "Café Nord", card="4411")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |   5.00",
                   "2000 Accounts Payable (A/P)   |  -5.00")),
        then.lines_left_out(
            "Line 2 (Café Nord, 0.00 USD): it is zero, and so is everything that it would be "
            "posted with."),
    ),
    row(
        "1.4", "a report without lines: nothing to post",
        report(),
        then.left_out("The report has no lines, so there is nothing to post."),
    ),
]  # fmt: skip

KINDS_OF_EXPENSE = [
    *(
        row(
            "1.5", f"uncategorised is always held: {words}",
            flow(**CARDS),
            report(spent(category, "19.90", "Amazon", **more)),
            held("Report {report} (Ben Ito, 19.90 USD), line 1 (Amazon, 19.90 USD) has no "
                 "category. Nothing was posted.",
                 cure="Categorise the expense in Expensify, then read the report again."),
        )
        for words, category, more in (
            ("Expensify's default", "Uncategorized", {}),
            ("none at all", "", {}),
            ("on a card", "Uncategorized", {"card": "4411"}),
        )
    ),
    row(
        "1.5", "uncategorised, although a rule for everything would give an account",
        rule(account="6210 Office Supplies", priority=900),
        report(spent("Uncategorized", "19.90", "Amazon")),
        held("Report {report} (Ben Ito, 19.90 USD), line 1 (Amazon, 19.90 USD) has no "
             "category. Nothing was posted.",
             cure="Categorise the expense in Expensify, then read the report again."),
    ),
    row(
        "1.5", "a category without a rule: held, with what to choose",
        report(spent("Team events", "412.60")),
        held('Report {report} (Ben Ito, 412.60 USD): category "Team events" has no account in '
             "{ledger}. Nothing was posted.",
             cure="Choose an account."),
        rule(category="Team events", account="6130 Meals and Entertainment"),
        when.replayed(),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6130 Meals and Entertainment  |  412.60",
                   "2000 Accounts Payable (A/P)   | -412.60")),
    ),
    row(
        "1.5", "a category without a rule: by its GL code, where the flow says so",
        flow(use_gl_codes=True),
        report(spent("Trains", "64.30", categoryGlCode="6120")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |   64.30",
                   "2000 Accounts Payable (A/P)   |  -64.30")),
    ),
    row(
        "1.5", "a category without a rule: its GL code is proposed, not taken",
        report(spent("Trains", "64.30", categoryGlCode="6120")),
        held('Report {report} (Ben Ito, 64.30 USD): category "Trains" has no account in {ledger}. '
             "Nothing was posted.",
             cure="Choose an account; the category's GL code proposes 6120 Ground Transport."),
    ),
    row(
        "1.5", "personal on the company's card: due from the employee, who is named",
        flow(**CARDS, due_from_account="1320 Due from Employees"),
        rule(category="Personal", account="1320 Due from Employees"),
        report(spent("Personal", "9.00", card="4411")),
        books(charge("14 Oct 2026", "1320 Due from Employees     |  9.00",
                                    "2110 Corporate Card - Visa  | -9.00", to="Ben Ito")),
    ),
    row(
        "1.5", "the same in a journal: the line names the employee",
        flow(**JOURNALS, due_from_account="1320 Due from Employees"),
        rule(category="Personal", account="1320 Due from Employees"),
        report(spent("Personal", "9.00", card="4411"), spent("Taxi", "12.50")),
        books(journal("20 Oct 2026",
                      "1320 Due from Employees      |   9.00 | for Ben Ito",
                      "6120 Ground Transport        |  12.50",
                      "2000 Accounts Payable (A/P)  | -12.50 | for Ben Ito",
                      "2110 Corporate Card - Visa   |  -9.00")),
    ),
    row(
        "1.5", "a cash advance is taken off what the person is owed",
        flow(due_from_account="1320 Due from Employees"),
        rule(category="Cash Advance", account="1320 Due from Employees"),
        report(spent("Taxi", "100.00"), spent("Cash Advance", "-60.00", "Advance of 1 Oct")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  100.00",
                   "1320 Due from Employees      |  -60.00",
                   "2000 Accounts Payable (A/P)  |  -40.00")),
    ),
    *(
        row(
            "1.5", f"{words}: the expense type is a rule's key, count and rate stand in the text",
            rule(expense_type=kind, account=account, priority=10),
            report(spent("Meals", amount, words.title(), **counted(kind, count, rate, unit))),
            books(bill("Ben Ito", "20 Oct 2026",
                       f"{account}               |  {amount} | | {text}",
                       f"{PAYABLE}               | -{amount}")),
        )
        for words, kind, account, amount, (count, rate, unit), text in (
            ("mileage", "distance", "6140 Mileage", "83.02", ("118.6", "0.70", "mi"),
             "118.6 mi x 0.70"),
            ("per diem", "perdiem", "6150 Per Diem", "185.00", ("2.5", "74.00", "days"),
             "2.5 days x 74.00"),
            ("time", "time", "5100 Client Project Costs", "450.00", ("6", "75.00", "hours"),
             "6 hours x 75.00"),
        )
    ),
    row(
        "1.5", "mileage has no tax unless a rule of its type says so",
        flow(tax_policy="reclaim"),
        rule(tax="Standard", tax_code="20%"),
        report(spent("Mileage", "60.00", tax="Standard 20% 10.00",
                     **counted("distance", "100", "0.60", "mi"))),
        books(bill("Oliver Grant", "20 Oct 2026",
                   "6140 Mileage                 |  60.00 | tax no VAT",
                   "2000 Accounts Payable (A/P)  | -60.00", currency="GBP")),
        company="UK",
    ),
    row(
        "1.5", "mileage with tax, by a rule of its type",
        flow(tax_policy="reclaim"),
        rule(expense_type="distance", tax_code="20%"),
        report(spent("Mileage", "60.00", tax="Standard 20% 10.00",
                     **counted("distance", "100", "0.60", "mi"))),
        books(bill("Oliver Grant", "20 Oct 2026",
                   "6140 Mileage                 |  50.00 | tax 20%",
                   "Tax 20%                      |  10.00",
                   "2000 Accounts Payable (A/P)  | -60.00", currency="GBP")),
        company="UK",
    ),
    row(
        "1.6", "billable goes along with its customer",
        flow(**CARDS),
        rule(tag_level=3, tag="Globex", values={"customer": "Globex"}),
        report(spent("Client Costs", "96.00", tags=["", "", "Globex"], billable=True),
               spent("Meals", "40.00", tags=["", "", "Globex"], billable=True, card="4411")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "5100 Client Project Costs    |  96.00 | customer Globex, billable",
                   "2000 Accounts Payable (A/P)  | -96.00"),
              charge("14 Oct 2026",
                     "6130 Meals and Entertainment |  40.00 | customer Globex, billable",
                     "2110 Corporate Card - Visa   | -40.00")),
    ),
    row(
        "1.6", "billable without a customer: held",
        report(spent("Client Costs", "96.00", "Kinko's", billable=True)),
        held("Report {report} (Ben Ito, 96.00 USD), line 1 (Kinko's, 96.00 USD) is billable, and "
             "no rule says to which customer. Nothing was posted.",
             cure="Add a rule that gives its tags a customer, or let the flow post such expenses "
                  "as not billable."),
    ),
    row(
        "1.6", "billable without a customer: the flag is dropped, where the flow says so",
        flow(billable_policy="ignore"),
        report(spent("Client Costs", "96.00", billable=True)),
        books(bill("Ben Ito", "20 Oct 2026",
                   "5100 Client Project Costs    |  96.00",
                   "2000 Accounts Payable (A/P)  | -96.00")),
    ),
    row(
        "1.6", "billable on a credit, which cannot say so: held",
        rule(tag_level=3, tag="Globex", values={"customer": "Globex"}),
        report(spent("Client Costs", "-96.00", "Kinko's", tags=["", "", "Globex"], billable=True)),
        held("Report {report} (Ben Ito, -96.00 USD), line 1 (Kinko's, -96.00 USD) is billable, "
             "which this document in {ledger} cannot say. Nothing was posted.",
             cure="Let the flow post such expenses as not billable, or clear the flag in "
                  "Expensify."),
    ),
    row(
        "1.6", "billable on a credit: posted as not billable, where the flow says so",
        flow(billable_policy="ignore"),
        rule(tag_level=3, tag="Globex", values={"customer": "Globex"}),
        report(spent("Client Costs", "-96.00", tags=["", "", "Globex"], billable=True)),
        books(credit("Ben Ito", "20 Oct 2026",
                     "5100 Client Project Costs    | -96.00 | customer Globex",
                     "2000 Accounts Payable (A/P)  |  96.00")),
    ),
    row(
        "1.6", "the flow's page says what its documents can carry",
        flow(**CARDS),
        report(spent("Taxi", "0.00")),
        then.page_says(
            "Bill: Location once per document, Class on each line, Customer on each line, the "
            "billable flag.",
            "Credit (negative total): Location once per document, Class on each line, Customer on "
            "each line, not the billable flag.",
            "Card transaction: Location once per document, Class on each line, Customer on each "
            "line, the billable flag.",
            "Refund on a card: Location once per document, Class on each line, Customer on each "
            "line, not the billable flag."),
    ),
]  # fmt: skip

WHICH_REPORTS = [
    row(
        "1.7", "a flow starts with approved and reimbursed reports",
        report(spent("Taxi", "12.50")),
        report(spent("Taxi", "13.50"), approved="20 Oct 2026", reimbursed="22 Oct 2026"),
        then.takes("approved", "reimbursed"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50"),
              bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  13.50",
                   "2000 Accounts Payable (A/P)   | -13.50")),
    ),
    row(
        "1.7", "a report closed without approval is not taken",
        report(spent("Taxi", "12.50"), submitted="19 Oct 2026", status="Closed"),
        then.unknown(),
    ),
    row(
        "1.7", "a closed report is taken and flagged, where the flow says so",
        flow(takes_states=["approved", "reimbursed", "closed"]),
        report(spent("Taxi", "12.50"), submitted="19 Oct 2026", status="Closed"),
        flow(date_policy="submitted"),
        books(bill("Ben Ito", "19 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
        then.in_expensify_it_is("closed"),
    ),
    row(
        "1.8", "flows that overlap refuse to be saved",
        report(spent("Taxi", "0.00")),
        then.refuses_another_flow(
            'Flow "{flow}" already takes the reports of Acme US, or some of those that this one '
            "takes, and a report belongs to exactly one flow. Pause that one first, or let both "
            "take reports by different tags of one level, or by different employees."),
    ),
    row(
        "1.8", "disjoint by employee: each flow takes its own",
        flow(selector="employees", selector_names=["ben.ito@acme.example"]),
        when.another_flow(selector="other_employees", selector_names=["ben.ito@acme.example"],
                          date_policy="last_expense"),
        report(spent("Taxi", "12.50")),
        report(spent("Taxi", "8.00"), by="Grace Kim"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50"),
              bill("Grace Kim", "12 Oct 2026",
                   "6120 Ground Transport         |   8.00",
                   "2000 Accounts Payable (A/P)   |  -8.00")),
    ),
    row(
        "1.8", "disjoint by tag: each flow takes its own",
        flow(selector="tags", selector_level=1, selector_names=["Sales"]),
        when.another_flow(selector="other_tags", selector_level=1, selector_names=["Sales"],
                          date_policy="last_expense"),
        report(spent("Taxi", "12.50", tags=["Sales"])),
        report(spent("Taxi", "8.00", tags=["Operations"])),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50 | class Sales",
                   "2000 Accounts Payable (A/P)   | -12.50"),
              bill("Ben Ito", "12 Oct 2026",
                   "6120 Ground Transport         |   8.00 | class Operations",
                   "2000 Accounts Payable (A/P)   |  -8.00")),
    ),
    row(
        "1.8", "a report whose tags belong to two flows: held",
        flow(selector="tags", selector_level=1, selector_names=["Sales"]),
        report(spent("Taxi", "12.50", tags=["Sales"]), spent("Taxi", "8.00", tags=["Operations"])),
        held("Report {report} (Ben Ito, 20.50 USD): this flow takes reports by their tag on level "
             "1, and line 2 would belong to another flow. A report belongs to exactly one. Nothing "
             "was posted.",
             cure="Divide the report in Expensify, or give all its expenses tags of one flow."),
    ),
    row(
        "1.9", "a flow without a start date refuses to be saved",
        report(spent("Taxi", "0.00")),
        then.refuses_flow("This field cannot be null.", starts_on=None, is_paused=True),
    ),
    row(
        "1.9", "approved before the start: excluded and counted",
        report(spent("Taxi", "12.50"), approved="30 Sep 2026 at 23:30"),
        report(spent("Taxi", "13.50"), approved="1 Oct 2026 at 15:00"),
        books(bill("Ben Ito", "1 Oct 2026",
                   "6120 Ground Transport         |  13.50",
                   "2000 Accounts Payable (A/P)   | -13.50")),
        then.left_out("It was approved on 30 Sep 2026, before this flow begins (1 Oct 2026)."),
        then.polled(excluded={"excluded.before_start": 1}, found=2),
    ),
    row(
        "1.9", "the day of approval is that of the flow's zone",
        report(spent("Taxi", "12.50"), approved="1 Oct 2026 at 02:00"),
        then.left_out("It was approved on 30 Sep 2026, before this flow begins (1 Oct 2026)."),
    ),
    row(
        "1.9", "a period before the start, where somebody asks for it",
        when.asked_for("1 Sep 2026", "30 Sep 2026"),
        report(spent("Taxi", "12.50"), approved="29 Sep 2026"),
        report(spent("Taxi", "13.50"), approved="31 Aug 2026"),
        books(bill("Ben Ito", "29 Sep 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
    ),
    row(
        "1.9", "in test mode only reports with the prefix, the others are left out",
        flow(mode="test", test_prefix="TEST"),
        report(spent("Taxi", "12.50"), name="October trip"),
        report(spent("Taxi", "13.50"), name="TEST October trip"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  13.50",
                   "2000 Accounts Payable (A/P)   | -13.50")),
        then.left_out('The flow is in test mode and takes reports whose name begins with "TEST".'),
    ),
    row(
        "1.9", "a new flow is in dry run: everything but the last call",
        flow(mode="dry_run"),
        then.born_in_dry_run(),
        report(spent("Taxi", "12.50")),
        then.standing("Waiting to post"),
        when.live(),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport         |  12.50",
                   "2000 Accounts Payable (A/P)   | -12.50")),
    ),
]  # fmt: skip

ROWS: list[Row] = [*TWO_FLAGS, *SIGNS, *KINDS_OF_EXPENSE, *WHICH_REPORTS]
