"""Asks oracles that are too heavy to install for every test run, and writes down what they say.

`pip install statsmodels ppi-python krippendorff irrCAC inspect-ai jsonschema-rs duckdb`, then
`python -m tests.evaluators.conformance.record` from the root of the repository. The inputs are drawn anew from fixed seeds
and stored beside the answers, so that no test depends on how they were drawn.
"""

import importlib
import importlib.metadata
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.evaluators.conformance.texts import pairs

RECORDED = Path(__file__).with_name("recorded.json")
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "number"}, "minItems": 1},
    {"type": "array", "contains": {"const": 2}, "minContains": 1, "maxContains": 2, "uniqueItems": True},
    {"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 2}]},
    {"anyOf": [{"type": "null"}, {"enum": ["x", 1, True, [1]]}], "not": {"const": "x"}},
    {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
    {"$defs": {"n": {"type": "number", "exclusiveMinimum": 0}}, "type": "object", "additionalProperties": {"$ref": "#/$defs/n"}},
    {"type": "object", "patternProperties": {"^s_": {"type": "string"}}, "propertyNames": {"maxLength": 4}},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 1}},
    {"type": "object", "properties": {"a": {}}, "dependentRequired": {"a": ["b"]}, "unevaluatedProperties": False},
    {"type": ["integer", "boolean"], "minimum": 0, "maximum": 10},
    {"const": {"a": 1.0, "b": [True]}},
]  # fmt: skip
VALUES: list[Any] = [
    {}, {"a": 1}, {"a": 1.0}, {"a": 1.5}, {"a": "1"}, {"a": 1, "b": [True]}, {"a": 1, "b": [1]}, {"a": True}, {"b": 0}, {"s_x": "y"},
    {"s_x": 1}, {"s_long": "y"}, [], ["x"], ["x", 1, 2.5], [1, "x"], [2, 2], [2, 3], [2, 2.0, 2], [1, 3], [True, 1], None, True, False,
    0, 1, 2, 3, 6, 7, 10.0, 11, -1, 2.5, "", "x", "ab", "abc", "abcd", "AB", "é́a", "ab\n",
]  # fmt: skip
TABLE = "CREATE TABLE orders (id INTEGER, city VARCHAR, price DOUBLE, paid BOOLEAN)"
ROWS = [(1, "Oslo", 10.5, True), (2, "Rome", 3.0, False), (3, "Oslo", 7.25, True), (4, None, 3.0, None), (5, "Lima", 0.0, True)]  # fmt: skip
QUERIES = [
    "SELECT id, city FROM orders WHERE price > 3",
    "SELECT id, city FROM orders WHERE NOT price <= 3",
    "SELECT city, count(*) FROM orders GROUP BY city",
    "SELECT city, sum(1) FROM orders GROUP BY city",
    "SELECT DISTINCT city FROM orders",
    "SELECT city FROM orders",
    "SELECT sum(price) FROM orders WHERE city = 'Oslo'",
    "SELECT 17.75",
    "SELECT id FROM orders WHERE city IS NULL",
    "SELECT max(id) - 1 FROM orders",
    "SELECT id FROM orders WHERE paid",
    "SELECT id FROM orders WHERE city IN ('Oslo', 'Lima')",
]


