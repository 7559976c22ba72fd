"""Every deterministic metric beside its oracle: our value and theirs, example by example."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein as RapidLevenshtein
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sklearn.metrics import (
    label_ranking_average_precision_score,
    ndcg_score,
    precision_score,
    recall_score,
)

from evaluators.agents.matching import f1, matched, matched_in_order
from evaluators.structured.json_diff import JsonDiff
from tests.evaluators.conformance.texts import pairs
from tests.evaluators.scoring import value_of

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric, its oracle, and the values of both."""

    metric: str
    oracle: str
    values: Callable[[], Any]
    """An async generator function of (ours, theirs)."""
    tolerance: float = TOLERANCE
    """How far the two may differ; more than the usual only where the oracle itself is not as exact."""


async def _levenshtein() -> Any:
    for answer, first, _ in pairs(200):
        ours = await value_of("levenshtein", {}, answer, expected=first)
        yield ours, RapidLevenshtein.normalized_similarity(answer, first)


async def _levenshtein_vectors() -> Any:
    for first, second, share in [
        ("", "", 1), ("", "a", 0), ("a", "", 0), ("a", "a", 1), ("a", "b", 0), ("ab", "ac", 0.5), ("ac", "bc", 0.5),
        ("abc", "axc", 2 / 3), ("xabxcdxxefxgx", "1ab2cd34ef5g6", 7 / 13),
    ]:  # fmt: skip
        yield await value_of("levenshtein", {}, first, expected=second), share


def _bleu(parameters: dict[str, Any], **theirs: Any) -> Callable[[], Any]:
    async def values() -> Any:
        oracle = BLEU(effective_order=True, **theirs)
        for answer, first, second in pairs(200):
            ours = await value_of("bleu", parameters, answer, expected=[first, second])
            yield ours, oracle.sentence_score(answer, [first, second]).score / 100

    return values


def _chrf(parameters: dict[str, Any], **theirs: Any) -> Callable[[], Any]:
    async def values() -> Any:
        oracle = CHRF(**theirs)
        for answer, first, second in pairs(200):
            ours = await value_of("chrf", parameters, answer, expected=[first, second])
            yield ours, oracle.sentence_score(answer, [first, second]).score / 100

    return values


def _rouge(variant: str, stem: bool) -> Callable[[], Any]:
    async def values() -> Any:
        oracle = RougeScorer([variant], use_stemmer=stem)
        for answer, first, second in pairs(75):
            theirs = oracle.score_multi([first, second], answer)[variant]
            for measure, name in (("f1", "fmeasure"), ("precision", "precision"), ("recall", "recall")):
                parameters = {"variant": variant, "stem": stem, "measure": measure}
                ours = await value_of("rouge", parameters, answer, expected=[first, second])
                yield ours, getattr(theirs, name)

    return values


async def _token_f1() -> Any:
    for answer, expected, value in [
        ("The Norman Conquest", "Norman Conquest", 1),
        ("in the 10th and 11th centuries", "10th and 11th centuries", 2 * (4 / 5) / (4 / 5 + 1)),
        ("a b c", "d e", 0),
        ("", "", 1),
        ("something", "", 0),
        ("to be to be", "to be or not", 0.5),
        ("the", "an", 1),
    ]:
        yield await value_of("token_f1", {}, answer, expected=expected), value


async def _json_diff() -> Any:
    compared = JsonDiff().compared
    examples: list[tuple[Any, Any, float]] = [
        ([], [], 1), ({}, {}, 1), ([], {}, 0), (None, None, 1), (None, "", 0), ("ab", "ac", 0.5),
        ({"a": 1}, {"a": 1}, 1), ({"a": 1}, {"a": 2}, 2 / 3), ({"a": 1}, {"b": {"a": 1}}, 0), ({"a": 1}, {"a": None}, 0),
        ({"mapping": {"a": "foo", "b": "bar"}}, {"mapping": {"a": "Foo", "b": "Bar"}, "Extra": 5}, 1 / 3),
        ({"o1": {"x": 2, "y": 2}}, {"o1": {"y": 2, "x": 1}}, 5 / 6), ({"x": 1, "y": 2}, {"x": 1, "z": 2}, 1 / 3),
        ([1, 2], [2, 1], 2 / 3), ({"xs": [{"o1": {"x": 1, "y": [2]}}]}, {"xs": [{"o1": {"y": [2], "x": 1}}]}, 1),
        (0, 0, 1), (0, 1, 0), (1, 2, 2 / 3), (-1, 2, 0),
    ]  # fmt: skip
    for answer, expected, value in examples:
        yield compared(answer, expected), value


