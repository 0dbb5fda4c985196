"""Intuit's OAuth: consent page, token and revoke endpoints, discovery, the tokens behind them."""

import base64
import binascii
import hashlib
import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..chassis import Clock, Request, Response
from .errors import oauth

SCOPES = (
    "com.intuit.quickbooks.accounting", "com.intuit.quickbooks.payment", "openid", "profile",
    "email", "phone", "address", "project-management.project",
)  # fmt: skip
AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"
DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
DAY = 86_400.0


class Tokens:
    """Codes and token pairs of one app. Times are epoch seconds of the sandbox's clock."""

    def __init__(self, clock: Clock, seed: int, settings: dict[str, Any]) -> None:
        self.clock = clock
        self.settings = settings
        mark = hashlib.sha256(f"quickbooks app {seed}".encode()).hexdigest()
        self.client_id = "AB" + mark[:48]
        self.client_secret = mark[:40][::-1]
        self.codes: dict[str, dict[str, Any]] = {}
        self.access: dict[str, dict[str, Any]] = {}  # token -> realm, until, consent
        self.refresh: dict[
            str, dict[str, Any]
        ] = {}  # token -> realm, until, since, consent, hard_until
        self.consents = 0

    # -- pairs -----------------------------------------------------------------------------------
    def consent(self, realm: str) -> int:
        """A new consent for a company; the app's earlier one dies (a switch)."""
        if self.settings["second_connect_kills_first"]:
            self.end(realm)
        self.consents += 1
        return self.consents

    def end(self, realm: str) -> None:
        for tokens in (self.access, self.refresh):
            for token in [t for t, facts in tokens.items() if facts["realm"] == realm]:
                del tokens[token]

    def pair(self, realm: str, consent: int, hard_until: float, old: str = "") -> dict[str, Any]:
        """A fresh access token, and the refresh token that goes with it."""
        now = self.clock.time()
        length = self.settings["access_token_length"]
        access = ("eyJlbmMiOiJBMTI4Q0JD" + secrets.token_urlsafe(length))[:length]
        self.access[access] = {
            "realm": realm,
            "consent": consent,
            "until": now + self.settings["access_token_lives_s"],
        }
        refresh = self._refresh_token(realm, consent, hard_until, old, now)
        return {"access": access, "refresh": refresh}

    def _refresh_token(
        self, realm: str, consent: int, hard_until: float, old: str, now: float
    ) -> str:
        facts = self.refresh.get(old, {"since": now})
        how = self.settings["refresh_rotates"]
        stays = old and (how == "never" or (how == "daily" and now - facts["since"] < DAY))
        token = old if stays else "AB11" + secrets.token_hex(23)
        if old and not stays:
            del self.refresh[old]
        until = min(now + self.settings["refresh_token_lives_s"], hard_until)
        self.refresh[token] = {
            "realm": realm, "consent": consent, "until": until, "hard_until": hard_until,
            "since": facts["since"] if stays else now,
        }  # fmt: skip
        return token

    def bearer(self, token: str) -> dict[str, Any] | None:
        """The facts of a living access token."""
        facts = self.access.get(token)
        return facts if facts and facts["until"] > self.clock.time() else None

    def mint(self, realm: str) -> dict[str, Any]:
        """A consent without a browser."""
        hard = self.clock.time() + self.settings["hard_expiry_s"]
        pair = self.pair(realm, self.consent(realm), hard)
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "access_token": pair["access"],
            "refresh_token": pair["refresh"],
            "company": realm,
        }

    def dump(self) -> dict[str, Any]:
        return {n: getattr(self, n) for n in ("codes", "access", "refresh", "consents")}

    def load(self, kept: dict[str, Any]) -> None:
        for name, value in kept.items():
            setattr(self, name, value)


# -- consent page ----------------------------------------------------------------------------------
def authorize(tokens: Tokens, request: Request, companies: dict[str, str]) -> Response:
    """GET shows Allow and Deny; POST (of that form) redirects with code, state and realmId."""
    asked = request.form() if request.method == "POST" else request.query
    wrong = _wrong_asker(tokens, asked)
    if wrong:
        return Response.html(f"<h1>Sorry, but Intuit can't connect</h1><p>{escape(wrong)}</p>", 400)
    back, state = asked["redirect_uri"], asked.get("state", "")
    if asked.get("response_type", "code") != "code":
        return _back(back, {"error": "unsupported_response_type", "state": state})
    scopes = asked.get("scope", "").split()
    if not scopes or set(scopes) - set(SCOPES):
        return _back(back, {"error": "invalid_scope", "state": state})
    if request.method != "POST":
        return Response.html(_page(request, asked, companies))
    if asked.get("decision") != "allow":
        return _back(back, {"error": tokens.settings["deny_error"], "state": state})
    realm = asked.get("realm") or next(iter(companies))
    if realm not in companies:
        return Response.html("<h1>There is no such company</h1>", 400)
    code = "AB11" + secrets.token_hex(24)
    until = tokens.clock.time() + tokens.settings["code_lives_s"]
    tokens.codes[code] = {"realm": realm, "redirect_uri": back, "until": until}
    return _back(back, {"code": code, "state": state, "realmId": realm})


