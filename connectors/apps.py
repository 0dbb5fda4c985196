"""The outside world: the accounts at Expensify and at the ledgers."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    label = "connectors"
    verbose_name = "Connections"

    def ready(self) -> None:
        from connectors import checks  # noqa: F401  (importing registers them)
