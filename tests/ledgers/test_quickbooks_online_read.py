"""What is asked of QuickBooks about the company and its lists, and what failed reads mean."""

import contextlib
import json
import re
from datetime import date
from inspect import signature
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.company import ChartRow, Cursor
from connectors.contract.entry import Kind
from connectors.contract.ledger import Connection, Ledger, Receipt
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    VendorError,
)
from connectors.ledgers.quickbooks_online.ledger import ABILITIES, QuickBooksOnline, open_ledger
from tests.ledgers.quickbooks_online_company import (
    NOW,
    REALM,
    US,
    Wire,
    answer,
    fault,
    found,
    ledger,
    queries,
    query_batch,
    sought,
    statements,
    wired,
)

INFO = {"CompanyName": "Acme Consulting US", "Country": "US", "Id": "1"}
PREFERENCES = {
    "AccountingInfoPrefs": {
        "UseAccountNumbers": True,
        "TrackDepartments": True,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": True,
        "BookCloseDate": "2026-08-31",
    },
    "VendorAndPurchasesPrefs": {
        "EnableBills": True,
        "TrackingByCustomer": True,
        "BillableExpenseTracking": True,
    },
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "TaxPrefs": {"UsingSalesTax": True},
    "Id": "1",
}
VAT20 = {
    "Id": "9",
    "Name": "20.0% S",
    "Active": True,
    "PurchaseTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "18"}, "TaxOrder": 0}]},
}
RATE20 = {"Id": "18", "Name": "VAT 20%", "RateValue": 20, "Active": True}


def company_batch(info=INFO, preferences=PREFERENCES, codes=(), rates=()):
    return query_batch(
        found("CompanyInfo", info),
        found("Preferences", preferences),
        found("TaxCode", *codes),
        found("TaxRate", *rates),
    )


# --- the company ----------------------------------------------------------------------------------


def test_the_company_is_read_by_one_request():
    book, wire = wired(company_batch())
    company = book.check()
    assert len(wire.requests) == 1
    assert (company.company_id, company.name) == (REALM, "Acme Consulting US")
    assert (company.home_currency, company.country, company.role) == ("USD", "US", "unknown")
    assert company.closed_through == date(2026, 8, 31) and company.as_of == NOW
    assert not company.has_tax and not company.is_multicurrency
    labels = {"class": "Class", "department": "Location", "customer": "Customer"}
    assert company.facts == US | {"tax": True, "dimension_labels": labels}
    assert json.loads(exact_json.dumps(company.facts)) == company.facts


def test_a_company_info_that_cannot_be_queried_is_read_at_its_own_address():
    refused = fault("4001", "QueryValidationError: Invalid query")
    book, wire = wired(
        query_batch(refused, found("Preferences", PREFERENCES), found("TaxCode"), found("TaxRate")),
        answer({"CompanyInfo": INFO, "time": "x"}),
    )
    assert book.check().name == "Acme Consulting US"
    assert [r.path.partition("?")[0] for r in wire.requests] == [
        f"/v3/company/{REALM}/batch",
        f"/v3/company/{REALM}/companyinfo/{REALM}",
    ]


def test_a_company_outside_the_united_states_has_tax_with_its_purchase_rates():
    company = ledger(company_batch(INFO | {"Country": "GB"}, codes=[VAT20], rates=[RATE20])).check()
    assert company.has_tax and company.facts["usa"] is False
    assert company.facts["tax_codes"] == {
        "9": {"name": "20.0% S", "rates": [{"id": "18", "percent": "20"}]}
    }


@pytest.mark.parametrize(
    ("line", "whole", "expected"),
    [(True, False, "line"), (False, True, "document"), (False, False, "off")],
)
def test_how_classes_are_tracked_is_told(line, whole, expected):
    accounting = {"ClassTrackingPerTxnLine": line, "ClassTrackingPerTxn": whole}
    preferences = PREFERENCES | {"AccountingInfoPrefs": accounting}
    company = ledger(company_batch(preferences=preferences)).check()
    assert company.facts["classes"] == expected and company.closed_through is None


def test_closed_books_are_a_lock_through_that_day():
    locks = ledger(answer({"Preferences": PREFERENCES, "time": ""})).locks()
    assert locks.why(date(2026, 8, 31)) == "QuickBooks' books are closed through 31 Aug 2026"
    assert locks.first_open(date(2026, 8, 1)) == date(2026, 9, 1)
    open_books = PREFERENCES | {"AccountingInfoPrefs": {}}
    assert not ledger(answer({"Preferences": open_books})).locks().spans


def test_a_company_that_is_no_realm_cannot_be_opened():
    with pytest.raises(ValueError, match="realm"):
        open_ledger(Connection("../other"), Wire())


# --- lists ----------------------------------------------------------------------------------------