def _wrong_asker(tokens: Tokens, asked: dict[str, str]) -> str:
    if asked.get("client_id") != tokens.client_id:
        return "The client_id is unknown."
    uri = urlsplit(asked.get("redirect_uri", ""))
    is_local = uri.hostname in ("localhost", "127.0.0.1")
    if not uri.hostname or not (uri.scheme == "https" or (uri.scheme == "http" and is_local)):
        return "The redirect_uri must be https (http only for localhost)."
    registered = tokens.settings["redirect_uris"].split()
    if registered and asked["redirect_uri"] not in registered:
        return "The redirect_uri is not registered for this app."
    return ""


def _back(uri: str, answer: dict[str, str]) -> Response:
    joint = "&" if "?" in uri else "?"
    return Response.redirect(uri + joint + urlencode({n: v for n, v in answer.items() if v}))


def _page(request: Request, asked: dict[str, str], companies: dict[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(text)}">'
        for name, text in asked.items()
    )
    choice = "".join(
        f'<option value="{r}">{escape(name)} ({r})</option>' for r, name in companies.items()
    )
    return (
        "<!doctype html><title>Intuit (sandbox)</title><h1>Connect this app to a company?</h1>"
        f'<form method="post" action="{request.base_url}{AUTHORIZE}">{hidden}'
        f'<p><label>Company <select name="realm">{choice}</select></label></p>'
        '<p><button name="decision" value="allow">Allow</button> '
        '<button name="decision" value="deny">Deny</button></p></form>'
    )


# -- token endpoint --------------------------------------------------------------------------------
def token(tokens: Tokens, request: Request) -> Response:
    """Both grants."""
    if not _is_our_app(tokens, request):
        return oauth(401, "invalid_client")
    if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        return oauth(
            400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded"
        )
    form = request.form()
    if form.get("grant_type") == "authorization_code":
        return _by_code(tokens, request, form)
    if form.get("grant_type") == "refresh_token":
        return _by_refresh(tokens, request, form)
    return oauth(400, "unsupported_grant_type")


def _is_our_app(tokens: Tokens, request: Request) -> bool:
    kind, _, coded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return False
    try:
        found = base64.b64decode(coded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return secrets.compare_digest(
        found.encode(), f"{tokens.client_id}:{tokens.client_secret}".encode()
    )


def _invalid_grant(tokens: Tokens, text: str) -> Response:
    wish = tokens.settings["oauth_description"]
    return oauth(400, "invalid_grant", {"full": text, "token_invalid": "Token invalid"}.get(wish))


def _by_code(tokens: Tokens, request: Request, form: dict[str, str]) -> Response:
    facts = tokens.codes.pop(form.get("code", ""), None)
    if facts is None or facts["until"] <= tokens.clock.time():
        return _invalid_grant(tokens, "Authorization code is invalid or expired")
    if facts["redirect_uri"] != form.get("redirect_uri"):
        return _invalid_grant(tokens, "redirect_uri does not match the authorize call")
    hard = tokens.clock.time() + tokens.settings["hard_expiry_s"]
    pair = tokens.pair(facts["realm"], tokens.consent(facts["realm"]), hard)
    return _granted(tokens, request, pair)


def _by_refresh(tokens: Tokens, request: Request, form: dict[str, str]) -> Response:
    old = form.get("refresh_token", "")
    facts = tokens.refresh.get(old)
    if facts is None or facts["until"] <= tokens.clock.time():
        return _invalid_grant(tokens, "Incorrect or invalid refresh token")
    if tokens.settings["refresh_kills_access_token"]:
        for access in [t for t, f in tokens.access.items() if f["consent"] == facts["consent"]]:
            del tokens.access[access]
    return _granted(
        tokens, request, tokens.pair(facts["realm"], facts["consent"], facts["hard_until"], old)
    )


def _granted(tokens: Tokens, request: Request, pair: dict[str, Any]) -> Response:
    now, facts = tokens.clock.time(), tokens.refresh[pair["refresh"]]
    body: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": pair["access"],
        "expires_in": tokens.settings["access_token_lives_s"],
        "refresh_token": pair["refresh"],
        "x_refresh_token_expires_in": round(facts["until"] - now),
    }
    if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
        body["x_refresh_token_hard_expires_in"] = round(facts["hard_until"] - now)
    return Response.json(body, cache_control="no-store")


def revoke(tokens: Tokens, request: Request) -> Response:
    """Ends the whole consent behind an access or refresh token; JSON and form are taken."""
    if not _is_our_app(tokens, request):
        return oauth(401, "invalid_client")
    try:
        body = (
            request.json() if "json" in request.headers.get("content-type", "") else request.form()
        )
    except ValueError:
        return oauth(400, "invalid_request")
    sent = body.get("token", "") if isinstance(body, dict) else ""
    facts = tokens.refresh.get(sent) or tokens.access.get(sent)
    if facts is None:
        return oauth(400, "invalid_request", "Token invalid")
    for known in (tokens.access, tokens.refresh):
        for each in [t for t, f in known.items() if f["consent"] == facts["consent"]]:
            del known[each]
    return Response(200)


def discovery(request: Request) -> Response:
    base = request.base_url
    return Response.json(
        {
            "issuer": "https://oauth.platform.intuit.com/op/v1",
            "authorization_endpoint": base + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "userinfo_endpoint": base + "/v1/openid_connect/userinfo",
            "revocation_endpoint": base + REVOKE,
            "jwks_uri": base + "/op/v1/jwks",
            "response_types_supported": ["code"],
            "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )
