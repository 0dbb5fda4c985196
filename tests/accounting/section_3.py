"""ACCOUNTING.md, section 3: tax and currency."""

from functools import partial

from tests.accounting.words import (
    Row,
    bill,
    books,
    card_credit,
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

uk, europe = partial(row, company="UK"), partial(row, company="Europe")
pounds = partial(bill, "Oliver Grant", "20 Oct 2026", currency="GBP")
CARDS = {"takes_cards": True, "card_account": "2110 Corporate Card - Visa"}
# A flow that reclaims, and what it makes of the two rates of VAT.
RECLAIM = (
    flow(tax_policy="reclaim"),
    rule(tax="Standard", tax_code="20%"),
    rule(tax="Reduced", tax_code="5%"),
)
HOTEL = spent("Lodging", "144.00", "Malmaison", tax="Standard 20% 24.00", receipt=True)

TAX = [
    row(
        "3.1", "a company without tax: gross, whatever the receipt says",
        report(spent("Lodging", "144.00", tax="Standard 20% 24.00")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6110 Hotels                  |  144.00",
                   "2000 Accounts Payable (A/P)  | -144.00")),
    ),
    uk(
        "3.1", "tax, and the flow has not been told what to do with it: held",
        report(HOTEL),
        held("Report {report} (Oliver Grant, 144.00 GBP), line 1 (Malmaison, 144.00 GBP) contains "
             "24.00 GBP Standard 20 %, and this flow has not been told what to do with tax. "
             "Nothing was posted.",
             cure="Say on the flow's page whether tax is reclaimed with a tax code, or booked as "
                  "cost."),
        flow(tax_policy="cost"),
        when.replayed(),
        books(pounds("6110 Hotels                  |  144.00 | tax no VAT",
                     "2000 Accounts Payable (A/P)  | -144.00")),
    ),
    uk(
        "3.1", "tax is cost, and no code for lines without tax: none",
        flow(tax_policy="cost", no_tax_code=None),
        report(HOTEL),
        books(pounds("6110 Hotels                  |  144.00",
                     "2000 Accounts Payable (A/P)  | -144.00")),
    ),
    uk(
        "3.1", "no tax, and the flow has not been told: nothing to decide",
        report(spent("Airfare", "156.70", "Aer Lingus")),
        books(pounds("6100 Airfare                 |  156.70 | tax no VAT",
                     "2000 Accounts Payable (A/P)  | -156.70")),
    ),
    uk(
        "3.1", "reclaimed by each line's own code",
        *RECLAIM,
        report(HOTEL,
               spent("Office Supplies", "84.00", tax="Reduced 5% 4.00", receipt=True),
               spent("Taxi", "64.30")),
        books(pounds("6110 Hotels                  |  120.00 | tax 20%",
                     "6210 Office Supplies         |   80.00 | tax 5%",
                     "6120 Ground Transport        |   64.30 | tax no VAT",
                     "Tax 20%                      |   24.00",
                     "Tax 5%                       |    4.00",
                     "2000 Accounts Payable (A/P)  | -292.30")),
    ),
    uk(
        "3.1", "a tax of zero on the receipt: the code without tax",
        *RECLAIM,
        report(spent("Taxi", "64.30", tax="Standard 20% 0.00", receipt=True)),
        books(pounds("6120 Ground Transport        |   64.30 | tax no VAT",
                     "2000 Accounts Payable (A/P)  |  -64.30")),
    ),
    uk(
        "3.1", "a tax that no rule knows: held",
        *RECLAIM,
        report(spent("Taxi", "64.30", "Uber", tax="Zone 10% 5.85", receipt=True)),
        held("Report {report} (Oliver Grant, 64.30 GBP), line 1 (Uber, 64.30 GBP) contains 5.85 "
             "GBP Zone 10 %, and no rule gives it a tax code of {ledger}. Nothing was posted.",
             cure='Add a rule that gives tax "Zone 10 %" its tax code, or says that it is cost.'),
    ),
    uk(
        "3.1", "a tax that is cost by a rule, beside one that is reclaimed",
        *RECLAIM, rule(tax="Zone", tax_is_cost=True),
        report(HOTEL, spent("Taxi", "64.30", "Uber", tax="Zone 10% 5.85", receipt=True)),
        books(pounds("6110 Hotels                  |  120.00 | tax 20%",
                     "6120 Ground Transport        |   64.30 | tax no VAT",
                     "Tax 20%                      |   24.00",
                     "2000 Accounts Payable (A/P)  | -208.30")),
    ),
    uk(
        "3.1", "tax larger than the amount: held",
        *RECLAIM,
        report(spent("Taxi", "4.00", "Uber", tax="Standard 20% 10.00", receipt=True)),
        held("Report {report} (Oliver Grant, 4.00 GBP), line 1 (Uber, 4.00 GBP): its tax is 10.00 "
             "GBP Standard 20 %, which the amount cannot contain. Nothing was posted.",
             cure="Correct the tax in Expensify, then read the report again."),
    ),
    *(
        uk(
            "3.1", f"no receipt: {words}",
            *RECLAIM, flow(receipt_policy=policy),
            report(spent("Lodging", "144.00", "Malmaison", tax="Standard 20% 24.00")),
            books(pounds(*lines, "2000 Accounts Payable (A/P)  | -144.00")),
        )
        for words, policy, lines in (
            ("reclaimed all the same, where the flow says so", "post",
             ("6110 Hotels                  |  120.00 | tax 20%",
              "Tax 20%                      |   24.00")),
            ("gross, where the flow says so", "gross",
             ("6110 Hotels                  |  144.00 | tax no VAT",)),
        )
    ),
    uk(
        "3.1", "no receipt: held, where the flow says so",
        *RECLAIM, flow(receipt_policy="hold"),
        report(spent("Lodging", "144.00", "Malmaison", tax="Standard 20% 24.00")),
        held("Report {report} (Oliver Grant, 144.00 GBP), line 1 (Malmaison, 144.00 GBP) contains "
             "24.00 GBP Standard 20 % and has no receipt, without which this flow reclaims no tax. "
             "Nothing was posted.",
             cure="Add the receipt in Expensify, or let the flow post such lines gross."),
    ),
    uk(
        "3.1", "a refund gives the tax back: on a bill, on a credit, on a card",
        *RECLAIM, flow(**CARDS),
        report(HOTEL, spent("Lodging", "-48.00", tax="Standard 20% -8.00", receipt=True)),
        report(spent("Lodging", "-48.00", tax="Standard 20% -8.00", receipt=True),
               by="Priya Shah"),
        report(spent("Software", "-24.00", card="6621", tax="Standard 20% -4.00", receipt=True),
               by="Priya Shah"),
        books(pounds("6110 Hotels                      |  120.00 | tax 20%",
                     "6110 Hotels                      |  -40.00 | tax 20%",
                     "Tax 20%                          |   16.00",
                     "2000 Accounts Payable (A/P)      |  -96.00"),
              credit("Priya Shah", "20 Oct 2026",
                     "6110 Hotels                      |  -40.00 | tax 20%",
                     "Tax 20%                          |   -8.00",
                     "2000 Accounts Payable (A/P)      |   48.00", currency="GBP"),
              card_credit("14 Oct 2026",
                     "6200 Software and Subscriptions  |  -20.00 | tax 20%",
                     "Tax 20%                          |   -4.00",
                     "2110 Corporate Card - Visa       |   24.00", currency="GBP")),
    ),
    uk(
        "3.2", "the exact tax of the receipt, a cent beside the percentage",
        *RECLAIM,
        report(spent("Meals", "19.99", "Pret", tax="Standard 20% 3.33", receipt=True),
               spent("Meals", "3.65", "Nero", tax="Standard 20% 0.60", receipt=True)),
        books(pounds("6130 Meals and Entertainment |  16.66 | tax 20%",
                     "6130 Meals and Entertainment |   3.05 | tax 20%",
                     "Tax 20%                      |   3.93",
                     "2000 Accounts Payable (A/P)  | -23.64")),
    ),
    uk(
        "3.2", "tax that is more than a cent off the code's percentage: held",
        *RECLAIM,
        report(spent("Lodging", "180.00", "Hotel du Vin", tax="Standard 20% 27.50", receipt=True)),
        held("Report {report} (Oliver Grant, 180.00 GBP), line 1 (Hotel du Vin, 180.00 GBP) "
             'contains 27.50 GBP Standard 20 %, but tax code "20.0% S" has 20%, which is 30.00 of '
             "180.00 GBP. Nothing was posted.",
             cure="Correct the tax in Expensify, give it another tax code by a rule, or let the "
                  "flow post what the receipts say."),
    ),
    uk(
        "3.2", "tax that is more than a cent off: as the receipt says, where the flow says so",
        *RECLAIM, flow(tax_mismatch_policy="post"),
        report(spent("Lodging", "180.00", tax="Standard 20% 27.50", receipt=True)),
        books(pounds("6110 Hotels                  |  152.50 | tax 20%",
                     "Tax 20%                      |   27.50",
                     "2000 Accounts Payable (A/P)  | -180.00")),
    ),
    uk(
        "3.2", "reclaimed on a card",
        *RECLAIM, flow(**CARDS),
        report(spent("Software", "72.00", card="6613", tax="Standard 20% 12.00", receipt=True)),
        books(charge("14 Oct 2026", "6200 Software and Subscriptions  |  60.00 | tax 20%",
                                    "Tax 20%                          |  12.00",
                                    "2110 Corporate Card - Visa       | -72.00", currency="GBP")),
    ),
    uk(
        "3.2", "reclaimed in a journal: this ledger cannot be told the exact tax, held",
        *RECLAIM, flow(kind="journal"),
        report(HOTEL),
        held("Report {report} (Oliver Grant, 144.00 GBP): line 1 (2026-10-12 Malmaison - Lodging, "
             '144.00 GBP) contains 24.00 GBP tax (tax code "20.0% S"), but the exact tax of a '
             "receipt cannot be told to QuickBooks in a journal entry. Nothing was posted.",
             cure="Let the flow post bills or book tax as cost, or add a rule by which this tax is "
                  "cost."),
    ),
    europe(
        "3.2", "the exact German tax in euros",
        flow(tax_policy="reclaim"),
        rule(tax="USt", tax_code="19%"),
        report(spent("Software", "59.50", "Hetzner", tax="USt 19% 9.50", receipt=True)),
        books(bill("Emma Larsen", "20 Oct 2026",
                   "6200 Software and Subscriptions  |  50.00 | tax 19%",
                   "Tax 19%                          |   9.50",
                   "2000 Accounts Payable (A/P)      | -59.50", currency="EUR")),
    ),
]  # fmt: skip

