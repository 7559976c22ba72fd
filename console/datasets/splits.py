"""Train, dev and test by a stable hash: the same item falls into the same split on every machine and in every version."""

import hashlib
from collections.abc import Mapping

from console.datasets.models import Split


class SharesError(ValueError):
    """Shares that do not make a whole."""


def split_of(key: str, cluster: str, shares: Mapping[str, int], *, salt: str = "") -> str:
    """Return the split an item falls into. Items of one cluster stay together, so that nothing leaks between splits."""
    check_shares(shares)
    drawn = hashlib.blake2b(f"{salt}\0{cluster or key}".encode(), digest_size=8).digest()
    place = int.from_bytes(drawn) / 2**64 * 100
    for name in Split.values:
        place -= shares.get(name, 0)
        if place < 0:
            return name
    return Split.TEST


def check_shares(shares: Mapping[str, int]) -> None:
    """Raise SharesError unless the shares are per cents that add up to 100."""
    total = sum(shares.values())
    if total != 100 or any(share < 0 for share in shares.values()):
        raise SharesError(f"the shares of train, dev and test add up to 100 %, not to {total} %")
