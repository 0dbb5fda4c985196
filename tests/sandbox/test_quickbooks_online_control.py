"""QuickBooks Online in the sandbox: what the control can do, its state, and odd values."""

import json

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.quickbooks_online import open_vendor
from connectors.sandbox.wire import freeze, thaw
from tests.sandbox.quickbooks_calls import REALM, TOKEN, VENDOR, Books, batch, file_of, upload


# -- control ---------------------------------------------------------------------------------------
def test_documents_have_the_shape_of_the_contract(books):
    sales = {"value": books.named("Class", "Sales")}
    customer = {"value": books.named("Customer", "Website")}
    line = books.line("412.30", ClassRef=sales, CustomerRef=customer, BillableStatus="Billable")
    books.post(
        "bill",
        books.bill(
            line,
            DocNumber="R00X9oNOn2MO-ABCDEFGH",
            PrivateNote="mlc:ABCDEFGHIJ",
            DepartmentRef={"value": books.named("Department", "Berlin")},
        ),
    )
    [found] = books.control("documents")
    assert found == {
        "id": found["id"],
        "company": REALM,
        "kind": "bill",
        "number": "R00X9oNOn2MO-ABCDEFGH",
        "markers": {"DocNumber": "R00X9oNOn2MO-ABCDEFGH", "PrivateNote": "mlc:ABCDEFGHIJ"},
        "report_id": "R00X9oNOn2MO",
        "date": "2026-10-28",
        "due_date": "2026-10-28",
        "currency": "USD",
        "rate": None,
        "total": "412.30",
        "home_total": "412.30",
        "credit_account": "2000 Accounts Payable (A/P)",
        "tax": "0.00",
        "tax_calculation": None,
        "tax_lines": [],
        "status": "active",
        "state": "open",
        "paid": "0.00",
        "party": "Ben Ito",
        "party_id": books.named("Vendor", "Ben Ito"),
        "billable": True,
        "dimensions": {"department": "Berlin"},
        "lines": [
            {
                "account": "6110 Hotels",
                "amount": "412.30",
                "dimensions": {"class": "Sales", "customer": "Initech:Website"},
                "tax": "NON",
                "text": "2026-10-21 a hotel",
                "party": None,
                "billable": True,
            }
        ],
        "links": [],
        "matched": False,
        "edited_by": None,
        "attachments": [],
        "version": "0",
    }


def test_a_document_is_planted_by_names_or_in_the_vendors_own_words(books):
    planted = books.control(
        "documents",
        {
            "kind": "bill",
            "number": "H-1",
            "date": "2026-08-01",
            "party": "Ben Ito",
            "dimensions": {"department": "Berlin"},
            "lines": [
                {"account": "6110 Hotels", "amount": "12.00", "dimensions": {"class": "Sales"}}
            ],
            "as_user": "Ann Reyes",
        },
    )
    assert (planted["total"], planted["edited_by"]) == ("12.00", "Ann Reyes")
    assert books.read("bill", planted["id"])["DocNumber"] == "H-1"
    raw = books.control("documents", {"Bill": books.bill(DocNumber="H-1")})
    assert raw["number"] == "H-1"
    card = books.control(
        "documents",
        {
            "kind": "card_credit",
            "credit_account": "2110",
            "lines": [{"account": "6110", "amount": "-5.00"}],
        },
    )
    assert (card["total"], card["kind"]) == ("-5.00", "purchase")
    journal = books.control(
        "documents",
        {
            "kind": "journal",
            "lines": [
                {"account": "6110", "amount": "5.00", "dimensions": {"customer": "Globex"}},
                {"account": "2000", "amount": "-5.00", "party": "Ben Ito"},
            ],
        },
    )
    assert [line["amount"] for line in journal["lines"]] == ["5.00", "-5.00"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "invoice"}, "no kind invoice"),
        ({"kind": "bill", "party": "Nobody"}, "Nobody"),
        (
            {"kind": "bill", "party": "Ben Ito", "lines": [{"account": "9999", "amount": "1"}]},
            "'9999'",
        ),
        ({"kind": "bill", "party": "Ben Ito"}, "2020"),
        ({"kind": "bill", "company": "1"}, "no company 1"),
    ],
)
def test_what_planting_is_refused_for(books, wrong, says):
    with pytest.raises(Exception, match=says):
        books.control("documents", wrong)


