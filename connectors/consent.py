"""Consent: a person is sent to the vendor's page and comes back with a code, worth tokens once."""

import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings

from connectors.clock import database_now
from connectors.models import LedgerConnection, OAuthState
from connectors.registry import ledger_label
from connectors.token_endpoint import GrantRefused, Tokens, ask, sign_in

CONSENT_LASTS = timedelta(minutes=10)


class ConsentRefused(Exception):
    """A consent that is not carried out; the text is for the person in front of the screen."""


def redirect_uri(ledger: str) -> str:
    """Where the vendor sends the browser back; registered there letter by letter."""
    return f"{settings.BASE_URL.rstrip('/')}/oauth/{ledger}/callback"


def begin(connection: LedgerConnection, session_key: str) -> str:
    """Start a consent: the address of the vendor's page. Raises Blocked without app keys."""
    way = sign_in(connection.ledger)
    client_id, _ = way.client()
    state = secrets.token_urlsafe(32)
    now = database_now()
    OAuthState.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    OAuthState.objects.create(
        state_hash=_hash(state),
        session_hash=_hash(session_key),
        connection=connection,
        created_at=now,
    )
    query = {
        "client_id": client_id,
        "response_type": "code",
        "scope": way.scope,
        "redirect_uri": redirect_uri(connection.ledger),
        "state": state,
    }
    return f"{settings.VENDOR_URLS[connection.ledger]['authorize']}?{urlencode(query)}"


def finish(ledger: str, state: str, session_key: str) -> LedgerConnection:
    """The connection whose consent comes back; each state works once, for its own session.

    Raises ConsentRefused. Nothing tells a stranger which of the conditions failed.
    """
    now = database_now()
    mine = OAuthState.objects.filter(
        state_hash=_hash(state),
        session_hash=_hash(session_key),
        connection__ledger=ledger,
        created_at__gt=now - CONSENT_LASTS,
        used_at__isnull=True,
    )
    # One UPDATE decides: of two answers that carry the same state, one gets on.
    if not mine.update(used_at=now):
        raise ConsentRefused(
            "This answer does not belong to a consent that you started here in the last "
            f"{int(CONSENT_LASTS.total_seconds() // 60)} minutes. Nothing was connected. "
            "Open the connection and press Connect again."
        )
    return LedgerConnection.objects.select_related("credential").get(
        consents__state_hash=_hash(state)
    )


def exchange(ledger: str, code: str) -> Tokens:
    """Turn a consent's code into tokens, by one request. Raises ConsentRefused, VendorError."""
    answer = ask(
        ledger,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri(ledger),
        },
    )
    if isinstance(answer, GrantRefused):
        raise ConsentRefused(
            f"{ledger_label(ledger)} did not accept the consent ({answer.why}). It may have been "
            "used already, or have waited too long. Press Connect again."
        )
    return answer


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
