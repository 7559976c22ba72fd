"""Reversible redaction: stand-ins travel to the provider, the originals come back to the caller.

A placeholder is ASCII in angle brackets, `<EMAIL_ADDRESS_1>`: models know the form from their training, copy it whole, and
its name tells them what stood there. A realistic stand-in is another value of the same kind. The same value has the same
stand-in throughout a session, so that a model can still see who is who. The map lives in the memory of one session; a
conversation that is to keep it hands it from one session to the next as `entries`.
"""

import functools
import json
from collections.abc import Iterable, Sequence
from random import Random, SystemRandom
from typing import Any, NamedTuple

import re2

from guardrails.one_way import RedactionKeys, encrypted, hashed
from guardrails.policy import Style
from guardrails.prefixes import beginnings
from guardrails.surrogates import parts, surrogate

REDACTED = "[redacted]"
"""What `redact` puts in place of a value unless the policy names another text."""
NEED_KEYS: frozenset[Style] = frozenset(("hash", "encrypt"))
COMES_BACK: frozenset[Style] = frozenset(("placeholder", "realistic"))
_ATTEMPTS = 40
_RESERVED = re2.compile(r"(?i)\b([a-z]+(?:[_ ][a-z]+)*)[_ ]?(\d{1,9})\b")
_OPENING = r"(?:<|&lt;|\\u003[cC]|\\<)"
_CLOSING = r"(?:>|&gt;|\\u003[eE]|\\>)"
_LOOSE = frozenset(("CREDIT_CARD", "PHONE_NUMBER", "IBAN_CODE", "US_SSN"))
"""Numbers that are written in groups, or in one, as one likes."""


class Entry(NamedTuple):
    """One value and what stands for it."""

    entity: str
    value: str
    stand_in: str
    style: Style
    comes_back: bool


