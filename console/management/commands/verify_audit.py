"""`manage.py verify_audit`: has anyone tampered with the audit log?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.accounts.audit import first_broken
from console.accounts.models import AuditEntry, Project


class Command(BaseCommand):
    """Follows every project's chain of audit entries and prints its head."""

    help = "Check that no audit entry was changed, reordered or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --project and --head."""
        parser.add_argument("--project", default="", help="only this project's slug")
        parser.add_argument(
            "--head", default="", help="a hash noted earlier, which must still be in the project's chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per project; fail if any chain is broken."""
        projects = Project.objects.order_by("slug")
        if options["project"]:
            projects = projects.filter(slug=options["project"])
        if not projects:
            raise CommandError(f"there is no project {options['project']!r}")
        if options["head"] and len(projects) > 1:
            raise CommandError("--head belongs to one project: name it with --project")
        broken = 0
        for project in projects:
            last = AuditEntry.objects.filter(project=project).order_by("number").last()
            trouble = first_broken(project, head=options["head"])
            broken += trouble is not None
            head = f"{last.number} entries, head {last.hash}" if last else "no entries"
            self.stdout.write(f"{project.slug}: {f'BROKEN: {trouble}' if trouble else f'whole, {head}'}")
        if broken:
            raise CommandError(f"{broken} of {len(projects)} audit chains are broken")
