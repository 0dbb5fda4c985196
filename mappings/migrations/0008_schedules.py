"""More kinds of schedule, and spans of approvals that a poll reads besides what is new."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0007_taken_away"),
    ]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="backfills",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="flow",
            name="cron",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Minute, hour, day of the month, month, weekday, in the flow's zone: 0 6 * * MON-FRI is 6:00 on working days.",
                max_length=120,
                verbose_name="cron expression",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="first_on",
            field=models.DateField(
                blank=True,
                help_text="Then every two weeks from this day.",
                null=True,
                verbose_name="beginning on",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="month_number",
            field=models.SmallIntegerField(
                default=1,
                help_text="Counted from the month's end, 0 is its last (working) day, -2 two before it, 2 two after it. Of weekdays, 1 is the first and -1 the last. Working days are Monday to Friday; holidays are not known here: list dates where they matter.",
                verbose_name="number",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="month_rule",
            field=models.CharField(
                choices=[
                    ("day", "Day of the month"),
                    ("end", "Days from the month's last day"),
                    ("workday", "Working day of the month"),
                    ("workday_end", "Working days from the month's last working day"),
                    ("weekday", "A weekday of the month"),
                ],
                default="day",
                max_length=12,
                verbose_name="on the",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="run_dates",
            field=models.JSONField(blank=True, default=list, verbose_name="dates"),
        ),
        migrations.AddField(
            model_name="flow",
            name="to_read",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AlterField(
            model_name="flow",
            name="at_time",
            field=models.TimeField(
                default=datetime.time(6, 0), help_text="In the flow's zone.", verbose_name="at"
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="every_minutes",
            field=models.PositiveSmallIntegerField(
                default=15,
                help_text="5 or more: Expensify is asked no more often.",
                verbose_name="minutes",
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="schedule",
            field=models.CharField(
                choices=[
                    ("every", "Every few minutes"),
                    (
                        "approval",
                        "On approval: looked for every 5 minutes, the shortest safe interval",
                    ),
                    ("daily", "Daily"),
                    ("weekly", "Weekly"),
                    ("fortnightly", "Every two weeks"),
                    ("monthly", "Monthly, by the close"),
                    ("dates", "On a list of dates, such as a pay calendar"),
                    ("cron", "By a cron expression"),
                ],
                default="every",
                help_text="Expensify tells nobody about an approval, so it has to be asked.",
                max_length=12,
            ),
        ),
    ]
