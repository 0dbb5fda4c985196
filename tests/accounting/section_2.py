"""ACCOUNTING.md, section 2: credit side, party, date, number."""

from tests.accounting.words import (
    THE_DAY_OF_POSTING,
    Row,
    bill,
    books,
    charge,
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


def taxi(party: str = "Ben Ito", on: str = "20 Oct 2026", amount: str = "12.50", **more):
    """The usual bill: a taxi owed on accounts payable."""
    return bill(party, on,
                f"6120 Ground Transport        |  {amount}",
                f"2000 Accounts Payable (A/P)  | -{amount}", **more)  # fmt: skip


ACCOUNTS = [
    row(
        "2.1", "accounts payable of the report's currency",
        flow(payables={"USD": "2051 Accounts Payable (A/P) - USD"}),
        report(spent("Airfare", "543.10"), by="Hugo Silva", currency="USD"),
        books(bill("Hugo Silva", "20 Oct 2026",
                   "6100 Airfare                       |  543.10 | tax no VAT",
                   "2051 Accounts Payable (A/P) - USD  | -543.10")),
        company="Europe",
    ),
    row(
        "2.1", "a clearing account in a journal",
        flow(kind="journal", payable_account="2190 Employee Clearing"),
        report(spent("Taxi", "12.50")),
        books(journal("20 Oct 2026", "6120 Ground Transport   |  12.50",
                                     "2190 Employee Clearing  | -12.50 | for Ben Ito")),
    ),
    row(
        "2.1", "a clearing account that a bill cannot be owed on refuses to be saved",
        report(spent("Taxi", "0.00")),
        then.refuses_flow(
            "2190 Employee Clearing is of the type Other Current Liability, refused there on the "
            "credit side. Possible types: Accounts Payable.",
            payable_account="2190 Employee Clearing", is_paused=True),
    ),
    row(
        "2.1", "no account chosen: held",
        flow(payable_account=None),
        report(spent("Taxi", "12.50")),
        held("Report {report} (Ben Ito, 12.50 USD): this flow doesn't say on which account reports "
             "are owed. Nothing was posted.",
             cure="Choose the payable account on the flow's page."),
    ),
    row(
        "2.1", "the card's account inactive in the ledger: held",
        flow(takes_cards=True, card_account="2120 Corporate Card - Amex"),
        when.inactive_there("account", "2120 Corporate Card - Amex"),
        when.lists_read(),
        report(spent("Meals", "40.00", "Café Nord", card="4411")),
        held("Report {report} (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 USD): account 2120 "
             "Corporate Card - Amex, of the card, is inactive in {ledger} since the list was read "
             "on {lists read}. Nothing was posted.",
             cure="Make it active there, or choose another account on the flow's page."),
    ),
    row(
        "2.1", "an account made inactive since the list was read: the ledger refuses it",
        rule(category="Phone", account="6220 Telephone and Internet"),
        when.inactive_there("account", "6220 Telephone and Internet"),
        report(spent("Phone", "30.00", "Verizon")),
        held("Bill {number} uses an account, class, location, customer or vendor that was made "
             "inactive or removed in QuickBooks. Nothing was posted.",
             cure="Make it active there, or point the rule elsewhere, then refresh the "
                  "lists and replay."),
    ),
    row(
        "2.1", "an account of an expense inactive in the ledger: held",
        rule(category="Phone", account="6220 Telephone and Internet"),
        when.inactive_there("account", "6220 Telephone and Internet"),
        when.lists_read(),
        report(spent("Phone", "30.00", "Verizon")),
        held('Report {report} (Ben Ito, 30.00 USD), line 1 (Verizon, 30.00 USD): category "Phone" '
             "points to account 6220 Telephone and Internet, inactive in {ledger} since the list "
             "was read on {lists read}. Nothing was posted.",
             cure="Make it active there, or choose another account."),
    ),
    row(
        "2.1", "a dimension that the clearing line's account demands, by the flow",
        flow(kind="journal", payable_account="2190 Employee Clearing",
             credit_values={"class": "Operations"}),
        report(spent("Taxi", "12.50", tags=["Sales"])),
        books(journal("20 Oct 2026",
                      "6120 Ground Transport   |  12.50 | class Sales",
                      "2190 Employee Clearing  | -12.50 | class Operations, for Ben Ito")),
    ),
]  # fmt: skip

DIMENSIONS = [
    row(
        "2.1", "the class of each line, by its tag",
        report(spent("Taxi", "12.50", tags=["Sales"]), spent("Taxi", "8.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  12.50 | class Sales",
                   "6120 Ground Transport        |   8.00",
                   "2000 Accounts Payable (A/P)  | -20.50")),
    ),
    row(
        "2.1", "a tag that the rules of its level don't know: held",
        report(spent("Taxi", "12.50", tags=["Legacy"])),
        held('Report {report} (Ben Ito, 12.50 USD), line 1 (City Cab, 12.50 USD): tag "Legacy" '
             "(level 1) has no class in {ledger}. Nothing was posted.",
             cure="Choose a class for it, or a rule that leaves the class empty."),
    ),
    row(
        "2.1", "a tag that the rules don't know is left out, where the flow says so",
        flow(tag_policy="ignore"),
        report(spent("Taxi", "12.50", tags=["Legacy"])),
        books(taxi()),
    ),
    row(
        "2.1", "a class inactive in the ledger: held",
        rule(tag_level=2, tag="West", values={"class": "Engineering"}, priority=50),
        when.inactive_there("class", "Engineering"),
        when.lists_read(),
        report(spent("Taxi", "18.40", "Taxi", tags=["", "West"])),
        held('Report {report} (Ben Ito, 18.40 USD), line 1 (Taxi, 18.40 USD): tag "West" (level 2) '
             'points to class "Engineering", inactive in {ledger} since the list was read on '
             "{lists read}. Nothing was posted.",
             cure="Make it active there, or point the rule elsewhere."),
    ),
    row(
        "2.1", "a location stands once on the document",
        rule(tag_level=2, tag="East", values={"department": "New York"}),
        report(spent("Taxi", "12.50", tags=["", "East"])),
        books(taxi(at="department New York")),
    ),
    row(
        "2.1", "lines of two locations on one document: held",
        rule(tag_level=2, tag="East", values={"department": "New York"}),
        rule(tag_level=2, tag="West", values={"department": "San Francisco"}),
        report(spent("Taxi", "12.50", tags=["", "East"]), spent("Taxi", "8.00", tags=["", "West"])),
        held("Report {report} (Ben Ito, 20.50 USD): {ledger} has one location per document, and "
             'the lines disagree (line 1: "New York"; line 2: "San Francisco"). Nothing was '
             "posted.",
             cure="Give all expenses the same location in Expensify, or divide the report; lines "
                  "that say nothing can follow the others if the flow says so."),
    ),
    row(
        "2.1", "a line without a location beside one with: held",
        rule(tag_level=2, tag="East", values={"department": "New York"}),
        report(spent("Taxi", "12.50", tags=["", "East"]), spent("Taxi", "8.00")),
        held("Report {report} (Ben Ito, 20.50 USD): {ledger} has one location per document, and "
             'the lines disagree (line 1: "New York"; line 2: no location). Nothing was posted.',
             cure="Give all expenses the same location in Expensify, or divide the report; lines "
                  "that say nothing can follow the others if the flow says so."),
    ),
    row(
        "2.1", "a line without a location follows the others, where the flow says so",
        flow(header_policy="follow"),
        rule(tag_level=2, tag="East", values={"department": "New York"}),
        report(spent("Taxi", "12.50", tags=["", "East"]), spent("Taxi", "8.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  12.50",
                   "6120 Ground Transport        |   8.00",
                   "2000 Accounts Payable (A/P)  | -20.50", at="department New York")),
    ),
    row(
        "2.1", "in journals each line has its own location",
        flow(kind="journal"),
        rule(tag_level=2, tag="East", values={"department": "New York"}),
        rule(tag_level=2, tag="West", values={"department": "San Francisco"}),
        report(spent("Taxi", "12.50", tags=["", "East"]), spent("Taxi", "8.00", tags=["", "West"])),
        books(journal("20 Oct 2026",
                      "6120 Ground Transport        |  12.50 | department New York",
                      "6120 Ground Transport        |   8.00 | department San Francisco",
                      "2000 Accounts Payable (A/P)  | -20.50 | for Ben Ito")),
    ),
]  # fmt: skip

PARTIES = [
    row(
        "2.2", "the employee, by e-mail, whatever the name",
        when.added_there("vendor", "B. Novak", "bela.novak@acme.example"),
        when.lists_read(),
        report(spent("Taxi", "12.50"), by="Bela Novak"),
        books(taxi("B. Novak")),
    ),
    row(
        "2.2", "the employee, by the exact name, where nobody has the e-mail",
        report(spent("Taxi", "12.50"), email="grace.kim@home.example"),
        books(taxi("Grace Kim")),
    ),
    row(
        "2.2", "a person's link comes before e-mail and name",
        when.linked("ben.ito@acme.example", "Hugo Silva"),
        report(spent("Taxi", "12.50")),
        books(taxi("Hugo Silva")),
    ),
    row(
        "2.2", "two vendors with one e-mail: held until a person links one",
        report(spent("Taxi", "12.50"), by="Lena Moss"),
        held("Report {report} (Lena Moss, 12.50 USD): Lena Moss (lena.moss@acme.example): 2 "
             "vendors with this e-mail address exist in Acme Consulting US: {Lena Moss}, "
             "{Lena Moss (2024)}. Nothing was posted.",
             cure="Link Lena Moss to the right one."),
        when.linked("lena.moss@acme.example", "Lena Moss"),
        when.replayed(),
        books(taxi("Lena Moss")),
    ),
    row(
        "2.2", "a customer has the name: held, and nobody is created",
        report(spent("Taxi", "12.50"), by="Ines Duarte"),
        held("Report {report} (Ines Duarte, 12.50 USD): Ines Duarte (ines.duarte@acme.example) was "
             "not found among the vendors of Acme Consulting US. A customer of the same name "
             "exists, so none was created. Nothing was posted.",
             cure='Link Ines Duarte to a vendor, or create "Ines Duarte (employee)".'),
    ),
    row(
        "2.2", "an employee of the ledger has the name: held",
        report(spent("Taxi", "12.50"), by="Nora Berg"),
        held("Report {report} (Nora Berg, 12.50 USD): Nora Berg (nora.berg@acme.example) was not "
             "found among the vendors of Acme Consulting US. An employee of the same name exists, "
             "so none was created. Nothing was posted.",
             cure='Link Nora Berg to a vendor, or create "Nora Berg (employee)".'),
    ),
    row(
        "2.2", "nobody is that employee: held until the vendor is there",
        report(spent("Taxi", "12.50"), by="Olga Brandt"),
        held("Report {report} (Olga Brandt, 12.50 USD): Olga Brandt (olga.brandt@acme.example) was "
             "not found among the vendors of Acme Consulting US. Nothing was posted.",
             cure="Link Olga Brandt to a vendor, or add a vendor with that e-mail address in "
                  "{ledger} and read the lists again."),
        when.added_there("vendor", "Olga Brandt", "olga.brandt@acme.example"),
        when.lists_read(),
        when.replayed(),
        books(taxi("Olga Brandt")),
    ),
    row(
        "2.2", "the employee's vendor is inactive in the ledger: held",
        when.linked("ben.ito@acme.example", "Farid Haddad"),
        when.inactive_there("vendor", "Farid Haddad"),
        when.lists_read(),
        report(spent("Taxi", "12.50")),
        held('Report {report} (Ben Ito, 12.50 USD): Vendor "Farid Haddad" is inactive in {ledger} '
             "since the list was read on {lists read}. Nothing was posted.",
             cure="Make it active there, or link Ben Ito (ben.ito@acme.example) to another "
                  "vendor."),
    ),
    row(
        "2.2", "one clearing vendor: the employee's name is in the memo",
        flow(party_policy="fixed", fixed_party="Corporate Card Merchants"),
        report(spent("Taxi", "12.50")),
        books(taxi("Corporate Card Merchants", memo=["Ben Ito <ben.ito@acme.example>"])),
    ),
    row(
        "2.2", "the vendor named like the tag on a level",
        flow(party_policy="tag", party_tag_level=3),
        report(spent("Taxi", "12.50", tags=["", "", "Hugo Silva"])),
        books(taxi("Hugo Silva", memo=["Ben Ito <ben.ito@acme.example>"])),
    ),
    row(
        "2.2", "lines whose tags name two vendors: held",
        flow(party_policy="tag", party_tag_level=3),
        report(spent("Taxi", "12.50", tags=["", "", "Hugo Silva"]),
               spent("Taxi", "8.00", tags=["", "", "Grace Kim"])),
        held("Report {report} (Ben Ito, 20.50 USD): the vendor is the tag on level 3, and the "
             "lines name different parties (Hugo Silva, Grace Kim), and one document has one. "
             "Nothing was posted.",
             cure="Change the rules or the tags so that all lines name the same party."),
    ),
    row(
        "2.2", "a tag that names nobody: held",
        flow(party_policy="tag", party_tag_level=3),
        report(spent("Taxi", "12.50", tags=["", "", "Olga Brandt"])),
        held('Report {report} (Ben Ito, 12.50 USD): tag "Olga Brandt" (level 3) names the vendor, '
             "and Acme Consulting US has no active vendor of that name. Nothing was posted.",
             cure='Add vendor "Olga Brandt" in {ledger} and read the lists again, or correct the '
                  "report in Expensify."),
    ),
    row(
        "2.2", "the vendor named in a field of the report",
        flow(party_policy="field", party_field="Vendor"),
        report(spent("Taxi", "12.50"), customField={"Vendor": "Hugo Silva"}),
        books(taxi("Hugo Silva", memo=["Ben Ito <ben.ito@acme.example>"])),
    ),
    row(
        "2.2", "a field that says nothing: held",
        flow(party_policy="field", party_field="Vendor"),
        report(spent("Taxi", "12.50")),
        held('Report {report} (Ben Ito, 12.50 USD) has nothing in its field "Vendor", by which '
             "this flow finds the vendor. Nothing was posted.",
             cure="Complete the report in Expensify, then read it again."),
    ),
    row(
        "2.2", "nobody is that employee: created, where the flow says so, 1099 off",
        flow(creates_parties=True),
        report(spent("Taxi", "12.50"), by="Vera Lindt"),
        books(taxi("Vera Lindt")),
        then.vendor_there("Vera Lindt", email="vera.lindt@acme.example", is_1099=False),
    ),
    row(
        "2.2", "a customer has the name: created under another, by a person's word",
        flow(creates_parties=True),
        report(spent("Taxi", "12.50"), by="Ines Duarte"),
        then.holds("map.party.clash"),
        when.created_under("Ines Duarte (employee)"),
        books(taxi("Ines Duarte (employee)")),
    ),
    row(
        "2.2", "a merchant never becomes a vendor unasked",
        flow(**CARDS),
        report(spent("Meals", "40.00", "Café Nord", card="4411")),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00 | | Café Nord",
                                    "2110 Corporate Card - Visa    | -40.00")),
        then.nobody_was_added(),
    ),
    row(
        "2.2", "one vendor for all card documents, where the flow names it",
        flow(**CARDS, card_party="Corporate Card Merchants"),
        report(spent("Meals", "40.00", card="4411")),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00",
                     to="Corporate Card Merchants", memo=["Ben Ito <ben.ito@acme.example>"])),
    ),
]  # fmt: skip

