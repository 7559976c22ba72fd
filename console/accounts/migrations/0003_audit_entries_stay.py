"""The database itself refuses to change an audit entry, and on PostgreSQL to delete one.

SQLite's only way to empty a table is to delete its rows, which tests and backups need; there the chain of hashes tells.
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON accounts_auditentry
BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit entries are never changed'; END $$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON accounts_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();
"""


def guard(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_entries_stay ON accounts_auditentry")
        schema_editor.execute("DROP FUNCTION audit_entries_stay")
    else:
        schema_editor.execute("DROP TRIGGER audit_entries_stay")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_project_stores_messages_apikey_auditentry")]
    operations = [migrations.RunPython(guard, release)]
