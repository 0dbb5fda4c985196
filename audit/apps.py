"""The book and its engine: what was read, sent, answered and decided."""

import gc

from django.apps import AppConfig

# A poll holds thousands of records that point to no one who points back. Looking through them for
# such circles after every 700 new objects, as Python does by itself, took a tenth of its time.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"
    verbose_name = "Reports and postings"

    def ready(self) -> None:
        from audit.receivers import write_down
        from connectors.signals import happened

        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
        happened.connect(write_down, dispatch_uid="audit.trail")