LISTS = {
    "Account": [
        {
            "Id": "60",
            "Name": "Airfare",
            "FullyQualifiedName": "Travel:Airfare",
            "AcctNum": "6100",
            "AccountType": "Expense",
            "AccountSubType": "Travel",
            "Active": True,
            "ParentRef": {"value": "59"},
            "CurrencyRef": {"value": "USD"},
        },
        {"Id": "64", "Name": "Old Travel (deleted)", "AccountType": "Expense", "Active": False},
    ],
    "Vendor": [
        {
            "Id": "56",
            "DisplayName": "Ben Ito",
            "PrimaryEmailAddr": {"Address": "ben.ito@acme.example"},
            "CurrencyRef": {"value": "USD"},
            "Active": True,
        }
    ],
    "Employee": [{"Id": "88", "DisplayName": "Grace Kim", "Active": True}],
    "Customer": [
        {"Id": "26", "DisplayName": "Website", "FullyQualifiedName": "Globex:Website", "Job": True}
    ],
    "Class": [{"Id": "5000000000000142238", "Name": "Consulting", "Active": True}],
    "Department": [{"Id": "2", "Name": "Berlin", "Active": True}],
    "TaxCode": [VAT20],
    "TaxRate": [RATE20],
    "Term": [{"Id": "3", "Name": "Net 15", "DueDays": 15, "Active": True}],
}


def lists(request):
    """Answers any query, alone or in a batch, by LISTS."""

    def rows(statement):
        entity = re.search(r"FROM (\w+)", statement)[1]
        return found(entity, *LISTS[entity])

    if request.method == "GET":
        return answer(rows(parse_qs(urlsplit(request.path).query)["query"][0]))
    return query_batch(
        *[rows(one["Query"]) for one in json.loads(request.body)["BatchItemRequest"]]
    )


def test_every_list_is_read_inactive_members_too():
    book, wire = wired(lists)
    rows = [one for one in book.chart() if isinstance(one, ChartRow)]
    assert [(row.list_name, row.kind, row.name) for row in rows] == [
        ("account", "Expense", "Airfare"),
        ("account", "Expense", "Old Travel"),
        ("party", "vendor", "Ben Ito"),
        ("party", "employee", "Grace Kim"),
        ("customer", "customer", "Website"),
        ("class", "", "Consulting"),
        ("department", "", "Berlin"),
        ("tax_code", "", "20.0% S"),
        ("term", "", "Net 15"),
    ]
    airfare, old_travel, ben = rows[:3]
    assert (airfare.number, airfare.full_name, airfare.parent_id) == (
        "6100",
        "Travel:Airfare",
        "59",
    )
    assert airfare.active and not old_travel.active
    assert (ben.email, ben.currency) == ("ben.ito@acme.example", "USD")
    assert rows[7].facts == {"purchase_rates": "18", "purchase_percents": "20"}
    assert len(wire.requests) == 1
    assert all("Active IN (true, false)" in s for s in statements(wire))
    assert all("ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000" in s for s in statements(wire))


def test_only_the_lists_that_are_asked_for_are_read():
    book, wire = wired(lists)
    assert {row.list_name for row in book.chart(frozenset({"party"})) if isinstance(row, ChartRow)}
    assert [re.search(r"FROM (\w+)", s)[1] for s in statements(wire)] == ["Vendor", "Employee"]


def page_of(first, count):
    rows = [{"Id": str(n), "Name": f"Class {n}"} for n in range(first, first + count)]
    return answer(found("Class", *rows))


def test_a_long_list_is_paged_and_can_be_taken_up_at_a_cursor():
    book, wire = wired(page_of(1, 1000), page_of(1001, 3))
    found_rows = list(book.chart(frozenset({"class"})))
    assert [one for one in found_rows if isinstance(one, Cursor)] == [
        Cursor("Class:1001"),
        Cursor("end"),
    ]
    assert len([one for one in found_rows if isinstance(one, ChartRow)]) == 1003
    assert [re.search(r"STARTPOSITION (\d+)", s)[1] for s in statements(wire)] == ["1", "1001"]
    book, wire = wired(page_of(1001, 3))
    rest = list(book.chart(frozenset({"class"}), Cursor("Class:1001")))
    assert len(rest) == 4 and "STARTPOSITION 1001" in next(statements(wire))
    assert list(ledger().chart(frozenset({"class"}), Cursor("end"))) == []


def test_a_cursor_between_two_lists_names_the_next_one():
    cursors = [one for one in ledger(lists).chart() if isinstance(one, Cursor)]
    book, wire = wired(lists)
    assert [c.text for c in cursors][:2] == ["Vendor:1", "Employee:1"]
    list(book.chart(None, cursors[6]))
    assert [re.search(r"FROM (\w+)", s)[1] for s in statements(wire)] == ["Term"]


@pytest.mark.parametrize("text", ["Invoice:1", "Class:0", "Class:x", "Class", ""])
def test_a_cursor_that_we_never_gave_is_refused(text):
    with pytest.raises(ValueError, match="place"):
        list(ledger().chart(None, Cursor(text)))


