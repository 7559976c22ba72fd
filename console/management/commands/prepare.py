"""`manage.py prepare`: what has to happen once before a new version serves. Safe to repeat."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ingest.clickhouse.client import connect
from ingest.clickhouse.migrate import apply, ensure_database


class Command(BaseCommand):
    """Migrates both databases, gathers static files, and makes the first owner, project and key."""

    help = "Migrate the databases, gather static files, create the first owner, project and API key."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Do each step; every one of them does nothing when there is nothing to do."""
        call_command("migrate", interactive=False, verbosity=0)
        ensure_database(settings.CLICKHOUSE_URL)
        for applied in apply(connect(settings.CLICKHOUSE_URL)):
            self.stdout.write(f"applied {applied} to ClickHouse")
        _collect_static(Path(settings.STATIC_ROOT))
        call_command("bootstrap", stdout=self.stdout)


def _collect_static(target: Path) -> None:
    """Gather the pages' files, compressed, unless those of this very version lie there already."""
    fingerprint = hashlib.sha256()
    for entry in settings.STATICFILES_DIRS:
        # A pair is a folder's name among the pages' files, and the folder.
        folder = str(entry[1] if isinstance(entry, tuple) else entry)
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                state = file.stat()
                fingerprint.update(f"{file}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    mark = target / ".collected"
    if mark.exists() and mark.read_text() == fingerprint.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(fingerprint.hexdigest())
