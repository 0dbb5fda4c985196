"""E-mail to those who ask for it: what is newly held, and which connections need a person.

Sent between other work by the tick. What was told is written down only after the mail server took
the e-mail, so that a server that fails loses nothing; a claim on the row keeps two workers from
telling the same thing twice, and a failure from being repeated every minute.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from audit.admin import words
from audit.admin.cures import meaning, titles
from audit.admin.held import list_of
from audit.models import MailWish, Posting
from audit.selectors import Held, has_many_companies, held
from audit.states import NEEDS_PERSON
from connectors.admin import credential_cure
from connectors.admin_base import change_url
from connectors.counting import counted
from connectors.models import Credential, ExpensifyAccount, LedgerConnection

log = logging.getLogger(__name__)

HELD_EVERY = timedelta(hours=1)
CONNECTIONS_EVERY = timedelta(days=1)
# How long before a consent or a refresh token ends it is told.
RENEW_BEFORE = timedelta(days=14)
# A hold is dated when its transaction begins and seen when it ends; younger ones wait for the next
# look, so that none slips in behind the mark. A burst of them then makes one e-mail, too.
SETTLED = timedelta(minutes=2)
# Longer than a mail server may keep us waiting, and the pause after a failure.
CLAIM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail and what is written down on the wish once it was sent."""

    subject: str
    body: str
    told: dict[str, Any]


def send_due(now: datetime) -> int:
    """Send what is due to everybody who wants it; `now` is the database's. Returns how many.

    Outside any transaction: a mail server is on the line. What fails is tried again after CLAIM.
    """
    sent = 0
    for kind, write, due in (
        ("held", _held_letter, _due("held_sent_at", now - HELD_EVERY)),
        ("connections", _connections_letter, _due("connections_sent_at", now - CONNECTIONS_EVERY)),
    ):
        wishes = MailWish.objects.filter(due, **{kind: True}, user__is_active=True)
        for wish in wishes.exclude(user__email="").select_related("user").order_by("pk"):
            try:
                sent += _told(wish, write, due, now)
            except OSError as failure:  # what sockets and smtplib raise
                # The next person would wait for the same server, and the tick with them.
                log.warning("mail server failed wish=%s why=%s", wish.pk, type(failure).__name__)
                return sent
    return sent


def _due(column: str, before: datetime) -> Q:
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lte": before})


def _told(
    wish: MailWish, write: Callable[[MailWish, datetime], Letter | None], due: Q, now: datetime
) -> bool:
    letter = write(wish, now)
    if letter is None:
        return False
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    if not MailWish.objects.filter(free, due, pk=wish.pk).update(claimed_until=now + CLAIM):
        return False  # another worker was first, or the last try failed a moment ago
    try:
        _message(wish, letter).send()
    except (SMTPRecipientsRefused, ValueError) as failure:  # this address, not the server
        log.warning("mail not sent wish=%s why=%s", wish.pk, type(failure).__name__)
        return False
    told = {**letter.told, "last_sent_at": now, "claimed_until": None}
    MailWish.objects.filter(pk=wish.pk).update(**told)
    return True


def _message(wish: MailWish, letter: Letter) -> EmailMessage:
    # The same e-mail sent twice, because we died before writing it down, has the same id: mail
    # programs show it once.
    seed = f"{settings.BASE_URL} {wish.pk} {letter.subject} {letter.body}"
    name = hashlib.sha256(seed.encode()).hexdigest()[:32]
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
    return EmailMessage(
        subject=settings.EMAIL_SUBJECT_PREFIX + letter.subject,
        body=letter.body,
        to=[wish.user.email],
        headers={"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"},
    )


def _address(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


def _footer() -> str:
    mine = _address(reverse("admin:audit_mailwish_mine"))
    return f"You asked for this e-mail; change that here: {mine}"


# --- what is held --------------------------------------------------------------------------------


def _held_letter(wish: MailWish, now: datetime) -> Letter | None:
    """What was held since the last one; None where nothing was, or they may not see it."""
    if not wish.user.has_perm("audit.view_posting"):
        return None
    through = now - SETTLED
    new = Posting.objects.filter(state__in=NEEDS_PERSON, state_at__lte=through)
    if wish.held_through is not None:
        new = new.filter(state_at__gt=wish.held_through)
    groups = held(new)
    if not groups:
        return None
    reports = new.order_by().values("report").distinct().count()
    everything = _address(reverse("admin:audit_posting_held"))
    named = titles(groups)
    names_company = has_many_companies()
    parts = [_cause(one, named[one.key], names_company) for one in groups]
    waiting = Posting.objects.filter(state__in=NEEDS_PERSON).order_by()
    total = waiting.values("report").distinct().count()
    parts.append(f"All that is held, {counted(total, 'report')}: {everything}")
    is_are = "is" if reports == 1 else "are"
    return Letter(
        subject=f"{counted(reports, 'report')} {is_are} held and {_need(reports)} you",
        body="\n\n".join([*parts, _footer()]) + "\n",
        told={"held_through": through, "held_sent_at": now},
    )


def _need(count: int) -> str:
    return "needs" if count == 1 else "need"


def _cause(one: Held, title: str, names_company: bool) -> str:
    said = meaning(one.problem.get("code", one.code))
    company = f" in {one.company}" if names_company else ""
    lines = [
        f"{title}: {counted(one.reports, 'report')}{company}, {words.sums_and_unknown(one)}",
        said if said != title else "",
        one.problem.get("cure", ""),
        _address(list_of(one)),
    ]
    return "\n".join(line for line in lines if line)


# --- connections ---------------------------------------------------------------------------------


def _connections_letter(wish: MailWish, now: datetime) -> Letter | None:
    """Connections that need a person now or soon; None where all is well, or they may not see."""
    may = wish.user.has_perm
    found: list[str] = []
    if may("connectors.view_ledgerconnection"):
        rows = LedgerConnection.objects.filter(credential__isnull=False)
        found += _complaints(rows.select_related("credential").order_by("name", "pk"), now)
    if may("connectors.view_expensifyaccount"):
        accounts = ExpensifyAccount.objects.select_related("credential").order_by("name", "pk")
        found += _complaints(accounts, now)
    if not found:
        return None
    count = len(found)
    return Letter(
        subject=f"{counted(count, 'connection')} {_need(count)} you",
        body="\n\n".join([*found, _footer()]) + "\n",
        told={"connections_sent_at": now},
    )


def _complaints(
    rows: Iterable[LedgerConnection | ExpensifyAccount], now: datetime
) -> Sequence[str]:
    return [
        f"{row}\n{why}\n{_address(change_url(row))}"
        for row in rows
        if (why := _why(row.credential, now))
    ]


def _why(credential: Credential, now: datetime) -> str:
    """What a person has to do about it, "" for nothing."""
    if credential.is_sealed or credential.state != Credential.State.WORKING:
        cure = credential_cure(credential) or "Press Connect on its page."
        return f"Nothing is read or posted through it. {cure}"
    ends = [at for at in (credential.consent_ends_at, credential.refresh_expires_at) if at]
    if not ends or min(ends) > now + RENEW_BEFORE:
        return ""
    end = min(ends)
    on = f"{words.day(timezone.localtime(end))}"
    verb = "ended" if end <= now else "ends"
    return f"Its consent {verb} on {on}. Press Connect on its page, so that nothing stops."
