"""What was found, in order, and what should have been: both as ids."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ids in the order they were found, none twice, and what each relevant id is worth."""

    found: tuple[str, ...]
    gains: Mapping[str, float]

    def is_relevant(self, found: str) -> bool:
        """Say whether an id is worth anything."""
        return self.gains.get(found, 0.0) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked(Configured):
    """The base of evaluators that look at ranked ids."""

    k: int | None = parameter("How many of the first results count; all when left empty.", default=None)
    found: str = parameter(
        "The attribute that holds the ids found; without it the answer itself is read as a JSON list.",
        default="retrieved",
    )
    relevant: tuple[str, ...] = parameter(
        "The relevant ids; the case's expected value when left empty.", default=()
    )

    def ranking(self, sample: Sample) -> Ranking | NotApplicable:
        """Read both lists, or say what is missing."""
        gains = _gains(list(self.relevant) or sample.expected)
        if not any(gain > 0 for gain in gains.values()):
            return NotApplicable(reason="the sample names no relevant ids")
        found = _ids(sample.attributes.get(self.found, _listed(sample.output)))
        if found is None:
            return NotApplicable(
                reason=f"the sample has no list of ids: neither the attribute {self.found!r} nor the answer is one"
            )
        # A document found twice is found once, at its first place.
        return Ranking(tuple(dict.fromkeys(found)), gains)


def _listed(output: str) -> Any:
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        return None


def _ids(value: Any) -> list[str] | None:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return None
    ids = [item.get("id") if isinstance(item, Mapping) else item for item in value]
    return None if any(not _is_id(item) for item in ids) else [str(item) for item in ids]


def _gains(expected: Any) -> dict[str, float]:
    """Read ids, or a mapping of ids to what each is worth."""
    if isinstance(expected, Mapping):
        return {
            str(key): float(gain)
            for key, gain in expected.items()
            if isinstance(gain, (int, float)) and gain >= 0
        }
    if _is_id(expected):
        expected = [expected]
    return dict.fromkeys(_ids(expected) or (), 1.0)


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)
