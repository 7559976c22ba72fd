from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Names the app to Django."""

    name = "console.api"
    label = "api"
