"""What the gateway does by the clock."""

from celery import shared_task

from console.gateway.publish import publish


@shared_task
def republish() -> None:
    """Publish again, so that a Redis that was emptied or away learns what is in force."""
    publish()
