"""The web process."""

import importlib
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.base")  # noqa: TID251

application = get_asgi_application()
# What pages queue goes to the broker of our Celery application, which exists once this is imported.
importlib.import_module("console.celery")
