from django.apps import AppConfig


class TracesConfig(AppConfig):
    """Names the app to Django."""

    name = "console.traces"
    label = "traces"