def test_people_pay_unpay_edit_and_delete_even_in_closed_books(books):
    bill = books.post("bill", books.bill(DocNumber="EXP-1"))
    books.control("period_lock", {"date": "2026-10-31"})

    def act(**body):
        return books.control(f"documents/{bill['Id']}", body)

    assert act(action="pay", amount="8.00")["state"] == "partly_paid"
    found = act(action="pay")
    assert (found["state"], found["paid"]) == ("paid", "18.45")
    assert act(action="unpay")["state"] == "open"
    edited = act(action="edit", fields={"PrivateNote": "by hand"}, as_user="Ann Reyes")
    assert (edited["edited_by"], edited["number"]) == ("Ann Reyes", "EXP-1")
    assert edited["markers"]["PrivateNote"] == "by hand"
    assert act(action="delete")["status"] == "deleted"
    with pytest.raises(Exception, match="404"):
        act(action="pay")


def test_a_person_may_void_what_the_api_may_not(books):
    purchase = books.post("purchase", books.purchase())
    found = books.control(f"documents/{purchase['Id']}", {"action": "void"})
    assert (found["status"], found["total"]) == ("voided", "0.00")
    assert books.control("trial_balance") == {}


def test_what_the_vendor_cannot_do_is_said(books):
    bill = books.post("bill", books.bill())
    with pytest.raises(Exception, match="can't restore a Bill"):
        books.control(f"documents/{bill['Id']}", {"action": "restore"})


def test_conflict_is_another_users_write_just_before(books):
    bill = books.post("bill", books.bill())
    sent = books.bill(Id=bill["Id"], SyncToken="0")
    books.control("faults", {"kind": "conflict", "body": '{"PrivateNote": "theirs"}'})
    code, text = books.refused("bill", sent)
    assert (code, "Another User" in text) == ("5010", True)
    now = books.read("bill", bill["Id"])
    assert (now["SyncToken"], now["PrivateNote"]) == ("1", "theirs")


def test_conflict_reaches_the_members_of_a_batch(books):
    bill = books.post("bill", books.bill())
    members = [
        {"bId": "u", "operation": "update", "Bill": books.bill(Id=bill["Id"], SyncToken="0")}
    ]
    books.control("faults", {"kind": "conflict"})
    assert batch(books, *members)["u"]["Fault"]["Error"][0]["code"] == "5010"


