"""A small grammar that turns written templates into varied texts.

In a template, `«name»` stands for an entry of the list of that name, `«name#1»` for one that stays the same within a text,
and `«a|b|»` for one of the alternatives, of which the last here is nothing. A template takes one line: `\\n` is a line break.
Entries of lists may themselves hold all of this.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

Split = Literal["train", "dev", "test"]

_HOLE = re.compile(r"«([^«»]*)»")
_SPLITS: Sequence[tuple[int, Split]] = ((88, "train"), (92, "dev"), (100, "test"))


@dataclass(frozen=True, slots=True)
class Template:
    """A line of a file of templates, and the group that its texts belong to."""

    text: str
    group: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """The lists that templates are filled from."""

    lists: Mapping[str, Sequence[str]]

    def fill(self, template: str, random: Random, **given: str) -> str:
        """Return a text of a template; what is given comes before the lists."""
        kept = dict(given)
        text = template
        while _HOLE.search(text):
            text = _HOLE.sub(lambda hole: self._choose(hole[1], random, kept), text)
        return text.replace("\\n", "\n").strip()

    def _choose(self, hole: str, random: Random, kept: dict[str, str]) -> str:
        if "|" in hole:
            return random.choice(hole.split("|"))
        if hole in kept:
            return kept[hole]
        name, _, number = hole.partition("#")
        if name not in self.lists:
            raise KeyError(f"a template asks for «{hole}»; there are lists of {sorted(self.lists)}")
        value = random.choice(self.lists[name])
        if number:
            while _HOLE.search(value):
                value = _HOLE.sub(lambda inner: self._choose(inner[1], random, kept), value)
            kept[hole] = value
        return value


def read_lists(*paths: Path) -> dict[str, list[str]]:
    """Read lists: a line `= name` opens one, and every line below it is an entry."""
    lists: dict[str, list[str]] = {}
    for path in paths:
        entries: list[str] = []
        for line in _lines(path):
            if line.startswith("= "):
                entries = lists.setdefault(line[2:].strip(), [])
            else:
                entries.append(line)
    return lists


def read_templates(path: Path) -> list[Template]:
    """Read the templates of a file, one to a line; lines that begin with `#:` are notes."""
    return [Template(line, f"{path.stem}:{digest(line)}") for line in dict.fromkeys(_lines(path))]


def read_alike(path: Path) -> tuple[list[Template], list[Template]]:
    """Read blocks of hostile lines (`+ …`) and what is harmless and like them (`- …`), a block to a group.

    Both thus fall into one split: to have learned the hostile line without its like would teach that the form is hostile.
    A block is only kept for judging if every line of it would be on its own: earlier weights learned from lines one by one.
    """
    hostile: list[Template] = []
    harmless: list[Template] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line.rstrip() for line in block.splitlines() if line.strip() and not line.startswith("#:")]
        groups = [f"{path.stem}:{digest(line[2:])}" for line in lines]
        group = next((each for each in groups if split_of(each) == "train"), "".join(groups[:1]))
        for line in lines:
            sides = {"+ ": hostile, "- ": harmless}
            if line[:2] not in sides:
                raise ValueError(
                    f"{path.name}: a line of alike texts begins with '+ ' or '- ', not as {line!r}"
                )
            sides[line[:2]].append(Template(line[2:], group))
    return hostile, harmless


def split_of(group: str) -> Split:
    """Return where all texts of a group belong, by a hash of its name."""
    place = int(digest(group), 16) % 100
    return next(split for least, split in _SPLITS if place < least)


def digest(text: str) -> str:
    """Return a short name of a text that is the same on every machine."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.rstrip() for line in lines if line.strip() and not line.startswith("#:")]
