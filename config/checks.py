"""What Django cannot know: settings that load, and would still lose tokens, leak or stall."""

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# Shorter than this is a word somebody thought of.
SHORTEST_KEY = 32


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address (a URL)."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@register(Tags.security)
def encryption_keys(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """FERNET_KEYS exist, are long, differ from each other and from SECRET_KEY."""
    keys = list(getattr(settings, "FERNET_KEYS", None) or [])
    cure = "Put a long random text in FERNET_KEYS (`python manage.py new_env` makes one)."
    if not keys:
        # The field library would quietly fall back to SECRET_KEY.
        yield Error("FERNET_KEYS is empty: tokens have no key.", hint=cure, id="config.E001")
    if settings.SECRET_KEY in keys:
        yield Error(
            "FERNET_KEYS contains SECRET_KEY: changing it would make every token unreadable.",
            hint="Put a new key in front, run `manage.py reseal`, then drop this one.",
            id="config.E002",
        )
    if any(len(key) < SHORTEST_KEY for key in keys):
        yield Error(
            f"A key in FERNET_KEYS has fewer than {SHORTEST_KEY} characters.",
            hint=cure,
            id="config.E003",
        )
    if len(set(keys)) < len(keys):
        yield Error(
            "FERNET_KEYS names the same key twice.", hint="Drop one of them.", id="config.E004"
        )


@register(Tags.security)
def public_address(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """A site that others can reach has DEBUG off and names its hosts."""
    if is_loopback(settings.BASE_URL):
        return
    if settings.DEBUG:
        yield Error(
            f"DEBUG is on and BASE_URL is public ({settings.BASE_URL}): error pages would show "
            "settings and figures to anyone.",
            hint="Set DEBUG=false.",
            id="config.E005",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS allows every name on a public BASE_URL.",
            hint=f"Set ALLOWED_HOSTS={urlsplit(settings.BASE_URL).hostname}.",
            id="config.E006",
        )


@register(Tags.security)
def own_host_is_allowed(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """BASE_URL's own host is one the site answers to; else every OAuth return is a 400."""
    from django.http.request import validate_host

    host = urlsplit(settings.BASE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield Error(
            f"BASE_URL is at {host}, which ALLOWED_HOSTS does not name.",
            hint=f"Add {host} to ALLOWED_HOSTS.",
            id="config.E007",
        )


@register(Tags.database)
def one_cluster_on_sqlite(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """SQLite has one writer: one cluster of two workers. A second cluster is not seen from here."""
    if settings.ON_SQLITE and settings.Q_CLUSTER["workers"] > 2:
        yield Warning(
            f"{settings.Q_CLUSTER['workers']} workers share one SQLite file and wait in turn.",
            hint="Use two workers and one cluster, or PostgreSQL by DATABASE_URL.",
            id="config.W001",
        )


@register(Tags.security, deploy=True)
def deployment(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """What is fine on a desk, and not where books are kept (`check --deploy`)."""
    if settings.SANDBOX_URL:
        yield Warning(
            f"SANDBOX_URL is set ({settings.SANDBOX_URL}): nothing reaches the real vendors.",
            hint="Remove SANDBOX_URL.",
            id="config.W002",
        )
    if not settings.BASE_URL.startswith("https://"):
        yield Warning(
            "BASE_URL is not https: vendors refuse it as an OAuth return address and for webhooks.",
            hint="Put a proxy with a certificate in front and set BASE_URL=https://...",
            id="config.W003",
        )
    if settings.ON_SQLITE:
        yield Warning(
            "The database is SQLite: run exactly one cluster, on the same machine as the web.",
            hint="Set DATABASE_URL to PostgreSQL to run more.",
            id="config.W004",
        )
