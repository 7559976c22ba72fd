"""`manage.py organisation_owner`: make somebody an owner of the organisation, for when nobody is who can sign in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.accounts.actions import AccountError
from console.accounts.models import OrganisationRole
from console.accounts.organisation import appoint


class Command(BaseCommand):
    """Gives the role that only owners give, to whoever can run commands on the installation."""

    help = "Make a person who has an account an owner of the organisation. It is in the audit log of every project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare who."""
        parser.add_argument("email", help="the address the person signs in with")

    def handle(self, *args: Any, **options: Any) -> None:
        """Appoint, and say so."""
        try:
            person = appoint(email=options["email"], role=OrganisationRole.OWNER, by=None)
        except AccountError as error:
            raise CommandError(f"{error}.") from None
        self.stdout.write(f"{person.email} owns the organisation.")
