"""Provider keys at rest: AES-256-GCM, bound to the row and the address they belong to."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = "v1:"


class UnsealError(ValueError):
    """The sealed value was made under another secret, for another row, or for another address."""


def seal(plaintext: str, *, secret_key: str, bound_to: str) -> str:
    """Encrypt a secret so that it opens only under the same installation secret and binding.

    `bound_to` is authenticated, not stored: moving the result to another row or changing the
    base URL it was entered for makes it worthless.
    """
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(_key(secret_key)).encrypt(nonce, plaintext.encode(), bound_to.encode())
    return _FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, secret_key: str, bound_to: str) -> str:
    """Open what `seal` made. Raises UnsealError when anything differs."""
    if not sealed.startswith(_FORMAT):
        raise UnsealError("sealed value has an unknown format")
    try:
        raw = base64.urlsafe_b64decode(sealed[len(_FORMAT) :])
        return AESGCM(_key(secret_key)).decrypt(raw[:12], raw[12:], bound_to.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise UnsealError("sealed value does not open with this secret and binding") from error


def upstream_binding(upstream_id: object, base_url: str) -> str:
    """What a provider key is bound to: its upstream and the address it may be sent to."""
    return f"upstream:{upstream_id}:{base_url}"


def _key(secret_key: str) -> bytes:
    return hmac.new(secret_key.encode(), b"parapet provider keys", hashlib.sha256).digest()
