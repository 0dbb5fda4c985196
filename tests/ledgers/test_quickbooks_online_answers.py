"""Answers that say less than they seem to: advice to wait, repeated answers, results too large."""

import re
from datetime import timedelta

import pytest

from connectors.contract.company import ChartRow
from connectors.contract.ledger import InDoubt, Op, Posted, Receipt
from connectors.contract.transport import ContractBroken, Throttled
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from tests.ledgers.quickbooks_online_company import (
    NOW,
    answer,
    as_stored,
    document,
    fault,
    found,
    ledger,
    mark,
    payload,
    queries,
    query_batch,
    sought,
    statements,
    wired,
)

# --- advice to wait -------------------------------------------------------------------------------

# NOW, which QuickBooks' answers state as their Date, is Tuesday, 3 November 2026, 14:02 UTC.
ADVICE = {
    "seconds": ("17", 17.0),
    "a fraction of a second": ("0.5", 1.0),
    "at once": ("0", 1.0),
    "an hour": ("3600", 3600.0),
    "a day": ("86400", 3600.0),
    "a moment": ("Tue, 03 Nov 2026 14:04:30 GMT", 150.0),
    "a moment in another zone": ("Tue, 03 Nov 2026 06:03:00 -0800", 60.0),
    "a moment that is over": ("Tue, 03 Nov 2026 14:00:00 GMT", 1.0),
    "tomorrow": ("Wed, 04 Nov 2026 14:02:00 GMT", 3600.0),
    "a moment without zone": ("Tue, 03 Nov 2026 14:04:30", 60.0),
    "no advice": (None, 60.0),
    "empty": ("", 60.0),
    "a negative number": ("-5", 60.0),
    "words": ("soon", 60.0),
}


@pytest.mark.parametrize("case", ADVICE)
def test_advice_to_wait_is_followed_as_it_is_given_up_to_an_hour(case):
    advice, expected = ADVICE[case]
    headers = {} if advice is None else {"retry-after": advice}
    with pytest.raises(Throttled) as raised:
        ledger(answer(fault("3001"), 429, headers)).locks()
    assert raised.value.after_s == expected


def test_a_moment_means_nothing_without_the_ledgers_own_clock():
    response = answer("", 429, {"retry-after": "Tue, 03 Nov 2026 14:04:30 GMT"})
    object.__setattr__(response, "at", None)
    with pytest.raises(Throttled) as raised:
        ledger(response).locks()
    assert raised.value.after_s == 60.0


def test_maintenance_waits_longer_unless_told_otherwise():
    for headers, expected in (({}, 300.0), ({"retry-after": "20"}, 20.0)):
        with pytest.raises(Throttled) as raised:
            ledger(answer(fault("150"), 503, headers)).locks()
        assert raised.value.after_s == expected


# --- an answer that is the first one, repeated ----------------------------------------------------


def batch_at(moment, *members):
    """The answer to a batch whose body says that it was made at `moment`; its Date is NOW."""
    return answer({"BatchItemResponse": list(members), "time": moment.isoformat()})


def call_of(*payloads, op=Op.POST):
    return ledger().pack(op, payloads, "1")[0]


def test_a_repeated_answer_is_looked_up_because_its_document_may_be_gone():
    """Deleted by a person before we looked, it would otherwise count as posted for ever."""
    member = {"bId": "m0", "Bill": as_stored(payload(1))}
    fresh = ledger(batch_at(NOW - timedelta(seconds=120), member)).post(call_of(payload(1)))
    assert isinstance(fresh[mark(1)], Posted)
    repeated = ledger(batch_at(NOW - timedelta(hours=2), member)).post(call_of(payload(1)))
    outcome = repeated[mark(1)]
    assert isinstance(outcome, InDoubt) and outcome.problem.code == "qbo.answer_repeated"
    assert payload(1).number in outcome.problem.message


