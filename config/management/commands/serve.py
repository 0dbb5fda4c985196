"""The real thing in one command: checks, migrations, the schedule, web server and cluster."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from audit.doctor import pending_migrations
from audit.tasks import ensure_tick
from config.checks import is_loopback
from config.processes import ChildEnded, Children, StopAsked, is_free, stop_on_signals

WEB, CLUSTER = "The web server", "The cluster"


def port(text: str) -> int:
    """An argparse type: 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


class Command(BaseCommand):
    help = (
        "Check the settings, migrate, and run web server and cluster until Ctrl-C. If one of the "
        "two ends by itself, the other is stopped too and the exit code is 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port, default=8000, help="default: %(default)s")
        parser.add_argument(
            "--host",
            default="127.0.0.1",
            help="the address to listen on; others than this machine's go through a proxy that "
            "speaks https (default: %(default)s)",
        )
        parser.add_argument(
            "--no-cluster",
            action="store_true",
            help="the web server alone: the cluster runs elsewhere, or cron runs poll and post",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with stop_on_signals():
                self._serve(options["host"], options["port"], not options["no_cluster"])
        except StopAsked:
            self._say("Stopped.")

    def _serve(self, host: str, number: int, with_cluster: bool) -> None:
        if not is_free(number, host):
            raise CommandError(
                f"Port {number} on {host} is taken. Stop what listens there (another `serve`?), "
                "or choose another with --port.",
                returncode=1,
            )
        self._migrate()
        if with_cluster:
            ensure_tick()
        # What the children inherit must not be a half-used connection of ours.
        connections.close_all()
        with Children(settings.BASE_DIR) as children:
            self._run(children, host, number, with_cluster)

    def _run(self, children: Children, host: str, number: int, with_cluster: bool) -> None:
        try:
            children.start(WEB, web_command(host, number))
            if with_cluster:
                children.start(CLUSTER, [sys.executable, "manage.py", "qcluster"])
            children.wait_for_port(number, _reachable(host))
            self._greet(number, with_cluster)
            children.watch()
        except StopAsked:
            self._say("Stopping ...")
            killed = children.stop()
            left = " Work that was under way is taken up at the next start." if killed else ""
            self._say(f"Stopped.{left}")
        except (ChildEnded, TimeoutError) as failure:
            children.stop()
            raise CommandError(
                f"{failure}. Everything else was stopped too; the lines above tell why. "
                "Nothing is lost: what was under way is taken up at the next start.",
                returncode=1,
            ) from None

    def _migrate(self) -> None:
        try:
            count = pending_migrations()
            if count:
                self._say(f"Database: applying {count} migrations ...")
                call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            # The first line only: what follows may repeat the address with its password.
            said = str(error).strip().partition("\n")[0]
            raise CommandError(
                f"The database is not usable: {said}. Start it, or correct DATABASE_URL.",
                returncode=1,
            ) from None
        self._say("Database: up to date.")

    def _greet(self, number: int, with_cluster: bool) -> None:
        local = is_loopback(settings.BASE_URL)
        base = f"http://127.0.0.1:{number}" if local else settings.BASE_URL
        self._say(f"Log in at {base}/admin/")
        users = get_user_model().objects.filter(is_superuser=True, is_active=True)
        if not users.exists():
            self._say("There is no administrator yet: run `python manage.py createsuperuser`.")
        connections.close_all()
        if local and (urlsplit(settings.BASE_URL).port or 80) != number:
            self._say(
                f"BASE_URL is {settings.BASE_URL}, which is another port: vendors send the browser "
                f"back there after Connect. Set BASE_URL={base}."
            )
        if settings.SANDBOX_URL:
            self._say(f"SANDBOX_URL is set ({settings.SANDBOX_URL}): no real books are reached.")
        if not with_cluster:
            self._say("No cluster: run `qcluster` elsewhere, or `poll` and `post` from cron.")
        self._say("Ctrl-C ends it.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def web_command(host: str, number: int) -> Sequence[str]:
    """gunicorn on one process with four threads: the work is the cluster's."""
    address = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi"),
        *("--bind", address),
        *("--worker-class", "gthread", "--threads", "4"),
        # Shorter than what Children waits for.
        *("--graceful-timeout", "5"),
        "--no-control-socket",
        *("--log-level", "warning"),
    ]


def _reachable(host: str) -> str:
    """Where we reach ourselves: everywhere means here as well."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
