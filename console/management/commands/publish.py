"""`manage.py publish`: tell the proxy and the receiver again what is in force."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.gateway.publish import publish


class Command(BaseCommand):
    """Publishes the snapshot, whether or not anything changed."""

    help = "Publish keys, upstreams, routes and policies to Redis and to PARAPET_SNAPSHOT_FILE."

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish, and say which version is in force."""
        publication = publish()
        if publication.error:
            raise CommandError(f"the snapshot was not published: {publication.error}")
        self.stdout.write(f"published version {publication.version}")
