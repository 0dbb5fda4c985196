"""From a row to something that talks: where credentials, transports and adapters meet."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from connectors import limits, oauth
from connectors.clock import database_now
from connectors.contract.ledger import Connection, Ledger
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    Blocked,
    Request,
    Response,
    Unauthorised,
    Unreachable,
)
from connectors.fields import SecretSealed
from connectors.guard import no_open_transaction
from connectors.http import HttpTransport
from connectors.metering import Meter, Metered
from connectors.models import Credential, ExpensifyAccount, LedgerConnection
from connectors.registry import open_ledger_class
from connectors.token_endpoint import SIGN_INS

if TYPE_CHECKING:
    from connectors.expensify.client import ExpensifyClient


# Receipts are small: what has not come by then is asked for again another time.
_RECEIPT_S = 30.0


class _Bearer:
    """The Authorization header of one opened ledger, for all the threads that call through it.

    Asked of the database again only every few minutes: the threads that carry requests have no
    other business there. A token lasts at least `Waits.renew_before` when it is handed out.
    """

    ASK_AGAIN_S = 120.0

    def __init__(self, credential: Credential, stale: str = "") -> None:
        self._credential, self._lock = credential, threading.Lock()
        self._token, self._asked_at = token_of(credential, stale), time.monotonic()

    def __call__(self) -> Mapping[str, str]:
        with self._lock:
            if time.monotonic() - self._asked_at > self.ASK_AGAIN_S:
                self._token = token_of(self._credential)
                self._asked_at = time.monotonic()
            return {"Authorization": f"Bearer {self._token}"}


class _NoWire:
    """The transport of a ledger that is opened for its pure half, or that calls us."""

    def send(self, request: Request) -> Response:
        raise RuntimeError(
            f"{request.method} {request.path.partition('?')[0]} was asked of a ledger without a "
            "wire: it was opened offline, for what is pure, or comes to us by itself"
        )


def open_ledger(
    connection: LedgerConnection,
    *,
    refused: Unauthorised | None = None,
    meter: Meter | None = None,
) -> Ledger:
    """The connection's ledger, with a token that lasts, renewed when it ends within five minutes.

    `refused` is for a caller whose token was just refused as expired: if that one is still stored,
    it counts as stale; if not, somebody else has renewed it, and that serves all.
    `meter` is for a caller that keeps count over many requests and stores it afterwards. Raises
    Unauthorised (never connected, or a person must reconnect), Blocked (secret sealed, app keys
    refused), Unreachable and Throttled from the token endpoint. No transaction may be open.
    """
    opener = open_ledger_class(connection.ledger)
    if connection.ledger not in SIGN_INS:
        # Such a ledger comes to us (Desktop's Web Connector): there is nobody to send to.
        return opener(plain_connection(connection), _NoWire())
    credential = credential_of(connection)
    bearer = _Bearer(credential, stale_token(credential, refused) if refused else "")
    transport = ledger_transport(connection.ledger, bearer)
    metered = Metered(transport, meter or limits.ledger_meter(connection.pk, connection.ledger))
    return opener(plain_connection(connection), metered)


def open_with_token(connection: Connection, ledger: str, access_token: str) -> Ledger:
    """A ledger for a company that is not stored yet: what a consent brought, before it is kept."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return open_ledger_class(ledger)(connection, ledger_transport(ledger, lambda: headers))


def offline_ledger(connection: LedgerConnection) -> Ledger:
    """The connection's ledger for what is pure: render, pack, cancel, differences, abilities.

    Needs no credential and may be opened anywhere; a call through it raises RuntimeError.
    """
    return open_ledger_class(connection.ledger)(plain_connection(connection), _NoWire())


def ledger_transport(ledger: str, authorise: Callable[[], Mapping[str, str]]) -> HttpTransport:
    return HttpTransport(vendor_url(ledger, "api"), guard=no_open_transaction, authorise=authorise)


def plain_connection(connection: LedgerConnection) -> Connection:
    """The connection as the contract's plain values."""
    return Connection(
        company_id=connection.company_id,
        web_url=connection.web_url or _web_app(connection.ledger),
        facts=connection.facts,
    )


