"""What of a receipt a document gets: nothing, a link, or the file."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0008_schedules")]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="receipt_files",
            field=models.CharField(
                choices=[
                    ("none", "Nothing: it stays in Expensify"),
                    ("link", "A link on the line, where there is room"),
                    ("file", "The file itself, attached to the document"),
                ],
                default="link",
                max_length=12,
                verbose_name="receipts",
            ),
        ),
    ]
