"""What is done about policies without being asked."""

from celery import shared_task

from console.accounts.models import Project
from console.policies.escalations import collect
from console.store import StoreUnavailableError


@shared_task(name="console.policies.tasks.collect_escalations")
def collect_escalations() -> int:
    """Put every call that a guard held back for a person into the queue. A store that is away is asked again later."""
    made = 0
    for project in Project.objects.order_by("created_at", "id"):
        try:
            made += collect(project)
        except (StoreUnavailableError, OSError):
            return made
    return made