RATES = (
    flow(currency_policy="rates", rounding_account="6900 Rounding"),
    when.rate("EUR", "Oct 2026", "1.0832"),
)
ROUNDING = [
    row(
        "3.3", "lines that don't add up to the report's total: held",
        report(spent("Lodging", "412.60"), total="412.61"),
        held("Report {report} (Ben Ito, 412.61 USD): the lines add up to 412.60, Expensify's total "
             "says 412.61. Nothing was posted, because we never spread a difference.",
             cure="Correct the report in Expensify, then read it again."),
    ),
    uk(
        "3.3", "what the conversion of a tax leaves over stays in the net amount",
        *RECLAIM,
        # 19.00 EUR of 119.00 at 0.8589 is 16.3191 GBP of 102.21.
        rule(tax="MwSt", tax_code="20%"), flow(tax_mismatch_policy="post"),
        report(spent("Lodging", "119.00", "Motel One", currency="EUR", rate="0.8589",
                     tax="MwSt 19% 19.00", receipt=True)),
        books(pounds("6110 Hotels                  |   85.89 | tax 20% | EUR 119.00 @ 0.8589",
                     "Tax 20%                      |   16.32",
                     "2000 Accounts Payable (A/P)  | -102.21")),
    ),
    row(
        "3.3", "what rounding a conversion leaves over goes to the named account",
        flow(currency_policy="rates", rounding_account="6900 Rounding"),
        when.rate("EUR", "Oct 2026", "1.0015"),
        report(*[spent("Taxi", "10.00", currency="EUR")] * 3, currency="EUR"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  10.02",
                   "6120 Ground Transport        |  10.02",
                   "6120 Ground Transport        |  10.02",
                   "6900 Rounding                |  -0.02",
                   "2000 Accounts Payable (A/P)  | -30.04")),
    ),
    row(
        "3.3", "a rate table without an account for what rounding leaves refuses to be saved",
        report(spent("Taxi", "0.00")),
        then.refuses_flow(
            "Converting leaves cents over: choose the account that they go to.",
            currency_policy="rates", is_paused=True),
    ),
    row(
        "3.3", "yen have no decimals, dinars three",
        report(spent("Taxi", "4680", "大阪タクシー", currency="JPY", rate="0.0067"),
               spent("Taxi", "12.75", "Kuwait Taxi", currency="KWD", rate="3.25")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  31.36 | | JPY 4680 @ 0.0067",
                   "6120 Ground Transport        |  41.44 | | KWD 12.750 @ 3.25",
                   "2000 Accounts Payable (A/P)  | -72.80")),
    ),
    row(
        "3.3", "a report in yen, by the rate table",
        flow(currency_policy="rates", rounding_account="6900 Rounding"),
        when.rate("JPY", "Oct 2026", "0.0067"),
        report(spent("Lodging", "18800", currency="JPY"), currency="JPY"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6110 Hotels                  |  125.96",
                   "2000 Accounts Payable (A/P)  | -125.96", memo=["JPY 18800 @ 0.0067"])),
    ),
]  # fmt: skip

