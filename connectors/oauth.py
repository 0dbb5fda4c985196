"""Tokens: whoever needs one gets one, and one refresh serves all who need it.

A refresh token is worth a person's afternoon: it is used by one caller at a time, its successor is
stored before anything uses it, and no single refusal, failure or silence makes us forget it.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable, fingerprint
from connectors.guard import no_open_transaction
from connectors.models import Credential, LedgerConnection
from connectors.registry import ledger_label
from connectors.signals import tell
from connectors.token_endpoint import GrantRefused, Tokens, ask

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long those who need a token wait for the endpoint, and for one another."""

    renew_before: timedelta = timedelta(minutes=5)  # a drain must not meet the end of its token
    usable_for: timedelta = timedelta(seconds=30)  # good enough while somebody else is renewing
    ask_again: timedelta = timedelta(seconds=60)  # between two refusals that count
    lock_for: timedelta = timedelta(seconds=120)  # longer than two token requests can take
    patience_s: float = 20.0
    poll_every_s: float = 0.1


REAL = Waits()
# Where workers are killed every other second, what they leave behind is not waited out.
TORTURE = replace(
    REAL, ask_again=timedelta(seconds=1), lock_for=timedelta(seconds=4), patience_s=6.0
)


def waits() -> Waits:
    """Those of the pace that the settings name."""
    return TORTURE if settings.PACE == "torture" else REAL


def keep(credential: Credential, tokens: Tokens) -> None:
    """Store the tokens of a new consent: the credential works again, whoever was renewing it.

    With another refresh token stored, a refresh that is still under way drops its outcome.
    """
    now = database_now()
    credential.secret = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    credential.state, credential.reason = Credential.State.WORKING, ""
    credential.refused_at, credential.lock_until, credential.lock_owner = None, None, ""
    for field, moment in _ends(tokens, now).items():
        setattr(credential, field, moment)
    credential.save()


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
                return _renewed(row.pk, stale)
            finally:
                Credential.objects.filter(pk=row.pk, lock_owner=owner).update(
                    lock_owner="", lock_until=None
                )
        if time.monotonic() - started > waits().patience_s:
            raise Unreachable(
                f"another worker has been renewing the {ledger_label(row.kind)} sign-in for "
                f"{waits().patience_s:.0f} s; nothing was sent"
            )
        sleep(waits().poll_every_s)


def access_token(row: Credential) -> str:
    """The stored one, "" where there is none. Raises SecretSealed."""
    return row.secret.get("access_token", "") if row.secret is not None else ""


def signature(token: str) -> str:
    """What `Response.signed_by` says where the request carried this access token."""
    return fingerprint(f"Bearer {token}")


def is_about(row: Credential, refusal: Unauthorised) -> bool:
    """Whether the refused token is the one that is stored. What does not say, counts as such."""
    if not refusal.signed_by or row.is_sealed:
        return True
    return refusal.signed_by == signature(access_token(row))


def _lasting(row: Credential, now: datetime, stale: str) -> str:
    """Its access token where it will do for a while, else ""."""
    token = access_token(row)
    if row.state == Credential.State.RECONNECT or token == stale:
        return ""
    lasts = row.expires_at is None or row.expires_at > now + waits().renew_before
    return token if lasts else ""


def _leftover(row: Credential, now: datetime, stale: str) -> str:
    """What is left of the token, while renewing is put off or somebody else's turn; else ""."""
    token = access_token(row)
    if row.state == Credential.State.RECONNECT or token == stale or row.expires_at is None:
        return ""
    is_waiting = _is_locked(row, now) or _is_between_refusals(row, now)
    return token if is_waiting and row.expires_at > now + waits().usable_for else ""


def _refuse_useless(row: Credential, now: datetime) -> None:
    """Raise where asking the token endpoint now would be of no use."""
    name, signed_by = ledger_label(row.kind), signature(access_token(row))
    if row.state == Credential.State.RECONNECT:
        reason = row.reason or f"{name} must be connected again: press Connect."
        raise Unauthorised(reason, signed_by=signed_by)
    if row.secret is None or not row.secret.get("refresh_token"):
        reason = f"{name} has given no sign-in yet: press Connect."
        raise Unauthorised(reason, signed_by=signed_by)
    if _is_between_refusals(row, now):
        raise Unreachable(
            f"{name} refused to renew the sign-in at {row.refused_at:%H:%M:%S} UTC; it is asked "
            f"once more {waits().ask_again.total_seconds():.0f} s later, before anybody has to "
            "reconnect"
        )


def _is_between_refusals(row: Credential, now: datetime) -> bool:
    return row.refused_at is not None and now < row.refused_at + waits().ask_again


def _is_locked(row: Credential, now: datetime) -> bool:
    return bool(row.lock_owner) and row.lock_until is not None and row.lock_until > now


