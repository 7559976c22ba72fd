from django.db import migrations, models


class Migration(migrations.Migration):
    """Counts the workers lost over a job apart from its tries."""

    dependencies = [("evaluations", "0001_initial")]

    operations = [
        migrations.AddField("job", "losses", models.PositiveSmallIntegerField(default=0)),
    ]
