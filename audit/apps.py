"""The book and its engine: what was read, sent, answered and decided."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"
    verbose_name = "Reports and postings"

    def ready(self) -> None:
        from audit.receivers import write_down
        from connectors.signals import happened

        happened.connect(write_down, dispatch_uid="audit.trail")
