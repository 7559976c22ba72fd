"""People's labels: one JSON object per line, each about one answer."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.errors import SuiteError
from evaluators.registry import did_you_mean
from evaluators.sample import Sample
from evaluators.stats.clustered import Array, Clusters

DEVELOPMENT = frozenset({"dev", "train", "development"})
"""Splits that whoever wrote the judge has looked at, and that therefore prove nothing."""

SAMPLE_FIELDS = (
    "output",
    "input",
    "expected",
    "context",
    "messages",
    "tool_calls",
    "attributes",
    "tags",
)
_OURS = ("id", "label", "labels", "score", "split", "cluster", "case", "arm", "trial", "inputs")
_KNOWN = (*_OURS, *SAMPLE_FIELDS)
_YES = frozenset({"yes", "true", "pass", "good", "correct"})
_NO = frozenset({"no", "false", "fail", "bad", "wrong", "incorrect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One answer with what people say about it, in the judge's own unit."""

    id: str
    sample: Sample | None
    """None when the label only names an answer of a stored run."""
    label: float
    ratings: tuple[float, ...]
    """Each person's word, when there are several; the label is their mean."""
    cluster: str
    score: float | None
    """What the judge said, when that is already known."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    split: str = ""
    trial: tuple[str, str, int] | None = None
    """Case, arm and number of the stored answer this is about."""


def read(
    path: Path,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    options: Mapping[str, float] | None = None,
    with_development: bool = False,
) -> list[Labelled]:
    """Read labels, or raise SuiteError naming the line; rows of a development split are left out unless asked for."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as UTF-8 text") from error
    found: list[Labelled] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _parsed(line, f"{path.name}, line {number}", bounds, options or {})
            if with_development or row.split not in DEVELOPMENT:
                found.append(row)
    ids = [row.id for row in found]
    repeated = next((name for name in ids if ids.count(name) > 1), None) if len(set(ids)) < len(ids) else None
    if repeated is not None:
        raise SuiteError(
            f"{path.name}: {repeated!r} is labelled twice; put several people's words into `labels`"
        )
    if not found:
        raise SuiteError(f"{path.name}: no labels are left to compare with")
    return found


def clusters_of(rows: Sequence[Labelled]) -> Clusters:
    """Number the clusters from 0 on."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(row.cluster, len(numbers)) for row in rows], dtype=np.int64)


def ratings_of(rows: Sequence[Labelled]) -> Array:
    """Return the people's words as a table, rater by row; NaN where one said nothing."""
    most = max(len(row.ratings) for row in rows)
    table = np.full((most, len(rows)), math.nan)
    for column, row in enumerate(rows):
        table[: len(row.ratings), column] = row.ratings
    return table


def _parsed(line: str, where: str, bounds: tuple[float, float], options: Mapping[str, float]) -> Labelled:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{where}: not JSON") from error
    if not isinstance(row, dict):
        raise SuiteError(f"{where}: expected a mapping, found {type(row).__name__}")
    for key in row:
        if key not in _KNOWN:
            raise SuiteError(f"{where}: unknown key {key!r}{did_you_mean(str(key), _KNOWN)}")
    given = row.get("labels", [row["label"]] if "label" in row else [])
    if not isinstance(given, list) or not given:
        raise SuiteError(f"{where}: `label` is needed: yes or no, a number, or one of the judge's options")
    ratings = tuple(_value(value, where, bounds, options) for value in given)
    label = _value(row["label"], where, bounds, options) if "label" in row else sum(ratings) / len(ratings)
    trial = (str(row["case"]), str(row.get("arm", "")), int(row.get("trial", 1))) if "case" in row else None
    if trial is None and "output" not in row:
        raise SuiteError(f"{where}: `output` is needed, or `case` and `arm` of a stored run's answer")
    name = str(row.get("id") or ("/".join(map(str, trial)) if trial else _digest(row)))
    score = row.get("score")
    return Labelled(
        id=name,
        sample=_sample(row, where) if "output" in row else None,
        label=label,
        ratings=ratings,
        cluster=str(row.get("cluster") or (trial[0] if trial else name)),
        score=None if score is None else _value(score, where, bounds, options),
        inputs=row.get("inputs") or {},
        split=str(row.get("split") or "").casefold(),
        trial=trial,
    )


def _value(value: Any, where: str, bounds: tuple[float, float], options: Mapping[str, float]) -> float:
    """Read one word of one person: an option, yes or no, or a number on the judge's scale."""
    if isinstance(value, str):
        said = value.strip().casefold()
        for option, worth in options.items():
            if said == option.casefold():
                return worth
        if said in _YES | _NO:
            return bounds[1] if said in _YES else bounds[0]
        raise SuiteError(f"{where}: {value!r} is no label{did_you_mean(value, options or ('yes', 'no'))}")
    if isinstance(value, bool):
        return bounds[1] if value else bounds[0]
    if isinstance(value, (int, float)) and math.isfinite(value) and bounds[0] <= value <= bounds[1]:
        return float(value)
    raise SuiteError(f"{where}: a label is yes, no, or a number from {bounds[0]:g} to {bounds[1]:g}")


def _sample(row: Mapping[str, Any], where: str) -> Sample:
    if not isinstance(row["output"], str):
        raise SuiteError(f"{where}: `output` must be a text")
    fields = {key: row[key] for key in ("input", "expected", "attributes") if key in row}
    fields |= {key: tuple(row[key]) for key in ("context", "messages", "tool_calls") if row.get(key)}
    return Sample(output=row["output"], tags=frozenset(row.get("tags") or ()), **fields)


def _digest(row: Mapping[str, Any]) -> str:
    content = {key: row.get(key) for key in ("output", "input", "inputs", "expected", "context", "messages")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
