"""American addresses that people have taken apart by hand, put together again as they stood."""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path

from guardrails.training.pii.splits import split_of

FILES = (
    "labeled.xml",
    "multi_word_state_addresses.xml",
    "us50_messiest_manual_label.xml",
    "us50_train_tagged.xml",
)
NO_PART = {"Recipient", "NotAddress"}
"""Who lives there is no part of where it is."""

STREET_PARTS = {"StreetName", "USPSBoxID", "AddressNumber"}


ADDRESS = re.compile(r"<AddressString>(.*?)</AddressString>", re.DOTALL)
PART = re.compile(r"<(\w+)>([^<]*)</\1>")


def _address(tagged: str) -> str:
    parts = [(kind, unescape(text)) for kind, text in PART.findall(tagged) if kind not in NO_PART]
    whole = len(parts) > 1 and any(kind in STREET_PARTS for kind, _ in parts)
    return re.sub(r"\s+", " ", " ".join(text for _, text in parts)).strip(" ,;") if whole else ""


def _all(data: Path) -> Iterator[str]:
    for name in FILES:
        text = (data / "pii" / "usaddress" / name).read_text(encoding="utf-8")
        yield from (_address(tagged) for tagged in ADDRESS.findall(text))


@cache
def addresses(data: Path, split: str) -> tuple[str, ...]:
    """Return the addresses of a split."""
    return tuple(sorted({text for text in _all(data) if text and split_of(text) == split}))
