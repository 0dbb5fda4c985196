"""Is everything that we depend on there? One line for each account and ledger, and an exit code."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import services
from connectors.admin import told_facts
from connectors.models import ExpensifyAccount, LedgerConnection


class Command(BaseCommand):
    help = "Test every Expensify account and ledger connection; exit code 1 if one does not work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", type=int, help="test this ledger connection only")
        parser.add_argument("--json", action="store_true", help="one JSON document, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        answers = self._answers(options["connection"])
        if options["json"]:
            self.stdout.write(json.dumps({"answers": answers}, ensure_ascii=False, indent=2))
        else:
            self._print(answers)
        failed = sum(not answer["ok"] for answer in answers)
        if failed:
            raise CommandError(f"{failed} of {len(answers)} do not work", returncode=1)

    def _answers(self, connection_id: int | None) -> list[dict[str, Any]]:
        connections = LedgerConnection.objects.select_related("credential")
        if connection_id is not None:
            connections = connections.filter(pk=connection_id)
            if not connections:
                raise CommandError(
                    f"There is no ledger connection {connection_id}. Without --connection all are "
                    "tested; the admin lists them with their numbers."
                )
            return [_ledger_answer(connection) for connection in connections]
        accounts = ExpensifyAccount.objects.select_related("credential")
        return [
            *(_expensify_answer(account) for account in accounts),
            *(_ledger_answer(connection) for connection in connections),
        ]

    def _print(self, answers: list[dict[str, Any]]) -> None:
        if not answers:
            self.stdout.write("Nothing is connected yet: add accounts and ledgers in the admin.")
        for answer in answers:
            word = self.style.SUCCESS("ok   ") if answer["ok"] else self.style.ERROR("FAILS")
            self.stdout.write(f"{word} {answer['kind']} {answer['name']}: {answer['text']}")


def _expensify_answer(account: ExpensifyAccount) -> dict[str, Any]:
    answer = {"kind": "expensify", "id": account.pk, "name": account.name}
    try:
        count = services.test_expensify(account)
    except services.NOT_WORKING as failure:
        return answer | {"ok": False, "text": str(failure), "facts": {}}
    return answer | {"ok": True, "text": f"workspaces: {count}", "facts": {"workspaces": count}}


def _ledger_answer(connection: LedgerConnection) -> dict[str, Any]:
    answer = {"kind": connection.ledger, "id": connection.pk, "name": connection.name}
    try:
        services.test_connection(connection)
    except services.NOT_WORKING as failure:
        return answer | {"ok": False, "text": str(failure), "facts": {}}
    facts = dict(told_facts(connection))
    text = "; ".join(f"{label}: {value}" for label, value in facts.items())
    return answer | {"ok": True, "text": text, "facts": facts}
