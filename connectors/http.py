"""The wire: one request out, one answer back, and an exact word on what may have arrived if not."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.connection
import urllib3.exceptions
from requests import exceptions as failures
from requests.adapters import HTTPAdapter

from connectors.contract.transport import (
    AnswerLost,
    Request,
    Response,
    Unreachable,
    fingerprint,
)

log = logging.getLogger(__name__)

_CHUNK = 64 * 1024

# What belongs to the time before a connection stands, for sessions that are not ours. TLS failures
# are missing on purpose: they happen in the middle of an answer too.
_BEFORE_CONNECTED = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.LocationParseError,
    ssl.SSLCertVerificationError,
)

_wire = threading.local()


class _Watched:
    """Mixed into urllib3's connections: notes in this thread whether anything was handed over.

    An exception's class cannot tell (a reset during the TLS handshake and one after the request
    look alike), the moment of the first byte can.
    """

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _wire.has_sent = True
        super().send(data)


class _HTTPConnection(_Watched, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _OneTry(HTTPAdapter):
    """requests' adapter over watched connections, without retries."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=4, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        _wire.has_sent = False
        return super().send(*args, **kwargs)


class HttpTransport:
    """Fulfils `contract.transport.Transport` over HTTP, for any number of threads.

    base_url         scheme, host and prefix; a request's path is appended to it
    guard            called before anything else; raises when now is no time to call a vendor
    authorise        headers that carry the credential, asked anew for each request
    session          a session to share instead of one per thread (tests)
    """

    def __init__(
        self,
        base_url: str,
        *,
        guard: Callable[[], None],
        authorise: Callable[[], Mapping[str, str]] | None = None,
        session: requests.Session | None = None,
        connect_timeout: float = 10,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{base_url!r} is not an http(s) address with a host")
        if parts.username or parts.password:
            raise ValueError(f"the address of {parts.hostname} carries a password: take it out")
        self._base, self._host = base_url.rstrip("/"), parts.hostname
        self._guard, self._authorise = guard, authorise
        self._connect_timeout = connect_timeout
        self._shared, self._own = session, threading.local()

    def send(self, request: Request) -> Response:
        """The whole answer in memory. Raises Unreachable or AnswerLost, see `transport`."""
        answer = self._open(request)
        try:
            body = answer.content
        except (failures.RequestException, urllib3.exceptions.HTTPError) as failure:
            raise self._lost(request, failure) from None
        finally:
            answer.close()
        return _response(answer, body)

    def download(self, request: Request, path: Path) -> Response:
        """The body in the file `path`, whatever the status; the Response comes without it.

        An existing file keeps its permissions. Raises what `send` raises; the file then holds a
        beginning at most.
        """
        answer = self._open(request)
        try:
            with path.open("wb") as file:
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
        except (failures.RequestException, urllib3.exceptions.HTTPError) as failure:
            raise self._lost(request, failure) from None
        finally:
            answer.close()
        return _response(answer, b"")

    def fetch(self, request: Request, most_bytes: int, within_s: float) -> Response:
        """An answer of unknown size: at most a byte more than `most_bytes` of its body is read.

        What says beforehand that it is larger comes without a body. Raises what `send` raises, and
        AnswerLost when the whole has not come within `within_s` seconds, however steadily it drips.
        """
        give_up_at = time.monotonic() + within_s
        answer = self._open(request)
        body = bytearray()
        try:
            announced = answer.headers.get("Content-Length", "")
            if announced.isdecimal() and int(announced) > most_bytes:
                return _response(answer, b"")
            while len(body) <= most_bytes and (piece := answer.raw.read1(_CHUNK, True)):
                body += piece
                if time.monotonic() > give_up_at:
                    raise self._lost(request, TimeoutError())
        except (failures.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
            raise self._lost(request, failure) from None
        finally:
            answer.close()
        return _response(answer, bytes(body[: most_bytes + 1]))

    def _open(self, request: Request) -> requests.Response:
        """Send, and return as soon as the status line and headers are there."""
        self._guard()
        if not request.path.startswith(("/", "?")) and request.path:
            raise ValueError(f"the path {request.path.partition('?')[0]!r} must begin with /")
        headers = dict(request.headers)
        if self._authorise is not None:
            headers |= self._authorise()
        # The guard stands last before the wire as well: a fresh token may have used the database.
        self._guard()
        _wire.has_sent = None
        try:
            return self._session().request(
                request.method,
                self._base + request.path,
                headers=headers,
                data=request.body or None,
                timeout=(self._connect_timeout, request.timeout_s),
                allow_redirects=False,
                stream=True,
            )
        except (failures.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
            if _nothing_left(failure):
                raise self._unreachable(request, failure) from None
            raise self._lost(request, failure) from None

    def _session(self) -> requests.Session:
        if self._shared is not None:
            return self._shared
        if not hasattr(self._own, "session"):
            self._own.session = plain_session()
        return self._own.session

    def _unreachable(self, request: Request, failure: Exception) -> Unreachable:
        kind = _kind(failure)
        log.info("unreachable host=%s method=%s failure=%s", self._host, request.method, kind)
        return Unreachable(f"{self._host} could not be reached ({kind}); nothing was sent")

    def _lost(self, request: Request, failure: Exception) -> AnswerLost:
        kind = _kind(failure)
        log.info("answer lost host=%s method=%s failure=%s", self._host, request.method, kind)
        return AnswerLost(f"no complete answer came back from {self._host} ({kind})")


def plain_session() -> requests.Session:
    """A session that tries once, keeps no cookies and adds no credentials of the machine."""
    session = requests.Session()
    session.auth = _keep_headers
    session.headers["User-Agent"] = "ml-connector"
    # A load balancer's cookie would tie our calls to one of the vendor's machines for ever.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", _OneTry())
    session.mount("http://", _OneTry())
    return session


def _keep_headers(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """An `auth` of our own keeps requests from looking one up in .netrc over our header."""
    return prepared


def _nothing_left(failure: BaseException) -> bool:
    """True where it is certain that no byte of the request left; what is unclear has left."""
    if isinstance(failure, (failures.InvalidURL, failures.InvalidHeader)):
        return True
    has_sent = getattr(_wire, "has_sent", None)
    if has_sent is not None:
        return not has_sent
    return any(isinstance(cause, _BEFORE_CONNECTED) for cause in _causes(failure))


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and all it was raised for: requests wraps urllib3's, which wraps the socket's."""
    seen: set[int] = set()
    waiting = [failure]
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
        waiting += [one for one in inner if isinstance(one, BaseException)]


def _kind(failure: BaseException) -> str:
    """The innermost failure's class: its text may quote addresses, headers and queries."""
    return type(list(_causes(failure))[-1]).__name__


def _response(answer: requests.Response, body: bytes) -> Response:
    headers = {name.lower(): text for name, text in answer.headers.items()}
    signed_by = fingerprint(answer.request.headers.get("Authorization", ""))
    at = _moment(headers.get("date", ""))
    return Response(answer.status_code, headers, body, at, signed_by)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
