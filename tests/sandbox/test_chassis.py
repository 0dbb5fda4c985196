"""The chassis: HTTP, faults on order, the clock, settings, the log and the state file."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from connectors.sandbox.chassis import (
    Clock,
    ControlError,
    Limit,
    Request,
    Response,
    Switch,
    Vendor,
    from_json,
    thaw,
    to_json,
)
from connectors.sandbox.house import House
from connectors.sandbox.server import Server
from connectors.sandbox.wire import CHUNK, freeze
from tests.sandbox.conftest import Sandbox


class Notebook(Vendor):
    """A vendor of a dozen lines: stores every POST, answers with what it has."""

    name = "notebook"
    switches = {
        "colour": Switch("blue", "A made-up sheet.", ("blue", "red")),
        "pages": Switch(10, "A made-up sheet."),
    }

    def __init__(self, clock, seed=0):
        super().__init__(clock, seed)
        self.notes = []

    def answer(self, request):
        if request.path == "/file":
            return Response.file(self.file, "text/plain")
        if request.path == "/pieces":
            return Response(stream=iter([b"one ", b"", b"two"]))
        if request.method == "POST":
            self.notes.append({"text": request.text, "at": self.clock.time()})
        return Response.json({"notes": [note["text"] for note in self.notes]})

    def is_token_request(self, request):
        return request.path == "/token"

    def request_id(self, request):
        return request.headers.get("x-key", "")

    def conflict(self, fault, request):
        self.notes.append({"text": "somebody else's", "at": 0})

    def documents(self):
        return [{"id": str(n), "text": note["text"]} for n, note in enumerate(self.notes)]

    def reset(self):
        self.notes = []

    def dump(self):
        return {"notes": self.notes}

    def load(self, state):
        self.notes = state["notes"]


class Serving:
    """A House of one Notebook on a port, with the look of the `sandbox` fixture's object."""

    def __init__(self, state_path=None):
        self.clock = Clock()
        self.notebook = Notebook(self.clock)
        self.house = House([self.notebook], self.clock, state_path)
        self.server = Server(self.house.answer, self.clock.http_date)
        self.house.url = self.url = self.server.url
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def serving():
    found = Serving()
    yield found
    found.server.stop()


@pytest.fixture
def notebook(serving):
    caller = Sandbox(serving)
    caller.control("", "reset", {})
    yield caller
    caller.close()


def notes(caller):
    return [one["text"] for one in caller.control("notebook", "documents")]


def order(caller, kind, **more):
    return caller.control("notebook", "faults", {"kind": kind} | more)


# -- bodies that stand in no memory ----------------------------------------------------------------
@pytest.fixture
def large_file(serving, tmp_path):
    """1.5 MB, offered at /notebook/file."""
    path = tmp_path / "large.txt"
    path.write_bytes(b"0123456789abcde\n" * 100_000)
    serving.notebook.file = path
    return path


def test_a_file_is_sent_in_pieces_with_its_length(notebook, large_file):
    answer = notebook.request("GET", "/notebook/file")
    assert answer.headers["content-length"] == "1600000"
    assert answer.body == large_file.read_bytes()
    pieces = Response.file(large_file, "text/plain").pieces()
    assert {len(piece) for piece in pieces} == {CHUNK, 1_600_000 % CHUNK}


def test_a_file_may_be_removed_while_it_is_sent(large_file):
    answer = Response.file(large_file, "text/plain")
    large_file.unlink()
    assert sum(map(len, answer.pieces())) == 1_600_000


def test_a_stream_without_length_is_sent_chunked(notebook):
    answer = notebook.request("GET", "/notebook/pieces")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body == b"one two"
    assert notebook.request("GET", "/notebook/pieces").body == b"one two"  # same connection


def test_head_has_the_length_and_no_body(notebook, large_file):
    answer = notebook.request("HEAD", "/notebook/file")
    assert (answer.headers["content-length"], answer.body) == ("1600000", b"")


@pytest.mark.parametrize(("path", "sent"), [("file", 1_066_666), ("pieces", 4)])
def test_garbled_cuts_a_stream_too(notebook, large_file, path, sent):
    order(notebook, "garbled")
    assert len(notebook.request("GET", f"/notebook/{path}").body) == sent


def test_an_unheard_stream_is_closed(serving, notebook, large_file, monkeypatch):
    made = []
    real = Response.file
    monkeypatch.setattr(Response, "file", lambda *given: made.append(real(*given)) or made[-1])
    order(notebook, "drop_after_store", match="GET")
    with pytest.raises(ConnectionError):
        notebook.request("GET", "/notebook/file")
    assert made[0].stream.opened.closed


