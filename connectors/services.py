"""What people and the clock do with connections: connect, test, pull workspaces, change keys."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from connectors import consent, oauth, opening
from connectors.clock import database_now
from connectors.consent import ConsentRefused
from connectors.contract import exact_json
from connectors.contract.company import Company
from connectors.contract.ledger import Connection
from connectors.contract.problem import Problem
from connectors.contract.transport import Blocked, Unauthorised, VendorError
from connectors.fields import Secret
from connectors.models import (
    EXPENSIFY,
    Channel,
    Credential,
    ExpensifyAccount,
    LedgerConnection,
    Workspace,
)
from connectors.registry import UnknownLedger, ledger_label
from connectors.signals import tell

# Why something outside does not work, in words for people: what a screen catches and shows.
NOT_WORKING = (VendorError, UnknownLedger, ImproperlyConfigured)

# What `check` may change about a company that we know; a change of any of these is an event.
_TOLD = (
    "company_name",
    "home_currency",
    "country",
    "has_tax",
    "is_multicurrency",
    "closed_through",
    "role",
)


# --- ledgers --------------------------------------------------------------------------------------


def connect_company(
    connection: LedgerConnection, *, code: str, company_id: str, actor: str = ""
) -> Company:
    """Finish a consent: tokens for the code, the company behind them, and only then rows.

    The company's id is fixed for good here, so the company itself has to confirm it first.
    Raises ConsentRefused (the text is for the person), VendorError.
    """
    _refuse_other_company(connection, company_id)
    tokens = consent.exchange(connection.ledger, code)
    ledger = opening.open_with_token(
        Connection(company_id, connection.web_url, connection.facts),
        connection.ledger,
        tokens.access_token,
    )
    company = ledger.check()
    if company.company_id != company_id:
        raise ConsentRefused(
            f"The consent names company {company_id}, {ledger_label(connection.ledger)} answered "
            f"as {company.name} ({company.company_id}). Nothing was connected. Press Connect again."
        )
    try:
        with transaction.atomic():
            _store_consent(connection, company, tokens, actor)
    except IntegrityError:
        # Two people connected the same company at the same moment; the other one was first.
        _refuse_other_company(connection, company_id)
        raise
    return company


def test_connection(connection: LedgerConnection) -> Company:
    """Ask the ledger who it is, and store what it says. Raises VendorError, see `transport`.

    An expired token is renewed once. Only the vendor's word on the sign-in itself changes the
    credential's state; being throttled, out of order or out of reach does not.
    """
    try:
        company = _checked(connection)
        if company.company_id != connection.company_id:
            raise Blocked(_wrong_company(connection, company))
    except Unauthorised as refusal:
        needs_reconnect(connection, refusal)
        raise
    except Blocked as refusal:
        _set_state(connection, Credential.State.BLOCKED, str(refusal.problem))
        raise
    with transaction.atomic():
        _store_company(connection, company)
        was_news = _set_state(connection, Credential.State.WORKING, "")
        held = Channel.objects.filter(connection=connection).exclude(breaker_reason="")
        if not was_news and held.exists():
            # Whatever holds it was about something else than the sign-in, and is over.
            subject = {"connection_id": connection.pk}
            tell("connection.working", subject=subject, facts={"reason": "it was tested"})
    return company


def needs_reconnect(connection: LedgerConnection, refusal: Unauthorised) -> bool:
    """The vendor's last word was no: nothing is sent until a person has connected again.

    False, and nothing is changed, where the refused token is not the stored one any more: a person
    has connected again meanwhile, or a refresh has come through.
    """
    with transaction.atomic():
        rows = Credential.objects.select_for_update()
        credential = rows.filter(pk=connection.credential_id).first()
        if credential is not None and not oauth.is_about(credential, refusal):
            return False
        _set_state(connection, Credential.State.RECONNECT, refusal.message)
    return True


def _checked(connection: LedgerConnection) -> Company:
    try:
        return opening.open_ledger(connection).check()
    except Unauthorised as refusal:
        if not refusal.expired:
            raise
        return opening.open_ledger(connection, refused=refusal).check()


def _refuse_other_company(connection: LedgerConnection, company_id: str) -> None:
    """Before the code is spent: a consent for the wrong company would end another one's."""
    name = ledger_label(connection.ledger)
    if not company_id:
        raise ConsentRefused(f"{name} did not say which company was chosen. Press Connect again.")
    if connection.company_id and connection.company_id != company_id:
        other = LedgerConnection.objects.filter(
            ledger=connection.ledger, company_id=company_id
        ).first()
        chosen = f"{other.company_name or other.name} ({company_id})" if other else company_id
        raise ConsentRefused(
            f"{connection.name} belongs to {connection.company_name or 'company'} "
            f"({connection.company_id}), but in {name} you chose company {chosen}. Nothing was "
            "changed. Press Connect again and choose the first one, or add a new connection for "
            "the other."
        )
    taken = (
        LedgerConnection.objects.filter(ledger=connection.ledger, company_id=company_id)
        .exclude(pk=connection.pk)
        .first()
    )
    if taken is not None:
        raise ConsentRefused(
            f"{taken.company_name or 'This company'} ({company_id}) is already connected as "
            f"“{taken.name}”. Nothing was changed. Use that connection, or choose another "
            "company."
        )


