"""The drift checks by the clock. Running one twice in an hour replaces its own findings."""

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from console.accounts.models import Project
from console.drift.checks import check
from console.store import StoreUnavailableError

log = logging.getLogger(__name__)


@shared_task
def check_all() -> int:
    """Wake a worker for every project."""
    projects = list(Project.objects.values_list("pk", flat=True))
    for project_id in projects:
        check_project.delay(str(project_id))
    return len(projects)


@shared_task
def check_project(project_id: str) -> int:
    """Check one project, and return how many series have drifted."""
    project = Project.objects.filter(pk=UUID(project_id)).first()
    if project is None:
        return 0
    try:
        found = check(project, now=timezone.now())
    except StoreUnavailableError as error:
        log.warning("drift of %s was not checked and will be at the next full hour: %s", project.slug, error)
        return 0
    return sum(comparison.state == "drift" for comparison in found)
