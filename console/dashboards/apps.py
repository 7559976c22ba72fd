from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    """Names the app to Django."""

    name = "console.dashboards"
    label = "dashboards"
