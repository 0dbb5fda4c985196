"""HTTP/1.1 on a loopback port: kept-alive connections, one write per answer, sockets closed on
demand.
"""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from http.client import responses
from typing import BinaryIO
from urllib.parse import unquote

from .wire import Headers, Request, Response

MOST_BODY = 128 * 1024 * 1024
MOST_LINE = 65_536
Answer = Callable[[Request], Response | None]


class BadRequest(Exception):
    """Bytes that are no HTTP request; its text goes into the 400."""


class Server(socketserver.ThreadingTCPServer):
    """`answer(request)` returns the answer, or None to reset the connection without one."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, answer: Answer, http_date: Callable[[], str], port: int = 0) -> None:
        self.answer = answer
        self.http_date = http_date
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def opened(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def stop(self) -> None:
        """Stop listening and hang up on everybody, kept-alive connections too."""
        self.shutdown()
        self.server_close()
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.opened(self.request)
        reader = self.request.makefile("rb", 65_536)
        try:
            while self._one(reader):
                pass
        except OSError:
            return  # the caller hung up; there is nobody left to tell
        finally:
            self.server.closed(self.request)
            with contextlib.suppress(OSError):
                reader.close()

    def _one(self, reader: BinaryIO) -> bool:
        try:
            request, keep = read_request(reader, self.request.sendall)
        except BadRequest as wrong:
            self._send(Response.text(str(wrong), 400), "", False)
            return False
        if request is None:
            return False
        response = self.server.answer(request)
        if response is None:
            self._reset()
            return False
        try:
            self._send(response, request.method, keep)
        finally:
            response.close()
        return keep

    def _send(self, response: Response, method: str, keep: bool) -> None:
        reason = responses.get(response.status, "Unknown")
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        fields = {"Date": self.server.http_date()} | response.headers
        if response.stream is None:
            fields["Content-Length"] = str(len(response.body))
        elif response.length is not None:
            fields["Content-Length"] = str(response.length)
        else:
            fields["Transfer-Encoding"] = "chunked"
        fields["Connection"] = "keep-alive" if keep else "close"
        lines += [f"{name}: {text}" for name, text in fields.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        if method == "HEAD":
            self.request.sendall(head)
        elif response.stream is None:
            self.request.sendall(head + response.body)
        else:
            self.request.sendall(head)
            self._send_stream(response)

    def _send_stream(self, response: Response) -> None:
        sent = 0
        for piece in response.pieces():
            sent += len(piece)
            if response.length is not None:
                self.request.sendall(piece)
            elif piece:  # an empty chunk would end the body
                self.request.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        if response.length is None:
            self.request.sendall(b"0\r\n\r\n")
        elif sent != response.length:
            raise ConnectionAbortedError(f"{sent} bytes instead of {response.length} were there")

    def _reset(self) -> None:
        # linger 0: close sends RST; detached, so that socketserver cannot say an orderly goodbye
        # first
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.closed(self.request)
        socket.close(self.request.detach())


def read_request(reader: BinaryIO, reply: Callable[[bytes], None]) -> tuple[Request | None, bool]:
    """The next request and whether the connection stays open; (None, False) when the caller is
    done.
    """
    line = reader.readline(MOST_LINE)
    while line in (b"\r\n", b"\n"):
        line = reader.readline(MOST_LINE)
    if not line:
        return None, False
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"not an HTTP/1.1 request line: {line[:100]!r}")
    method, target, version = words
    headers = _read_headers(reader)
    if headers.get("expect", "").lower() == "100-continue":
        reply(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(reader, headers)
    path, _, raw_query = target.partition("?")
    request = Request(method.upper(), unquote(path), raw_query, headers, body)
    wish = headers.get("connection", "").lower()
    return request, wish != "close" and (version != "HTTP/1.0" or wish == "keep-alive")


def _read_headers(reader: BinaryIO) -> Headers:
    fields: dict[str, str] = {}
    while True:
        line = reader.readline(MOST_LINE)
        if line in (b"\r\n", b"\n"):
            return Headers(fields)
        name, colon, text = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequest(f"not a header field: {line[:100]!r}")
        fields[name.strip().lower()] = text.strip()


def _read_body(reader: BinaryIO, headers: Headers) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(reader)
    try:
        length = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequest("Content-Length is not a number") from None
    if not 0 <= length <= MOST_BODY:
        raise BadRequest(f"a body of {length} bytes is not taken")
    body = reader.read(length)
    if len(body) != length:
        raise ConnectionResetError("the caller hung up inside a body")
    return body


def _read_chunks(reader: BinaryIO) -> bytes:
    chunks = []
    while True:
        line = reader.readline(MOST_LINE)
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            raise BadRequest(f"not a chunk size: {line[:40]!r}") from None
        chunk = reader.read(size)
        reader.readline(MOST_LINE)
        if size == 0:
            return b"".join(chunks)
        chunks.append(chunk)
