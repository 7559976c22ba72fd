"""Making API keys: random enough to need no slow hash, and with a checksum that scanners can verify."""

import secrets
import string
import zlib

from ingest.keys import PREFIX

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_DIGITS = 43
"""43 digits to the base 62 carry 256 bits."""
_CHECKSUM_DIGITS = 6


def new_secret() -> str:
    """Return a fresh API key: the prefix, 256 random bits, and their CRC-32."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM_DIGITS))
    return PREFIX + random + _checksum(random)


def is_well_formed(secret: str) -> bool:
    """Tell whether a text could be one of our keys, without knowing any of them."""
    random, checksum = secret[len(PREFIX) : -_CHECKSUM_DIGITS], secret[-_CHECKSUM_DIGITS:]
    return secret.startswith(PREFIX) and len(random) == _RANDOM_DIGITS and checksum == _checksum(random)


def _checksum(text: str) -> str:
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM_DIGITS):
        value, remainder = divmod(value, len(ALPHABET))
        digits = ALPHABET[remainder] + digits
    return digits