DATES = [
    row(
        "2.3", "the day of approval in the flow's zone",
        report(spent("Taxi", "12.50"), approved="1 Nov 2026 at 02:30"),
        books(taxi(on="31 Oct 2026")),
    ),
    row(
        "2.3", "cards: the bank's posting date",
        flow(**CARDS),
        report(spent("Meals", "40.00", card="4411", on="30 Oct 2026", posted="2 Nov 2026")),
        books(charge("2 Nov 2026", "6130 Meals and Entertainment  |  40.00",
                                   "2110 Corporate Card - Visa    | -40.00")),
    ),
    row(
        "2.3", "cards: the date of the expense, where the bank has not posted yet",
        flow(**CARDS),
        report(spent("Meals", "40.00", card="4411", on="30 Oct 2026", posted="")),
        books(charge("30 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00")),
    ),
    *(
        row(
            "2.3", f"{words}, where the flow says so",
            flow(date_policy=policy),
            report(spent("Taxi", "5.00", on="12 Oct 2026"), spent("Taxi", "7.50", on="17 Oct 2026"),
                   submitted="18 Oct 2026 at 03:00", approved="3 Nov 2026"),
            books(bill("Ben Ito", on,
                       "6120 Ground Transport        |   5.00",
                       "6120 Ground Transport        |   7.50",
                       "2000 Accounts Payable (A/P)  | -12.50")),
        )
        for words, policy, on in (
            ("the last expense's date, whatever the zone", "last_expense", "17 Oct 2026"),
            ("the day of submission in the flow's zone", "submitted", "17 Oct 2026"),
            ("the end of the last expense's month", "month_end", "31 Oct 2026"),
            ("the day of posting", "posting_day", THE_DAY_OF_POSTING),
        )
    ),
    *(
        row(
            "2.3", f"cards: {words}, where the flow says so",
            flow(**CARDS, card_date_policy=policy),
            report(spent("Meals", "40.00", card="4411", on="14 Oct 2026", posted="16 Oct 2026")),
            books(charge(on, "6130 Meals and Entertainment  |  40.00",
                             "2110 Corporate Card - Visa    | -40.00")),
        )
        for words, policy, on in (
            ("the date of the expense", "expense", "14 Oct 2026"),
            ("the date of the report's bill", "report", "20 Oct 2026"),
        )
    ),
    row(
        "2.3", "no date of the kind that the flow posts by: held",
        flow(takes_states=["closed"]),
        report(spent("Taxi", "12.50"), submitted="19 Oct 2026", status="Closed"),
        held("Report {report} (Ben Ito, 12.50 USD) has no date of approval, by which this flow "
             "posts. Nothing was posted.",
             cure="Complete the report in Expensify, or choose another posting date on the flow's "
                  "page."),
    ),
    row(
        "2.3", "a revised document keeps its date",
        flow(date_policy="last_expense"),
        report(spent("Taxi", "5.00", on="12 Oct 2026"), spent("Taxi", "7.50", on="17 Oct 2026")),
        books(bill("Ben Ito", "17 Oct 2026",
                   "6120 Ground Transport        |   5.00",
                   "6120 Ground Transport        |   7.50",
                   "2000 Accounts Payable (A/P)  | -12.50")),
        when.line_changed(2, modifiedCreated="2026-10-19"),
        books(bill("Ben Ito", "17 Oct 2026",
                   "6120 Ground Transport        |   5.00",
                   "6120 Ground Transport        |   7.50 | | 2026-10-19 City Cab",
                   "2000 Accounts Payable (A/P)  | -12.50")),
    ),
    row(
        "2.4", "the vendor's terms",
        flow(due_days=10),
        when.agreed_terms("Kira Novak", "Net 30"),
        report(spent("Taxi", "12.50"), by="Kira Novak"),
        books(taxi("Kira Novak", due="19 Nov 2026")),
    ),
    row(
        "2.4", "the flow's days, where the vendor has no terms",
        flow(due_days=10),
        report(spent("Taxi", "12.50")),
        books(taxi(due="30 Oct 2026")),
    ),
    row(
        "2.4", "neither: left to the ledger, which says at once",
        report(spent("Taxi", "12.50")),
        books(taxi(due="20 Oct 2026")),
    ),
]  # fmt: skip

