"""Vendors that documents wait for, and the postings that wait."""

import django.db.models.deletion
from django.db import migrations, models


def _key(to: str, **columns) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **columns)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_corrections"),
        ("connectors", "0001_initial"),
        ("mappings", "0010_party_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="op",
            field=models.CharField(
                choices=[
                    ("post", "Post"),
                    ("amend", "Amend"),
                    ("cancel", "Reverse"),
                    ("create", "Create a vendor"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="PartyWish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("employee_email", models.CharField(max_length=254, verbose_name="employee")),
                ("name", models.CharField(max_length=200)),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Wanted"),
                            ("sending", "Being created"),
                            ("in_doubt", "Sent, checking whether it arrived"),
                            ("created", "Created"),
                            ("met", "Not created: somebody has the name"),
                            ("held", "Held: needs you"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("state_at", models.DateTimeField(verbose_name="since")),
                ("asked_by", models.CharField(blank=True, max_length=150)),
                ("generation", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True, verbose_name="will try again")),
                ("fence", models.BigIntegerField(default=0)),
                ("problems", models.JSONField(default=list)),
                ("call", _key("audit.call", null=True, related_name="+")),
                (
                    "connection",
                    _key("connectors.ledgerconnection", related_name="party_wishes"),
                ),
                ("party", _key("mappings.party", null=True, related_name="+")),
            ],
            options={
                "verbose_name": "new vendor",
                "ordering": ["-state_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "employee_email"), name="party_wished_once"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state__in=["sending", "in_doubt"])
                        | models.Q(call__isnull=False),
                        name="party_in_flight_needs_call",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="created") | models.Q(party__isnull=False),
                        name="created_party_is_known",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="posting",
            name="waits_for",
            field=_key("audit.partywish", null=True, related_name="postings"),
        ),
    ]
