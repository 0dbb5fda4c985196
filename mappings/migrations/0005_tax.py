"""Tax reclaimed by tax codes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0004_payees")]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="no_tax_code",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.taxcode",
                verbose_name="code for lines without tax",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="receipt_policy",
            field=models.CharField(
                choices=[
                    ("post", "Reclaim it all the same"),
                    ("gross", "Post the line gross, without reclaiming"),
                    ("hold", "Hold the report"),
                ],
                default="post",
                max_length=12,
                verbose_name="tax without a receipt",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="tax_account",
            field=models.ForeignKey(
                blank=True,
                help_text="Where the ledger books reclaimed tax, for our own figures.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.glaccount",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="tax_mismatch_policy",
            field=models.CharField(
                choices=[
                    ("hold", "Hold the report"),
                    ("post", "Post the tax that the receipt says"),
                ],
                default="hold",
                max_length=12,
                verbose_name="tax that is not the code's percentage",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="tax",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The name or code of the expense's tax in Expensify.",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="taxcode",
            name="percent",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                max_digits=9,
                null=True,
                verbose_name="percent on purchases",
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="tax_policy",
            field=models.CharField(
                choices=[
                    ("unset", "Not decided: expenses with tax are held"),
                    ("cost", "Tax is cost: lines are posted gross"),
                    ("reclaim", "Tax is reclaimed with the tax code that a rule gives"),
                ],
                default="unset",
                max_length=12,
                verbose_name="tax",
            ),
        ),
    ]
