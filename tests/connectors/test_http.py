"""What HttpTransport says about a failed attempt, against servers that misbehave byte by byte."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.contract.transport import AnswerLost, Request, Unreachable
from connectors.http import HttpTransport, plain_session
from tests.connectors.servers import raw_server, read_request, reset

SECRET = "CANARY-token"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nIntuit_TID: t-1\r\n"
    b"Date: Mon, 02 Nov 2026 09:15:30 GMT\r\n\r\nok"
)


def transport(url: str, **changes: Any) -> HttpTransport:
    return HttpTransport(
        url,
        **{
            "guard": lambda: None,
            "authorise": lambda: {"Authorization": f"Bearer {SECRET}"},
            "connect_timeout": 0.5,
        }
        | changes,
    )


def post(path: str = "/v3/bill?minorversion=75", timeout_s: float = 2.0) -> Request:
    return Request("POST", path, {"X-A": "1"}, b'{"CANARY": "body"}', timeout_s)


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(answer)

    return script


def test_an_answer_comes_with_lower_case_headers_and_the_vendors_time() -> None:
    with raw_server(answering(ANSWER)) as url:
        response = transport(url).send(post())
    assert (response.status, response.body) == (200, b"ok")
    assert response.headers["intuit_tid"] == "t-1"
    assert response.at == datetime(2026, 11, 2, 9, 15, 30, tzinfo=UTC)


def test_the_request_leaves_as_it_was_given_with_the_credential_added() -> None:
    seen: list[bytes] = []

    def script(peer: socket.socket) -> None:
        seen.append(read_request(peer))
        peer.sendall(ANSWER)

    with raw_server(script) as url:
        transport(url + "/prefix").send(post())
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /prefix/v3/bill?minorversion=75 HTTP/1.1\r\n")
    assert f"Authorization: Bearer {SECRET}".encode() in head
    assert body == b'{"CANARY": "body"}'


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} X\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n".encode()
    with raw_server(answering(answer)) as url:
        assert transport(url).send(post()).status == status


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_sent_nothing() -> None:
    with pytest.raises(Unreachable):
        transport(closed_port()).send(post())


def test_a_name_that_is_not_found_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable):
        transport("http://no-such-vendor.example").send(post())


def test_a_connection_that_never_comes_about_sent_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(self: socket.socket, address: Any) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", silent)
    with pytest.raises(Unreachable):
        transport("http://127.0.0.1:9").send(post())


def test_a_certificate_that_nobody_trusts_sent_nothing(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]
        + ["/CN=127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def script(peer: socket.socket) -> None:
        with pytest.raises(OSError), context.wrap_socket(peer, server_side=True) as wrapped:
            wrapped.recv(1)

    with raw_server(script) as url, pytest.raises(Unreachable):
        transport(url.replace("http", "https")).send(post())


def test_a_reset_in_the_middle_of_the_tls_handshake_sent_nothing() -> None:
    def script(peer: socket.socket) -> None:
        peer.recv(10)
        reset(peer)

    with raw_server(script) as url, pytest.raises(Unreachable):
        transport(url.replace("http", "https")).send(post())


def hang_up(peer: socket.socket) -> None:
    read_request(peer)


def reset_after_request(peer: socket.socket) -> None:
    read_request(peer)
    reset(peer)


def reset_within_request(peer: socket.socket) -> None:
    peer.recv(1)
    reset(peer)


def silence(peer: socket.socket) -> None:
    read_request(peer)
    peer.settimeout(1)
    peer.recv(1)


LOST = {
    "hung up without a word": hang_up,
    "reset after the request": reset_after_request,
    "reset while it was read": reset_within_request,
    "silence": silence,
    "garbage instead of HTTP": answering(b"\x00\xff\xfe garbage\r\n\r\n"),
    "half a status line": answering(b"HTTP/1.1 20"),
    "body shorter than announced": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
    "chunks that break off": answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
    ),
    "chunks without sizes": answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"
    ),
    "gzip that is none": answering(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    ),
}


@pytest.mark.parametrize("script", LOST.values(), ids=LOST.keys())
def test_after_bytes_may_have_left_the_answer_is_lost(script: Any, tmp_path: Path) -> None:
    with raw_server(script) as url, pytest.raises(AnswerLost):
        transport(url).send(post(timeout_s=0.15))
    with raw_server(script) as url, pytest.raises(AnswerLost):
        transport(url).download(post(timeout_s=0.15), tmp_path / "file")


def test_a_kept_connection_that_dies_under_the_request_is_lost_not_sent_again() -> None:
    requests_seen: list[bytes] = []

    def script(peer: socket.socket) -> None:
        requests_seen.append(read_request(peer))
        peer.sendall(ANSWER)
        requests_seen.append(read_request(peer))
        reset(peer)

    with raw_server(script, answering(ANSWER)) as url:
        line = transport(url)
        assert line.send(post()).status == 200
        with pytest.raises(AnswerLost):
            line.send(post())
        assert len(requests_seen) == 2
        assert line.send(post()).status == 200


def test_the_failure_names_host_and_kind_but_no_token_body_or_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    with raw_server(reset_after_request) as url, pytest.raises(AnswerLost) as lost:
        transport(url).send(post("/v3/bill?secret=CANARY-query"))
    with pytest.raises(Unreachable) as unreachable:
        transport(closed_port()).send(post("/v3/bill?secret=CANARY-query"))
    told = f"{lost.value!r} {unreachable.value!r} {unreachable.value} " + " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("connectors")
    )
    assert "127.0.0.1" in told and "ConnectionResetError" in told
    assert "CANARY" not in told
    assert lost.value.__cause__ is None and lost.value.__suppress_context__


def test_a_token_with_a_line_break_is_refused_before_anything_leaves() -> None:
    line = transport(closed_port(), authorise=lambda: {"Authorization": f"Bearer {SECRET}\n"})
    with pytest.raises(Unreachable) as refused:
        line.send(post())
    assert SECRET not in str(refused.value)


def test_the_guard_is_asked_before_the_credential_and_again_before_the_wire() -> None:
    order: list[str] = []

    def authorise() -> dict[str, str]:
        order.append("authorise")
        return {}

    with raw_server(answering(ANSWER)) as url:
        transport(url, guard=lambda: order.append("guard"), authorise=authorise).send(post())
    assert order == ["guard", "authorise", "guard"]


def test_a_guard_that_refuses_keeps_the_request_here() -> None:
    def refuse() -> None:
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        transport(closed_port(), guard=refuse).send(post())


def test_cookies_and_netrc_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password CANARY")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[bytes] = []

    def script(peer: socket.socket) -> None:
        for _ in range(2):
            seen.append(read_request(peer))
            peer.sendall(ANSWER.replace(b"\r\n\r\n", b"\r\nSet-Cookie: pin=1; Path=/\r\n\r\n", 1))

    with raw_server(script) as url:
        line = transport(url, authorise=None)
        line.send(post())
        line.send(post())
    assert b"Authorization" not in seen[0] and b"Cookie" not in seen[1]


def test_a_download_stands_in_the_file_whose_permissions_stay(tmp_path: Path) -> None:
    path, content = tmp_path / "export.txt", bytes(range(256)) * 1024
    path.touch(mode=0o600)
    answer = b"HTTP/1.1 404 X\r\nContent-Length: %d\r\n\r\n" % len(content)
    with raw_server(answering(answer + content)) as url:
        response = transport(url).download(post(), path)
    assert (response.status, response.body) == (404, b"")
    assert path.read_bytes() == content and path.stat().st_mode & 0o777 == 0o600


def test_threads_have_a_connection_each() -> None:
    sessions: set[int] = set()
    line = transport("http://127.0.0.1:9")
    kept = []

    def note() -> None:
        session = line._session()
        kept.append(session)
        sessions.add(id(session))

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sessions) == 4


def test_a_session_of_the_callers_is_judged_by_the_kind_of_failure() -> None:
    class Failing(requests.Session):
        def __init__(self, failure: Exception) -> None:
            super().__init__()
            self.failure = failure

        def request(self, *args: Any, **kwargs: Any) -> Any:
            raise self.failure

    for failure in (requests.ConnectionError("reset"), requests.ReadTimeout("slow")):
        with pytest.raises(AnswerLost):
            transport("http://127.0.0.1:9", session=Failing(failure)).send(post())
    for session in (plain_session(), requests.Session()):
        with pytest.raises(Unreachable):
            transport(closed_port(), session=session).send(post())


@pytest.mark.parametrize(
    "address", ["ftp://x.example", "x.example/api", "https://u:p@x.example", ""], ids=repr
)
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError):
        transport(address)


def test_waiting_ends_with_the_requests_own_timeout() -> None:
    with raw_server(silence) as url:
        started = time.monotonic()
        with pytest.raises(AnswerLost):
            transport(url).send(post(timeout_s=0.1))
        assert time.monotonic() - started < 0.9


# --- answers of unknown size ----------------------------------------------------------------------


def get(timeout_s: float = 2.0) -> Request:
    return Request("GET", "/receipts/w_9f.jpg", timeout_s=timeout_s)


def sized(body: bytes, announced: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (announced or len(body), body)


@pytest.mark.parametrize(("size", "read"), [(9, 9), (10, 10), (11, 0), (5000, 0)])
def test_a_file_is_fetched_whole_or_its_announced_size_is_enough(size: int, read: int) -> None:
    with raw_server(answering(sized(b"x" * size))) as url:
        response = transport(url).fetch(get(), 10, 2)
    assert (len(response.body), response.headers["content-length"]) == (read, str(size))


def test_of_an_unannounced_body_one_byte_too_many_is_read_and_no_more() -> None:
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"

    def endless(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                peer.sendall(chunk)
        except OSError:
            return  # the reader has seen enough and hung up

    with raw_server(endless) as url:
        response = transport(url).fetch(get(), 100_000, 5)
    assert len(response.body) == 100_001


def test_a_body_that_drips_for_ever_is_given_up() -> None:
    def dripping(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                peer.sendall(b"x")
                time.sleep(0.01)
        except OSError:
            return

    with raw_server(dripping) as url, pytest.raises(AnswerLost):
        transport(url).fetch(get(), 10_000, 0.2)


def test_a_body_that_ends_too_early_is_no_file() -> None:
    with raw_server(answering(sized(b"xxx", announced=9))) as url, pytest.raises(AnswerLost):
        transport(url).fetch(get(), 10, 2)
