"""Sentences with places for values: read from files, varied by their alternatives, filled from a scene.

``{{slot}}`` is filled with a value, ``{{@name}}`` with a fragment of the language, and ``<a|b|>`` is one of its
alternatives. A template is one line; ``\\n`` in it is a line break. A line that begins with ``##`` and a blank is a comment.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from guardrails.training.pii.draft import Part
from guardrails.training.pii.scene import Scene
from guardrails.training.pii.slots import SLOTS

ALTERNATIVES = re.compile(r"<([^<>]*\|[^<>]*)>")
SLOT = re.compile(r"\{\{([@a-z_0-9]+)\}\}")


class TemplateError(ValueError):
    """A template asks for something that nobody writes."""


@cache
def lines_of(name: str) -> tuple[str, ...]:
    """Return the templates of one file."""
    text = (resources.files("guardrails.training.pii") / "templates" / f"{name}.txt").read_text(
        encoding="utf-8"
    )
    lines = tuple(line for line in text.splitlines() if line.strip() and not line.startswith("## "))
    for line in lines:
        unknown = [slot for slot in SLOT.findall(line) if not slot.startswith("@") and slot not in SLOTS]
        if unknown:
            raise TemplateError(
                f"{name}.txt asks for {unknown[0]!r} in {line!r}; known slots: {sorted(SLOTS)}"
            )
    return lines


@cache
def file_names() -> tuple[str, ...]:
    """Return the names of all template files."""
    folder = resources.files("guardrails.training.pii") / "templates"
    return tuple(
        sorted(entry.name.removesuffix(".txt") for entry in folder.iterdir() if entry.name.endswith(".txt"))
    )


@cache
def fragments(language: str) -> Mapping[str, Sequence[str]]:
    """Return the fragments of a language by name: the lines below ``@name``."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines_of(f"fragments_{language}"):
        if line.startswith("@"):
            name = line[1:].strip()
            found[name] = []
        else:
            found[name].append("" if line.strip() == "-" else line)
    return found


def vary(scene: Scene, template: str) -> str:
    """Put fragments into a template and choose among its alternatives."""
    while "{{@" in template:
        template = SLOT.sub(lambda match: _fragment(scene, match), template)
    while "|" in template:
        varied = ALTERNATIVES.sub(lambda match: scene.one(match[1].split("|")), template)
        if varied == template:
            break
        template = varied
    return template


def _fragment(scene: Scene, match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("@"):
        return match[0]
    known = fragments(scene.language)
    if name[1:] not in known:
        raise TemplateError(
            f"fragments_{scene.language}.txt has no fragment {name!r}; it has {sorted(known)}"
        )
    return scene.one(known[name[1:]])


def fill(scene: Scene, template: str) -> list[Part]:
    """Return the parts of a template, its slots filled."""
    parts: list[Part] = []
    end = 0
    template = vary(scene, template).replace("\\n", "\n")
    for match in SLOT.finditer(template):
        if match.start() > end:
            parts.append(Part(template[end : match.start()]))
        entity, write = SLOTS[match[1]]
        parts += _apart(Part(write(scene), entity))
        end = match.end()
    if end < len(template):
        parts.append(Part(template[end:]))
    return parts


def _apart(value: Part) -> list[Part]:
    """Return a town and its country, as in ``Lyon, France``, as the two places that they are."""
    if value.entity != "LOCATION" or ", " not in value.text or value.text[-1].isdigit():
        return [value]
    town, _, country = value.text.partition(", ")
    return [Part(town, "LOCATION"), Part(", "), Part(country, "LOCATION")]