def test_a_page_that_comes_again_breaks_the_contract():
    same = page_of(1, 1000)
    with pytest.raises(ContractBroken, match="same page of Class again at position 1001"):
        list(ledger(same, same).chart(frozenset({"class"})))


def test_a_row_that_slid_onto_the_next_page_comes_once():
    book = ledger(page_of(1, 1000), page_of(1000, 3))
    ids = [row.id for row in book.chart(frozenset({"class"})) if isinstance(row, ChartRow)]
    assert len(ids) == len(set(ids)) == 1002


@pytest.mark.parametrize("code", ["5020", "5030"])
def test_a_list_that_the_plan_lacks_is_empty(code):
    rows = list(ledger(answer(fault(code), 400)).chart(frozenset({"class"})))
    assert rows == [Cursor("end")]


# --- reads that fail ------------------------------------------------------------------------------

FAILED = {
    "expired": (answer(fault("3200"), 401), Unauthorised),
    "throttled": (answer("", 429), Throttled),
    "another company": (answer(fault("100"), 401), Blocked),
    "subscription ended, told with 200": (answer(fault("6190")), Blocked),
    "out of order": (answer("<html/>", 502), AnswerLost),
    "system failure": (answer(fault("10000"), 500), AnswerLost),
    "system failure told with 200": (answer(fault("10000")), AnswerLost),
    "cut off": (answer('{"Preferences":{"Acc'), AnswerLost),
    "bad query": (answer(fault("4000", "QueryParserError"), 400), ContractBroken),
    "nothing of the kind": (answer("{}"), ContractBroken),
    "a list": (answer("[]"), ContractBroken),
    "moved": (answer("", 302), ContractBroken),
    "plan": (answer(fault("5020"), 403), Blocked),
}


@pytest.mark.parametrize("case", FAILED)
def test_a_read_that_fails_says_what_to_do(case):
    response, kind = FAILED[case]
    with pytest.raises(kind):
        ledger(response).locks()


def test_a_fault_within_a_batch_of_queries_is_not_taken_for_an_empty_list():
    receipts = [Receipt("1", "", "0", Kind.BILL), Receipt("2", "", "0", Kind.JOURNAL)]
    for member, kind in (
        (fault("10000"), AnswerLost),
        (fault("4001"), ContractBroken),
        ({}, ContractBroken),
        ({"QueryResponse": {"Bill": [1]}}, ContractBroken),
    ):
        with pytest.raises(kind):
            ledger(query_batch(member, found("JournalEntry"))).read(receipts)
    with pytest.raises(ContractBroken, match="no answer"):
        ledger(answer({"BatchItemResponse": []})).read(receipts)


READS = {
    "check": lambda book: book.check(),
    "locks": lambda book: book.locks(),
    "chart": lambda book: list(book.chart()),
    "find": lambda book: book.find([sought(1, sent_at=NOW), sought(2, kind=Kind.JOURNAL)]),
    "read": lambda book: book.read([Receipt("1", "", "0", Kind.BILL)]),
    "scan": lambda book: list(book.scan(date(2026, 10, 1), date(2026, 10, 31))),
}
odd = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                """Id Active Name value Country CompanyAddr PrimaryEmailAddr Address ParentRef Line
            BookCloseDate AccountingInfoPrefs HomeCurrency CurrencyPrefs PurchaseTaxRateList
            TaxRateDetail TaxRateRef SyncToken TxnDate LinkedTxn MetaData DocNumber""".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("question", READS)
@given(status=st.sampled_from([200, 200, 200, 400, 401, 500]), body=odd, rows=st.lists(odd))
@settings(max_examples=60)
def test_no_answer_to_a_read_raises_anything_but_a_vendors_error(question, status, body, rows):
    def answered(request):
        if request.method == "GET" and "query=" not in request.path:
            return answer({"Preferences": body, "CompanyInfo": body}, status)
        entities = [re.search(r"FROM (\w+)", s)[1] for s in queries(request)]
        members = [{"QueryResponse": {entity: rows}} for entity in entities]
        return query_batch(*members) if request.method == "POST" else answer(members[0], status)

    with contextlib.suppress(VendorError):
        READS[question](ledger(answered))


# --- the protocol ---------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [name for name in vars(Ledger) if not name.startswith("_")])
def test_every_question_of_the_protocol_is_answered_under_its_own_name(verb):
    promised, fulfilled = vars(Ledger)[verb], getattr(QuickBooksOnline, verb)
    assert list(signature(fulfilled).parameters) == list(signature(promised).parameters)


def test_name_and_abilities_are_known_without_a_connection():
    assert QuickBooksOnline.name == "quickbooks_online"
    assert QuickBooksOnline.abilities is ABILITIES
    assert set(ABILITIES.kinds) == set(Kind)
    for ability in ABILITIES.kinds.values():
        assert ability.cancel == {"delete"} and ability.counter in ABILITIES.kinds
