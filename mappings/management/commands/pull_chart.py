"""Reads ledgers' lists from the command line: after a change of the chart, or every night."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.contract.transport import VendorError
from connectors.models import LedgerConnection
from mappings.pull import ListsIncomplete, pull_chart, summary


class Command(BaseCommand):
    help = "Read accounts, dimensions, parties and tax codes of every connected ledger anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", type=int, help="read this ledger connection only")

    def handle(self, *args: Any, **options: Any) -> None:
        connections = LedgerConnection.objects.select_related("credential").order_by("pk")
        if (wanted := options["connection"]) is not None:
            connections = connections.filter(pk=wanted)
            if not connections:
                raise CommandError(
                    f"There is no ledger connection {wanted}. Without --connection all are read; "
                    "the admin lists them with their numbers."
                )
        else:
            connections = connections.exclude(credential=None)
        if not connections:
            self.stdout.write("No ledger is connected yet: add one in the admin and press Connect.")
        failed = [connection for connection in connections if not self._read(connection)]
        if failed:
            names = ", ".join(str(connection) for connection in failed)
            raise CommandError(f"{len(failed)} of {len(connections)} were not read: {names}")

    def _read(self, connection: LedgerConnection) -> bool:
        try:
            counted = pull_chart(connection)
        except (VendorError, ListsIncomplete) as failure:
            self.stderr.write(self.style.ERROR(f"{connection}: {failure}"))
            return False
        self.stdout.write(f"{connection}: {summary(counted)}")
        return True
