"""What answers took, arm by arm; what is not known is a dash and no zero."""

from evaluators.gate.experiment import Experiment
from evaluators.reports.evidence import Evidence
from evaluators.reports.spending import spending_of
from evaluators.trials import StoredAnswer
from tests.evaluators.reports.made import GATE, METRICS, cases


def rows(*answers: StoredAnswer) -> dict[str, str]:
    found = Evidence(
        experiment=Experiment(trials=[], cases=cases(), metrics=METRICS, gate=GATE),
        answers={("c1", "candidate", number): answer for number, answer in enumerate(answers, start=1)},
    )
    return dict(spending_of(found, "candidate").rows())


def test_figures_are_those_of_the_answers_that_came() -> None:
    told = rows(
        StoredAnswer(
            output="a", latency_ms=100.0, cost_usd=0.01, input_tokens=10, output_tokens=4, model="m"
        ),
        StoredAnswer(
            output="b", latency_ms=300.0, cost_usd=0.03, input_tokens=30, output_tokens=8, model="m"
        ),
        StoredAnswer(output="", error="503", latency_ms=9_000.0),
    )
    assert (told["answers"], told["errors"]) == ("2", "1")
    assert (told["latency, median"], told["latency, slowest"]) == ("200 ms", "300 ms")
    assert (told["cost, total"], told["cost, per answer"]) == ("$0.0400", "$0.020000")
    assert (told["input tokens, mean"], told["output tokens, mean"]) == ("20", "6")


def test_what_is_not_known_is_a_dash_and_counts_only_where_a_model_was_asked() -> None:
    told = rows(StoredAnswer(output="a"), StoredAnswer(output="b", model="m"))
    assert told["cost, total"] == told["latency, median"] == told["input tokens, mean"] == "–"
    assert told["answers without a known price"] == "1"
