"""Who may have an account, and whose failures to sign in are whose."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by the installation or by an owner; nobody signs up alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse sign-ups from the open door."""
        return False


def name_tried(request: HttpRequest, credentials: dict[str, object] | None) -> str | None:
    """Return the address someone tries to sign in with, by which failures are counted."""
    name = (credentials or {}).get("email") or request.POST.get("login")
    return name.strip().lower() if isinstance(name, str) else None
