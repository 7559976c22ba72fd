"""Stand-ins that do not come back to the caller: a keyed hash, and what only the holder of the key can open.

    EMAIL_ADDRESS:h1:<32 hexadecimal digits>      the first 16 bytes of HMAC-SHA256(key, entity, 0, value)
    EMAIL_ADDRESS:e1:<base64url, no padding>      AES-256-SIV of the value; the project and the entity are bound to it

Both are the same for the same value in the same project, call after call, so that people can be told apart and counted who
cannot be named. For encryption that is why it is AES-SIV (RFC 5297): it is made to be deterministic, has no nonce that
could be used twice, and gives away nothing but that two values are equal. The keys of a project are derived from the
installation's secret; another project has others.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from uuid import UUID

_TOKEN = re.compile(r"\b([A-Z][A-Z0-9_]{0,63}):e1:([A-Za-z0-9_-]{22,})")
_WRITTEN = re.compile(r"\b[A-Z][A-Z0-9_]{0,63}:e1:[A-Za-z0-9_-]*=*")
_HASH = re.compile(r"\b[A-Z][A-Z0-9_]{0,63}:h1:[0-9a-f]{32}\b")
_HASH_BYTES = 16


class UnopenedError(ValueError):
    """A token was made under another secret, for another project, or is damaged."""


@dataclass(frozen=True, slots=True)
class RedactionKeys:
    """The keys of one project."""

    hashing: bytes = field(repr=False)
    sealing: bytes = field(repr=False)
    holding: bytes = field(repr=False)
    """For the fingerprints of what guards hold for a person."""
    project: bytes

    @classmethod
    @functools.lru_cache(maxsize=4_096)
    def derive(cls, secret: str | bytes, project_id: UUID) -> "RedactionKeys":
        """Return the keys of a project, derived from the installation's secret."""
        root = secret.encode() if isinstance(secret, str) else secret

        def key(label: bytes) -> bytes:
            return hmac.new(
                root, b"parapet redaction " + label + b":" + project_id.bytes, hashlib.sha512
            ).digest()

        return cls(
            hashing=key(b"hash"), sealing=key(b"encrypt"), holding=key(b"hold"), project=project_id.bytes
        )


def hashed(entity: str, value: str, keys: RedactionKeys) -> str:
    """Return the keyed hash of a value, as it stands in texts."""
    mac = hmac.new(
        keys.hashing, entity.encode() + b"\0" + value.encode("utf-8", "surrogatepass"), hashlib.sha256
    )
    return f"{entity}:h1:{mac.digest()[:_HASH_BYTES].hex()}"


def encrypted(entity: str, value: str, keys: RedactionKeys) -> str:
    """Return a value as only the holder of the keys can read it, as it stands in texts."""
    # Loaded by those who encrypt.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    sealed = AESSIV(keys.sealing).encrypt(value.encode("utf-8", "surrogatepass"), _bound(entity, keys))
    return f"{entity}:e1:{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"


def opened(token: str, keys: RedactionKeys) -> str:
    """Return the value of an encrypted token. Raises UnopenedError when anything differs."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    found = _TOKEN.search(token)
    if found is None and ":e1:" in token:
        raise UnopenedError("some of this value is missing: copy it whole")
    if found is None:
        raise UnopenedError("this is no encrypted value: those look like EMAIL_ADDRESS:e1:…")
    entity, body = found.groups()
    try:
        sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return AESSIV(keys.sealing).decrypt(sealed, _bound(entity, keys)).decode("utf-8", "surrogatepass")
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise UnopenedError(
            "this value does not open: it was made in another project or under another secret, or it is damaged"
        ) from error


def tokens_in(text: str) -> list[tuple[int, int]]:
    """Return where encrypted values stand in a text, whole ones and those that something is missing of."""
    return [found.span() for found in _WRITTEN.finditer(text)]


def count_hashes(text: str) -> int:
    """Return how many keyed hashes stand in a text: those do not open."""
    return sum(1 for _ in _HASH.finditer(text))


def reveal(text: str, keys: RedactionKeys) -> str:
    """Return a text with every encrypted value opened that these keys can open; the others stay as they are."""

    def value_of(found: re.Match[str]) -> str:
        try:
            return opened(found.group(), keys)
        except UnopenedError:
            return found.group()

    return _TOKEN.sub(value_of, text)


def _bound(entity: str, keys: RedactionKeys) -> list[bytes]:
    return [b"parapet e1", keys.project, entity.encode()]
