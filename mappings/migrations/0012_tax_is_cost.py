"""A rule may say that the tax of its lines is cost, in a flow that reclaims tax."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mappings", "0011_repost_policy")]

    operations = [
        migrations.AddField(
            model_name="rule",
            name="tax_is_cost",
            field=models.BooleanField(
                default=False,
                help_text="Where the flow reclaims tax: these lines are posted gross, with the "
                "flow's tax code for lines without tax. Rules with tax codes that match, too, "
                "need higher numbers.",
                verbose_name="tax is cost",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="tax",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The expense's tax in Expensify: its code, its rate (20%), its name, or "
                "both (VAT 20%). One name often stands for all rates.",
                max_length=100,
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=Q(tax_is_cost=False) | Q(tax_code__isnull=True),
                name="rule_tax_cost_or_code",
                violation_error_message="Tax is either cost or reclaimed with a tax code: choose "
                "one of them.",
            ),
        ),
    ]
