from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Names the app to Django."""

    name = "console.quality"
    label = "quality"
