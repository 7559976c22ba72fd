from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Names the app to Django."""

    name = "console.experiments"
    label = "experiments"