@pytest.mark.parametrize(
    ("order", "statement"),
    [
        ({"kind": "account", "action": "add", "name": "New",
          "fields": {"AccountType": "Expense", "AcctNum": "6999"}},
         "select * from Account where AcctNum = '6999'"),
        ({"kind": "account", "action": "recode", "name": "Hotels", "to": "6111"},
         "select * from Account where AcctNum = '6111' and Name = 'Hotels'"),
        ({"kind": "class", "action": "rename", "name": "Sales", "to": "Selling"},
         "select * from Class where Name = 'Selling'"),
        ({"kind": "vendor", "action": "archive", "name": "Ben Ito"},
         "select * from Vendor where Active = false and DisplayName = 'Ben Ito (deleted)'"),
        ({"kind": "class", "action": "restore", "name": "Legacy Projects"},
         "select * from Class where Name = 'Legacy Projects'"),
        ({"kind": "department", "action": "add", "name": "Lisbon"},
         "select * from Department where Name = 'Lisbon'"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["action"],
)  # fmt: skip
def test_the_chart_changes_by_control(books, order, statement):
    books.control("chart", order)
    assert books.query(statement) != {}


def test_the_chart_says_what_it_cannot(books):
    with pytest.raises(Exception, match="can't block"):
        books.control("chart", {"kind": "account", "action": "block", "name": "Hotels"})
    with pytest.raises(Exception, match="no kind item"):
        books.control("chart", {"kind": "item", "action": "add"})
    with pytest.raises(Exception, match="404"):
        books.control("chart", {"kind": "account", "action": "rename", "name": "Nowhere"})


def test_a_period_lock_wants_a_date(books):
    with pytest.raises(Exception, match="YYYY-MM-DD"):
        books.control("period_lock", {"date": "31.10.2026"})


def test_a_second_company_stands_beside_the_first(books):
    realm = "9341450000000077"
    made = books.control("companies", {"realm": realm, "country": "DE", "name": "Acme Berlin"})
    assert (made["currency"], made["name"]) == ("EUR", "Acme Berlin")
    other = Books(books.sandbox, realm)
    other.settings(limits=False)
    code = {"value": other.named("TaxCode", "19% VSt")}
    other.post("bill", other.bill(other.line("100.00", TaxCodeRef=code)))
    assert books.query("select * from Bill") == {}
    found = books.sandbox.request("GET", f"/_control/{VENDOR}/documents?company={realm}").json()
    assert [one["total"] for one in found] == ["119.00"]
    with pytest.raises(Exception, match="not yet in use"):
        books.control("companies", {"realm": realm})
    with pytest.raises(Exception, match="no preference"):
        books.control(f"companies/{realm}", {"colour": "blue"})


def test_unknown_verbs_are_404_with_the_list(books):
    with pytest.raises(Exception, match="trial_balance"):
        books.control("nonsense")


# -- state -----------------------------------------------------------------------------------------
def test_everything_survives_the_state_file(sandbox, books):
    bill = books.post("bill", books.bill(DocNumber="EXP-1"), requestid="r1")
    upload(books, file_of(bill["Id"]))
    books.control(f"documents/{bill['Id']}", {"action": "pay"})
    books.control("subscriptions", {"url": "http://127.0.0.1:1/x", "verifier_token": TOKEN})
    old = sandbox.running.house.vendors[VENDOR]
    new = open_vendor(Clock(), 7)
    new.load_all(thaw(freeze(old.dump_all())))
    assert freeze(new.dump_all()) == freeze(old.dump_all())
    company = new.companies[REALM]
    assert [one["Id"] for one in company.numbered("Bill", "EXP-1")] == [bill["Id"]]
    assert new.documents() == old.documents()
    assert new.tokens_held.bearer(books.token)


# -- oddities --------------------------------------------------------------------------------------
ODD = [None, "", 0, -1, 1.5, True, [], {}, "x", [None], [{}], {"value": []}, "2026-02-30", 1e13]


def places(part, path=()):
    """Every path into a JSON value."""
    yield path
    members = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part)
        if isinstance(part, list)
        else ()
    )
    for name, member in members:
        yield from places(member, (*path, name))


def replaced(part, path, value):
    if not path:
        return value
    copied = dict(part) if isinstance(part, dict) else list(part)
    copied[path[0]] = replaced(part[path[0]], path[1:], value)
    return copied


@pytest.mark.parametrize("entity", ["bill", "journalentry", "batch"])
def test_odd_values_anywhere_are_answered_and_never_crash(books, entity):
    line = books.line(ClassRef={"value": books.named("Class", "Sales")})
    member = {"bId": "a", "operation": "update", "optionsData": "void", "BillPayment": {"Id": "1"}}
    body = {
        "bill": books.bill(line),
        "journalentry": books.journal(),
        "batch": {"BatchItemRequest": [member, {"bId": "q", "Query": "select * from Bill"}]},
    }[entity]
    for path in places(body):
        for value in ODD:
            sent = json.dumps(replaced(body, path, value))
            answer = books.call("POST", entity, sent)
            assert answer.status in (200, 400), f"{path} {value!r}: {answer.text}"
