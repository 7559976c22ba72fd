"""The sentence templates of presidio-research, their places renamed to ours."""

import re
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

from guardrails.training.pii.splits import split_of

OURS = MappingProxyType(
    {
        "name_male": "name", "name_female": "name", "first_name": "first", "first_name_male": "first", "first_name_female": "first",
        "first_name_nonbinary": "first", "last_name": "last", "last_name_male": "last", "last_name_female": "last", "prefix": "title",
        "prefix_male": "title", "prefix_female": "title", "credit_card_number": "card", "address": "mixed_address", "organization": "org",
        "state_abbr": "state", "zipcode": "zip", "postcode": "zip", "building_number": "house", "secondary_address": "flat",
        "us_driver_license": "license", "date_of_birth": "dob", "date_time": "when", "day_of_week": "weekday", "nation_woman": "nationality",
        "nation_plural": "nationals", "phone_number": "phone", "ip_address": "ip",
    }
)  # fmt: skip
PLACE = re.compile(r"\{?\{(\w+)\}\}?")


def _ours(line: str) -> str:
    return (
        PLACE.sub(lambda match: "{{" + OURS.get(match[1], match[1]) + "}}", line)
        .replace("|", "/")
        .replace("\\,", ",")
    )


@cache
def lines(data: Path, split: str) -> tuple[str, ...]:
    """Return the templates of a split; an address is one of two kinds, as people write it or as generators do."""
    text = (data / "pii" / "presidio_research" / "templates.txt").read_text(
        encoding="utf-8", errors="replace"
    )
    found = [_ours(line) for line in text.splitlines() if line.strip()]
    found += [
        line.replace("{{mixed_address}}", "{{address}}") for line in found if "{{mixed_address}}" in line
    ]
    return tuple(
        line
        for line in found
        if split_of(f"presidio:{crc32(line.replace('mixed_', '').encode()):08x}") == split
    )
