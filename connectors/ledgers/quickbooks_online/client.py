"""Reading: queries one by one or many in a batch, paged, with every answer judged once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.contract import exact_json
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Request,
    Response,
    Transport,
    VendorError,
)
from connectors.ledgers.quickbooks_online import parse, shape, verdicts
from connectors.ledgers.quickbooks_online.abilities import BATCH_SIZE, PAGE_SIZE
from connectors.ledgers.quickbooks_online.faults import Do
from connectors.ledgers.quickbooks_online.pack import HEADERS, MINOR_VERSION, parts
from connectors.ledgers.quickbooks_online.verdicts import Context, Fault

# A longer query travels in a body: nobody says how long an address may be.
LONGEST_ADDRESS = 1500
# The fault of a result that is too large for one answer: it is asked for in smaller pages.
TOO_LARGE, SMALLEST_PAGE = "10100", 10


@dataclass(frozen=True, slots=True)
class Select:
    """One query. `where` without the keyword, "" for all; `start` counts from 1.

    is_single  for CompanyInfo and Preferences, of which there is one: no order, no pages
    most       rows on a page
    """

    entity: str
    where: str = ""
    start: int = 1
    is_single: bool = False
    most: int = PAGE_SIZE

    def __str__(self) -> str:
        if self.is_single:
            return f"SELECT * FROM {self.entity}"  # noqa: S608 (Intuit's query language)
        condition = f" WHERE {self.where}" if self.where else ""
        page = f"ORDERBY Id STARTPOSITION {self.start} MAXRESULTS {self.most}"
        return f"SELECT * FROM {self.entity}{condition} {page}"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Page:
    """The rows that a query gave, in its order, at the ledger's own time."""

    select: Select
    rows: tuple[Mapping[str, Any], ...]
    at: datetime
    is_last: bool

    @property
    def following(self) -> Select:
        return replace(self.select, start=self.select.start + self.select.most)


@dataclass(frozen=True, slots=True)
class Missing:
    """A query that was refused, because the company's plan or settings lack the list."""

    select: Select
    fault: Fault


def among(name: str, values: Sequence[str]) -> str:
    """A condition: `name` is one of `values`."""
    return f"{name} IN ({', '.join(map(quoted, values))})"


def row_key(row: Mapping[str, Any]) -> str:
    """What makes a row the same row: its id, or all of it where it has no id that can be read."""
    return shape.row_id(row) or exact_json.dumps(row)


