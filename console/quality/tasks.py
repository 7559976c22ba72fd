"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from console.quality import backtests


@shared_task
def run_backtest(backtest_id: str) -> str:
    """Work on a backtest for a while; it is queued again until it is done."""
    backtest = backtests.work_on(UUID(backtest_id))
    return str(backtest.state) if backtest else "not due"


@shared_task
def sweep() -> int:
    """Wake workers for backtests that are due: messages are hints, the table is the queue."""
    due = backtests.due_backtests(now=timezone.now())
    for backtest_id in due:
        run_backtest.delay(str(backtest_id))
    return len(due)
