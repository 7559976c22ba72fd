"""Who may use the API: the holder of a project's key, or a person who is signed in."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from console.accounts.models import ApiKey, Scope
from ingest.keys import hash_key, pepper_from

SCHEME = "Bearer"


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An app: known by its key, not a person."""

    key: ApiKey
    is_authenticated: bool = True
    is_anonymous: bool = False

    @property
    def pk(self) -> None:
        """No row of people is behind a key."""
        return None


class ApiKeyAuthentication(BaseAuthentication):
    """Takes `Authorization: Bearer <API key>`; the key must be in force and have the scope `api`."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        """Return the key's holder, or None when no key was presented."""
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != SCHEME.lower().encode():
            return None
        presented = hash_key(
            secret.strip().decode("latin-1"), pepper=pepper_from(settings.PARAPET_SECRET_KEY)
        )
        key = ApiKey.objects.filter(hash=presented).select_related("project").first()
        if key is None or not key.is_in_force(timezone.now()):
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        if Scope.API not in key.scopes:
            raise AuthenticationFailed(
                f"This API key has no scope `api`; it has {', '.join(key.scopes) or 'none'}."
            )
        return KeyHolder(key), key

    def authenticate_header(self, request: Request) -> str:
        """Tell a client without a key how to present one."""
        return SCHEME