def _web_app(ledger: str) -> str:
    """Where people look at documents; "" for a ledger that is on no web, such as Desktop."""
    return settings.VENDOR_URLS.get(ledger, {}).get("app", "")


def open_expensify(account: ExpensifyAccount) -> "ExpensifyClient":
    """A client for the account, paced together with every other process that uses it.

    Raises Unauthorised without partner credentials, Blocked where they cannot be decrypted.
    """
    from connectors.expensify.client import ExpensifyClient

    credential = account.credential
    try:
        user_id, user_secret = credential.secret["user_id"], credential.secret["user_secret"]
    except SecretSealed as sealed:
        raise blocked_by_seal(sealed) from None
    except (KeyError, TypeError):
        raise Unauthorised(
            f"{account.name} has no partner credentials yet: enter partnerUserID and "
            "partnerUserSecret on its page."
        ) from None
    scope = f"expensify:{credential.pk}"
    settings.SPOOL_DIR.mkdir(parents=True, exist_ok=True)
    return ExpensifyClient(
        user_id,
        user_secret,
        HttpTransport(vendor_url("expensify"), guard=no_open_transaction),
        pace=lambda: limits.pace(scope, limits.expensify_windows()),
        sleep=time.sleep,
        spool_dir=settings.SPOOL_DIR,
        clock=database_now,
    )


def fetch_receipt(address: str, most_bytes: int) -> Response:
    """What stands behind the link of a receipt, asked for without any credential of ours.

    At most a byte more than `most_bytes` of it; redirects are not followed. Only over TLS, or from
    our own sandbox: an address that came with a report must not lead into this network. Raises
    Unreachable, AnswerLost.
    """
    try:
        parts = urlsplit(address)
        base = f"{parts.scheme}://{parts.netloc}"
        is_known = parts.scheme == "https" or base == settings.SANDBOX_URL.rstrip("/")
        if not parts.hostname or parts.username or parts.password or not is_known:
            raise ValueError
    except ValueError:
        raise Unreachable("its link is no address that files are fetched from") from None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = Request("GET", path, {"Accept": "*/*"}, timeout_s=_RECEIPT_S)
    return HttpTransport(base, guard=no_open_transaction).fetch(request, most_bytes, _RECEIPT_S)


def credential_of(connection: LedgerConnection) -> Credential:
    """Its credential. Raises Unauthorised before the first consent."""
    if connection.credential is None:
        raise Unauthorised(f"{connection.name} is not connected yet: press Connect on its page.")
    return connection.credential


def token_of(credential: Credential, stale: str = "") -> str:
    """`oauth.fresh_token`, with a sealed secret told as what it is to a caller: Blocked."""
    try:
        return oauth.fresh_token(credential, stale)
    except SecretSealed as sealed:
        raise blocked_by_seal(sealed) from None


def stale_token(credential: Credential, refused: Unauthorised | None = None) -> str:
    """The access token that is stored now, "" where there is none, or it is not the refused one."""
    row = Credential.objects.get(pk=credential.pk)
    try:
        token = oauth.access_token(row)
        return token if refused is None or oauth.is_about(row, refused) else ""
    except SecretSealed as sealed:
        raise blocked_by_seal(sealed) from None


def blocked_by_seal(sealed: SecretSealed) -> Blocked:
    return Blocked(
        Problem(
            code="connect.secret.sealed",
            field="credential",
            message=str(sealed).partition(". ")[0] + ".",
            cure=str(sealed).partition(". ")[2],
        )
    )


def vendor_url(vendor: str, what: str = "") -> str:
    """An address of settings.VENDOR_URLS; `what` names one of several of the same vendor."""
    urls = settings.VENDOR_URLS.get(vendor)
    found = urls.get(what) if isinstance(urls, Mapping) else urls
    if not found or not urlsplit(found).scheme:
        raise ImproperlyConfigured(
            f"settings.VENDOR_URLS has no {what or 'address'} for {vendor}. Add it there."
        )
    return found
