"""Consent and tokens: whoever needs a token gets one, and one refresh serves all who need it.

A refresh token is worth a person's afternoon: it is used by one caller at a time, its successor is
stored before anything uses it, and no single refusal, failure or silence makes us forget it.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable
from connectors.guard import no_open_transaction
from connectors.models import Credential, LedgerConnection, OAuthState
from connectors.registry import ledger_label
from connectors.signals import tell
from connectors.token_endpoint import GrantRefused, Tokens, ask, sign_in

log = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(minutes=5)  # a drain must not meet the end of its token
USABLE_FOR = timedelta(seconds=30)  # good enough while somebody else is renewing
ASK_AGAIN = timedelta(seconds=60)  # between two refusals that count
LOCK_FOR = timedelta(seconds=120)  # longer than two token requests can take
WAIT_FOR_S = 20.0
POLL_EVERY_S = 0.1
CONSENT_LASTS = timedelta(minutes=10)


class ConsentRefused(Exception):
    """A consent that is not carried out; the text is for the person in front of the screen."""


# --- consent --------------------------------------------------------------------------------------


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


def keep(credential: Credential, tokens: Tokens) -> None:
    """Store the tokens of a new consent: the credential works again, whoever was renewing it.

    Taking the lock away makes a refresh that is still under way drop its outcome.
    """
    now = database_now()
    credential.secret = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    credential.state, credential.reason = Credential.State.WORKING, ""
    credential.refused_at, credential.lock_until, credential.lock_owner = None, None, ""
    for field, moment in _ends(tokens, now).items():
        setattr(credential, field, moment)
    credential.save()


# --- tokens ---------------------------------------------------------------------------------------


def fresh_token(
    credential: Credential, stale: str = "", *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """An access token that lasts at least five more minutes; `stale` is one that was refused.

    Raises Unauthorised (a person must reconnect), Unreachable and Throttled (not now; nothing is
    lost), Blocked (our app's keys were refused), SecretSealed. Never AnswerLost: a token request
    whose answer is lost has put no document at risk.
    """
    no_open_transaction()
    owner, started = secrets.token_hex(16), time.monotonic()
    while True:
        row, now = Credential.objects.get(pk=credential.pk), database_now()
        if token := _lasting(row, now, stale) or _leftover(row, now, stale):
            return token
        _refuse_useless(row, now)
        if _lock(row, owner, now):
            try:
                return _renewed(row.pk, owner, stale)
            finally:
                Credential.objects.filter(pk=row.pk, lock_owner=owner).update(
                    lock_owner="", lock_until=None
                )
        if time.monotonic() - started > WAIT_FOR_S:
            raise Unreachable(
                f"another worker has been renewing the {ledger_label(row.kind)} sign-in for "
                f"{WAIT_FOR_S:.0f} s; nothing was sent"
            )
        sleep(POLL_EVERY_S)


def _lasting(row: Credential, now: datetime, stale: str) -> str:
    """Its access token where it will do for a while, else ""."""
    token = row.secret.get("access_token", "") if row.secret is not None else ""
    if row.state == Credential.State.RECONNECT or token == stale:
        return ""
    return token if row.expires_at is None or row.expires_at > now + RENEW_BEFORE else ""


def _leftover(row: Credential, now: datetime, stale: str) -> str:
    """What is left of the token, while renewing is put off or somebody else's turn; else ""."""
    token = row.secret.get("access_token", "") if row.secret is not None else ""
    if row.state == Credential.State.RECONNECT or token == stale or row.expires_at is None:
        return ""
    is_waiting = _is_locked(row, now) or _is_between_refusals(row, now)
    return token if is_waiting and row.expires_at > now + USABLE_FOR else ""


def _refuse_useless(row: Credential, now: datetime) -> None:
    """Raise where asking the token endpoint now would be of no use."""
    name = ledger_label(row.kind)
    if row.state == Credential.State.RECONNECT:
        raise Unauthorised(row.reason or f"{name} must be connected again: press Connect.")
    if row.secret is None or not row.secret.get("refresh_token"):
        raise Unauthorised(f"{name} has given no sign-in yet: press Connect.")
    if _is_between_refusals(row, now):
        raise Unreachable(
            f"{name} refused to renew the sign-in at {row.refused_at:%H:%M:%S} UTC; it is asked "
            f"once more {ASK_AGAIN.total_seconds():.0f} s later, before anybody has to reconnect"
        )


def _is_between_refusals(row: Credential, now: datetime) -> bool:
    return row.refused_at is not None and now < row.refused_at + ASK_AGAIN


def _is_locked(row: Credential, now: datetime) -> bool:
    return bool(row.lock_owner) and row.lock_until is not None and row.lock_until > now


def _lock(row: Credential, owner: str, now: datetime) -> bool:
    """Become the one who renews: a conditional write on the database's clock."""
    if _is_locked(row, now):
        return False
    free = Q(lock_owner="") | Q(lock_until__isnull=True) | Q(lock_until__lte=now)
    return bool(
        Credential.objects.filter(free, pk=row.pk).update(
            lock_owner=owner, lock_until=now + LOCK_FOR
        )
    )


def _renewed(pk: int, owner: str, stale: str) -> str:
    """Renew under the lock; what an earlier owner of the lock achieved is used first."""
    row, now = Credential.objects.get(pk=pk), database_now()
    if token := _lasting(row, now, stale):
        return token
    _refuse_useless(row, now)
    newest, previous = row.secret["refresh_token"], row.secret.get("previous_refresh_token", "")
    answer = ask(row.kind, {"grant_type": "refresh_token", "refresh_token": newest})
    if isinstance(answer, Tokens):
        return _kept(pk, owner, answer, used=newest)
    if row.refused_at is None:
        now = database_now()
        Credential.objects.filter(pk=pk, lock_owner=owner).update(refused_at=now, changed_at=now)
        log.warning("refresh refused credential=%s request_id=%s", pk, answer.request_id)
        raise Unreachable(
            f"{ledger_label(row.kind)} refused to renew the sign-in ({answer.why}); it is asked "
            f"once more in {ASK_AGAIN.total_seconds():.0f} s, before anybody has to reconnect",
            request_id=answer.request_id,
        )
    if previous:
        # The newest never worked, perhaps because its answer crossed another's on the way here.
        older = ask(row.kind, {"grant_type": "refresh_token", "refresh_token": previous})
        if isinstance(older, Tokens):
            return _kept(pk, owner, older, used=previous)
    raise _given_up(row, owner, answer)


def _kept(pk: int, owner: str, tokens: Tokens, used: str) -> str:
    """Commit the new tokens, then hand out the access token: never the other way round.

    The refresh token that just worked stays beside its successor until that one has worked too.
    """
    now = database_now()
    secret = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    if tokens.refresh_token != used:
        secret["previous_refresh_token"] = used
    stored = Credential.objects.filter(pk=pk, lock_owner=owner).update(
        secret=secret, refused_at=None, reason="", changed_at=now, **_ends(tokens, now)
    )
    if not stored:
        raise _replaced()
    log.info("token renewed credential=%s", pk)
    return tokens.access_token


def _given_up(row: Credential, owner: str, answer: GrantRefused) -> Unauthorised | Unreachable:
    """Two refusals, far enough apart, of the newest token we have: now it is a person's turn."""
    name = ledger_label(row.kind)
    reason = f"{name} no longer accepts our sign-in ({answer.why}). Press Connect to renew it."
    with transaction.atomic():
        disconnected = Credential.objects.filter(pk=row.pk, lock_owner=owner).update(
            state=Credential.State.RECONNECT, reason=reason, changed_at=database_now()
        )
        if not disconnected:
            return _replaced()
        connection = LedgerConnection.objects.filter(credential=row.pk).first()
        tell(
            "connection.needs_reconnect",
            subject={"connection_id": connection.pk if connection else None},
            facts={"reason": reason, "request_id": answer.request_id},
        )
    return Unauthorised(reason, request_id=answer.request_id)


def _replaced() -> Unreachable:
    """A person connected again meanwhile: their tokens stand, ours are from the old consent."""
    return Unreachable("the sign-in was replaced while it was renewed; nothing was sent")


def _ends(tokens: Tokens, now: datetime) -> dict[str, datetime | None]:
    def end(lasts_s: int | None) -> datetime | None:
        return None if lasts_s is None else now + timedelta(seconds=lasts_s)

    ends = {"expires_at": end(tokens.lasts_s)}
    if tokens.refresh_lasts_s is not None:
        ends["refresh_expires_at"] = end(tokens.refresh_lasts_s)
    if tokens.consent_lasts_s is not None:
        ends["consent_ends_at"] = end(tokens.consent_lasts_s)
    return ends


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