def _ranked(kind: str, theirs: Callable[[list[int], list[int], int], float]) -> Callable[[], Any]:
    async def values() -> Any:
        chance = random.Random(11)
        for _ in range(200):
            documents = list(range(12))
            chance.shuffle(documents)
            gains = [chance.choice([0, 0, 1, 2, 3]) for _ in documents]
            gains[chance.randrange(12)] = 1
            if kind == "mrr":
                gains = [int(document == 4) for document in range(12)]
            k = chance.randrange(1, 13)
            ours = await value_of(
                kind.partition(" ")[0],
                {"k": None if kind == "mrr" else k}
                | ({"gain": "exponential"} if kind.endswith("exponential") else {}),
                "",
                expected={str(document): gain for document, gain in enumerate(gains)},
                attributes={"retrieved": documents},
            )
            yield ours, theirs(documents, gains, k)

    return values


def _relevance(gains: list[int]) -> list[int]:
    return [int(gain > 0) for gain in gains]


def _shown(documents: list[int], k: int) -> list[int]:
    return [int(document in documents[:k]) for document in range(len(documents))]


def _as_scores(documents: list[int]) -> list[int]:
    return [len(documents) - documents.index(document) for document in range(len(documents))]


async def _assignment() -> Any:
    for made, expected, any_order, in_order in [
        ("b a", "a b", 1, 0.5), ("a x", "a b c", 0.4, 0.4), ("a b x y", "a b", 2 / 3, 2 / 3), ("a", "a a", 2 / 3, 2 / 3),
        ("", "", 1, 1), ("a", "", 0, 0), ("", "a", 0, 0), ("a x b y c", "a b c", 0.75, 0.75),
        ("search search format format", "search format", 2 / 3, 2 / 3),
    ]:  # fmt: skip
        path, wanted = made.split(), expected.split()
        yield f1(matched(path, wanted, str.__eq__), len(path), len(wanted)), any_order
        yield f1(matched_in_order(path, wanted, str.__eq__), len(path), len(wanted)), in_order


async def _agentevals() -> Any:
    weather, news = {"name": "weather", "args": {"city": "SF"}}, {"name": "news", "args": {"city": "SF"}}
    strict, unordered = {"order": "exact"}, {"order": "any_order"}
    superset, subset = {"extra": True}, {"missing": True}
    examples: list[tuple[dict[str, Any], list[Any], list[Any], float]] = [
        (strict, [weather, news], [weather, news], 1), (strict, [news, weather], [weather, news], 0),
        (strict, [weather], [weather, news], 0), (unordered, [news, weather], [weather, news], 1),
        (unordered, [weather], [weather, news], 0), (subset, [weather], [weather, news], 1),
        (subset, [weather, news], [weather], 0), (superset, [weather, news], [weather], 1),
        (superset, [weather], [weather, news], 0), (superset, [weather, weather], [weather], 1),
    ]  # fmt: skip
    for parameters, made, expected, value in examples:
        yield await value_of("tool_calls", parameters, "", expected=expected, tool_calls=tuple(made)), value


