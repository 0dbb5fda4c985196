"""The receipts that follow a document into the ledger."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_party_wishes"),
        ("connectors", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("marker", models.CharField(max_length=52)),
                ("transaction_id", models.CharField(max_length=64)),
                ("receipt_id", models.CharField(blank=True, max_length=64)),
                ("label", models.CharField(max_length=200, verbose_name="receipt")),
                (
                    "filename",
                    models.CharField(blank=True, max_length=255, verbose_name="file in Expensify"),
                ),
                ("link", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be attached"),
                            ("attached", "Attached"),
                            ("failed", "Not attached: we stopped trying"),
                            ("not_needed", "Not needed any more"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True, verbose_name="will try again")),
                ("tried_at", models.DateTimeField(null=True, verbose_name="last tried")),
                ("link_is_over", models.BooleanField(default=False)),
                ("problem", models.JSONField(null=True)),
                ("attachable_id", models.CharField(blank=True, max_length=64)),
                (
                    "name",
                    models.CharField(blank=True, max_length=255, verbose_name="file in the ledger"),
                ),
                ("attached_at", models.DateTimeField(null=True, verbose_name="attached")),
                (
                    "left_at",
                    models.DateTimeField(null=True, verbose_name="off the document since"),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt_files",
                        to="connectors.ledgerconnection",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt_files",
                        to="audit.posting",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddIndex(
            model_name="receiptfile",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["connection", "due_at"],
                name="receipt_file_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptfile",
            constraint=models.UniqueConstraint(
                fields=("connection", "marker", "transaction_id"), name="receipt_file_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "attached"), _negated=True),
                    models.Q(("attachable_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="attached_needs_proof",
            ),
        ),
    ]
