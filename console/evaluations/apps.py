from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    """Names the app to Django."""

    name = "console.evaluations"
    label = "evaluations"