def statsmodels() -> dict[str, Any]:
    """Ask statsmodels for tests, intervals, kappas, clustered errors and sample sizes."""
    table, proportion = (
        _module("statsmodels.stats.contingency_tables"),
        _module("statsmodels.stats.proportion"),
    )
    multiple, inter = _module("statsmodels.stats.multitest"), _module("statsmodels.stats.inter_rater")
    power, linear = _module("statsmodels.stats.power"), _module("statsmodels.regression.linear_model")
    chance = np.random.default_rng(20_261_121)
    found: dict[str, Any] = {
        "mcnemar": [],
        "wilson": [],
        "holm": [],
        "fdr_bh": [],
        "kappa": [],
        "clustered": [],
        "cases": [],
    }
    for _ in range(40):
        worse, better = (int(value) for value in chance.integers(0, 25, 2))
        exact = table.mcnemar([[30, worse], [better, 20]], exact=True)
        found["mcnemar"].append([worse, better, float(exact.pvalue)])
        count = int(chance.integers(1, 500))
        hits = int(chance.integers(0, count + 1))
        found["wilson"].append(
            [hits, count, *map(float, proportion.proportion_confint(hits, count, method="wilson"))]
        )
        p_values = [float(f"{value:.6f}") for value in chance.random(int(chance.integers(1, 12))) ** 3]
        for method in ("holm", "fdr_bh"):
            found[method].append([p_values, multiple.multipletests(p_values, method=method)[1].tolist()])
        counts = chance.integers(0, 30, (3, 3)) + np.eye(3, dtype=int)
        plain, weighted = (
            inter.cohens_kappa(counts, wt=weight, return_results=False) for weight in (None, "quadratic")
        )
        found["kappa"].append([counts.tolist(), float(plain), float(weighted)])
        values, clusters = chance.normal(0.1, 1.0, 30).round(6), chance.integers(0, 8, 30)
        fitted = linear.OLS(values, np.ones(30)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
        found["clustered"].append([values.tolist(), clusters.tolist(), float(fitted.bse[0])])
        margin, deviation = float(chance.uniform(0.01, 0.2)), float(chance.uniform(0.1, 1.0))
        needed = power.normal_sample_size_one_tail(margin, 0.8, 0.05, deviation, deviation)
        found["cases"].append([margin, deviation, float(needed)])
    return found  # fmt: skip


def ppi_python() -> list[Any]:
    """Ask PPI++'s authors for point estimates and intervals, with weights given and with their own."""
    ppi = _module("ppi_py")
    chance = np.random.default_rng(5)
    found = []
    for round_ in range(24):
        truth = chance.random(160) < chance.uniform(0.2, 0.9)
        judged = np.clip(0.2 + 0.6 * truth + chance.normal(0, 0.25, 160), 0, 1).round(6)
        labels, here, there = truth[:40].astype(float), judged[:40], judged[40:]
        weight = (0.0, 0.5, 1.0)[round_ % 3]
        value = ppi.ppi_mean_pointestimate(labels, here, there, lam=weight)
        low, high = ppi.ppi_mean_ci(labels, here, there, alpha=0.05, lam=weight)
        found.append(
            [
                labels.tolist(),
                here.tolist(),
                there.tolist(),
                weight,
                float(value[0]),
                float(low[0]),
                float(high[0]),
            ]
        )
    return found  # fmt: skip


def raters() -> dict[str, Any]:
    """Ask krippendorff for alpha of tables with gaps, and irrCAC for Gwet's AC1 of two raters."""
    alpha, chance = _module("krippendorff").alpha, np.random.default_rng(9)
    frame, cac = _module("pandas").DataFrame, _module("irrCAC.raw").CAC
    found: dict[str, Any] = {"alpha": [], "ac1": []}
    for _ in range(20):
        ratings = chance.integers(1, 6, (4, 15)).astype(float)
        ratings[:, 3:] = np.where(chance.random((4, 12)) < 0.6, ratings[0, 3:], ratings[:, 3:])
        ratings[chance.random((4, 15)) < 0.2] = np.nan
        scales = {
            scale: float(alpha(ratings, level_of_measurement=scale))
            for scale in ("nominal", "ordinal", "interval")
        }
        found["alpha"].append([[[None if np.isnan(x) else x for x in row] for row in ratings], scales])
        a = chance.integers(0, 3, 40)
        b = np.where(chance.random(40) < 0.7, a, chance.integers(0, 3, 40))
        ac1 = cac(frame({"a": a, "b": b}), digits=15).gwet()["est"]["coefficient_value"]
        found["ac1"].append([a.tolist(), b.tolist(), float(ac1)])
    return found  # fmt: skip


def inspect_ai() -> list[Any]:
    """Ask inspect_ai for SQuAD's F1 and exact match of normalised texts."""
    squad = _module("inspect_ai.scorer._classification")
    given = [(_plain(first), _plain(answer)) for answer, first, _ in pairs(150)]
    given += [
        ("the Norman Conquest", "Norman  conquest!"),
        ("to be or not", "to be to be"),
        ("A cat.", "cat"),
    ]
    return [
        [answer, expected, squad.compute_f1(answer, expected), squad.max_exact_score(answer, [expected])]
        for expected, answer in given
        if squad._normalize(expected)
    ]


def _plain(text: str) -> str:
    """Leave out hyphens, at which inspect_ai cuts too, line ends, at which it does not, and what NFKC changes."""
    return " ".join(text[:60].replace("-", " ").replace("\u2026", "...").split())


def jsonschema_rs() -> list[Any]:
    """Ask a validator written in another language which values fit which schemas."""
    module = _module("jsonschema_rs")
    return [
        [number, position, module.Draft202012Validator(schema).is_valid(value)]
        for number, schema in enumerate(SCHEMAS)
        for position, value in enumerate(VALUES)
    ]


def duckdb() -> list[Any]:
    """Ask another database which of two queries give the same rows, order aside."""
    database = _module("duckdb").connect()
    database.execute(TABLE)
    database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", ROWS)
    rows = [sorted(database.execute(query).fetchall(), key=repr) for query in QUERIES]
    plain = [
        [tuple(float(x) if isinstance(x, int | float) else x for x in _undecimal(row)) for row in found]
        for found in rows
    ]
    return [[a, b, plain[a] == plain[b]] for a in range(len(QUERIES)) for b in range(len(QUERIES))]  # fmt: skip


def _undecimal(row: tuple[Any, ...]) -> list[Any]:
    return [float(value) if type(value).__name__ == "Decimal" else value for value in row]


ORACLES: dict[str, tuple[str, Callable[[], Any]]] = {
    "statsmodels": ("statsmodels", statsmodels),
    "ppi-python": ("ppi-python", ppi_python),
    "raters": ("krippendorff", raters),
    "inspect-ai": ("inspect-ai", inspect_ai),
    "jsonschema-rs": ("jsonschema-rs", jsonschema_rs),
    "duckdb": ("duckdb", duckdb),
}


def _module(name: str) -> Any:
    return importlib.import_module(name)


if __name__ == "__main__":
    random.seed(0)
    content: dict[str, Any] = {
        name: {"version": importlib.metadata.version(package), "values": ask()}
        for name, (package, ask) in ORACLES.items()
    }
    content["raters"]["irrCAC"] = importlib.metadata.version("irrCAC")
    RECORDED.write_text(json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n")
