from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Names the app to Django."""

    name = "console.policies"
    label = "policies"
