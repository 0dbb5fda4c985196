"""The way of a person to a vendor's consent page and back."""

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from connectors import consent, services
from connectors.consent import ConsentRefused
from connectors.contract.transport import Blocked, VendorError
from connectors.models import LedgerConnection
from connectors.registry import ledger_label
from connectors.token_endpoint import NoConsentPage, sign_in

MAY_CONNECT = "connectors.connect_ledgerconnection"


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required(MAY_CONNECT, raise_exception=True)
def connect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """POST starts a consent. GET is the address that vendors link to as "reconnect": it leads to
    the connection's page, because a link alone must not start anything."""
    connection = get_object_or_404(LedgerConnection, pk=connection_id)
    if request.method != "POST":
        return HttpResponseRedirect(_page_of(connection))
    return start_consent(request, connection)


def start_consent(request: HttpRequest, connection: LedgerConnection) -> HttpResponse:
    """Send the browser to the vendor, with a state that only this session can come back with."""
    if request.session.session_key is None:
        request.session.create()
    try:
        return HttpResponseRedirect(consent.begin(connection, request.session.session_key))
    except (NoConsentPage, Blocked) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(_page_of(connection))


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required(MAY_CONNECT, raise_exception=True)
def callback(request: HttpRequest, ledger: str) -> HttpResponse:
    """The vendor's answer to a consent; after it the connection works, or a page says why not."""
    try:
        way = sign_in(ledger)
        state, session_key = request.GET.get("state", ""), request.session.session_key or ""
        connection = consent.finish(ledger, state, session_key)
    except (NoConsentPage, ConsentRefused) as refusal:
        return _refused(request, ledger, str(refusal))
    if error := request.GET.get("error", ""):
        return _refused(request, ledger, _why(ledger, error), connection)
    code = request.GET.get("code", "")
    if not code:
        text = f"{ledger_label(ledger)} sent neither a consent nor a reason. Press Connect again."
        return _refused(request, ledger, text, connection)
    try:
        company = services.connect_company(
            connection,
            code=code,
            company_id=request.GET.get(way.company_parameter, ""),
            actor=request.user.get_username(),
        )
    except (ConsentRefused, Blocked) as refusal:
        return _refused(request, ledger, str(refusal), connection)
    except VendorError as failure:
        text = (
            f"The consent was given, but the connection could not be completed: {failure}. "
            "Nothing was changed. Press Connect again."
        )
        return _refused(request, ledger, text, connection, status=502)
    closed = company.closed_through
    messages.success(
        request,
        f"Connected to {company.name} ({company.home_currency}). "
        + (f"Closed in the ledger through {closed:%d %b %Y}." if closed else "No closed period."),
    )
    return HttpResponseRedirect(_page_of(connection))


def _why(ledger: str, error: str) -> str:
    name = ledger_label(ledger)
    if error == "access_denied":
        return (
            f"You chose not to connect {name}. Nothing was changed. Press Connect again whenever "
            "you want to; it takes a user who administers the company."
        )
    # Words from the address are shown as they are coded only: they may be anybody's.
    known = error if error.replace("_", "").isalpha() and len(error) <= 40 else "no known reason"
    return f"{name} gave no consent ({known}). Nothing was changed. Press Connect again."


def _refused(
    request: HttpRequest,
    ledger: str,
    text: str,
    connection: LedgerConnection | None = None,
    status: int = 400,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": f"{ledger_label(ledger)} was not connected",
        "text": text,
        "connection": connection,
        "back": _page_of(connection) if connection else _all_connections(),
    }
    return render(request, "connectors/consent_refused.html", context, status=status)


def _page_of(connection: LedgerConnection) -> str:
    return reverse("admin:connectors_ledgerconnection_change", args=[connection.pk])


def _all_connections() -> str:
    return reverse("admin:connectors_ledgerconnection_changelist")
