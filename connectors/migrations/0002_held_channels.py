from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="ledgerconnection",
            options={
                "ordering": ("name", "id"),
                "permissions": (
                    ("connect_ledgerconnection", "Can connect and reconnect a ledger"),
                    ("test_ledgerconnection", "Can test a ledger connection"),
                    ("retry_ledgerconnection", "Can have a held ledger tried again at once"),
                ),
            },
        ),
        migrations.AddField(
            model_name="channel",
            name="held_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