LOCKED_CURE = (
    "Open the period (in {ledger}, or our own on the connection's page), or post on 1 Nov 2026 "
    "with the original date in the memo."
)
TWO_LINES = (
    report(spent("Taxi", "12.50"), spent("Meals", "30.00")),
    books(bill("Ben Ito", "20 Oct 2026",
               "6120 Ground Transport         |  12.50",
               "6130 Meals and Entertainment  |  30.00",
               "2000 Accounts Payable (A/P)   | -42.50")),
)  # fmt: skip
LOCKS = [
    row(
        "2.5", "closed in the ledger: held until it is opened",
        when.closed_there("31 Oct 2026"),
        when.lists_read(),
        report(spent("Taxi", "12.50")),
        held("Report {report} (Ben Ito, 12.50 USD): posting date 20 Oct 2026 is in a closed period "
             "({ledger} is closed through 31 Oct 2026). Nothing was posted.",
             cure=LOCKED_CURE),
        when.opened_there(),
        when.lists_read(),
        when.replayed(),
        books(taxi()),
    ),
    row(
        "2.5", "closed by ourselves: held",
        when.closed_by_us("31 Oct 2026"),
        report(spent("Taxi", "12.50")),
        held("Report {report} (Ben Ito, 12.50 USD): posting date 20 Oct 2026 is in a closed period "
             "(we closed these books through 31 Oct 2026). Nothing was posted.",
             cure=LOCKED_CURE),
    ),
    row(
        "2.5", "the next open day with the original date in the memo, where the flow says so",
        flow(lock_policy="next_open"),
        when.closed_by_us("31 Oct 2026"),
        report(spent("Taxi", "12.50")),
        books(taxi(on="1 Nov 2026", memo=["original date 2026-10-20"])),
    ),
    row(
        "2.5", "closed in the ledger since we asked: the ledger refuses it",
        when.closed_there("31 Oct 2026"),
        report(spent("Taxi", "12.50")),
        held("Bill {number}: its date 20 Oct 2026 is in a closed period of QuickBooks. Nothing was "
             "posted.",
             cure="Open the period in QuickBooks (Account and settings, Advanced, Close the "
                  "books), or post on the first open day with the original date in the memo."),
    ),
    row(
        "2.5", "closed by ourselves between building and posting: held",
        flow(mode="dry_run"),
        report(spent("Taxi", "12.50")),
        then.standing("Waiting to post"),
        when.closed_by_us("31 Oct 2026"),
        when.live_as_built(),
        held("Report {report} (Ben Ito, 12.50 USD): posting date 20 Oct 2026 is in a closed period "
             "(we closed the books through 31 Oct 2026). Nothing was posted.",
             cure="Open the period and release this, or let the flow post on the next open day "
                  "and replay the report."),
    ),
    row(
        "2.5", "a change of what stands in a period that we closed: held",
        *TWO_LINES,
        when.closed_by_us("31 Oct 2026"),
        when.line_changed(2, amount="25.00"),
        held("Report {report} (Ben Ito, 37.50 USD): posting date 20 Oct 2026 is in a closed period "
             "(we closed these books through 31 Oct 2026). The document was left as it is.",
             cure="Open the period (in {ledger}, or our own on the connection's page), or post "
                  "the difference as a document of its own."),
    ),
    row(
        "2.5", "a change of what stands in a period closed there since we asked: held",
        *TWO_LINES,
        when.closed_there("31 Oct 2026"),
        when.line_changed(2, amount="25.00"),
        held("Report {report} (Ben Ito) changed after posting (42.50 USD -> 37.50 USD: 2026-10-12 "
             "City Cab lowered by 5.00), but bill {document} is dated 20 Oct 2026, in a closed "
             "period (QuickBooks' books are closed through 31 Oct 2026). It was left as it is.",
             cure="Post the difference on the next open day, or open the period in the ledger and "
                  "release this, or set it aside."),
    ),
    row(
        "2.5", "a reversal in a closed period: held",
        report(spent("Taxi", "12.50")),
        books(taxi()),
        when.closed_by_us("31 Oct 2026"),
        when.reversed(),
        held("Report {report} (Ben Ito): bill {document} was to be taken back, but bill {document} "
             "is dated 20 Oct 2026, in a closed period (we closed the books through 31 Oct 2026). "
             "It was left as it is.",
             cure="Post the difference on the next open day, or open the period in the ledger and "
                  "release this, or set it aside."),
    ),
]  # fmt: skip

