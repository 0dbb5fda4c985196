"""QuickBooks Desktop's door: what only that ledger needs."""

from django.apps import AppConfig


class QbwcConfig(AppConfig):
    name = "qbwc"
    label = "qbwc"
    verbose_name = "QuickBooks Desktop"
