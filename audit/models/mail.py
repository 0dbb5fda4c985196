"""Who wants to hear what by e-mail."""

from django.conf import settings
from django.db import models


class MailWish(models.Model):
    """What somebody wants to hear by e-mail, and what they were told already.

    held_through  holds up to this moment were told; None = none yet, the first mail tells them all
    claimed_until somebody is sending to this person until then, or failed and waits
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_wish", verbose_name="who"
    )
    held = models.BooleanField(
        "reports that are held",
        default=False,
        help_text="One e-mail for all that is newly held, grouped by cause, at most once an hour.",
    )
    connections = models.BooleanField(
        "connections that need a person",
        default=False,
        help_text="Once a day while a connection has to be renewed, or will have to soon.",
    )
    held_through = models.DateTimeField("holds told up to", null=True, editable=False)
    held_sent_at = models.DateTimeField("held: last sent", null=True, editable=False)
    connections_sent_at = models.DateTimeField("connections: last sent", null=True, editable=False)
    last_sent_at = models.DateTimeField("last e-mail", null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["user", "id"]
        verbose_name = "e-mail wish"
        verbose_name_plural = "e-mail wishes"

    def __str__(self) -> str:
        return f"E-mail to {self.user}"
