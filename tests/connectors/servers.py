"""Small servers on 127.0.0.1: one that speaks bytes, one that grants tokens."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Script = Callable[[socket.socket], None]


def read_request(peer: socket.socket) -> bytes:
    """One request with its body, b"" when the other side hung up."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := peer.recv(65536)):
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")),
        0,
    )
    while len(body) < length:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(peer: socket.socket) -> None:
    """Hang up with RST instead of FIN."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


@contextmanager
def raw_server(*scripts: Script) -> Iterator[str]:
    """The address of a server that plays one script per connection, in order."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for script in scripts:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                script(peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(timeout=2)


@dataclass
class TokenServer:
    """Grants tokens like Intuit's endpoint; `answers` (status, body) are given first, in order.

    `accepted` None takes every refresh token, else only those; each grant makes a new pair.
    """

    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, object]] = field(default_factory=list)
    accepted: set[str] | None = None
    on_request: Callable[[], None] = lambda: None
    lasts_s: int = 3600
    rotates: bool = True

    def answer(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, object]:
        self.requests.append(form)
        self.headers.append(headers)
        self.on_request()
        if self.answers:
            return self.answers.pop(0)
        refresh = form.get("refresh_token", "")
        if self.accepted is not None and refresh and refresh not in self.accepted:
            return 400, {"error": "invalid_grant", "error_description": "Token invalid"}
        count = len(self.requests)
        return 200, {
            "token_type": "bearer",
            "access_token": f"CANARY-access-{count}",
            "expires_in": self.lasts_s,
            "refresh_token": f"CANARY-refresh-{count}" if self.rotates or not refresh else refresh,
            "x_refresh_token_expires_in": 8726400,
            "x_refresh_token_hard_expires_in": 157680000,
        }


@contextmanager
def token_server() -> Iterator[TokenServer]:
    state, lock = TokenServer(), threading.Lock()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: texts[0] for name, texts in parse_qs(body).items()}
            with lock:
                headers = {name.lower(): text for name, text in self.headers.items()}
                status, answer = state.answer(form, headers)
            sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(sent)))
            self.send_header("intuit_tid", "tid-1")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=2)
