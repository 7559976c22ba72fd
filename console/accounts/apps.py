from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the app to Django."""

    name = "console.accounts"
    label = "accounts"
