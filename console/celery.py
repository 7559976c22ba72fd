"""The Celery application. A message is only a wake-up: the state of every job is in the database."""

import os

import django
from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.base")  # noqa: TID251
django.setup(set_prefix=False)

app = Celery("parapet")
app.conf.update(settings.CELERY)
app.autodiscover_tasks(["console.gateway", "console.evaluations", "console.drift"])
