from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Names the app to Django."""

    name = "console.gateway"
    label = "gateway"
