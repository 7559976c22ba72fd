"""Reading which judge models run on machines of our own."""

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import ImproperlyConfigured

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def local_judges_in(entries: Sequence[str]) -> Mapping[str, str]:
    """Read `name=folder` and `name=organisation/model` entries. Raises ImproperlyConfigured."""
    judges: dict[str, str] = {}
    for entry in entries:
        name, _, place = (part.strip() for part in entry.partition("="))
        if not _NAME.fullmatch(name) or not place:
            raise ImproperlyConfigured(
                f"PARAPET_LOCAL_JUDGES holds {entry!r}; write name=folder or name=organisation/model, separated by commas."
            )
        if name in judges:
            raise ImproperlyConfigured(f"PARAPET_LOCAL_JUDGES names {name!r} twice.")
        judges[name] = place
    return judges
