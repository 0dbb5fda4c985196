"""The second step of replacing an encryption key: after it the old key can be dropped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import services


class Command(BaseCommand):
    help = "Encrypt every stored secret anew with the first of FERNET_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        done, sealed = services.reseal()
        self.stdout.write(f"{done} encrypted with the first key")
        if sealed:
            raise CommandError(
                f"No key opens {', '.join(sealed)}. Put the missing key back into FERNET_KEYS and "
                "repeat this, or enter those credentials again.",
                returncode=1,
            )
        self.stdout.write("The keys behind the first one can be dropped from FERNET_KEYS.")
