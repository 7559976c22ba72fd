"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from console.datasets import uploads


@shared_task
def mask_upload(upload_id: str) -> str:
    """Mask a file for a while; it is queued again until it is done."""
    return uploads.work_on(UUID(upload_id))


@shared_task
def sweep() -> int:
    """Wake workers for files that are due, and take away those that nobody came back to."""
    now = timezone.now()
    uploads.remove_forgotten(now=now)
    due = uploads.due_uploads(now=now)
    for upload_id in due:
        mask_upload.delay(str(upload_id))
    return len(due)
