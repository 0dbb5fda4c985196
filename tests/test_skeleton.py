"""The start: settings that refuse, the first .env, what needs neither, no network in tests."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings
from django.core.checks import registry, run_checks
from django.db import connection
from django.test import override_settings

from config import checks
from config.new_env import filled_in

PROJECT = Path(__file__).resolve().parent.parent
COMPLETE = {
    "SECRET_KEY": "a-secret-key-that-is-long-enough-for-everybody",
    "FERNET_KEYS": "a-key-of-its-own-that-is-long-enough-too",
    "BASE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1",
    "DATABASE_URL": "postgres://books@127.0.0.1:5432/books",
}


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A Python in the project's folder that sees this environment and no .env."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def load(expression: str = "None", **environment: str) -> subprocess.CompletedProcess:
    """Loads the settings as `s` and prints the expression as JSON."""
    code = f"import json, config.settings as s; print(json.dumps({expression}))"
    return python("-c", code, **environment)


def loaded(expression: str, **environment: str):
    run = load(expression, **COMPLETE | environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SECRET_KEY", "FERNET_KEYS", "BASE_URL", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("is_blank", [False, True], ids=["absent", "blank"])
def test_a_needed_variable_that_is_missing_stops_the_start(name, is_blank):
    others = {other: text for other, text in COMPLETE.items() if other != name}
    run = load(**others | ({name: " "} if is_blank else {}))
    assert run.returncode == 1
    assert f"ImproperlyConfigured: {name} is not set." in run.stderr
    assert "manage.py new_env" in run.stderr


def test_all_missing_variables_are_named_at_once():
    run = load()
    assert "SECRET_KEY, FERNET_KEYS, BASE_URL, ALLOWED_HOSTS are not set." in run.stderr


def test_the_command_line_answers_a_missing_variable_with_a_sentence():
    run = python("manage.py", "migrate")
    assert run.returncode == 1
    assert run.stderr.startswith("manage.py: SECRET_KEY, FERNET_KEYS")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("DEBUG", "maybe", "DEBUG is 'maybe'. Set it to true or false."),
        ("BASE_URL", "books.example.com", "BASE_URL is 'books.example.com'"),
        ("SANDBOX_URL", "ftp://127.0.0.1", "SANDBOX_URL is 'ftp://127.0.0.1'"),
        ("DATABASE_URL", "mysql://127.0.0.1/books", "DATABASE_URL begins with 'mysql'"),
        ("INTUIT_ENVIRONMENT", "test", "INTUIT_ENVIRONMENT is 'test'"),
        ("PACE", "warp", "PACE is 'warp'"),
        ("PACE", "fast", "PACE is 'fast' and SANDBOX_URL is not set"),
        ("PACE", "torture", "PACE is 'torture' and SANDBOX_URL is not set"),
        ("PG_LOCK_S", "a while", "PG_LOCK_S is 'a while'. Set it to seconds, 0 to a day."),
        ("PG_STATEMENT_S", "-1", "PG_STATEMENT_S is '-1'. Set it to seconds, 0 to a day."),
        ("LOG_LEVEL", "chatty", "LOG_LEVEL is 'chatty'"),
        ("ENV_FILE", "nowhere.env", "ENV_FILE names nowhere.env, which is not a file"),
    ],
)
def test_a_wrong_setting_names_itself(name, text, said):
    run = load(**COMPLETE | {name: text})
    assert run.returncode == 1
    assert said in run.stderr


def test_a_fast_pace_is_allowed_with_a_sandbox():
    assert loaded("s.PACE", PACE="fast", SANDBOX_URL="http://127.0.0.1:8099") == "fast"


def test_the_environment_wins_over_the_env_file(tmp_path):
    file = tmp_path / "books.env"
    file.write_text("LANGUAGE_CODE=de\nTIME_ZONE=Europe/Berlin\n")
    zone = loaded("[s.LANGUAGE_CODE, s.TIME_ZONE]", ENV_FILE=str(file), LANGUAGE_CODE="fr")
    assert zone == ["fr", "Europe/Berlin"]


def test_keys_are_a_list_without_blanks():
    assert loaded("s.FERNET_KEYS", FERNET_KEYS="new-key, old-key,") == ["new-key", "old-key"]


def test_without_a_sandbox_the_vendors_are_the_real_ones():
    urls = loaded("s.VENDOR_URLS")
    assert urls["expensify"].startswith("https://integrations.expensify.com/")
    assert urls["quickbooks_online"]["api"] == "https://quickbooks.api.intuit.com"


def test_the_development_companies_have_an_api_of_their_own_and_the_same_consent():
    real = loaded("s.VENDOR_URLS")["quickbooks_online"]
    trial = loaded("s.VENDOR_URLS", INTUIT_ENVIRONMENT="sandbox")["quickbooks_online"]
    assert {name for name in real if real[name] != trial[name]} == {"api", "app"}
    assert trial["api"] == "https://sandbox-quickbooks.api.intuit.com"


def test_a_sandbox_stands_in_for_every_vendor():
    expression = "[s.VENDOR_URLS['expensify'], *s.VENDOR_URLS['quickbooks_online'].values()]"
    urls = loaded(expression, SANDBOX_URL="http://127.0.0.1:8099/")
    assert len(urls) == 6
    assert {url.split("/")[2] for url in urls} == {"127.0.0.1:8099"}
    assert {url.split("/")[3] for url in urls} == {"expensify", "quickbooks_online"}


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_cookies_are_secure_exactly_where_the_address_is_https(scheme, secure):
    names = "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"
    expression = f"[getattr(s, name, False) for name in {names}] + s.CSRF_TRUSTED_ORIGINS"
    found = loaded(expression, BASE_URL=f"{scheme}://books.example.com/")
    assert found == [secure] * 3 + [f"{scheme}://books.example.com"]


def test_sqlite_lies_in_the_project_and_takes_its_lock_at_begin():
    database = loaded("s.DATABASES['default']", DATABASE_URL="sqlite:///var/books.sqlite3")
    assert database["NAME"] == str(PROJECT / "var" / "books.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20


def session_options(**environment: str) -> str | None:
    return loaded("s.DATABASES['default']['OPTIONS'].get('options')", **environment)


def test_postgresql_ends_what_hangs_and_the_environment_says_when():
    assert session_options().split(" -c ") == [
        "-c idle_in_transaction_session_timeout=60000",
        "lock_timeout=30000",
        "statement_timeout=300000",
    ]
    ours = session_options(PG_IDLE_IN_TRANSACTION_S="2.5", PG_LOCK_S="0", PG_STATEMENT_S="0")
    assert ours == "-c idle_in_transaction_session_timeout=2500"
    nothing = {"PG_IDLE_IN_TRANSACTION_S": "0", "PG_LOCK_S": "0", "PG_STATEMENT_S": "0"}
    assert session_options(**nothing) is None
    own = "postgres://books@127.0.0.1/books?options=-c%20lock_timeout%3D5"
    assert session_options(DATABASE_URL=own, **nothing) == "-c lock_timeout=5"
    assert session_options(DATABASE_URL=own).endswith("-c lock_timeout=5"), "the last one wins"


@pytest.mark.parametrize(
    ("address", "workers"),
    [("sqlite:///var/books.sqlite3", 2), ("postgres://books@127.0.0.1/books", 4)],
)
def test_the_cluster_fits_its_database(address, workers):
    cluster = loaded("s.Q_CLUSTER", DATABASE_URL=address)
    assert cluster["workers"] == workers
    assert cluster["retry"] > cluster["timeout"]


@pytest.mark.sqlite
@pytest.mark.django_db
def test_sqlite_runs_in_wal_with_foreign_keys():
    with connection.cursor() as cursor:
        pragmas = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


@pytest.mark.postgres
def test_a_forgotten_transaction_is_ended_and_who_waits_for_its_locks_goes_on():
    """A worker that was stopped in the middle: its laptop sleeps, its machine swaps."""
    with impatient(PG_IDLE_IN_TRANSACTION_S="0.2") as stopped, impatient() as other:
        stopped.execute("BEGIN")
        stopped.execute("SELECT pg_advisory_xact_lock(4711)")
        other.execute("SELECT pg_advisory_lock(4711)")  # returns when the first one was ended
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            stopped.execute("COMMIT")


@pytest.mark.postgres
def test_nobody_waits_for_a_lock_or_a_statement_for_ever():
    with impatient() as owner, impatient(PG_LOCK_S="0.1", PG_STATEMENT_S="0.2") as other:
        owner.execute("SELECT pg_advisory_lock(4712)")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT pg_advisory_lock(4712)")
        with pytest.raises(psycopg.errors.QueryCanceled):
            other.execute("SELECT pg_sleep(30)")


def impatient(**environment: str) -> psycopg.Connection:
    """A session on the server of these tests as the settings would open it."""
    options = session_options(DATABASE_URL=os.environ["DATABASE_URL"], **environment)
    return psycopg.connect(os.environ["DATABASE_URL"], options=options, autocommit=True)


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_speaks_through_psycopg_3():
    assert connection.vendor == "postgresql"
    assert connection.Database.__version__.startswith("3.")
    assert connection.settings_dict["CONN_HEALTH_CHECKS"]
    assert connection.settings_dict["CONN_MAX_AGE"] == 60


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_keeps_what_is_asked_often_prepared():
    with connection.cursor() as cursor:
        for number in range(8):
            cursor.execute("SELECT %s::integer AS asked_often", [number])
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ 'asked_often'"
        )
        assert cursor.fetchone()[0] >= 1


def test_a_pooler_that_knows_no_prepared_statements_gets_none():
    options = "s.DATABASES['default']['OPTIONS']"
    assert loaded(f"{options}['prepare_threshold']") == 5
    assert "prepare_threshold" not in loaded(options, PG_PREPARE="false")


@pytest.mark.django_db(transaction=True)
def test_a_thread_sees_the_same_test_database():
    from django.contrib.auth.models import User

    User.objects.create(username="ann")
    seen = []

    def look():
        seen.extend(User.objects.values_list("username", flat=True))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["ann"]


# --- the site ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_bare_address_leads_to_the_login(client):
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/admin/login/")
    assert page.status_code == 200


@pytest.mark.django_db
def test_static_files_are_served_without_a_collecting_step(client):
    assert client.get("/static/admin/css/base.css").status_code == 200


# --- new_env -----------------------------------------------------------------------------------


def test_new_env_writes_a_file_that_settings_load(tmp_path):
    file = tmp_path / ".env"
    run = python("manage.py", "new_env", "--path", str(file))
    assert run.returncode == 0, run.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code = "[s.SECRET_KEY, *s.FERNET_KEYS]"
    run = load(code, ENV_FILE=str(file), DATABASE_URL=COMPLETE["DATABASE_URL"])
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(set(found)) == 2
    assert all(len(text) >= 64 for text in found)


def test_new_env_never_overwrites(tmp_path):
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=precious\n")
    run = python("manage.py", "new_env", "--path", str(file))
    assert run.returncode == 1
    assert "was left as it is" in run.stderr
    assert file.read_text() == "SECRET_KEY=precious\n"


def test_new_env_makes_other_secrets_every_time():
    example = (PROJECT / ".env.example").read_text()
    assert filled_in(example) != filled_in(example)


def test_new_env_refuses_an_example_that_lost_a_line():
    with pytest.raises(ValueError, match="FERNET_KEYS="):
        filled_in("SECRET_KEY=\n")


# --- manage.py sandbox -------------------------------------------------------------------------


def test_the_sandbox_starts_without_django_settings_or_env():
    code = (
        "import runpy, sys\n"
        "sys.argv = ['manage.py', 'sandbox', '--help']\n"
        "try: runpy.run_path('manage.py', run_name='__main__')\n"
        "except SystemExit as end: print('ended', end.code)\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'environ', 'config'}))"
    )
    run = python("-c", code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-2:] == ["ended 0", "[]"]


# --- the network guard ---------------------------------------------------------------------------

# An address set aside for documentation: nobody answers there.
FAR = "192.0.2.1"


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection((FAR, 443), timeout=1),
        lambda: socket.socket().connect((FAR, 443)),
        lambda: socket.socket().connect_ex((FAR, 443)),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"?", (FAR, 53)),
        lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 443)),
        lambda: socket.getaddrinfo("quickbooks.api.intuit.com", 443),
        lambda: requests.get("https://quickbooks.api.intuit.com/", timeout=1),
    ],
    ids=["create_connection", "connect", "connect_ex", "udp", "ipv6", "name", "requests"],
)
def test_a_test_cannot_reach_the_world(reach):
    with pytest.raises(RuntimeError, match="Tests talk to 127.0.0.1 only"):
        reach()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_test_can_reach_its_own_machine(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=1).close()


# --- checks --------------------------------------------------------------------------------------

LONG = "x" * checks.SHORTEST_KEY
PUBLIC = {"BASE_URL": "https://books.example.com", "ALLOWED_HOSTS": ["books.example.com"]}


@pytest.mark.parametrize(
    ("changed", "check", "expected"),
    [
        ({"FERNET_KEYS": []}, checks.encryption_keys, ["config.E001"]),
        ({"FERNET_KEYS": [LONG], "SECRET_KEY": LONG}, checks.encryption_keys, ["config.E002"]),
        ({"FERNET_KEYS": ["short"]}, checks.encryption_keys, ["config.E003"]),
        ({"FERNET_KEYS": [LONG, LONG]}, checks.encryption_keys, ["config.E004"]),
        ({"FERNET_KEYS": [LONG]}, checks.encryption_keys, []),
        (PUBLIC | {"DEBUG": True}, checks.public_address, ["config.E005"]),
        (PUBLIC | {"ALLOWED_HOSTS": ["*"]}, checks.public_address, ["config.E006"]),
        (PUBLIC, checks.public_address, []),
        ({"DEBUG": True}, checks.public_address, []),
        (PUBLIC | {"ALLOWED_HOSTS": ["other"]}, checks.own_host_is_allowed, ["config.E007"]),
        (PUBLIC, checks.own_host_is_allowed, []),
        ({"Q_CLUSTER": {"workers": 3}}, checks.one_cluster_on_sqlite, ["config.W001"]),
        ({"Q_CLUSTER": {"workers": 2}}, checks.one_cluster_on_sqlite, []),
        (
            {"SANDBOX_URL": "http://127.0.0.1:1"},
            checks.deployment,
            ["config.W002", "config.W003", "config.W004"],
        ),
        (PUBLIC | {"SANDBOX_URL": ""}, checks.deployment, ["config.W004"]),
        (PUBLIC | {"SANDBOX_URL": "", "ON_SQLITE": False}, checks.deployment, []),
        (
            {"Q_CLUSTER": {"workers": 4}, "ON_SQLITE": False},
            checks.one_cluster_on_sqlite,
            [],
        ),
    ],
    ids=lambda case: ",".join(case) if isinstance(case, list) else getattr(case, "__name__", ""),
)
def test_checks_name_what_would_go_wrong(changed, check, expected):
    with override_settings(**{"ON_SQLITE": True} | changed):
        assert [message.id for message in check(None)] == expected


def test_the_settings_of_the_tests_pass_our_checks():
    messages = run_checks(tags=["security", "database"], databases=[])
    assert [str(message) for message in messages] == []
    registered = {check.__name__ for check in registry.registry.get_checks()}
    assert {"encryption_keys", "public_address", "one_cluster_on_sqlite"} <= registered


def test_tests_never_see_the_real_database():
    assert str(PROJECT / "var") not in str(settings.DATABASES["default"]["NAME"])
