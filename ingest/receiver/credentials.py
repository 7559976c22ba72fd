"""The API key a sender presents, in any of the ways exporters can be told to."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from ingest.keys import KeyGrant, KeyRing


def presented_keys(headers: Mapping[bytes, bytes]) -> list[str]:
    """Return what may be a key: a Bearer token, the password or user name of Basic, or `x-api-key`."""
    scheme, _, credentials = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    found = []
    if scheme.lower() == "bearer":
        found.append(credentials.strip())
    elif scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        found += [password, user]
    found.append(headers.get(b"x-api-key", b"").decode("latin-1").strip())
    return [key for key in found if key]


def grant_of(
    headers: Mapping[bytes, bytes], keys: KeyRing, *, pepper: bytes, now: datetime
) -> KeyGrant | None:
    """Return the grant of the first presented key that is in force."""
    for key in presented_keys(headers):
        grant = keys.find(key, pepper=pepper, now=now)
        if grant is not None:
            return grant
    return None