COMPARISONS = [
    Comparison(metric="`levenshtein`", oracle="rapidfuzz 3.14.6", values=_levenshtein),
    Comparison(metric="`levenshtein`", oracle="autoevals, published vectors", values=_levenshtein_vectors),
    Comparison(metric="`bleu`", oracle="sacrebleu 2.6.0", values=_bleu({})),
    Comparison(
        metric="`bleu`, pairs, any case",
        oracle="sacrebleu 2.6.0",
        values=_bleu({"longest": 2, "ignore_case": True}, max_ngram_order=2, lowercase=True),
    ),
    Comparison(metric="`chrf`", oracle="sacrebleu 2.6.0", values=_chrf({})),
    Comparison(metric="`chrf`, chrF++", oracle="sacrebleu 2.6.0", values=_chrf({"words": 2}, word_order=2)),
    *(
        Comparison(
            metric=f"`rouge`, {variant}{', stems' if stem else ''}",
            oracle="rouge-score 0.1.2",
            values=_rouge(variant, stem),
        )
        for variant in ("rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum")
        for stem in (True, False)
    ),
    Comparison(metric="`token_f1`", oracle="SQuAD 2.0's formula, by hand", values=_token_f1),
    Comparison(metric="`json_diff`", oracle="autoevals, published vectors", values=_json_diff),
    Comparison(
        metric="`precision_at_k`",
        oracle="scikit-learn 1.9.1",
        values=_ranked(
            "precision_at_k", lambda found, gains, k: precision_score(_relevance(gains), _shown(found, k))
        ),
    ),
    Comparison(
        metric="`recall_at_k`",
        oracle="scikit-learn 1.9.1",
        values=_ranked(
            "recall_at_k", lambda found, gains, k: recall_score(_relevance(gains), _shown(found, k))
        ),
    ),
    Comparison(
        metric="`mrr`, one relevant",
        oracle="scikit-learn 1.9.1",
        values=_ranked(
            "mrr",
            lambda found, gains, k: label_ranking_average_precision_score(
                [_relevance(gains)], [_as_scores(found)]
            ),
        ),
    ),
    Comparison(
        metric="`ndcg`",
        oracle="scikit-learn 1.9.1",
        values=_ranked("ndcg", lambda found, gains, k: ndcg_score([gains], [_as_scores(found)], k=k)),
    ),
    Comparison(
        metric="`ndcg`, exponential",
        oracle="scikit-learn 1.9.1",
        values=_ranked(
            "ndcg exponential",
            lambda found, gains, k: ndcg_score([[2**gain - 1 for gain in gains]], [_as_scores(found)], k=k),
        ),
    ),
    Comparison(
        metric="`trajectory`, in order and in any order",
        oracle="pydantic-evals, published vectors",
        values=_assignment,
    ),
    Comparison(metric="`tool_calls`", oracle="agentevals, its four modes", values=_agentevals),
]

DIVERGENCES = [
    (
        "`bleu`, `chrf`",
        "sacrebleu says 0 to 100",
        "0 to 1, so that margins and thresholds mean the same for every metric",
    ),
    (
        "`token_f1`, `exact` with `squad`",
        "SQuAD's script lower-cases",
        "case folding after NFKC: “STRASSE” equals “straße”, full-width digits equal digits",
    ),
    (
        "`json_diff`",
        "autoevals takes a missing key for null",
        "a missing key shares nothing with null: the consumer sees a difference",
    ),
    (
        "`json_diff`",
        "autoevals compares values of different types by how alike their JSON texts look",
        '0: `{"a": 1}` and `["a", 1]` are not 57 % the same',
    ),
    (
        "`json_diff`",
        "autoevals takes true for 1",
        "different types share nothing",
    ),
    (
        "`json_diff`, lists in any order",
        "autoevals' ListContains divides by the length of the answer",
        "by the longer list, so that an item left out counts",
    ),
    (
        "`precision_at_k`",
        "some divide by what was found when that is less than k",
        "by k, as trec_eval does: an empty place is no hit",
    ),
    (
        "`tool_calls`",
        "Ragas' ToolCallAccuracy gives 0 when the lengths differ, and overlooks further arguments",
        "F1 of the best pairing with `partial`; arguments compared as `arguments` says",
    ),
    (
        "`tool_calls`",
        "Ragas' ToolCallF1 compares sets, rounded to four digits",
        "multisets, unrounded: a call made twice is two calls",
    ),
    (
        "`context_precision`",
        "Ragas adds 1e-10 to the denominator",
        "exact average precision, 0 when nothing is relevant",
    ),
    (
        "`faithfulness`, `context_recall`",
        "DeepEval counts whatever is not “no”, and gives 1 when there is no claim; Ragas gives NaN",
        "off the menu is unscored, no claim is not applicable",
    ),
]
