"""Several flows of a workspace, where no report can belong to two of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0002_company_cards")]

    operations = [
        migrations.RemoveConstraint(
            model_name="flow",
            name="flow_one_running_per_workspace",
        ),
        migrations.AddField(
            model_name="flow",
            name="selector",
            field=models.CharField(
                choices=[
                    ("all", "Every report of the workspace"),
                    ("tags", "Reports whose expenses have one of these tags"),
                    ("other_tags", "Reports whose expenses have none of these tags"),
                    ("employees", "Reports of these employees"),
                    ("other_employees", "Reports of everybody but these employees"),
                ],
                default="all",
                max_length=15,
                verbose_name="which reports",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="selector_level",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Which level the tags stand on, from 1.",
                null=True,
                verbose_name="tag level",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="selector_names",
            field=models.JSONField(blank=True, default=list, verbose_name="tags or employees"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_paused", False), ("selector", "all")),
                fields=("workspace",),
                name="flow_one_takes_all_of_workspace",
                violation_error_message="Another flow takes every report of this workspace, and a report belongs to exactly one flow. Pause the other one first.",
            ),
        ),
    ]
