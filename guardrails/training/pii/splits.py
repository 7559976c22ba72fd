"""Which texts are for training, which to choose by, and which to test on."""

from zlib import crc32


def split_of(group: str) -> str:
    """Return the split that a template belongs to: nine in ten are for training."""
    luck = crc32(group.encode()) % 100
    return "train" if luck < 88 else "dev" if luck < 94 else "test"
