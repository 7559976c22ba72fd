"""Margins that are dragged: every rule by its own name, also where two are about one metric."""

from dataclasses import replace

import pytest

from console.experiments.definition import Definition
from console.experiments.margins import address_of, moved, sliders
from console.experiments.pages.exporting import suite_yaml
from evaluators.gate import Gate, Margin, Metric, Rule

METRICS = {
    "latency": Metric(name="latency", bounds=None, direction="lower"),
    "right": Metric(name="right"),
}
GATE = Gate(
    rules=(
        Rule(metric="latency", margin=Margin(value=1.2, unit="ratio")),
        Rule(metric="latency", margin=Margin(value=1.5, unit="ratio"), quantile=0.95),
        Rule(metric="right", margin=Margin(value=5.0), floor=0.9),
    )
)


def test_every_slider_has_a_name_of_its_own() -> None:
    found = [(one.parameter, one.metric, one.value) for one in sliders(GATE, METRICS, cases=50)]

    assert found == [
        ("margin.latency", "latency", 1.2),
        ("margin.latency_p95", "latency_p95", 1.5),
        ("margin.right", "right", 5.0),
        ("floor.right", "right", 90.0),
    ]


@pytest.mark.parametrize(
    ("query", "margins"),
    [
        ({"margin.latency": "1.1"}, [1.1, 1.5, 5.0]),
        ({"margin.latency_p95": "2"}, [1.2, 2.0, 5.0]),
        ({"margin.latency": "1.1", "margin.latency_p95": "2", "margin.right": "7"}, [1.1, 2.0, 7.0]),
        ({"margin.latency": "0.5", "margin.latency_p95": "nonsense"}, [1.2, 1.5, 5.0]),
    ],
)
def test_dragging_one_moves_no_other(query: dict[str, str], margins: list[float]) -> None:
    gate = moved(GATE, METRICS, query)

    assert [rule.margin.value for rule in gate.rules if rule.margin] == margins
    assert [rule.quantile for rule in gate.rules] == [None, 0.95, None]
    assert address_of(query | {"page": "2"}).count("margin.") == len(query)


def test_a_suite_taken_elsewhere_keeps_what_was_dragged_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "suite": "s",
        "target": {"arms": {"a": {"prompt": "x"}, "b": {"prompt": "y"}}},
        "evaluators": [{"latency": {}}, {"contains": {"id": "right", "value": "x"}}],
        "gate": {"latency": {"ratio": 1.2}, "latency_p95": "50%", "right": "must_pass"},
    }
    definition = Definition(
        arms=document["target"]["arms"],  # type: ignore[index]
        settings=None,  # type: ignore[arg-type]
        cases=(),
        entries=(),
        looks=(1,),
        judges={},
        cost_cap_usd=None,
        concurrency=1,
        document=document,
    )
    monkeypatch.setattr(Definition, "metrics", lambda _: METRICS)
    gate = moved(replace(GATE, rules=GATE.rules[:2]), METRICS, {"margin.latency_p95": "2"})

    written = suite_yaml(definition, "b", gate, "cases.jsonl")

    assert "latency:\n    ratio: 1.2\n  latency_p95:\n    ratio: 2.0\n  right: must_pass" in written