def quoted(text: str) -> str:
    """A text literal of the query language, which escapes with a backslash."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Client:
    """Reads of one company. Errors as in `transport`; a read that fails harms no document."""

    def __init__(self, company_id: str, transport: Transport) -> None:
        self._base, self._transport = f"/v3/company/{company_id}", transport

    def get(self, tail: str, name: str) -> tuple[Mapping[str, Any], datetime]:
        """The resource under `tail` whose body stands under `name`, and the ledger's time."""
        request = Request("GET", f"{self._base}/{tail}?{MINOR_VERSION}", HEADERS)
        try:
            document, response = self._read(request)
        except _FeatureMissing as missing:
            raise _blocked(missing.fault) from missing
        body = document.get(name)
        if not isinstance(body, Mapping):
            raise _broken(f"The answer has no {name}", response)
        return body, _clock(document, response)

    def ask(self, selects: Sequence[Select]) -> list[Page | Missing]:
        """The first page of each query, in their order, in one request for up to thirty.

        Missing for a list that the plan lacks; for a `is_single` one when it cannot be queried.
        """
        answers: list[Page | Missing] = []
        for part in parts(selects, BATCH_SIZE):
            # The batch address has a throttle of its own, far lower than that of queries.
            answers += [self._query(part[0])] if len(part) == 1 else self._batch(part)
        return answers

    def rows(self, selects: Sequence[Select]) -> tuple[list[list[Mapping[str, Any]]], datetime]:
        """All rows of each query, however many pages, and the time of the earliest answer.

        Raises Blocked where the company lacks a list.
        """
        answers = [self._demanded(answer) for answer in self.ask(selects)]
        return [self.whole(page) for page in answers], min(page.at for page in answers)

    def whole(self, first: Page | Missing) -> list[Mapping[str, Any]]:
        """The rows of a first page and of all that follow; [] of a list that the plan lacks."""
        if isinstance(first, Missing):
            return []
        rows = list(first.rows)
        for more in () if first.is_last else self.pages(first.following, first.rows):
            rows += more.rows
        return rows

    def pages(self, select: Select, before: Sequence[Mapping[str, Any]] = ()) -> Iterator[Page]:
        """Page after page, without the rows that a preceding page had already.

        Pages are no snapshot: when somebody adds a row, the border shifts and a row comes twice.
        A whole page that brings nothing new means that QuickBooks ignores where to start: raises
        ContractBroken, for it would go on for ever.
        """
        seen = {row_key(row) for row in before}
        while True:
            page = self._demanded(self._query(select))
            new = tuple(row for row in page.rows if row_key(row) not in seen)
            if page.rows and not new:
                raise ContractBroken(
                    f"QuickBooks gave the same page of {select.entity} again at position "
                    f"{select.start}"
                )
            seen.update(map(row_key, new))
            yield replace(page, rows=new)
            if page.is_last:
                return
            select = page.following

    def send(self, request: Request) -> Response:
        """One request and its answer, whatever it says."""
        return self._transport.send(request)

    def _query(self, select: Select) -> Page | Missing:
        statement = quote(str(select), safe="")
        request = Request("GET", f"{self._base}/query?query={statement}&{MINOR_VERSION}", HEADERS)
        if len(statement) > LONGEST_ADDRESS:
            request = Request(
                "POST",
                f"{self._base}/query?{MINOR_VERSION}",
                {**HEADERS, "Content-Type": "application/text"},
                str(select).encode(),
            )
        try:
            document, response = self._read(request)
        except _FeatureMissing as missing:
            return Missing(select, missing.fault)
        except ContractBroken as broken:
            if broken.vendor_code != TOO_LARGE or select.most <= SMALLEST_PAGE:
                raise
            return self._query(replace(select, most=max(select.most // 4, SMALLEST_PAGE)))
        return _page(select, document, response, document)

    def _batch(self, selects: Sequence[Select]) -> list[Page | Missing]:
        batch = [{"bId": f"q{n}", "Query": str(select)} for n, select in enumerate(selects)]
        body = exact_json.dumps({"BatchItemRequest": batch}).encode()
        document, response = self._read(
            Request("POST", f"{self._base}/batch?{MINOR_VERSION}", HEADERS, body)
        )
        members = document.get("BatchItemResponse")
        answers = {
            member.get("bId"): member
            for member in (members if isinstance(members, list) else ())
            if isinstance(member, Mapping)
        }
        found: list[Page | Missing] = []
        for number, select in enumerate(selects):
            if (answer := answers.get(f"q{number}")) is None:
                raise _broken(f"The batch has no answer to the query for {select.entity}", response)
            try:
                _refuse(verdicts.faults_in(answer), response, select.is_single)
                found.append(_page(select, answer, response, document))
            except _FeatureMissing as missing:
                found.append(Missing(select, missing.fault))
            except ContractBroken as broken:
                if broken.vendor_code != TOO_LARGE:
                    raise
                # Alone it comes in as many pages as it takes.
                found.append(self._query(replace(select, most=PAGE_SIZE // 4)))
        return found

    def _read(self, request: Request) -> tuple[Mapping[str, Any], Response]:
        """The JSON of a good answer; every other answer as the exception that it is."""
        response = self.send(request)
        document, faults = verdicts.read(response)
        _refuse(faults, response)
        if response.status >= 500:
            raise AnswerLost("QuickBooks is not answering properly", **_support(response))
        if response.status == 200 and document is None:
            raise AnswerLost("QuickBooks' answer arrived mutilated", **_support(response))
        if response.status != 200 or not isinstance(document, Mapping):
            raise _broken("QuickBooks answered in a way that is not known", response)
        return document, response

    @staticmethod
    def _demanded(answer: Page | Missing) -> Page:
        if isinstance(answer, Missing):
            raise _blocked(answer.fault)
        return answer


class _FeatureMissing(Exception):
    """The fault says that the company has no such list."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _refuse(faults: Sequence[Fault], response: Response, is_single: bool = False) -> None:
    """Raise what a failed read means. A read has no document that could be in doubt."""
    found = verdicts.verdicts(faults, Context())
    if (error := verdicts.connection_error(found, response)) is not None:
        raise error
    if not found:
        return
    is_refused = is_single and found[0].do is Do.NO
    for fault in faults:
        if is_refused or fault.code in ("5020", "5030"):
            raise _FeatureMissing(fault)
    code = found[0].problem.facts.get("vendor_code", "")
    if response.status >= 500 or found[0].do in (Do.DOUBT, Do.LATER):
        raise AnswerLost(
            "QuickBooks could not answer just now", vendor_code=code, **_support(response)
        )
    raise ContractBroken(
        f'QuickBooks refused a read: "{faults[0].words}"', vendor_code=code, **_support(response)
    )


def _blocked(fault: Fault) -> Blocked:
    return Blocked(verdicts.verdict(fault, Context()).problem, vendor_code=fault.code)


def _page(
    select: Select, answer: Mapping[str, Any], response: Response, document: Mapping[str, Any]
) -> Page:
    found = answer.get("QueryResponse")
    # Nothing found is an empty object, without the entity's name.
    rows = found.get(select.entity, []) if isinstance(found, Mapping) else None
    if isinstance(rows, Mapping):
        rows = [rows]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _broken(f"The query for {select.entity} was answered without rows", response)
    # A page that is not full is the last one.
    return Page(select, tuple(rows), _clock(document, response), len(rows) < select.most)


def _clock(document: Mapping[str, Any], response: Response) -> datetime:
    """The ledger's time: the answer's Date, or else the time that its body states."""
    at = response.at or parse.moment(document.get("time"))
    if at is None:
        raise _broken("QuickBooks' answer states no time", response)
    return at


def _support(response: Response) -> dict[str, Any]:
    return {"status": response.status, "request_id": verdicts.intuit_tid(response)}


def _broken(message: str, response: Response) -> VendorError:
    return ContractBroken(message, **_support(response))
