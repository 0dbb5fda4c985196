"""Company cards: the accounts of cards, dates and payees of their documents."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CardAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "card",
                    models.CharField(
                        help_text="The card's number, id or name, as Expensify shows it.",
                        max_length=60,
                    ),
                ),
            ],
            options={
                "ordering": ("flow", "card", "id"),
            },
        ),
        migrations.CreateModel(
            name="CreditValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "ordering": ("flow", "dimension", "id"),
            },
        ),
        migrations.AddField(
            model_name="flow",
            name="card_account",
            field=models.ForeignKey(
                blank=True,
                help_text="What company cards are owed on, unless a card has its own below.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="card_date_policy",
            field=models.CharField(
                choices=[
                    ("bank", "The bank's posting date, else the date of the expense"),
                    ("expense", "The date of the expense"),
                    ("report", "The date that the report's bill would have"),
                ],
                default="bank",
                max_length=12,
                verbose_name="date of card documents",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="card_party",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: none. Merchants never become vendors.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.party",
                verbose_name="payee of card documents",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="company_account",
            field=models.ForeignKey(
                blank=True,
                help_text="What is neither reimbursable nor on a known card is owed on this account.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
                verbose_name="account without a card",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="credit_policy",
            field=models.CharField(
                choices=[
                    ("credit", "A credit, where the ledger has one"),
                    ("journal", "A journal entry"),
                ],
                default="credit",
                max_length=12,
                verbose_name="negative totals become",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="due_from_account",
            field=models.ForeignKey(
                blank=True,
                help_text="Lines that rules put on this account (personal, cash advance) name the payee.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
                verbose_name="due from employees",
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="kind",
            field=models.CharField(
                choices=[
                    ("bill", "A bill; each card transaction a document of its own"),
                    ("journal", "One journal entry for everything"),
                ],
                default="bill",
                max_length=12,
                verbose_name="reports become",
            ),
        ),
        migrations.AddField(
            model_name="cardaccount",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
            ),
        ),
        migrations.AddField(
            model_name="cardaccount",
            name="flow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="card_accounts",
                to="mappings.flow",
            ),
        ),
        migrations.AddField(
            model_name="creditvalue",
            name="dimension",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.dimension",
            ),
        ),
        migrations.AddField(
            model_name="creditvalue",
            name="flow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credit_values",
                to="mappings.flow",
            ),
        ),
        migrations.AddField(
            model_name="creditvalue",
            name="value",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="mappings.value"
            ),
        ),
        migrations.AddConstraint(
            model_name="cardaccount",
            constraint=models.UniqueConstraint(fields=("flow", "card"), name="card_account_once"),
        ),
        migrations.AddConstraint(
            model_name="creditvalue",
            constraint=models.UniqueConstraint(
                fields=("flow", "dimension"), name="credit_value_once"
            ),
        ),
    ]
