"""The client against the simulator over real HTTP, in every position of what nobody has confirmed.

The two were built apart from the same facts, so that each can find the other wrong.
"""

import json
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract.report import Report, ReportStatus
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
)
from connectors.expensify.client import ExpensifyClient, Unreadable, Window
from connectors.expensify.parse import Conventions
from connectors.http import HttpTransport
from connectors.sandbox.main import Running

US, EUROPE = "0810E551A5F2A9C2", "4C6722D4BD2BD941"
MONTH = Window(policy_ids=(US,), approved_after=date(2026, 9, 28), end_on=date(2026, 12, 31))


class Live:
    """The simulator and a client of it; its waits move the simulator's clock, not ours."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.slept: list[float] = []
        self.pair = self.control("expensify/tokens", {})

    def control(self, verb: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_control/{verb}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def settings(self, **switches: Any) -> None:
        self.control("expensify/settings", switches)

    def client(self, secret: str = "", conventions: Conventions | None = None) -> ExpensifyClient:
        address = f"{self.url}/expensify/Integration-Server/ExpensifyIntegrations"
        return ExpensifyClient(
            self.pair["partnerUserID"],
            secret or self.pair["partnerUserSecret"],
            HttpTransport(address, guard=lambda: None),
            pace=lambda: None,
            sleep=self.sleep,
            spool_dir=self.folder,
            clock=lambda: datetime(2026, 11, 21, tzinfo=UTC),
            **({"conventions": conventions} if conventions else {}),
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.control("clock", {"advance_s": seconds})

    def read(self, window: Window = MONTH) -> list[Report | Unreadable]:
        client = self.client()
        with client.export(window) as spooled:
            found = list(client.read(spooled))
            assert spooled.unknown_keys == set()
        return found


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    running = Running(port=0, seed=7)
    yield running
    running.stop()


@pytest.fixture
def live(running, tmp_path) -> Live:
    found = Live(running.url, tmp_path)
    found.control("reset", {})
    found.pair = found.control("expensify/tokens", {})
    found.settings(limits=False)
    return found


def hashes(found: Iterable[Report | Unreadable]) -> dict[str, str]:
    return {one.report_id: one.content_hash() for one in found}


def test_the_seeded_month_is_read_whole_and_adds_up(live):
    found = live.read()
    assert len(found) > 30
    assert all(isinstance(one, Report) and one.workspace_id == US for one in found)
    held = [one for one in found if any(line.amount is None for line in one.expenses)]
    wrong = [
        one
        for one in found
        if one not in held and sum(line.amount for line in one.expenses) != one.total
    ]
    assert len(held) + len(wrong) < 5
    assert all(one.approved_at and one.employee.email for one in found)
    assert live.slept == []
    assert list(live.folder.iterdir()) == []


@pytest.mark.parametrize(
    "switches",
    [
        {"file_answer": "json"},
        {"response_code_form": "text", "file_answer": "json"},
        {"response_code_form": "decimal", "file_answer": "json"},
        {"render_passes": 4},
        {"times": "date"},
        {"blanks": "absent"},
        {"converted_same_currency": "filled"},
        {"ntag_escaped": True},
        {"json_content_type": "application/json"},
    ],
    ids=lambda switches: "+".join(f"{name}={position}" for name, position in switches.items()),
)
def test_reports_have_the_same_content_however_expensify_turns_out_to_print_them(live, switches):
    before = hashes(live.read())
    live.settings(**switches)
    assert hashes(live.read()) == before


def test_escaped_text_reads_as_the_text_before_it_was_escaped(live):
    # A merchant that is an entity in the first place cannot be told from an escaped one.
    before = hashes(one for one in live.read() if "&amp;" not in one.raw)
    live.settings(html_escaped=True)
    after = hashes(live.read())
    assert len(before) > 30
    assert {report_id: after[report_id] for report_id in before} == before


def test_report_fields_that_cannot_be_listed_are_missed(live):
    live.settings(custom_field_listable=False)
    client = live.client()
    with client.export(MONTH) as spooled:
        assert not any(one.fields for one in client.read(spooled))
        assert spooled.unknown_keys == {"customField"}


def test_whole_yen_are_refused_until_the_conventions_say_so(live):
    live.settings(zero_decimal="whole")
    (refused,) = [one for one in live.read() if isinstance(one, Unreadable)]
    assert refused.problem.code == "expensify.amount.decimals"
    client = live.client(conventions=Conventions(scales={"JPY": 0}))
    with client.export(MONTH) as spooled:
        assert not [one for one in client.read(spooled) if isinstance(one, Unreadable)]


def test_times_of_another_zone_are_read_by_convention(live):
    before = {one.report_id: one.approved_at for one in live.read()}
    live.settings(zone="America/New_York")
    client = live.client(conventions=Conventions(zone=ZoneInfo("America/New_York")))
    with client.export(MONTH) as spooled:
        after = {one.report_id: one.approved_at for one in client.read(spooled)}
    shared = before.keys() & after.keys()
    assert len(shared) > 30
    assert {one: after[one] for one in shared} == {one: before[one] for one in shared}


@pytest.mark.parametrize("refusal", ["json_404", "http_404", "empty_200"])
def test_a_file_that_takes_a_minute_is_waited_for(live, refusal):
    live.settings(ready_delay_s=60, not_ready=refusal)
    assert len(live.read()) > 30
    assert live.slept == [2, 4, 8, 16, 30]


def test_a_file_that_never_comes_is_given_up(live):
    live.settings(ready_delay_s=-1)
    with pytest.raises(AnswerLost, match="10 minutes"):
        live.read()


@pytest.mark.parametrize("damage", ["truncated", "bad_byte", "html"])
def test_a_damaged_file_is_refused_whole(live, damage):
    live.settings(file_damage=damage)
    with pytest.raises(ContractBroken, match="taken over"):
        live.read()
    assert list(live.folder.iterdir()) == []


@pytest.mark.parametrize("answer", ["json_500", "http_401", "http_403"])
def test_a_wrong_secret_is_told_as_one(live, answer):
    live.settings(bad_credentials=answer)
    with pytest.raises(Unauthorised):
        live.client(secret="0" * 40).policies()


@pytest.mark.parametrize("answer", ["http_429_json", "json_in_200", "http_429_empty"])
def test_too_many_requests_are_told_as_such(live, answer):
    live.settings(limits=True, throttled_answer=answer)
    client = live.client()
    with pytest.raises(Throttled) as refused:
        for _ in range(6):
            client.policies()
    assert refused.value.after_s == 30
    live.sleep(refused.value.after_s)
    assert client.policies()


@pytest.mark.parametrize("answer", ["absent", "json_403", "json_404"])
def test_a_workspace_out_of_sight_blocks(live, answer):
    live.settings(unknown_policy=answer)
    with pytest.raises(Blocked):
        live.client().policy("FFFFFFFFFFFFFFFF")


def test_the_lists_of_both_workspaces_are_read(live):
    client = live.client()
    listed = {one.policy_id: one.currency for one in client.policies()}
    assert {US: "USD", EUROPE: "EUR"}.items() <= listed.items()
    lists = client.policy(US)
    codes = {one.name: one.gl_code for one in lists.categories}
    assert (codes["Meals & Entertainment"], codes["Team events"]) == ("6130", "")
    assert [level.name for level in lists.tag_levels] == ["Department", "Region", "Client"]
    assert ("Sales", "220") in {(one.name, one.gl_code) for one in lists.tag_levels[0].values}
    assert "ben.ito@acme.example" in {one.email for one in lists.employees}
    assert client.policy(EUROPE).categories
    assert client.cards("acme.example")


def test_known_reports_are_read_again_by_id_and_unknown_ids_are_absent(live):
    first = next(one for one in live.read() if one.status is ReportStatus.APPROVED)
    window = Window(policy_ids=(US,), report_ids=(first.report_id, "R00zzzzzzzzz"))
    (again,) = live.read(window)
    assert again == first


def test_a_window_without_reports_is_empty_and_not_a_failure(live):
    assert live.read(Window(report_ids=("R00zzzzzzzzz",))) == []
