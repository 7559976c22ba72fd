"""Is the answer the expected one?"""

import json
import re
import string
import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score

Normalization = Literal["none", "strip", "casefold", "squad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Configured):
    """The answer equals the expected one: 1 or 0. JSON values are compared as values, not as text."""

    kind: ClassVar[str] = "exact"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)
    normalize: Normalization = parameter(
        "What to overlook: nothing, surrounding space, also case, or articles and punctuation too (squad).",
        default="strip",
    )

    async def score(self, sample: Sample) -> Outcome:
        """Compare the answer with the expected one."""
        expected = sample.expected if self.expected is None else self.expected
        if expected is None:
            return NotApplicable(reason="the sample has no expected answer")
        if isinstance(expected, str):
            is_same = normalized(sample.output, self.normalize) == normalized(expected, self.normalize)
        else:
            is_same = _same_value(sample.output, expected)
        return Score(
            value=float(is_same),
            reason="equals the expected answer" if is_same else "differs from the expected answer",
        )


def normalized(text: str, how: Normalization) -> str:
    """Return the text with what `how` overlooks taken out; `squad` is SQuAD's rule."""
    if how == "none":
        return text
    text = unicodedata.normalize("NFKC", text).strip()
    if how == "strip":
        return text
    text = text.casefold()
    if how == "casefold":
        return text
    text = "".join(character for character in text if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _same_value(output: str, expected: Any) -> bool:
    try:
        answered = json.loads(output)
    except (ValueError, RecursionError):
        return False
    return _canonical(answered) == _canonical(expected)


def _canonical(value: Any) -> str:
    """Serialise so that 1 and 1.0 agree, and 1 and true do not."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