def _store_consent(
    connection: LedgerConnection, company: Company, tokens: oauth.Tokens, actor: str
) -> None:
    row = LedgerConnection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    _refuse_other_company(row, company.company_id)
    credential = row.credential or Credential(kind=row.ledger)
    is_first = row.credential is None
    oauth.keep(credential, tokens)
    row.credential, row.company_id = credential, company.company_id
    _take_over(row, company)
    row.save()
    connection.refresh_from_db()
    tell(
        "connection.connected" if is_first else "connection.reconnected",
        subject={"connection_id": row.pk},
        facts={"company": row.company, "company_name": row.company_name},
        actor=actor,
    )


def _store_company(connection: LedgerConnection, company: Company) -> None:
    row = LedgerConnection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    before = {field: getattr(row, field) for field in _TOLD}
    _take_over(row, company)
    row.save(update_fields=[*_TOLD, "facts", "checked_at"])
    connection.refresh_from_db()
    changed = {
        field: [exact_json.plain(before[field]), exact_json.plain(getattr(row, field))]
        for field in _TOLD
        if before[field] != getattr(row, field)
    }
    if changed:
        tell("connection.changed", subject={"connection_id": row.pk}, facts=changed)


def _take_over(row: LedgerConnection, company: Company) -> None:
    row.company_name, row.home_currency = company.name, company.home_currency
    row.country, row.role = company.country, company.role
    row.has_tax, row.is_multicurrency = company.has_tax, company.is_multicurrency
    row.closed_through = company.closed_through
    row.facts = exact_json.plain(company.facts)
    row.checked_at = database_now()


def _set_state(connection: LedgerConnection, state: Credential.State, reason: str) -> bool:
    """Change the credential's state where it differs, with the event in the same transaction."""
    if connection.credential_id is None:
        return False
    now = database_now()
    with transaction.atomic():
        changed = (
            Credential.objects.filter(pk=connection.credential_id)
            .exclude(state=state)
            .update(state=state, reason=reason, changed_at=now)
        )
        if changed:
            kind = "needs_reconnect" if state == Credential.State.RECONNECT else state.value
            tell(
                f"connection.{kind}",
                subject={"connection_id": connection.pk},
                facts={"reason": reason},
            )
    if connection.credential is not None:
        connection.credential.refresh_from_db()
    return bool(changed)


def _wrong_company(connection: LedgerConnection, company: Company) -> Problem:
    return Problem(
        code="connect.company.other",
        field="company",
        message=(
            f"{connection.name} belongs to company {connection.company_id}, but "
            f"{ledger_label(connection.ledger)} answered as {company.name} ({company.company_id}). "
            "Nothing was sent."
        ),
        cure="Press Connect and choose the first company.",
    )


# --- Expensify ------------------------------------------------------------------------------------


