"""Payees by tag or report field, and vendors that may be created."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0003_flow_selectors")]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="creates_parties",
            field=models.BooleanField(
                default=False,
                help_text="An employee whom nobody in the ledger is becomes a vendor there.",
                verbose_name="create missing vendors",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="party_field",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Its name.",
                max_length=255,
                verbose_name="payee by report field",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="party_tag_level",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Levels count from 1.",
                null=True,
                verbose_name="payee by tag level",
            ),
        ),
        migrations.AddField(
            model_name="party",
            name="terms_id",
            field=models.CharField(
                blank=True, default="", max_length=100, verbose_name="payment terms"
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="due_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Days from the posting date for vendors without terms in the ledger.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="party_policy",
            field=models.CharField(
                choices=[
                    ("employee", "The employee's own vendor"),
                    ("fixed", "One clearing vendor, the employee named in every memo"),
                    ("tag", "The vendor named like the expenses' tag on a level"),
                    ("field", "The vendor named in a field of the report"),
                ],
                default="employee",
                max_length=12,
                verbose_name="payee",
            ),
        ),
    ]
