"""Reads comments that people have judged, as the share of judges who saw each kind of toxicity in them."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
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
_HOSTILE_VERBS = frozenset(("kill", "murder", "töten", "ermorden", "vermoorden", "doden"))


def judged_comments(data: Path) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Yield the number, the text and the labels of every comment."""
    folder = data / "toxicity/toxic_spans"
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in _rows(folder / "spans.csv"):
        kinds[row["annotation"]].add(_KINDS.get(row["type"], "toxicity"))
    votes: dict[str, list[set[str]]] = defaultdict(list)
    for row in _rows(folder / "annotations.csv"):
        seen = set() if row["not toxic"] == "True" else {"toxicity", *kinds[row["annotation"]]}
        votes[row["comment_id"]].append(seen)
    for row in _rows(folder / "comments.csv"):
        number = row["comment_id"]
        judges = votes[number]
        labels = {label: sum(label in each for each in judges) / len(judges) for label in LABELS}
        yield number, row["comment_text"], labels


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
