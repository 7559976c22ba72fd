"""`manage.py bootstrap`: the first owner, project and key, and where to find them. Safe to repeat."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.accounts.first_start import bootstrap, read_credentials, write_credentials
from console.gateway.addresses import AddressError
from console.gateway.publish import publish


class Command(BaseCommand):
    """Makes what an installation begins with and keeps credentials.json true."""

    help = "Create the first owner, project and API key, and write $PARAPET_HOME/credentials.json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --renew."""
        parser.add_argument(
            "--renew",
            action="store_true",
            help="give the owner a new password and the project a new API key if credentials.json lost them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Bootstrap, publish, and write down how to get in."""
        file = settings.HOME / "credentials.json"
        try:
            credentials = bootstrap(noted=read_credentials(file), renews=options["renew"])
        except AddressError as error:
            raise CommandError(f"a *_BASE_URL in the environment cannot be used: {error}") from error
        write_credentials(file, credentials)
        publish()
        if not credentials.password or not credentials.api_key:
            self.stdout.write(
                f"{file} does not hold a working password and API key; "
                "`manage.py bootstrap --renew` makes new ones."
            )
