"""All settings, in one file and from the environment; what is missing or wrong stops the start.

The variables and their meaning: .env.example. A .env beside manage.py is read if it is there
(ENV_FILE names another one, or none when empty); the environment wins over it.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()

# --- Reading ---------------------------------------------------------------------------------

_env_file = env.str("ENV_FILE", default=str(BASE_DIR / ".env"))
if _env_file and Path(_env_file).is_file():
    env.read_env(_env_file)
elif _env_file and "ENV_FILE" in os.environ:
    raise ImproperlyConfigured(f"ENV_FILE names {_env_file}, which is not a file. Correct it.")


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    chosen = env.str(name, default=default)
    if chosen not in allowed:
        raise ImproperlyConfigured(f"{name} is {chosen!r}. Set it to {' or '.join(allowed)}.")
    return chosen


def _flag(name: str, default: bool) -> bool:
    # django-environ reads every unknown word as false; a typing error must not decide silently.
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    word = env.str(name, default=str(default)).strip().lower()
    if word not in words:
        raise ImproperlyConfigured(f"{name} is {word!r}. Set it to true or false.")
    return words[word]


def _seconds(name: str, default: float) -> float:
    text = env.str(name, default="").strip() or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise ImproperlyConfigured(f"{name} is {text!r}. Set it to seconds, 0 to a day.")
    return seconds


def _web_address(name: str, default: str = "") -> str:
    address = env.str(name, default=default).rstrip("/")
    if address:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ImproperlyConfigured(
                f"{name} is {address!r}. Set it to an address like https://books.example.com."
            )
    return address


_missing = [
    name
    for name in ("SECRET_KEY", "FERNET_KEYS", "BASE_URL", "ALLOWED_HOSTS")
    if not env.str(name, default="").strip(" ,")
]
if _missing:
    raise ImproperlyConfigured(
        f"{', '.join(_missing)} {'is' if len(_missing) == 1 else 'are'} not set. "
        "For a first start run `python manage.py new_env`, which writes a .env with fresh secrets "
        "(or `cp .env.example .env` and fill it in). In a deployment set it in the environment."
    )

# --- Who we are ------------------------------------------------------------------------------

DEBUG = _flag("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Of their own, because SECRET_KEY is changed when a session leaks, and vendors' tokens must outlive
# that. The first one encrypts, every one decrypts.
FERNET_KEYS = [key.strip() for key in env.list("FERNET_KEYS") if key.strip()]
# The keys above are any long random texts; the Fernet keys proper are derived from them. Turning
# this off would want Fernet's own 32-byte form, and make everything stored until then unreadable.
FERNET_USE_HKDF = True
ALLOWED_HOSTS = [host.strip() for host in env.list("ALLOWED_HOSTS") if host.strip()]
BASE_URL = _web_address("BASE_URL")

# --- Rooms -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    # The theme replaces templates of the admin, so it stands before it. Code reaches it through
    # connectors/admin_base.py alone.
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles: runserver then serves files the way the real web server does.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_q",
    "connectors.apps.ConnectorsConfig",
    "mappings.apps.MappingsConfig",
    "audit.apps.AuditConfig",
    "qbwc.apps.QbwcConfig",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- The database, which is also the outbox ----------------------------------------------------


def _database() -> dict:
    address = env.str("DATABASE_URL", default="")
    if not address:
        # SQLite makes files, not folders.
        VAR_DIR.mkdir(exist_ok=True)
        address = "sqlite:///var/ml-connector.sqlite3"
    scheme = address.partition(":")[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"DATABASE_URL begins with {scheme!r}. Use sqlite:///path or postgres://user@host/name."
        )
    database = env.db_url_config(address)
    # Never a transaction around a whole request: a view that pings a vendor would hold it open
    # while the vendor is on the line.
    database["ATOMIC_REQUESTS"] = False
    options = database.setdefault("OPTIONS", {})
    if scheme == "sqlite":
        if database["NAME"] != ":memory:":
            # From the project's folder: web server and cluster may be started elsewhere, and two
            # half-empty databases are worse than none.
            database["NAME"] = str(BASE_DIR / database["NAME"])
        options.setdefault("timeout", 20)
        # IMMEDIATE takes the write lock at BEGIN, where the timeout applies. Deferred transactions
        # that turn into writers half-way fail at once with "database is locked".
        options["transaction_mode"] = "IMMEDIATE"
        options["init_command"] = (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON"
        )
    else:
        # Behind a pooler in transaction mode add ?DISABLE_SERVER_SIDE_CURSORS=true.
        database.setdefault("CONN_MAX_AGE", 60)
        database["CONN_HEALTH_CHECKS"] = True
        options.setdefault("connect_timeout", 10)
        if env.bool("PG_PREPARE", default=True):
            # A statement that comes again is neither put together here nor planned there: a fifth
            # of the whole time of a poll and its posting.
            options["server_side_binding"] = True
            options["prepare_threshold"] = 5
        # What DATABASE_URL says itself (?options=...) comes last and wins.
        options["options"] = f"{_patience()} {options.get('options', '')}".strip()
        if not options["options"]:
            del options["options"]
    return database


def _patience() -> str:
    """When PostgreSQL ends what hangs, as options of the session. A worker that was stopped in the
    middle of a transaction would otherwise keep its locks, and everybody waiting, for ever."""
    wanted = {
        "idle_in_transaction_session_timeout": _seconds("PG_IDLE_IN_TRANSACTION_S", 60),
        "lock_timeout": _seconds("PG_LOCK_S", 30),
        "statement_timeout": _seconds("PG_STATEMENT_S", 300),
    }
    return " ".join(f"-c {name}={round(s * 1000)}" for name, s in wanted.items() if s)


DATABASES = {"default": _database()}
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The cluster -------------------------------------------------------------------------------

# A task is only a nudge: what there is to do stands in our own tables, and the tick of every
# minute finds it again. So nothing is retried here, made up for, or kept for long.
Q_CLUSTER = {
    "name": "ml-connector",
    "label": "Background work",
    "orm": "default",
    # SQLite has one writer; a third worker would only wait for it.
    "workers": 2 if ON_SQLITE else 4,
    # Few in memory: a task that waits there too long is handed out a second time after `retry`.
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.5,
    # A large Expensify export takes minutes. `retry` must be the longer of the two, or a task
    # still running is started again beside itself.
    "timeout": 1800,
    "retry": 1860,
    # A failed nudge is done with: its reason stands in the log and in the tables it worked on.
    "ack_failures": True,
    "max_attempts": 2,
    # After a night's standstill one tick, not five hundred.
    "catch_up": False,
    "save_limit": 250,
    "recycle": 500,
}

# --- The vendors -------------------------------------------------------------------------------

# name -> who opens that ledger; a path, because rooms below must not import the ones above.
LEDGERS = {
    "quickbooks_online": "connectors.ledgers.quickbooks_online.ledger.open_ledger",
}

# Our own simulators, each under its prefix; empty means the real vendors.
SANDBOX_URL = _web_address("SANDBOX_URL")
INTUIT_ENVIRONMENT = _choice("INTUIT_ENVIRONMENT", "production", ("production", "sandbox"))
INTUIT_CLIENT_ID = env.str("INTUIT_CLIENT_ID", default="")
INTUIT_CLIENT_SECRET = env.str("INTUIT_CLIENT_SECRET", default="")

# Intuit's consent and token addresses are the same for both of its environments; the API's and the
# web app's (for links to documents) are not. Paths below `api` are the adapter's business.
_intuit_prefix = "sandbox-" if INTUIT_ENVIRONMENT == "sandbox" else ""
_intuit_app_prefix = "sandbox." if INTUIT_ENVIRONMENT == "sandbox" else ""
VENDOR_URLS = {
    "expensify": "https://integrations.expensify.com/Integration-Server/ExpensifyIntegrations",
    "quickbooks_online": {
        "api": f"https://{_intuit_prefix}quickbooks.api.intuit.com",
        "authorize": "https://appcenter.intuit.com/connect/oauth2",
        "token": "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        "revoke": "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        "app": f"https://{_intuit_app_prefix}qbo.intuit.com/app",
    },
}
if SANDBOX_URL:
    VENDOR_URLS = {
        "expensify": f"{SANDBOX_URL}/expensify/Integration-Server/ExpensifyIntegrations",
        "quickbooks_online": {
            "api": f"{SANDBOX_URL}/quickbooks_online",
            "authorize": f"{SANDBOX_URL}/quickbooks_online/connect/oauth2",
            "token": f"{SANDBOX_URL}/quickbooks_online/oauth2/v1/tokens/bearer",
            "revoke": f"{SANDBOX_URL}/quickbooks_online/v2/oauth2/tokens/revoke",
            "app": f"{SANDBOX_URL}/quickbooks_online/app",
        },
    }

# All delays live in one frozen Pace; "fast" is the shrunk one, "torture" waits for no dead worker.
PACE = _choice("PACE", "real", ("real", "fast", "torture"))
if PACE != "real" and not SANDBOX_URL:
    raise ImproperlyConfigured(
        f"PACE is {PACE!r} and SANDBOX_URL is not set: real vendors would block us for such haste. "
        "Set PACE=real, or point SANDBOX_URL at a sandbox."
    )

# Requests to Expensify: at most so many in so many seconds, over all our processes. It refuses from
# 5 in 10 and 20 in 60 seconds on. The sandbox is not paced where everything else is in haste.
EXPENSIFY_LIMITS = [(3, 10.0), (12, 60.0)] if PACE == "real" else []
# Whether we keep below the limits that each ledger's abilities name.
LEDGER_LIMITS = PACE == "real"

SPOOL_DIR = BASE_DIR / env.str("SPOOL_DIR", default="var/spool")

# --- The web -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 100,
}

UNFOLD = {
    "SITE_TITLE": "ml-connector",
    "SITE_HEADER": "ml-connector",
    "SITE_SUBHEADER": "Sandbox: no real books" if SANDBOX_URL else "Expensify to your ledger",
    "SITE_SYMBOL": "receipt_long",
    "DASHBOARD_CALLBACK": "config.dashboard.home",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "config.dashboard.navigation",
    },
    # One calm blue for what can be pressed; green, orange and red are left to say how things stand.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

STATIC_URL = "static/"
# Straight from the packages they come in: a fresh clone runs without a collectstatic step.
WHITENOISE_USE_FINDERS = True

_origin = urlsplit(BASE_URL)
CSRF_TRUSTED_ORIGINS = [f"{_origin.scheme}://{_origin.netloc}"]
# Lax, not Strict: the vendor's consent page sends the browser back here by a link, and the session
# that started the consent has to come along.
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if _origin.scheme == "https":
    # Our web server speaks plain HTTP, so an https address means a proxy in front of it, which must
    # set this header itself and drop the one it was sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 30 * 24 * 3600

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en-us")
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]

# --- E-mail ---------------------------------------------------------------------------------------


def _email() -> dict:
    """Django's settings for the server that EMAIL_URL names; the console where it names none."""
    address = env.str("EMAIL_URL", default="") or "consolemail://"
    schemes = {"smtp": "plain", "smtp+tls": "STARTTLS", "smtp+ssl": "TLS", "consolemail": "none"}
    try:
        parts = urlsplit(address)
        is_server = parts.scheme.startswith("smtp")
        if parts.scheme not in schemes or is_server != bool(parts.hostname):
            raise ValueError
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        # Without the address: it may hold a password.
        raise ImproperlyConfigured(
            "EMAIL_URL is not the address of a mail server. Write it like "
            "smtp+tls://user:password@mail.example.com:587 (or smtp+ssl://, smtp://), with "
            "special characters in user and password percent-encoded; or leave it out."
        ) from None
    server = env.email_url_config(address)
    if is_server and not server["EMAIL_PORT"]:
        server["EMAIL_PORT"] = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}[parts.scheme]
    return {name: text for name, text in server.items() if text is not None}


vars().update(_email())
# The cluster sends between other work; a mute mail server must not hold it up for long.
EMAIL_TIMEOUT = 20
EMAIL_SUBJECT_PREFIX = "[ml-connector] "
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="") or f"ml-connector@{_origin.hostname}"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Logging -------------------------------------------------------------------------------------

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"key_value": {"()": "config.logs.KeyValueFormatter"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "key_value",
        },
    },
    "root": {"handlers": ["stdout"], "level": _choice("LOG_LEVEL", "INFO", _LOG_LEVELS)},
    "loggers": {
        # Django installs handlers of its own here; ours is enough.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # Statements carry amounts and names as parameters.
        "django.db.backends": {"level": "WARNING"},
        # At DEBUG these print requests, and the tokens in them.
        "urllib3": {"level": "WARNING"},
        "requests_oauthlib": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
    },
}
