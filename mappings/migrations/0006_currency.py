"""Accounts by currency, and the rate table."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial"), ("mappings", "0005_tax")]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(help_text="Any day of the month.")),
                ("currency", models.CharField(max_length=3)),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=9,
                        help_text="Units of the company's home currency for one unit of this currency.",
                        max_digits=18,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        help_text="Where the rate comes from; it is stored with every document.",
                        max_length=120,
                    ),
                ),
            ],
            options={
                "ordering": ("connection", "-month", "currency", "id"),
            },
        ),
        migrations.CreateModel(
            name="PayableAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "ordering": ("flow", "currency", "id"),
            },
        ),
        migrations.AddField(
            model_name="flow",
            name="currency_policy",
            field=models.CharField(
                choices=[
                    ("hold", "Hold the report"),
                    ("rates", "Convert into the home currency by the rate table of the month"),
                ],
                default="hold",
                max_length=12,
                verbose_name="foreign currency",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="rounding_account",
            field=models.ForeignKey(
                blank=True,
                help_text="For what rounding leaves over when a report is converted.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
            ),
        ),
        migrations.AddField(
            model_name="exchangerate",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exchange_rates",
                to="connectors.ledgerconnection",
            ),
        ),
        migrations.AddField(
            model_name="payableaccount",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
            ),
        ),
        migrations.AddField(
            model_name="payableaccount",
            name="flow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="payable_accounts",
                to="mappings.flow",
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.UniqueConstraint(
                fields=("connection", "month", "currency"), name="exchange_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gt", 0)), name="exchange_rate_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payableaccount",
            constraint=models.UniqueConstraint(
                fields=("flow", "currency"), name="payable_account_once"
            ),
        ),
    ]
