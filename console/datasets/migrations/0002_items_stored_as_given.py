from typing import Any

from django.db import migrations, models


def say_what_is_there(apps: Any, schema_editor: Any) -> None:
    """Until now no policy looked at what people and programs put in; files that wait do so unmasked."""
    apps.get_model("datasets", "Item").objects.exclude(source="trace").update(is_as_given=True)
    apps.get_model("datasets", "Upload").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="item", name="is_as_given", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="upload", name="is_as_given", field=models.BooleanField(default=False)
        ),
        migrations.RunPython(say_what_is_there, migrations.RunPython.noop),
    ]