CURRENCY = [
    europe(
        "3.4", "in the home currency",
        report(spent("Taxi", "23.54")),
        books(bill("Emma Larsen", "20 Oct 2026",
                   "6120 Ground Transport        |  23.54 | tax no VAT",
                   "2000 Accounts Payable (A/P)  | -23.54", currency="EUR")),
    ),
    europe(
        "3.4", "in the report's currency, where party and payable have it, at the ledger's rate",
        flow(payables={"CHF": "2053 Accounts Payable (A/P) - CHF"}),
        report(spent("Lodging", "219.00"), by="Beat Keller", currency="CHF",
               approved="15 Oct 2026"),
        books(bill("Beat Keller", "15 Oct 2026",
                   "6110 Hotels                        |  219.00 | tax no VAT",
                   "2053 Accounts Payable (A/P) - CHF  | -219.00", currency="CHF", rate="1.0655")),
        then.knows_the_rate("1.0655"),
    ),
    europe(
        "3.4", "in the card's currency",
        flow(takes_cards=True, card_account="2120 Corporate Card - Amex USD"),
        report(spent("Software", "339.20", "AWS", card="7726"), by="Paula Costa", currency="USD"),
        books(charge("14 Oct 2026", "6200 Software and Subscriptions  |  339.20 | tax no VAT",
                                    "2120 Corporate Card - Amex USD   | -339.20", rate="0.9287")),
    ),
    europe(
        "3.4", "a card in another currency: held",
        flow(takes_cards=True, card_account="2120 Corporate Card - Amex USD"),
        report(spent("Software", "59.50", "Hetzner", card="7718")),
        held("Report {report} (Emma Larsen, 59.50 EUR), line 1 (Hetzner, 59.50 EUR): account 2120 "
             "Corporate Card - Amex USD is kept in USD. {ledger} would book the figures one to "
             "one, so nothing was posted.",
             cure="Choose an account in EUR on the flow's page."),
    ),
    europe(
        "3.4", "a vendor in another currency: held, never one to one",
        report(spent("Office Supplies", "89.90"), by="Hugo Silva"),
        held('Report {report} (Hugo Silva, 89.90 EUR): the report is in EUR, vendor "Hugo Silva" '
             "is set to USD. {ledger} would book the figures one to one, so nothing was posted.",
             cure="Link Hugo Silva to a vendor in EUR."),
    ),
    europe(
        "3.4", "a payable in another currency: held, never one to one",
        report(spent("Airfare", "543.10"), by="Hugo Silva", currency="USD"),
        held("Report {report} (Hugo Silva, 543.10 USD): account 2000 Accounts Payable (A/P) is "
             "kept in EUR. {ledger} would book the figures one to one, so nothing was posted.",
             cure="Choose a payable account in USD on the flow's page."),
    ),
    row(
        "3.4", "a company of one currency: held, never one to one",
        report(spent("Taxi", "86.40", currency="EUR"), currency="EUR"),
        held("Report {report} (Ben Ito, 86.40 EUR): the report is in EUR, Acme Consulting US keeps "
             "its books in USD alone. {ledger} would book the figures one to one, so nothing was "
             "posted.",
             cure="Turn on several currencies in {ledger} and read the lists again, let the flow "
                  "convert by a rate table, or book this report by hand and set it aside."),
    ),
    row(
        "3.4", "by the rate table of the month, where the flow says so",
        *RATES,
        report(spent("Taxi", "86.40", currency="EUR"), currency="EUR"),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6120 Ground Transport        |  93.59 | | EUR 86.40 @ 1.0832",
                   "2000 Accounts Payable (A/P)  | -93.59", memo=["| EUR 86.40 @ 1.0832 |"])),
        then.noted("Converted from EUR into USD at 1.0832 (rate table, Oct 2026, ECB)."),
    ),
    row(
        "3.4", "no rate for the posting date's month: held until it is entered",
        *RATES,
        report(spent("Taxi", "86.40", currency="EUR"), currency="EUR", approved="3 Nov 2026"),
        held("Report {report} (Ben Ito, 86.40 EUR): the rate table has no rate from EUR into USD "
             "for Nov 2026. Nothing was posted.",
             cure="Enter the month's rate in the rate table of the connection."),
        when.rate("EUR", "Nov 2026", "1.0900"),
        when.replayed(),
        books(bill("Ben Ito", "3 Nov 2026",
                   "6120 Ground Transport        |  94.18",
                   "2000 Accounts Payable (A/P)  | -94.18")),
    ),
    row(
        "3.4", "an expense in another currency: Expensify's rate, shown in the text",
        report(spent("Lodging", "86.40", "Adlon", currency="EUR", rate="1.07")),
        books(bill("Ben Ito", "20 Oct 2026",
                   "6110 Hotels                  |  92.45 | | EUR 86.40 @ 1.07",
                   "2000 Accounts Payable (A/P)  | -92.45")),
    ),
    row(
        "3.4", "a foreign expense without its converted amount: held",
        report(spent("Lodging", "86.40", "Adlon", currency="EUR")),
        held("Report {report} (Ben Ito, 86.40 USD), line 1 (Adlon, 86.40 EUR): Expensify gave no "
             "amount in USD for this EUR expense. Nothing was posted.",
             cure="Open the expense in Expensify so that it is converted, then read the report "
                  "again."),
    ),
]  # fmt: skip

ROWS: list[Row] = [*TAX, *ROUNDING, *CURRENCY]
