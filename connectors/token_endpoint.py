"""The token endpoint: one form out, and what its answer means for the grant (RFC 6749, 5)."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from connectors.contract import exact_json
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    AnswerLost,
    Blocked,
    ContractBroken,
    Request,
    Response,
    Throttled,
    Unreachable,
)
from connectors.guard import no_open_transaction
from connectors.http import HttpTransport
from connectors.registry import ledger_label

TIMEOUT_S = 30.0


class NoConsentPage(Exception):
    """The ledger is not connected over the web."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one ledger's consent differs from plain OAuth 2. `keys` are settings' names.

    refresh_lasts_s   how long a refresh token lives unused, where the vendor's answers never say
    """

    scope: str
    keys: tuple[str, str]
    company_parameter: str
    token_headers: tuple[tuple[str, str], ...] = ()
    refresh_lifetime_field: str = ""
    refresh_lasts_s: int | None = None
    consent_lifetime_field: str = ""

    def client(self) -> tuple[str, str]:
        """Client id and secret. Raises Blocked naming the settings that are empty."""
        client_id, client_secret = (getattr(settings, key, "") for key in self.keys)
        if not (client_id and client_secret):
            raise _app_blocked(f"{' and '.join(self.keys)} are not both set.", self.keys)
        return client_id, client_secret


SIGN_INS = {
    "quickbooks_online": SignIn(
        scope="com.intuit.quickbooks.accounting",
        keys=("INTUIT_CLIENT_ID", "INTUIT_CLIENT_SECRET"),
        company_parameter="realmId",
        # Intuit says when the consent itself ends (after five years) only to those who ask.
        token_headers=(("x-include-refresh-token-hard-expires-in", "true"),),
        refresh_lifetime_field="x_refresh_token_expires_in",
        consent_lifetime_field="x_refresh_token_hard_expires_in",
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a token endpoint granted. Lifetimes in seconds; None = it did not say."""

    access_token: str
    refresh_token: str
    lasts_s: int
    refresh_lasts_s: int | None = None
    consent_lasts_s: int | None = None


@dataclass(frozen=True, slots=True)
class GrantRefused:
    """The token endpoint does not know the grant (any more)."""

    why: str
    request_id: str


def sign_in(ledger: str) -> SignIn:
    """How the ledger signs in. Raises NoConsentPage for ledgers that have another way."""
    try:
        return SIGN_INS[ledger]
    except KeyError:
        raise NoConsentPage(
            f"{ledger_label(ledger)} is not connected over the web: follow its own setup page."
        ) from None


def ask(ledger: str, grant: dict[str, str]) -> Tokens | GrantRefused:
    """One request. GrantRefused is the endpoint's word on the grant itself; everything else that
    is no grant raises and says nothing about it: Unreachable, Throttled, Blocked, ContractBroken.
    """
    way = sign_in(ledger)
    transport = HttpTransport(settings.VENDOR_URLS[ledger]["token"], guard=no_open_transaction)
    try:
        response = transport.send(_token_request(way, grant))
    except AnswerLost as lost:
        raise Unreachable(f"the sign-in could not be renewed: {lost.message}") from None
    return _verdict(ledger, way, response)


def _token_request(way: SignIn, grant: dict[str, str]) -> Request:
    client_id, client_secret = way.client()
    basic = b64encode(f"{client_id}:{client_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        **dict(way.token_headers),
    }
    return Request("POST", "", headers, urlencode(grant).encode(), timeout_s=TIMEOUT_S)


def _verdict(ledger: str, way: SignIn, response: Response) -> Tokens | GrantRefused:
    """What the answer means (RFC 6749 section 5). Only `invalid_grant` speaks about the grant."""
    name, status = ledger_label(ledger), response.status
    facts = {"status": status, "request_id": response.headers.get("intuit_tid", "")}
    if status == 429:
        raise Throttled(
            f"{name} wants fewer sign-ins",
            after_s=_seconds(response.headers.get("retry-after", ""), default=60),
            scope="app",
            **facts,
        )
    if status >= 500 or status == 408:
        raise Unreachable(f"{name}'s sign-in service is out of order; nothing was sent", **facts)
    answer = _json_object(response.body)
    if status == 200:
        if tokens := _tokens(way, answer):
            return tokens
        raise ContractBroken(f"{name} granted a sign-in that has no usable tokens in it", **facts)
    error = str(answer.get("error", ""))[:60]
    if status == 400 and error == "invalid_grant":
        why = str(answer.get("error_description") or "invalid_grant")[:200]
        return GrantRefused(why, facts["request_id"])
    if error in ("invalid_client", "unauthorized_client") or status == 401:
        raise _app_blocked(f"{name} refused our app's keys ({error or status}).", way.keys, facts)
    raise ContractBroken(
        f"{name} answered a sign-in in a way we do not know", vendor_code=error, **facts
    )


def _tokens(way: SignIn, answer: dict[str, Any]) -> Tokens | None:
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    lasts_s = _whole(answer.get("expires_in"))
    if not (
        isinstance(access, str) and access and isinstance(refresh, str) and refresh and lasts_s
    ):
        return None
    return Tokens(
        access,
        refresh,
        lasts_s,
        _whole(answer.get(way.refresh_lifetime_field)) or way.refresh_lasts_s,
        _whole(answer.get(way.consent_lifetime_field)),
    )


def _app_blocked(message: str, keys: tuple[str, str], facts: dict | None = None) -> Blocked:
    return Blocked(
        Problem(
            code="connect.app.refused",
            field="settings",
            message=f"{message} Nothing was sent.",
            cure=f"Correct {keys[0]} and {keys[1]} in the environment, then restart.",
        ),
        **(facts or {}),
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = exact_json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _whole(number: Any) -> int | None:
    """Some token endpoints write their seconds as text."""
    if isinstance(number, bool) or not isinstance(number, (int, str)):
        return None
    return int(number) if str(number).isdigit() else None


def _seconds(text: str, default: float) -> float:
    return float(text) if text.isdigit() else default