def store_partner_credentials(
    account: ExpensifyAccount, *, user_id: str, user_secret: str, actor: str = ""
) -> None:
    """Keep a pair that a person entered (saves a new account too); blanks keep what is stored."""
    with transaction.atomic():
        credential = account.credential if account.credential_id else Credential(kind=EXPENSIFY)
        # A sealed secret cannot be kept in part: both fields have to be entered.
        stored = {} if credential.is_sealed or credential.secret is None else credential.secret
        credential.secret = Secret(
            user_id=user_id or stored.get("user_id", ""),
            user_secret=user_secret or stored.get("user_secret", ""),
        )
        if not all(credential.secret.values()):
            raise ValueError("both partnerUserID and partnerUserSecret are needed")
        credential.state, credential.reason = Credential.State.WORKING, ""
        credential.save()
        account.credential = credential
        account.save()
        tell(
            "expensify.credentials_entered",
            subject={"expensify_account_id": account.pk},
            facts={"name": account.name},
            actor=actor,
        )


def test_expensify(account: ExpensifyAccount) -> int:
    """Ask for the list of workspaces; returns how many there are. Raises VendorError."""
    return len(_policies(account))


def pull_workspaces(account: ExpensifyAccount) -> int:
    """Store the workspaces that the account sees now; returns how many. Raises VendorError.

    A workspace that is gone from the list is kept and marked as no longer visible.
    """
    policies = _policies(account)
    with transaction.atomic():
        for policy in policies:
            Workspace.objects.update_or_create(
                account=account,
                policy_id=policy.policy_id,
                defaults={
                    "name": policy.name,
                    "currency": policy.currency,
                    "role": policy.role,
                    "is_visible": True,
                },
            )
        gone = account.workspaces.filter(is_visible=True).exclude(
            policy_id__in=[policy.policy_id for policy in policies]
        )
        vanished = list(gone.values_list("policy_id", flat=True))
        gone.update(is_visible=False)
        if vanished:
            tell(
                "expensify.workspaces_vanished",
                subject={"expensify_account_id": account.pk},
                facts={"policy_ids": vanished},
            )
    return len(policies)


def _policies(account: ExpensifyAccount) -> list[Any]:
    """The account's workspaces as Expensify lists them; the outcome stands on the account."""
    try:
        policies = list(opening.open_expensify(account).policies())
    except VendorError as failure:
        _note_expensify(account, failure)
        raise
    _note_expensify(account, None)
    return policies


def _note_expensify(account: ExpensifyAccount, failure: VendorError | None) -> None:
    """What the last request said. Only a refusal of the credentials changes their state, and only
    while the ones that it was about are stored: a person may have entered others meanwhile."""
    now, text = database_now(), str(failure) if failure else "Working"
    match failure:
        case None:
            state = Credential.State.WORKING
        case Unauthorised():
            state = Credential.State.RECONNECT
        case Blocked():
            state = Credential.State.BLOCKED
        case _:
            state = None
    with transaction.atomic():
        ExpensifyAccount.objects.filter(pk=account.pk).update(state_text=text, checked_at=now)
        account.state_text, account.checked_at = text, now
        stored = Credential.objects.select_for_update().get(pk=account.credential_id)
        is_about_it = stored.is_sealed or stored.secret == account.credential.secret
        if state is None or not is_about_it:
            return
        changed = (
            Credential.objects.filter(pk=account.credential_id)
            .exclude(state=state)
            .update(state=state, reason=text if failure else "", changed_at=now)
        )
        if changed:
            tell(
                f"expensify.{state.value}",
                subject={"expensify_account_id": account.pk},
                facts={"reason": text},
            )


# --- keys -----------------------------------------------------------------------------------------


def reseal() -> tuple[int, list[str]]:
    """Encrypt every secret anew with the first of FERNET_KEYS, row by row, while all is running.

    Returns how many were, and the names of those that no key opens; these are left as they are.
    """
    done, sealed = 0, []
    for pk in Credential.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Credential.objects.select_for_update().get(pk=pk)
            if row.is_sealed:
                sealed.append(str(row))
            elif row.secret is not None:
                row.save(update_fields=["secret"])
                done += 1
    return done, sealed