MEMOS = [
    row(
        "2.6", "the memo: report, name, employee, period, link",
        report(spent("Taxi", "5.00", on="10 Oct 2026"), spent("Taxi", "7.50", on="17 Oct 2026"),
               name="Leeds pitch"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |   5.00 | | 2026-10-10 City Cab - Taxi",
                   "6120 Ground Transport        |   7.50 | | 2026-10-17 City Cab - Taxi",
                   "2000 Accounts Payable (A/P)  | -12.50",
                   memo=["Expensify report {report} | Leeds pitch | Ben Ito | 2026-10-10 to "
                         '2026-10-17 | https://www.expensify.com/report?param={"pageReportID":'
                         '"{report}"}'])),
    ),
    row(
        "2.6", "a card's memo names transaction and card as well",
        flow(**CARDS),
        report(spent("Meals", "40.00", card="4411"), name="Leeds pitch"),
        books(charge("14 Oct 2026", "6130 Meals and Entertainment  |  40.00",
                                    "2110 Corporate Card - Visa    | -40.00",
                     memo=["Expensify report {report} | Leeds pitch | Ben Ito "
                           "<ben.ito@acme.example> | transaction {transaction} | card "
                           "4123XXXXXXXX4411 | 2026-10-12 | https://"])),
    ),
    row(
        "2.6", "without period and link, where the flow says so",
        flow(memo_has_period=False, memo_has_link=False),
        report(spent("Taxi", "12.50")),
        books(taxi(memo=["Expensify report {report} | October trip | Ben Ito mlc:"])),
    ),
    row(
        "2.6", "a link to the receipt on the line, where the flow says so",
        flow(receipt_files="link"),
        report(spent("Taxi", "12.50", receipt=True), spent("Taxi", "8.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  12.50 | | City Cab - Taxi | receipt: http",
                   "6120 Ground Transport        |   8.00",
                   "2000 Accounts Payable (A/P)  | -20.50", attachments=[])),
    ),
    row(
        "2.6", "the receipt itself at the document, where the flow says so",
        flow(receipt_files="file"),
        report(spent("Taxi", "12.50", receipt=True), spent("Taxi", "8.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  12.50",
                   "6120 Ground Transport        |   8.00",
                   "2000 Accounts Payable (A/P)  | -20.50",
                   attachments=["2026-10-12 City Cab 12.50 USD"])),
    ),
    row(
        "2.6", "too long a name is cut and told, the identifiers never",
        report(spent("Taxi", "12.50"), name="A long story. " * 400),
        books(taxi(memo=["Expensify report {report} | A long story. A long story.", "… mlc:"])),
        then.was_cut("memo"),
        then.numbered("{report}-"),
    ),
    row(
        "2.6", "odd characters survive, line breaks become blanks",
        report(spent("Meals", "12.50", 'Café "Zur Post" & Söhne <b>', comment="two\nlines 東京")),
        books(bill("Ben Ito", "20 Oct 2026",
                   '6130 Meals and Entertainment |  12.50 | | Café "Zur Post" & Söhne <b> - Meals '
                   "- two lines 東京",
                   "2000 Accounts Payable (A/P)  | -12.50")),
    ),
]  # fmt: skip

ROWS: list[Row] = [*ACCOUNTS, *DIMENSIONS, *PARTIES, *DATES, *LOCKS, *MEMOS]
