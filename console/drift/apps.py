from django.apps import AppConfig


class DriftConfig(AppConfig):
    """Names the app to Django."""

    name = "console.drift"
    label = "drift"
