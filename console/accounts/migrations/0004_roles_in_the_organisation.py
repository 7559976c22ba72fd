"""Roles in the organisation. Whoever could change what holds in every project until now owns it."""

from django.db import migrations, models


def name_owners(apps, schema_editor):
    users, projects, memberships = (
        apps.get_model("accounts", name).objects for name in ("User", "Project", "Membership")
    )
    count = projects.count()
    for user in users.filter(is_active=True):
        owned = memberships.filter(user=user, role="owner").count()
        if user.is_superuser or (count and owned == count):
            user.organisation_role = "owner"
            user.save(update_fields=["organisation_role"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_audit_entries_stay")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="organisation_role",
            field=models.CharField(blank=True, choices=[("admin", "Admin"), ("owner", "Owner")], max_length=10),
        ),
        migrations.RunPython(name_owners, migrations.RunPython.noop),
    ]
