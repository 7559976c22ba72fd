import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from sklearn.metrics.pairwise import cosine_similarity

from evaluators import NotApplicable, Outcome, ParameterError, Sample, Score, Unscored, evaluate, registry
from evaluators.detection import Detection
from evaluators.text.embedding_similarity import cosine


def detector(*found: Detection) -> Any:
    async def detect(text: str, /) -> Sequence[Detection]:
        return found

    return detect


async def judged(kind: str, parameters: dict[str, Any], output: str, *found: Detection) -> Outcome:
    return await evaluate(registry.build(kind, parameters, detect=detector(*found)), Sample(output=output))


NAME, MAIL = Detection(label="PERSON", score=0.9), Detection(label="EMAIL", score=0.4)
RUDE, THREAT = Detection(label="insult", score=0.7), Detection(label="threat", score=0.2)


@pytest.mark.parametrize(
    ("kind", "parameters", "output", "found", "value"),
    [
        ("pii", {}, "Ann", (NAME, MAIL), 1),
        ("pii", {"entities": ["EMAIL"]}, "Ann", (NAME, MAIL), 0),
        ("pii", {"entities": ["EMAIL"], "threshold": 0.3}, "Ann", (NAME, MAIL), 1),
        ("pii", {}, "", (NAME,), 0),
        ("pii", {}, "Ann", (), 0),
        ("toxicity", {}, "x", (THREAT, RUDE), 0.7),
        ("toxicity", {"labels": ["threat"]}, "x", (THREAT, RUDE), 0.2),
        ("toxicity", {"labels": ["other"]}, "x", (RUDE,), 0),
        ("toxicity", {}, " ", (RUDE,), 0),
    ],
)
async def test_a_detector_decides(
    kind: str, parameters: dict[str, Any], output: str, found: tuple[Detection, ...], value: float
) -> None:
    outcome = await judged(kind, parameters, output, *found)
    assert isinstance(outcome, Score)
    assert outcome.value == value
    assert registry.describe(kind).direction == "lower"


@pytest.mark.parametrize("share", [math.nan, 1.5, -0.1])
async def test_a_probability_that_is_none_gives_no_score(share: float) -> None:
    assert isinstance(await judged("toxicity", {}, "x", Detection(label="insult", score=share)), Unscored)


@pytest.mark.parametrize("kind", ["pii", "toxicity"])
async def test_a_detector_that_fails_gives_no_score(kind: str) -> None:
    async def broken(text: str, /) -> Sequence[Detection]:
        raise RuntimeError("secret text")

    outcome = await evaluate(registry.build(kind, detect=broken), Sample(output="x"))
    assert isinstance(outcome, Unscored)
    assert "secret" not in outcome.reason


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pii", "`detect`"),
        ("toxicity", "`detect`"),
        ("embedding_similarity", "`embed`"),
        ("code_execution", "off unless"),
    ],
)
def test_what_is_not_handed_in_is_asked_for(kind: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        registry.build(kind)
    assert kind not in {shown.name for shown in registry.kinds()}


def test_a_threshold_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="threshold"):
        registry.build("pii", {"threshold": 2}, detect=detector())


VECTORS = {
    "near": [1.0, 0.1],
    "far": [0.0, 1.0],
    "me": [1.0, 0.0],
    "zero": [0.0, 0.0],
    "long": [1.0, 0.0, 0.0],
}


async def embed(texts: Sequence[str], /) -> Sequence[Sequence[float]]:
    return [VECTORS[text] for text in texts]


@pytest.mark.parametrize(
    ("expected", "value"),
    [("far", 0), ("me", 1), (["far", "near"], 1 / math.hypot(1, 0.1))],
)
async def test_the_nearest_meaning_counts(expected: Any, value: float) -> None:
    evaluator = registry.build("embedding_similarity", embed=embed)
    outcome = await evaluate(evaluator, Sample(output="me", expected=expected))
    assert isinstance(outcome, Score)
    assert outcome.value == pytest.approx(value)


@pytest.mark.parametrize("expected", ["zero", "long", ["near", "zero"], "unknown"])
async def test_without_a_cosine_there_is_no_score(expected: Any) -> None:
    evaluator = registry.build("embedding_similarity", embed=embed)
    assert isinstance(await evaluate(evaluator, Sample(output="me", expected=expected)), Unscored)
    assert isinstance(await evaluate(evaluator, Sample(output="me")), NotApplicable)


def test_the_cosine_is_that_of_the_oracle() -> None:
    chance = random.Random(3)
    pairs = [[[chance.gauss(0, 1) for _ in range(64)] for _ in range(2)] for _ in range(100)]
    theirs = [float(cosine_similarity([first], [second])[0, 0]) for first, second in pairs]
    assert [cosine(first, second) for first, second in pairs] == pytest.approx(theirs, abs=1e-9)
