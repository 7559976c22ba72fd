"""Reversible redaction: placeholders travel to the provider, the originals come back to the caller.

A placeholder is ASCII in angle brackets, `<EMAIL_ADDRESS_1>`: models know the form from their training, copy it whole, and
its name tells them what stood there. The same value has the same placeholder throughout a session, so that a model can
still see who is who. The map lives in the memory of one session and nowhere else.
"""

import functools
import json
from collections.abc import Iterable
from typing import Any

import re2

from guardrails.prefixes import beginnings

_RESERVED = re2.compile(r"(?i)\b([a-z]+(?:[_ ][a-z]+)*)[_ ]?(\d{1,9})\b")
_OPENING = r"(?:<|&lt;|\\u003[cC]|\\<)"
_CLOSING = r"(?:>|&gt;|\\u003[eE]|\\>)"


class Vault:
    """What each placeholder of one session stands for."""

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, str], str] = {}
        self._originals: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._reserved: set[str] = set()

    def __repr__(self) -> str:
        return f"Vault({len(self._placeholders)} values)"

    def __reduce__(self) -> Any:
        raise TypeError("a vault is never stored")

    @property
    def is_empty(self) -> bool:
        """True as long as no placeholder could come back."""
        return not self._originals

    def reserve(self, texts: Iterable[str]) -> None:
        """Note what already looks like a placeholder, so that none of ours is mistaken for it."""
        for text in texts:
            if "_" in text or "<" in text or "&lt;" in text or "\\u003" in text:
                for found in _RESERVED.finditer(text):
                    name, number = found.groups()
                    words = name.upper().replace(" ", "_").split("_")
                    # `write EMAIL ADDRESS 1` may be read from any of its words on.
                    self._reserved.update(
                        f"{'_'.join(words[first:])}_{int(number)}" for first in range(len(words))
                    )

    def placeholder(self, entity: str, value: str, *, comes_back: bool) -> str:
        """Return the placeholder of a value. `comes_back` if the caller sent it and may see it again."""
        key = entity, _normalised(entity, value)
        if key not in self._placeholders:
            number = self._counts.get(entity, 0) + 1
            while f"{entity}_{number}" in self._reserved:
                number += 1
            self._counts[entity] = number
            self._placeholders[key] = f"{entity}_{number}"
            if comes_back:
                self._originals[f"{entity}_{number}"] = value
        return f"<{self._placeholders[key]}>"

    def original(self, text: str) -> str | None:
        """Return what a placeholder, as a model wrote it, stands for; None for one that is not of this session."""
        name = text
        for mark in ("&lt;", "&gt;", "\\u003c", "\\u003C", "\\u003e", "\\u003E"):
            name = name.replace(mark, "")
        words = "".join(character if character.isalnum() else " " for character in name).split()
        joined = "_".join(words).upper()
        if joined in self._originals:
            return self._originals[joined]
        # `<EMAIL_ADDRESS1>`: the number may hang on the name.
        stem = joined.rstrip("0123456789")
        return self._originals.get(f"{stem.rstrip('_')}_{joined[len(stem) :]}")

    def expression(self) -> tuple[Any, Any]:
        """Return what finds the placeholders that can come back, and what finds one that a text ends in."""
        return _expressions(frozenset(name.rpartition("_")[0] for name in self._originals))


def in_json(value: str) -> str:
    """Return the value as it is written inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _normalised(entity: str, value: str) -> str:
    compact = "".join(character for character in value if character.isalnum())
    if entity in ("EMAIL_ADDRESS", "IBAN_CODE", "CRYPTO", "URL"):
        return value.strip().casefold() if entity != "IBAN_CODE" else compact.casefold()
    if entity in ("CREDIT_CARD", "PHONE_NUMBER", "US_SSN"):
        return ("+" if value.strip().startswith("+") else "") + compact
    return value


@functools.lru_cache(maxsize=256)
def _expressions(entities: frozenset[str]) -> tuple[Any, Any]:
    # Longest first, so that US_SSN_1 is not read as SSN_1.
    ordered = sorted(entities, key=lambda entity: (-len(entity), entity))
    bare = "|".join(ordered)
    loose = "|".join(r"\\?[_ ]?".join(entity.split("_")) for entity in ordered)
    pattern = (
        rf"(?i:{_OPENING} ?(?:{loose})(?:\\?_| )?[0-9]{{1,9}} ?{_CLOSING})"
        rf"|\b(?:{bare})_[0-9]{{1,9}}\b"
    )
    return re2.compile(pattern.encode()), re2.compile(rf"{beginnings(pattern)}\z".encode())