def test_a_repeated_refusal_is_a_refusal_still_and_a_deleted_document_stays_deleted():
    old = NOW - timedelta(hours=2)
    refused = ledger(batch_at(old, fault("6200") | {"bId": "m0"})).post(call_of(payload(1)))
    assert refused[mark(1)].problems[0].code == "qbo.period_closed"
    cancel = ledger().cancel(document(payload(1)), "delete", mark(1))
    member = {"bId": "m0", ENTITIES[cancel.kind]: {"Id": "1207", "status": "Deleted"}}
    gone = ledger(batch_at(old, member)).post(call_of(cancel, op=Op.CANCEL))
    assert isinstance(gone[mark(1)], Posted)


def test_an_answer_without_a_time_is_taken_as_fresh():
    member = {"bId": "m0", "Bill": as_stored(payload(1))}
    outcome = ledger(answer({"BatchItemResponse": [member]})).post(call_of(payload(1)))
    assert isinstance(outcome[mark(1)], Posted)


# --- results too large for one answer -------------------------------------------------------------

TOO_BIG = fault("10100", "Result set too big")


def classes(most_rows: int, count: int):
    """A company of `count` classes that answers no more than `most_rows` at once."""

    def answered(request):
        bodies = [_page(statement) for statement in queries(request)]
        if request.method == "GET":
            return answer(bodies[0], 200 if "QueryResponse" in bodies[0] else 400)
        return query_batch(*bodies)

    def _page(statement):
        page = re.search(r"STARTPOSITION (\d+) MAXRESULTS (\d+)", statement)
        start, most = int(page[1]), int(page[2])
        last = min(start + most - 1, count)
        if last - start + 1 > most_rows:
            return TOO_BIG
        return found(
            re.search(r"FROM (\w+)", statement)[1],
            *[{"Id": str(n), "Name": f"Class {n}"} for n in range(start, last + 1)],
        )

    return answered


def test_a_result_that_is_too_large_is_read_in_smaller_pages():
    book, wire = wired(classes(most_rows=70, count=150))
    rows = [one for one in book.chart(frozenset({"class"})) if isinstance(one, ChartRow)]
    assert [row.id for row in rows] == [str(n) for n in range(1, 151)]
    sizes = [re.search(r"MAXRESULTS (\d+)", s)[1] for s in statements(wire)]
    assert sizes == ["1000", "250", "62", "62", "62"]


def test_within_a_batch_the_large_one_is_asked_alone():
    book, wire = wired(classes(most_rows=200, count=210))
    kinds = frozenset({"class", "department"})
    rows = [one for one in book.chart(kinds) if isinstance(one, ChartRow)]
    assert len(rows) == 420 and len({(row.list_name, row.id) for row in rows}) == 420


def test_no_tax_rate_is_forgotten_on_a_second_page():
    """A code whose rate is missing has no tax that could be told, so its reports would be held."""
    code = {"Id": "9", "Name": "20.0% S", "PurchaseTaxRateList": {"TaxRateDetail": [
        {"TaxRateRef": {"value": "1001"}}
    ]}}  # fmt: skip
    rates = [{"Id": str(n), "Name": f"Rate {n}", "RateValue": 20} for n in range(1, 1002)]
    info, preferences = {"Country": "GB"}, {"CurrencyPrefs": {"HomeCurrency": {"value": "GBP"}}}
    first = query_batch(
        found("CompanyInfo", info),
        found("Preferences", preferences),
        found("TaxCode", code),
        found("TaxRate", *rates[:1000]),
    )
    company = ledger(first, answer(found("TaxRate", *rates[1000:]))).check()
    assert company.facts["tax_codes"]["9"]["rates"] == [{"id": "1001", "percent": "20"}]
    lists = query_batch(found("TaxCode", code), found("TaxRate", *rates[:1000]))
    book = ledger(lists, answer(found("TaxRate", *rates[1000:])))
    (row, _) = book.chart(frozenset({"tax_code"}))
    assert row.facts["purchase_percents"] == "20"


def test_a_company_that_finds_every_result_too_large_is_not_asked_for_ever():
    book, wire = wired(lambda request: answer(TOO_BIG, 400))
    with pytest.raises(ContractBroken) as raised:
        book.read([Receipt("1207", "", "0", sought(1).kind)])
    assert raised.value.vendor_code == "10100" and len(wire.requests) < 8
