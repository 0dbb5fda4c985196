"""What people call the vendor of an employee whose own name is taken in the ledger."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("mappings", "0009_receipt_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartyName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("employee_email", models.EmailField(max_length=254)),
                ("name", models.CharField(max_length=200, verbose_name="name of the vendor")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="party_names",
                        to="connectors.ledgerconnection",
                    ),
                ),
            ],
            options={
                "verbose_name": "vendor name",
                "ordering": ("connection", "employee_email", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "employee_email"), name="employee_named_once"
                    )
                ],
            },
        ),
    ]
