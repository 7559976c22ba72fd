"""Yes-or-no evaluators, rankings and calls beside their oracles."""

import json
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jsonschema import Draft202012Validator
from rapidfuzz.distance import LCSseq
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity

from evaluators import Sample, Score, evaluate, registry
from evaluators.judges.context_precision import average_precision
from tests.evaluators.conformance.comparisons import Comparison
from tests.evaluators.conformance.record import QUERIES, RECORDED, ROWS, SCHEMAS, TABLE, VALUES
from tests.evaluators.conformance.texts import pairs
from tests.evaluators.scoring import value_of

SAID: dict[str, Any] = json.loads(RECORDED.read_text())


def recorded(oracle: str) -> str:
    """Name an oracle whose answers are written down, with its version."""
    return f"{oracle} {SAID[oracle]['version']}, recorded"


def _of_substrings(
    kind: str, parameters: dict[str, Any], theirs: Callable[[str, str], bool]
) -> Callable[[], Any]:
    async def values() -> Any:
        chance = random.Random(3)
        for answer, first, _ in pairs(150):
            start = chance.randrange(len(answer) + 1)
            part = (answer[start : start + 12], answer[:9], answer[-9:], first[:9])[
                chance.randrange(4)
            ] or "x"
            yield await value_of(kind, parameters | {"value": part}, answer), float(theirs(part, answer))

    return values


PATTERNS = (
    r"\d+", r"^\s*the\b", r"[A-Z]{3}", r"a.*z", r"(run|jump)s?\b", r"(?:\w+-)+\w+", r"\$\d", r"^$", r"o{2,}|x", r"[^\x00-\x7f]",
    r"(?s)quick.*lazy", r"\.$", r"(?m)^over", r"\bcan-not\b",
)  # fmt: skip


async def _regex() -> Any:
    for answer, _, _ in pairs(20):
        for pattern in PATTERNS:
            for where, theirs in (("anywhere", re.search), ("start", re.match), ("whole", re.fullmatch)):
                ours = await value_of("regex", {"pattern": pattern, "where": where}, answer)
                # RE2's \w, \d and \b know ASCII alone, and its $ the very end.
                strict = re.sub(r"(?<!\\)\$", r"\\Z", pattern)
                yield ours, float(theirs(strict, answer, re.ASCII) is not None)


async def _numeric() -> Any:
    chance = random.Random(4)
    for _ in range(200):
        expected = round(chance.uniform(-50, 50), 2)
        answered = expected + chance.choice([0.0, 0.01, -0.5, 3.0])
        absolute, relative = chance.choice([0.0, 0.02, 1.0]), chance.choice([0.0, 1e-9, 0.05])
        ours = await value_of(
            "numeric",
            {"absolute_tolerance": absolute, "relative_tolerance": relative},
            f"It is {answered:.2f}.",
            expected=expected,
        )
        theirs = np.isclose(float(f"{answered:.2f}"), expected, rtol=relative, atol=0.0) or np.isclose(
            float(f"{answered:.2f}"), expected, rtol=0.0, atol=absolute
        )
        yield ours, float(theirs or expected == float(f"{answered:.2f}"))


async def _exact_values() -> Any:
    for expected in VALUES:
        validator = Draft202012Validator({"const": expected})
        for answered in VALUES:
            if isinstance(expected, str) or expected is None:
                continue
            ours = await value_of("exact", {}, json.dumps(answered), expected=expected)
            yield ours, float(validator.is_valid(answered))


async def _exact_squad() -> Any:
    for answer, expected, _, theirs in SAID["inspect-ai"]["values"]:
        yield await value_of("exact", {"normalize": "squad"}, answer, expected=expected), theirs


async def _token_f1() -> Any:
    for answer, expected, theirs, _ in SAID["inspect-ai"]["values"]:
        yield await value_of("token_f1", {}, answer, expected=expected), theirs


async def _json_schema() -> Any:
    for number, position, fits in SAID["jsonschema-rs"]["values"]:
        ours = await value_of("json_schema", {"schema": SCHEMAS[number]}, json.dumps(VALUES[position]))
        yield ours, float(fits)


async def _sql_result() -> Any:
    rows = "".join(f"INSERT INTO orders VALUES ({', '.join(map(_sql, row))});" for row in ROWS)
    for first, second, is_same in SAID["duckdb"]["values"]:
        parameters = {"setup": f"{TABLE};{rows}", "expected": QUERIES[second]}
        yield await value_of("sql_result", parameters, QUERIES[first]), float(is_same)


def _sql(value: Any) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value).upper()


async def _embedding_similarity() -> Any:
    generator = np.random.default_rng(6)
    for _ in range(100):
        vectors = generator.normal(size=(3, 32))

        async def embed(texts: Sequence[str], known: Any = vectors) -> list[list[float]]:
            return [known[ord(text) - ord("a")].tolist() for text in texts]

        evaluator = registry.build("embedding_similarity", embed=embed)
        outcome = await evaluate(evaluator, Sample(output="a", expected=["b", "c"]))
        assert isinstance(outcome, Score)
        yield outcome.value, cosine_similarity(vectors[:1], vectors[1:]).max()


