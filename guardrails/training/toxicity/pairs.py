"""Reads hostile lines and the harmless ones that are like them in form, so that they fall into the same split.

A line is `labels| hostile || like || like`: whoever learns the hostile form learns its like as well, and neither is kept for judging
while the other is learned. Either side may be missing: an insult may have no like, and a quotation of one nothing to stand beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrails.training.injection.grammar import Template, read_templates

_BETWEEN = " || "


@dataclass(frozen=True, slots=True)
class Pair:
    """A hostile template with its labels, and what is like it."""

    kinds: Sequence[str]
    hostile: Template | None
    likes: Sequence[Template]
    group: str


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a file, one to a line; lines that begin with `#:` are notes."""
    return [_pair(each) for each in read_templates(path)]


def _pair(line: Template) -> Pair:
    names, _, texts = line.text.partition("| ")
    kinds = [name for name in names.split(",") if name]
    hostile, *likes = texts.split(_BETWEEN) if kinds else ["", *texts.split(_BETWEEN)]
    return Pair(
        kinds,
        Template(hostile, line.group) if hostile else None,
        [Template(like, line.group) for like in likes],
        line.group,
    )
