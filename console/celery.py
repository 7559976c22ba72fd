"""The Celery application. A message is only a wake-up: the state of every job is in the database."""

import logging
import os
import warnings
from typing import Any

import django
from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.schedules import crontab
from celery.signals import after_setup_logger
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.base")  # noqa: TID251
django.setup(set_prefix=False)

# Messages are JSON alone, so a worker that runs as root on someone's own machine runs nobody else's code.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("parapet")
# For every thread: pages queue work from threads of their own.
app.set_default()
app.conf.update(settings.CELERY)
app.conf.beat_schedule = {
    "sample live calls": {
        "task": "console.evaluations.tasks.sample_live",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "wake forgotten judgements": {
        "task": "console.evaluations.tasks.sweep",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "wake forgotten backtests": {
        "task": "console.quality.tasks.sweep",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "wake idle experiments": {
        "task": "console.experiments.tasks.sweep",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "wake forgotten uploads": {
        "task": "console.datasets.tasks.sweep",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "look for drift": {
        "task": "console.drift.tasks.check_all",
        "schedule": crontab(minute="7"),
        "options": {"expires": 1800},
    },
    "queue what was held back": {
        "task": "console.policies.tasks.collect_escalations",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "publish again": {
        "task": "console.gateway.tasks.republish",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
app.autodiscover_tasks(
    [
        "console.datasets",
        "console.evaluations",
        "console.experiments",
        "console.drift",
        "console.gateway",
        "console.policies",
        "console.quality",
    ]
)


@after_setup_logger.connect
def quieten(**_: Any) -> None:
    """Two lines for each judgement would bury every other line."""
    for name in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).setLevel(logging.WARNING)
