from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Names the app to Django."""

    name = "console.datasets"
    label = "datasets"