def _lock(row: Credential, owner: str, now: datetime) -> bool:
    """Become the one who renews: a conditional write on the database's clock."""
    if _is_locked(row, now):
        return False
    free = Q(lock_owner="") | Q(lock_until__isnull=True) | Q(lock_until__lte=now)
    return bool(
        Credential.objects.filter(free, pk=row.pk).update(
            lock_owner=owner, lock_until=now + waits().lock_for
        )
    )


def _renewed(pk: int, stale: str) -> str:
    """Renew under the lock; what an earlier owner of the lock achieved is used first."""
    row, now = Credential.objects.get(pk=pk), database_now()
    if token := _lasting(row, now, stale):
        return token
    _refuse_useless(row, now)
    newest, previous = row.secret["refresh_token"], row.secret.get("previous_refresh_token", "")
    answer = ask(row.kind, {"grant_type": "refresh_token", "refresh_token": newest})
    if isinstance(answer, Tokens):
        return _kept(pk, newest, answer, used=newest)
    if row.refused_at is None:
        raise _refused_once(pk, newest, answer)
    if previous:
        # The newest never worked, perhaps because its answer crossed another's on the way here.
        older = ask(row.kind, {"grant_type": "refresh_token", "refresh_token": previous})
        if isinstance(older, Tokens):
            return _kept(pk, newest, older, used=previous)
    raise _given_up(pk, newest, answer)


def _unreplaced(pk: int, newest: str) -> Credential:
    """The row, locked, if its refresh token is still the one that we asked with.

    That and not the lock decides what an answer may change: the lock of somebody who slept can
    have passed on, and what they were granted is good as long as nothing newer is stored.
    Raises Unreachable: a person connected again meanwhile, or another worker was first.
    """
    row = Credential.objects.select_for_update().get(pk=pk)
    if row.secret is None or row.secret.get("refresh_token") != newest:
        raise Unreachable("the sign-in was replaced while it was renewed; nothing was sent")
    return row


def _kept(pk: int, newest: str, tokens: Tokens, used: str) -> str:
    """Commit the new tokens, then hand out the access token: never the other way round.

    The refresh token that just worked stays beside its successor until that one has worked too.
    """
    now = database_now()
    secret = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    if tokens.refresh_token != used:
        secret["previous_refresh_token"] = used
    changes = {"secret": secret, "refused_at": None, "changed_at": now, **_ends(tokens, now)}
    with transaction.atomic():
        row = _unreplaced(pk, newest)
        was_given_up = row.state == Credential.State.RECONNECT
        if was_given_up:  # by somebody to whom this answer was not known
            changes |= {"state": Credential.State.WORKING, "reason": ""}
        Credential.objects.filter(pk=pk).update(**changes)
        if was_given_up:
            tell("connection.working", subject=_subject(pk), facts={"reason": "it was renewed"})
    log.info("token renewed credential=%s", pk)
    return tokens.access_token


def _refused_once(pk: int, newest: str, answer: GrantRefused) -> Unreachable:
    """The first refusal is no verdict: its moment is kept, and asking goes on a minute later."""
    now = database_now()
    with transaction.atomic():
        row = _unreplaced(pk, newest)
        Credential.objects.filter(pk=pk).update(refused_at=now, changed_at=now)
    log.warning("refresh refused credential=%s request_id=%s", pk, answer.request_id)
    return Unreachable(
        f"{ledger_label(row.kind)} refused to renew the sign-in ({answer.why}); it is asked once "
        f"more in {waits().ask_again.total_seconds():.0f} s, before anybody has to reconnect",
        request_id=answer.request_id,
    )


def _given_up(pk: int, newest: str, answer: GrantRefused) -> Unauthorised:
    """Two refusals, far enough apart, of the newest token we have: now it is a person's turn."""
    with transaction.atomic():
        row = _unreplaced(pk, newest)
        name = ledger_label(row.kind)
        reason = f"{name} no longer accepts our sign-in ({answer.why}). Press Connect to renew it."
        Credential.objects.filter(pk=pk).update(
            state=Credential.State.RECONNECT, reason=reason, changed_at=database_now()
        )
        tell(
            "connection.needs_reconnect",
            subject=_subject(pk),
            facts={"reason": reason, "request_id": answer.request_id},
        )
    signed_by = signature(access_token(row))
    return Unauthorised(reason, request_id=answer.request_id, signed_by=signed_by)


def _subject(pk: int) -> dict[str, int | None]:
    connection = LedgerConnection.objects.filter(credential=pk).first()
    return {"connection_id": connection.pk if connection else None}


def _ends(tokens: Tokens, now: datetime) -> dict[str, datetime | None]:
    def end(lasts_s: int | None) -> datetime | None:
        return None if lasts_s is None else now + timedelta(seconds=lasts_s)

    ends = {"expires_at": end(tokens.lasts_s)}
    if tokens.refresh_lasts_s is not None:
        ends["refresh_expires_at"] = end(tokens.refresh_lasts_s)
    if tokens.consent_lasts_s is not None:
        ends["consent_ends_at"] = end(tokens.consent_lasts_s)
    return ends