def _calls(chance: random.Random) -> list[dict[str, Any]]:
    return [
        {"name": chance.choice("ab"), "args": {"x": chance.randrange(2)}} for _ in range(chance.randrange(6))
    ]


async def _calls_that_fit() -> Any:
    chance = random.Random(8)
    for _ in range(200):
        made, expected = _calls(chance), _calls(chance)
        ours = await value_of("tool_calls", {"partial": True}, "", expected=expected, tool_calls=tuple(made))
        fits = np.array([[float(one == other) for other in expected] for one in made]).reshape(
            len(made), len(expected)
        )
        rows, columns = linear_sum_assignment(fits, maximize=True)
        shared = float(fits[rows, columns].sum())
        yield ours, 2 * shared / (len(made) + len(expected)) if made or expected else 1.0


def _paths(order: str, shared_by: Callable[[list[str], list[str]], int]) -> Callable[[], Any]:
    async def values() -> Any:
        chance = random.Random(9)
        for _ in range(200):
            taken, wanted = (
                [chance.choice("abcd") for _ in range(chance.randrange(low, 8))] for low in (0, 1)
            )
            calls = tuple({"name": name, "args": {}} for name in taken)
            ours = await value_of(
                "trajectory", {"tools": tuple(wanted), "order": order}, "", tool_calls=calls
            )
            yield ours, 2 * shared_by(taken, wanted) / (len(taken) + len(wanted))

    return values


async def _average_precision() -> Any:
    chance = random.Random(10)
    for _ in range(200):
        hits = [chance.random() < 0.4 for _ in range(chance.randrange(1, 12))]
        hits[chance.randrange(len(hits))] = True
        yield average_precision(hits), average_precision_score(hits, range(len(hits), 0, -1))


async def _length() -> Any:
    for answer, _, _ in pairs(100):
        spaced = answer.translate({ord(letter): " " for letter in string.whitespace})
        yield await value_of("length", {"unit": "words"}, answer), float(len(re.findall(r"\S+", spaced)))


COMPARISONS = [
    Comparison(metric="`exact`, JSON values", oracle="jsonschema, `const`", values=_exact_values),
    Comparison(metric="`exact`, squad", oracle=recorded("inspect-ai"), values=_exact_squad),
    Comparison(metric="`token_f1`", oracle=recorded("inspect-ai"), values=_token_f1),
    Comparison(
        metric="`contains`",
        oracle="Python's `re`",
        values=_of_substrings(
            "contains", {}, lambda part, answer: re.search(re.escape(part), answer) is not None
        ),
    ),
    Comparison(
        metric="`contains`, any case",
        oracle="Python's `re`",
        values=_of_substrings(
            "contains",
            {"ignore_case": True},
            lambda part, answer: re.search(re.escape(part), answer, re.IGNORECASE) is not None,
        ),
    ),
    Comparison(
        metric="`starts_with`",
        oracle="Python's `re`",
        values=_of_substrings(
            "starts_with",
            {"strip": False},
            lambda part, answer: re.match(re.escape(part), answer) is not None,
        ),
    ),
    Comparison(
        metric="`ends_with`",
        oracle="Python's `re`",
        values=_of_substrings(
            "ends_with",
            {"strip": False},
            lambda part, answer: re.search(re.escape(part) + r"\Z", answer) is not None,
        ),
    ),
    Comparison(metric="`regex`", oracle="Python's `re`, ASCII", values=_regex),
    Comparison(metric="`numeric`", oracle="numpy `isclose`", values=_numeric),
    Comparison(metric="`json_schema`", oracle=recorded("jsonschema-rs"), values=_json_schema),
    Comparison(metric="`sql_result`", oracle=recorded("duckdb"), values=_sql_result),
    Comparison(
        metric="`embedding_similarity`",
        oracle="scikit-learn 1.9.1, `cosine_similarity`",
        values=_embedding_similarity,
    ),
    Comparison(
        metric="`tool_calls`, partial", oracle="scipy, `linear_sum_assignment`", values=_calls_that_fit
    ),
    Comparison(
        metric="`trajectory`, in order",
        oracle="rapidfuzz 3.14.6, `LCSseq`",
        values=_paths("in_order", LCSseq.similarity),
    ),
    Comparison(
        metric="`trajectory`, in any order",
        oracle="Python's `Counter`",
        values=_paths("any_order", lambda a, b: (Counter(a) & Counter(b)).total()),
    ),
    Comparison(
        metric="`context_precision`, once judged",
        oracle="scikit-learn 1.9.1, `average_precision_score`",
        values=_average_precision,
    ),
    Comparison(metric="`length`, words", oracle="Python's `re`", values=_length),
]

WITHOUT = {
    "language": "no library's word is the truth; its tests are sentences in each of its languages",
    "refusal": "a list of phrases; its tests are refusals and answers",
    "pii": "the detector's word; the guards' own tests and cards measure it",
    "toxicity": "the detector's word; the guards' own tests and cards measure it",
    "groundedness": "the classifier's word, averaged; a table of examples",
    "code_execution": "the exit code and the output of CPython itself; a table of programs",
    "step_efficiency": "calls counted; a table of examples",
    "latency": "the figure as it was measured",
    "cost": "the figure as it was measured",
    "tokens": "the figure as it was measured",
}
"""Evaluators by code that nobody else defines."""