class Vault:
    """What each stand-in of one session stands for."""

    def __init__(self, keys: RedactionKeys | None = None) -> None:
        self._keys = keys
        self._stand_ins: dict[tuple[str, str, str], str] = {}
        self._entries: list[Entry] = []
        self._originals: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._reserved: set[str] = set()
        self._said: list[str] = []
        self._compact_said = ""
        self._realistic: dict[str, tuple[str, str]] = {}
        """Entity and original of every realistic stand-in, by its letters and digits."""
        self._literals: dict[str, tuple[str, str]] = {}
        """What finds each of them, and what finds its beginnings."""
        self._chance: Random | None = None
        self._expression: tuple[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"Vault({len(self._stand_ins)} values)"

    def __reduce__(self) -> Any:
        raise TypeError("a vault is never stored")

    @property
    def is_empty(self) -> bool:
        """True as long as nothing could come back."""
        return not (self._originals or self._realistic)

    @property
    def entries(self) -> Sequence[Entry]:
        """What a conversation would have to keep of this session."""
        return self._entries

    def reserve(self, texts: Iterable[str]) -> None:
        """Note what already looks like a stand-in, so that none of ours is mistaken for it."""
        for text in texts:
            self._said.append(text)
            if "_" in text or "<" in text or "&lt;" in text or "\\u003" in text:
                for found in _RESERVED.finditer(text):
                    name, number = found.groups()
                    words = name.upper().replace(" ", "_").split("_")
                    # `write EMAIL ADDRESS 1` may be read from any of its words on.
                    self._reserved.update(
                        f"{'_'.join(words[first:])}_{int(number)}" for first in range(len(words))
                    )

    def recall(self, entries: Iterable[Entry]) -> None:
        """Take what earlier sessions of the conversation kept, but for what the texts reserved now could be mistaken for."""
        for entry in entries:
            key = _key(entry.entity, entry.value, entry.style)
            if key in self._stand_ins:
                continue
            if entry.style == "placeholder":
                if entry.stand_in in self._reserved or entry.stand_in in self._originals:
                    continue
                name, _, number = entry.stand_in.rpartition("_")
                self._counts[name] = max(self._counts.get(name, 0), int(number))
            elif self._is_said(entry.stand_in):
                continue
            self._keep(key, entry)

    def stand_in(
        self, entity: str, value: str, *, comes_back: bool, style: Style = "placeholder", text: str = ""
    ) -> str:
        """Return what stands in place of a value. `comes_back` if the caller sent it and may see it again."""
        # Without keys the guard has failed already; what it found is hidden all the same.
        if style == "redact" or (style in NEED_KEYS and self._keys is None):
            return text or REDACTED
        if style in NEED_KEYS and self._keys is not None:
            made = (hashed if style == "hash" else encrypted)(
                entity, _plain(entity, value, style), self._keys
            )
            return text + made
        key = _key(entity, value, style)
        # What the caller did not send is not dressed up for the caller as something real.
        if style == "realistic" and comes_back and key not in self._stand_ins:
            made_up = self._made_up(entity, value)
            if made_up is not None:
                self._keep(key, Entry(entity, value, made_up, "realistic", comes_back))
        if style == "realistic" and key in self._stand_ins:
            return self._stand_ins[key]
        return self.placeholder(entity, value, comes_back=comes_back)

    def placeholder(self, entity: str, value: str, *, comes_back: bool) -> str:
        """Return the placeholder of a value."""
        key = _key(entity, value, "placeholder")
        if key not in self._stand_ins:
            number = self._counts.get(entity, 0) + 1
            while f"{entity}_{number}" in self._reserved:
                number += 1
            self._counts[entity] = number
            self._keep(key, Entry(entity, value, f"{entity}_{number}", "placeholder", comes_back))
        return f"<{self._stand_ins[key]}>"

    def original(self, text: str) -> str | None:
        """Return what a stand-in, as a model wrote it, stands for; None for one that is not of this session."""
        known = self._realistic.get(_compact(text)) if self._realistic else None
        if known is not None:
            return known[1]
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

    def own(self, text: str) -> list[tuple[int, int, str]] | None:
        """Return where a text that a guard found is realistic stand-ins, and their originals; None if it says more.

        What is left beside them may be no more than a title or a particle: `Dr.`, `de`, `'s`.
        """
        if not self._realistic:
            return None
        expression, _ = self.expression()
        found = [
            (match.start(), match.end(), original)
            for match in expression.finditer(text)
            if (original := self.original(match.group())) is not None
        ]
        rest, at = "", 0
        for start, end, _ in found:
            rest, at = f"{rest} {text[at:start]}", end
        words = f"{rest} {text[at:]}".replace("'", " ").replace(".", " ").split()
        is_all = all(len(word) <= 3 and not any(map(str.isdigit, word)) for word in words)
        return found if found and is_all else None

    def expression(self) -> tuple[Any, Any]:
        """Return what finds the stand-ins that can come back, and what finds one that a text ends in."""
        if self._expression is None:
            entities = frozenset(name.rpartition("_")[0] for name in self._originals)
            if self._literals:
                self._expression = _compiled(_placeholders(entities), self._ordered_literals())
            else:
                self._expression = _expressions(entities)
        return self._expression

    def _keep(self, key: tuple[str, str, str], entry: Entry) -> None:
        self._stand_ins[key] = entry.stand_in
        self._entries.append(entry)
        if not entry.comes_back:
            return
        self._expression = None
        if entry.style == "placeholder":
            self._originals[entry.stand_in] = entry.value
            return
        self._learn(entry.entity, entry.stand_in, entry.value)
        for part, original in parts(entry.entity, entry.stand_in, entry.value).items():
            if _compact(part) not in self._realistic and not self._is_said(part):
                self._learn(entry.entity, part, original)

    def _learn(self, entity: str, stand_in: str, value: str) -> None:
        self._realistic[_compact(stand_in)] = entity, value
        self._literals[stand_in] = _literal(entity, stand_in)

    def _ordered_literals(self) -> list[tuple[str, str]]:
        # Longest first, so that a whole name is not read as its first word.
        return [self._literals[each] for each in sorted(self._literals, key=lambda each: (-len(each), each))]

    def _made_up(self, entity: str, value: str) -> str | None:
        if self._chance is None:
            self._chance = SystemRandom()
        for _ in range(_ATTEMPTS):
            made = surrogate(entity, value, self._chance)
            if made is None:
                return None
            if not self._is_taken(entity, made, value):
                return made
        return None

    def _is_taken(self, entity: str, made: str, value: str) -> bool:
        names = [made, *parts(entity, made, value)]
        return any(_compact(each) in self._realistic or self._is_said(each) for each in names)

    def _is_said(self, stand_in: str) -> bool:
        """Tell whether a text of the request holds this, however it is written there."""
        if self._said:
            self._compact_said = "\0".join((self._compact_said, *map(_compact, self._said)))
            self._said = []
        return _compact(stand_in) in self._compact_said


def in_json(value: str) -> str:
    """Return the value as it is written inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _key(entity: str, value: str, style: str) -> tuple[str, str, str]:
    return entity, _normalised(entity, value), style


def _plain(entity: str, value: str, style: Style) -> str:
    """Return a value as its hash is made, the same however it is written; what is encrypted stays as it was."""
    return _normalised(entity, value) if style == "hash" else value


def _compact(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _normalised(entity: str, value: str) -> str:
    compact = "".join(character for character in value if character.isalnum())
    if entity in ("EMAIL_ADDRESS", "IBAN_CODE", "CRYPTO", "URL"):
        return value.strip().casefold() if entity != "IBAN_CODE" else compact.casefold()
    if entity in ("CREDIT_CARD", "PHONE_NUMBER", "US_SSN", "NATIONAL_ID", "TAX_ID", "MEDICAL_ID"):
        return ("+" if value.strip().startswith("+") else "") + compact
    return value


def _literal(entity: str, stand_in: str) -> tuple[str, str]:
    """Return a pattern for a stand-in as a model may write it, and one for every beginning of that.

    In any case, its spaces and groups a little differently. What `beginnings` would find out is known here.
    """
    is_loose = entity in _LOOSE
    atoms: list[str] = []
    if is_loose:
        for character in filter(str.isalnum, stand_in):
            atoms += [character, r"[ .()/-]{0,2}"]
        atoms = atoms[:-1]
    else:
        for word in stand_in.split():
            atoms += [*map(re2.escape, word), r"[\s_]{1,2}"]
        atoms = atoms[:-1]
    before = r"\b" if stand_in[:1].isalnum() or is_loose else ""
    after = r"\b" if stand_in[-1:].isalnum() else ""
    plus = r"\+?" if entity == "PHONE_NUMBER" and stand_in.startswith("+") else ""
    open_end = ""
    for atom in reversed(atoms):
        open_end = f"(?:{atom}{open_end})?"
    return rf"{plus}{before}(?i:{''.join(atoms)}){after}", rf"{plus}(?:{before}(?i:{open_end}))?"


def _placeholders(entities: Iterable[str]) -> list[str]:
    # Longest first, so that US_SSN_1 is not read as SSN_1.
    ordered = sorted(entities, key=lambda entity: (-len(entity), entity))
    if not ordered:
        return []
    bare = "|".join(ordered)
    loose = "|".join(r"\\?[_ ]?".join(entity.split("_")) for entity in ordered)
    return [
        rf"(?i:{_OPENING} ?(?:{loose})(?:\\?_| )?[0-9]{{1,9}} ?{_CLOSING})",
        rf"\b(?:{bare})_[0-9]{{1,9}}\b",
    ]


def _compiled(patterns: Sequence[str], literals: Sequence[tuple[str, str]] = ()) -> tuple[Any, Any]:
    wholes = [*patterns, *(whole for whole, _ in literals)]
    open_ends = [*map(beginnings, patterns), *(open_end for _, open_end in literals)]
    return re2.compile("|".join(wholes).encode()), re2.compile(rf"(?:{'|'.join(open_ends)})\z".encode())


@functools.lru_cache(maxsize=256)
def _expressions(entities: frozenset[str]) -> tuple[Any, Any]:
    return _compiled(_placeholders(entities))


def entries_from(rows: Iterable[Sequence[Any]]) -> list[Entry]:
    """Return entries as they were kept; what cannot be one is passed over."""
    return [
        Entry(*row)
        for row in rows
        if len(row) == 5 and all(isinstance(each, str) for each in row[:4]) and row[3] in COMES_BACK
    ]