def test_a_file_shorter_than_promised_hangs_up(notebook, large_file, monkeypatch):
    real = Response.file

    def promised(*given):
        found = real(*given)
        found.length += 1
        return found

    monkeypatch.setattr(Response, "file", promised)
    with pytest.raises(http.client.IncompleteRead):
        notebook.request("GET", "/notebook/file")


# -- JSON ------------------------------------------------------------------------------------------
def test_decimals_are_printed_digit_for_digit():
    assert (
        to_json({"a": Decimal("412.30"), "b": [Decimal("1E+3"), None, True, 7]})
        == b'{"a":412.30,"b":[1000,null,true,7]}'
    )


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), {"a": object()}, b"bytes"])
def test_floats_and_strangers_are_refused_in_answers(value):
    with pytest.raises(TypeError):
        to_json(value)


def test_texts_survive_as_the_standard_library_writes_them():
    text = 'Jo Wei 魏 "quoted" \\ \n\t\x01'
    assert json.loads(to_json([text])) == [text]


def test_amounts_are_read_as_decimals_and_nan_is_refused():
    assert from_json(b'{"a": 412.30}')["a"] == Decimal("412.30")
    with pytest.raises(ValueError, match="NaN"):
        from_json(b"[NaN]")


def test_the_state_file_keeps_decimals_apart_from_texts_and_numbers():
    kept = {"a": Decimal("412.30"), "b": 412, "c": "412.30"}
    assert thaw(freeze(kept)) == kept
    assert isinstance(thaw(freeze(kept))["a"], Decimal)


# -- HTTP ------------------------------------------------------------------------------------------
def test_a_connection_is_kept_for_the_next_request(notebook):
    notebook.request("GET", "/notebook/")
    first = notebook._connection.sock
    notebook.request("POST", "/notebook/", "a")
    assert notebook._connection.sock is first


def test_the_date_header_follows_the_sandbox_clock(notebook):
    before = notebook.request("GET", "/notebook/").headers["date"]
    notebook.control("", "clock", {"advance_s": 86_400 * 40})
    after = notebook.request("GET", "/notebook/").headers["date"]
    assert before[5:16] != after[5:16]


def test_the_clock_does_not_go_back(notebook):
    with pytest.raises(Exception, match="forward only"):
        notebook.control("", "clock", {"advance_s": -1})


def test_chunked_bodies_are_read(serving, notebook):
    connection = http.client.HTTPConnection(urlsplit(serving.url).netloc, timeout=2)
    connection.request("POST", "/notebook/", iter([b"in ", b"pieces"]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert notes(notebook) == ["in pieces"]


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["no request line", "no header", "no length"],
)
def test_what_is_no_http_gets_400(serving, bytes_sent):
    with socket.create_connection(("127.0.0.1", serving.server.port), timeout=2) as line:
        line.sendall(bytes_sent)
        assert line.recv(100).startswith(b"HTTP/1.1 400")


def test_an_unknown_vendor_is_404_with_the_names(notebook):
    answer = notebook.request("GET", "/quickbucks/x")
    assert answer.status == 404
    assert "notebook" in answer.text


def test_the_front_page_lists_vendors_and_verbs(notebook):
    page = notebook.request("GET", "/_control").text
    assert "/notebook/" in page
    assert "period_lock" in page


# -- faults ----------------------------------------------------------------------------------------
def test_reset_before_store_closes_the_socket_and_stores_nothing(notebook):
    order(notebook, "reset_before_store")
    with pytest.raises(ConnectionError):
        notebook.request("POST", "/notebook/", "a")
    assert notes(notebook) == []


def test_drop_after_store_stores_and_closes(notebook):
    order(notebook, "drop_after_store")
    with pytest.raises(ConnectionError):
        notebook.request("POST", "/notebook/", "a")
    assert notes(notebook) == ["a"]
    last = notebook.control("notebook", "requests")[-1]
    assert (last["status"], last["unseen_status"], last["fault"]) == (None, 200, "drop_after_store")


def test_error_after_store_stores_and_answers_500(notebook):
    order(notebook, "error_after_store")
    assert notebook.request("POST", "/notebook/", "a").status == 500
    assert notes(notebook) == ["a"]


def test_late_store_shows_nothing_until_the_clock_gets_there(notebook):
    order(notebook, "late_store", delay_s=120)
    with pytest.raises(ConnectionError):
        notebook.request("POST", "/notebook/", "a")
    assert notes(notebook) == []
    notebook.control("", "clock", {"advance_s": 60})
    assert notes(notebook) == []
    notebook.control("", "clock", {"advance_s": 3600})
    [stored] = notebook.control("notebook", "documents")
    assert stored["text"] == "a"


def test_a_late_request_is_stored_at_the_moment_it_was_due(serving, notebook):
    order(notebook, "late_store", delay_s=120)
    sent = serving.clock.time()
    with pytest.raises(ConnectionError):
        notebook.request("POST", "/notebook/", "a")
    notebook.control("", "clock", {"advance_s": 5000})
    assert 119 < serving.notebook.notes[0]["at"] - sent < 121


def test_slow_answers_late_and_outside_the_lock(serving, notebook):
    order(notebook, "slow", delay_s=0.05)
    started = time.monotonic()
    asking = threading.Thread(target=notebook.request, args=("POST", "/notebook/", "a"))
    asking.start()
    other = Sandbox(serving)
    while notes(other) != ["a"]:  # stored at once, while the answer waits
        assert time.monotonic() - started < 2
    assert asking.is_alive()
    asking.join()
    assert time.monotonic() - started >= 0.05
    other.close()


def test_garbled_is_broken_json_under_200(notebook):
    order(notebook, "garbled")
    answer = notebook.request("POST", "/notebook/", "a")
    assert answer.status == 200
    with pytest.raises(ValueError):
        answer.json()
    assert notes(notebook) == ["a"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("throttle", 429),
        ("unauthorized", 401),
        ("unavailable", 503),
        ("refuse", 400),
        ("error_in_200", 200),
    ],
)
def test_answers_in_place_of_the_vendor_store_nothing(notebook, kind, status):
    order(notebook, kind, retry_after_s=7)
    answer = notebook.request("POST", "/notebook/", "a")
    assert (answer.status, answer.headers["retry-after"]) == (status, "7")
    assert notes(notebook) == []


