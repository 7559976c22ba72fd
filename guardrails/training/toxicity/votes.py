"""Reads comments that people have judged, as the share of judges who saw each kind of toxicity in them."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

LABELS = ("toxicity", "obscene", "identity_attack", "insult", "threat")
"""What the head is trained on; the others of the seven have no data."""

_KINDS = {
    "Insult": "insult",
    "Profane/Obscene": "obscene",
    "Identity based Attack": "identity_attack",
    "Threat": "threat",
}
_SURE = 0.6
_SHORT = 4
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_HOSTILE_VERBS = frozenset(("kill", "murder", "töten", "ermorden", "vermoorden", "doden"))


@dataclass(frozen=True, slots=True)
class Passage:
    """What somebody wrote, or some sentences of it, and how toxic it is by those who judged it."""

    text: str
    labels: Mapping[str, float]
    comment: str
    """The whole comment: what was cut out of it belongs to the same split."""


def judged_comments(data: Path) -> Iterator[Passage]:
    """Yield comments in which most judges marked something, their telling sentences, and those in which nobody did.

    Who marked nothing ticked that the comment is not toxic or that all of it is, and the data does not say which; so this
    counts for half. Every comment had been reported, and one that nobody marked is as often spiteful as it is harmless:
    harmless are the sentences around the marked ones.
    """
    folder = data / "toxicity/toxic_spans"
    marks: dict[str, list[_Mark]] = defaultdict(list)
    for row in _rows(folder / "spans.csv"):
        kind = _KINDS.get(row["type"], "toxicity")
        marks[row["annotation"]].append(_Mark(int(row["start"]), int(row["end"]), kind))
    votes: dict[str, list[_Vote]] = defaultdict(list)
    for row in _rows(folder / "annotations.csv"):
        ticks = row["all toxic"] == "True", row["not toxic"] == "True"
        votes[row["comment_id"]].append(_Vote(marks[row["annotation"]], *ticks))
    for row in _rows(folder / "comments.csv"):
        judges = votes[row["comment_id"]]
        labels = _labels_of(judges)
        if labels["toxicity"] < _SURE:
            continue
        text = row["comment_text"]
        yield Passage(text, labels, text)
        marked = [(mark.start, mark.end) for judge in judges for mark in judge.marks]
        calm: list[str] = []
        for found in _SENTENCE.finditer(text):
            if any(start < found.end() and end > found.start() for start, end in marked):
                calm.append("\n")
            else:
                calm.append(found[0].strip())
        for some in " ".join(calm).split("\n"):
            if len(some.split()) > _SHORT:
                yield Passage(some.strip(), dict.fromkeys(LABELS, 0.0), text)


def madlibs(data: Path, language: str) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Yield the template, the text and the labels of sentences about people, as often friendly as not."""
    for row in _rows(data / f"toxicity/madlibs/{language}.csv"):
        yield row["template"], row["phrase"], labels_of(_kinds_of(row))


def labels_of(kinds: Mapping[str, float]) -> Mapping[str, float]:
    """Return all labels but those that are not known; whatever has a kind is toxic."""
    labels = {
        label: value
        for label, value in (dict.fromkeys(LABELS, 0.0) | dict(kinds)).items()
        if not isnan(value)
    }
    return labels | {"toxicity": max(labels.values())}


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Vote:
    marks: list[_Mark]
    all_toxic: bool
    not_toxic: bool


def _labels_of(judges: list[_Vote]) -> Mapping[str, float]:
    toxic = [each for each in judges if each.marks or (each.all_toxic and not each.not_toxic)]
    undecided = [each for each in judges if not each.marks and each.all_toxic and each.not_toxic]
    weight = len(judges) - len(undecided) / 2
    kinds = [{mark.kind for mark in each.marks} for each in toxic]
    share = len(toxic) / weight if len(toxic) > 1 else 0.0
    labels = {label: share * sum(label in each for each in kinds) / max(len(kinds), 1) for label in LABELS}
    return labels | {"toxicity": share}


def _kinds_of(row: Mapping[str, str]) -> Mapping[str, float]:
    if row["toxicity"] != "toxic":
        return {}
    if row["phrase"].split()[0].lower() in _HOSTILE_VERBS:
        return {"threat": 1.0, "identity_attack": 1.0}
    if row["template"] in ("verb_adj", "am_hate_adj", "hate_identity", "being_adj", "being_identity"):
        return {"identity_attack": 1.0, "insult": 0.5}
    if row["template"] == "you_occupation":
        return {"insult": 1.0}
    # "X is an awful Y" insults X; whether it attacks all of Y is open, and nothing is learned from it.
    return {"insult": 1.0, "identity_attack": nan}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
