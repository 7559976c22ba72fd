"""A small tree of questions: the answer to one decides which is asked next.

A node is `{question, options}`; each option leads to a number, the score, or to another node. Where the model gives
probabilities the score is the sum over all paths of probability times number, so that a judge torn between two branches
gives a score between them; without, one path is followed. Branches below 1 % are not asked, the others share what is
left. From the smallest number to the largest.

| tree | score |
|---|---|
| an option that leads nowhere | refused |
| all numbers equal | refused |
| one question without a verdict | unscored |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import Scale, parameter
from evaluators.judges.checklist import around
from evaluators.judges.examination import Examination, Judge, Texts
from evaluators.sample import Sample
from evaluators.score import Outcome, Score

SMALLEST_BRANCH = 0.01
DEEPEST = 8
MOST_QUESTIONS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag(Judge):
    """A tree of questions about the answer, each asked when the one before leads to it."""

    kind: ClassVar[str] = "dag"
    bounds: ClassVar[tuple[float, float] | None] = None

    tree: Mapping[str, Any] = parameter(
        "A node: `question`, and `options` that lead from each label to a number or a further node."
    )

    def check(self) -> None:
        """Refuse a tree that cannot be walked."""
        nodes = list(_nodes(self.tree, "tree"))
        if len(nodes) > MOST_QUESTIONS:
            raise ParameterError(f"dag: at most {MOST_QUESTIONS} questions, not {len(nodes)}")
        if len(set(_leaves(self.tree))) < 2:
            raise ParameterError("dag: all paths lead to the same number, so nothing would be measured")

    @property
    def scale(self) -> Scale:
        """From the smallest number to the largest."""
        leaves = list(_leaves(self.tree))
        return Scale("higher", (min(leaves), max(leaves)))

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Walk the tree."""
        value, path = await _walked(self.tree, around(sample), examination)
        return Score(
            value=value, label=path[-1], reason=f"most likely {' → '.join(path)}", details={"path": path}
        )


async def _walked(node: Mapping[str, Any], texts: Texts, examination: Examination) -> tuple[float, list[str]]:
    """Return the mean over a node's branches, and the likeliest path down."""
    options = {str(label): where for label, where in node["options"].items()}
    verdict = await examination.choose(str(node["question"]), texts, dict.fromkeys(options, 0.0))
    shares = {label: share for label, share in verdict.shares().items() if share >= SMALLEST_BRANCH}
    likeliest = max(shares, key=shares.__getitem__)
    branches = await examination.each(_branch(options[label], texts, examination) for label in shares)
    total = sum(shares.values())
    found = dict(zip(shares, branches, strict=True))
    value = sum(share * found[label][0] for label, share in shares.items()) / total
    return value, [likeliest, *found[likeliest][1]]


async def _branch(where: Any, texts: Texts, examination: Examination) -> tuple[float, list[str]]:
    if isinstance(where, Mapping):
        return await _walked(where, texts, examination)
    return float(where), []


def _nodes(node: Any, place: str, depth: int = 1) -> Iterator[Mapping[str, Any]]:
    """Yield every node, or raise ParameterError with the place of the one that is wrong."""
    if not isinstance(node, Mapping) or set(node) != {"question", "options"}:
        raise ParameterError(f"dag: {place} must have `question` and `options`, and nothing else")
    if depth > DEEPEST:
        raise ParameterError(f"dag: {place} is more than {DEEPEST} questions deep")
    options = node["options"]
    if not isinstance(node["question"], str) or not node["question"].strip():
        raise ParameterError(f"dag: {place}.question must be a text")
    labels = {str(label).strip().casefold() for label in options} if isinstance(options, Mapping) else set()
    if not 2 <= len(labels) <= 26 or len(labels) != len(options) or "" in labels:
        raise ParameterError(f"dag: {place}.options needs from 2 to 26 labels that differ")
    yield node
    for label, where in options.items():
        if isinstance(where, Mapping):
            yield from _nodes(where, f"{place}.options.{label}", depth + 1)
        elif isinstance(where, bool) or not isinstance(where, (int, float)) or where - where != 0:
            raise ParameterError(f"dag: {place}.options.{label} must lead to a number or a node")


def _leaves(node: Mapping[str, Any]) -> Iterator[float]:
    for where in node["options"].values():
        if isinstance(where, Mapping):
            yield from _leaves(where)
        else:
            yield float(where)