def test_status_and_body_of_the_order_win(notebook):
    order(notebook, "unavailable", status=502, body="<html>bad gateway</html>")
    answer = notebook.request("GET", "/notebook/")
    assert (answer.status, answer.text) == (502, "<html>bad gateway</html>")


def test_conflict_lets_somebody_else_write_first(notebook):
    order(notebook, "conflict")
    notebook.request("POST", "/notebook/", "a")
    assert notes(notebook) == ["somebody else's", "a"]


def test_drop_token_answer_waits_for_the_token_endpoint(notebook):
    order(notebook, "drop_token_answer")
    assert notebook.request("POST", "/notebook/", "a").status == 200
    with pytest.raises(ConnectionError):
        notebook.request("POST", "/notebook/token", "b")
    assert notes(notebook) == ["a", "b"]


def test_faults_about_storing_wait_for_a_write_unless_match_says_more(notebook):
    order(notebook, "drop_after_store")
    assert notebook.request("GET", "/notebook/").status == 200
    order(notebook, "reset_before_store", match="GET /special")
    with pytest.raises(ConnectionError):
        notebook.request("GET", "/notebook/special")


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ("POST /bills", True),
        ("q=Ben Ito", True),
        ("q=Ben%20Ito", True),
        ("EXP-1", True),
        ("name=Jo Wei", True),
        ("EXP-2", False),
        ({"method": "POST", "path": "/bills", "body": "EXP-1"}, True),
        ({"method": "GET"}, False),
        ({"body": "/bills"}, False),
    ],
)
def test_match_looks_at_method_path_query_and_body(notebook, match, hits):
    order(notebook, "unavailable", match=match)
    answer = notebook.request("POST", "/notebook/bills?q=Ben%20Ito", "EXP-1&name=Jo+Wei")
    assert (answer.status == 503) is hits


def test_a_fault_plays_as_often_as_ordered(notebook):
    order(notebook, "unavailable", times=2)
    assert [notebook.request("GET", "/notebook/").status for _ in range(3)] == [503, 503, 200]


def test_a_rate_plays_the_same_for_the_same_seed(notebook):
    def played():
        order(notebook, "unavailable", rate=0.5, seed=3)
        found = [notebook.request("GET", "/notebook/").status for _ in range(20)]
        notebook.control("notebook", "faults", method="DELETE")
        return found

    first = played()
    assert first == played()
    assert 4 < first.count(503) < 16


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "explode"}, "unknown kind"),
        ({"kind": "slow", "delay": 1}, "unknown field delay"),
        ({"kind": "slow", "times": 0}, "times"),
        ({"kind": "slow", "rate": 2}, "rate"),
        ({"kind": "late_store"}, "delay_s"),
        ({"kind": "slow", "match": 7}, "match"),
    ],
)
def test_a_wrong_order_is_refused_with_the_reason(notebook, wrong, says):
    with pytest.raises(Exception, match=says):
        notebook.control("notebook", "faults", wrong)


# -- control ---------------------------------------------------------------------------------------
def test_the_log_says_what_was_asked_and_answered(notebook):
    notebook.request("POST", "/notebook/bills?a=1", "x", {"X-Key": "k1"})
    [line] = notebook.control("notebook", "requests")
    assert (line["method"], line["path"], line["query"]) == ("POST", "/bills", "a=1")
    assert (line["status"], line["request_id"], line["fault"]) == (200, "k1", None)
    assert line["at"].endswith("Z")
    notebook.control("notebook", "requests", method="DELETE")
    assert notebook.control("notebook", "requests") == []


