"""API keys as every front door knows them: by a keyed hash, never by the key."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NewType
from uuid import UUID

KeyHash = NewType("KeyHash", str)

PREFIX = "pk_"
"""What every API key begins with, so that scanners of leaked secrets can recognise one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """What the holder of a key may do."""

    id: UUID
    project_id: UUID
    project: str
    """The project's slug."""
    name: str
    environment: str = ""
    """Written on every span sent with this key, unless the sender names another."""
    scopes: frozenset[str] = frozenset({"proxy", "ingest", "api"})
    models: frozenset[str] | None = None
    """Model names this key may call; None for all of the project's."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget_usd_per_day: str | None = None
    expires_at: datetime | None = None


def hash_key(key: str, *, pepper: bytes) -> KeyHash:
    """Return the HMAC-SHA256 of a key under the installation's pepper, in hex."""
    mac = _keyed(pepper).copy()
    mac.update(key.encode("utf-8", "surrogatepass"))
    return KeyHash(mac.hexdigest())


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in force, by hash."""

    grants: Mapping[KeyHash, KeyGrant]

    def find(self, key: str, *, pepper: bytes, now: datetime) -> KeyGrant | None:
        """Return the grant of a key presented by a client, or None when it is unknown or expired."""
        grant = self.grants.get(hash_key(key, pepper=pepper))
        if grant is None or (grant.expires_at is not None and grant.expires_at <= now):
            return None
        return grant


def pepper_from(secret_key: str) -> bytes:
    """Derive the pepper of API keys from the installation's secret (HMAC-SHA256 with a label)."""
    return hmac.new(secret_key.encode(), b"parapet api keys", hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _keyed(pepper: bytes) -> hmac.HMAC:
    return hmac.new(pepper, digestmod=hashlib.sha256)