def test_settings_refuse_unknown_names_with_the_list(notebook):
    with pytest.raises(Exception, match="400.*colour, latency_ms, pages"):
        notebook.control("notebook", "settings", {"pages": 3, "shape": "round"})
    assert notebook.control("notebook", "settings")["pages"]["now"] == 10


@pytest.mark.parametrize("wrong", [{"colour": "green"}, {"pages": "many"}, {"pages": True}])
def test_settings_refuse_what_the_switch_does_not_know(notebook, wrong):
    with pytest.raises(Exception, match="400"):
        notebook.control("notebook", "settings", wrong)


def test_latency_holds_every_answer(notebook):
    notebook.control("notebook", "settings", {"latency_ms": 30})
    started = time.monotonic()
    notebook.request("GET", "/notebook/")
    assert time.monotonic() - started >= 0.03


def test_reset_brings_back_state_settings_faults_and_clock(serving, notebook):
    notebook.request("POST", "/notebook/", "a")
    notebook.control("notebook", "settings", {"pages": 3})
    order(notebook, "unavailable")
    notebook.control("", "clock", {"advance_s": 1000})
    notebook.control("", "reset", {})
    assert notes(notebook) == []
    assert serving.notebook.settings["pages"] == 10
    assert serving.notebook.faults.orders == []
    assert serving.clock.offset_s == 0


@pytest.mark.parametrize("verb", ["chart", "period_lock", "tokens", "subscriptions", "deliver"])
def test_a_verb_that_a_vendor_has_not_is_404_and_says_so(notebook, verb):
    with pytest.raises(Exception, match="404.*notebook has no"):
        notebook.control("notebook", verb, {})


def test_documents_can_be_filtered(notebook):
    notebook.request("POST", "/notebook/", "a")
    notebook.request("POST", "/notebook/", "b")
    found = notebook.request("GET", "/_control/notebook/documents?text=b").json()
    assert [one["text"] for one in found] == ["b"]


def test_a_failure_of_the_sandbox_itself_is_loud(serving, notebook, capsys, monkeypatch):
    monkeypatch.setattr(serving.notebook, "answer", lambda request: 1 / 0)
    answer = notebook.request("GET", "/notebook/")
    assert answer.status == 500
    assert "ZeroDivisionError" in answer.text
    capsys.readouterr()


# -- limits ----------------------------------------------------------------------------------------
def test_a_limit_counts_in_a_sliding_window():
    limit = Limit(2, 60)
    for now in (0.0, 10.0):
        assert limit.wait("k", now) == 0.0
        limit.count("k", now)
    assert limit.wait("k", 20.0) == 40.0
    assert limit.wait("other", 20.0) == 0.0
    assert limit.wait("k", 60.0) == 0.0


# -- state -----------------------------------------------------------------------------------------
def test_the_state_file_keeps_documents_settings_faults_late_ones_and_the_clock(tmp_path):
    path = tmp_path / "state.json"
    first = Serving(path)
    caller = Sandbox(first)
    caller.request("POST", "/notebook/", "a")
    caller.control("notebook", "settings", {"pages": 3})
    order(caller, "late_store", delay_s=500)
    with pytest.raises(ConnectionError):
        caller.request("POST", "/notebook/", "late")
    order(caller, "unavailable", times=4)
    caller.control("", "clock", {"advance_s": 100})
    first.house.save()
    first.server.stop()

    second = Serving(path)
    caller = Sandbox(second)
    assert notes(caller) == ["a"]
    assert second.notebook.settings["pages"] == 3
    assert second.notebook.faults.orders[0].times == 4
    assert second.clock.offset_s == 100
    caller.control("", "clock", {"advance_s": 500})
    assert notes(caller) == ["a", "late"]
    caller.close()
    second.server.stop()


def test_a_broken_state_file_stops_the_start_with_the_cure(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("{}")
    with pytest.raises(SystemExit, match="delete it"):
        House([Notebook(Clock())], Clock(), path)


def test_the_command_prints_its_address_and_saves_on_sigterm(tmp_path):
    path = tmp_path / "state.json"
    started = subprocess.Popen(
        [sys.executable, "-m", "connectors.sandbox", "--port", "0", "--state", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        word, url = started.stdout.readline().split()
        assert word == "sandbox"
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        connection.request("POST", "/_control/clock", b'{"advance_s": 5}')
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        started.send_signal(signal.SIGTERM)
        assert started.wait(10) == 0
    assert thaw(path.read_text())["offset_s"] == 5


def test_control_errors_carry_their_status():
    assert ControlError(404, "no").status == 404
    assert Request("GET", "/").query == {}
