"""A run made up for reports: three metrics, two tags, several looks, prices, and a model that writes hostile texts."""

import random
from collections.abc import Sequence

from evaluators.gate import Case, Decision, Gate, Margin, Metric, Rule, Trial, decide
from evaluators.gate.experiment import Experiment
from evaluators.reports import Report
from evaluators.reports.evidence import Evidence
from evaluators.score import Score, Unscored
from evaluators.trials import StoredAnswer

HOSTILE = (
    "</pre></script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\"> <a href='https://evil.example/'>click</a>",
    '" onmouseover="document.title=1" data-x="',
    "\u202eright to left\u202c \ud800 half a pair \x00 \x1b[31m",
    "<!-- <script> --> <style>body{display:none}</style> %{customdata} {{ x }}",
)
CASES = 60
GATE = Gate(
    rules=(
        Rule(metric="names_order", margin=Margin(value=5.0)),
        Rule(metric="is_short", margin=Margin(value=10.0), floor=0.5),
        Rule(metric="latency", margin=Margin(value=1.2, unit="ratio")),
        Rule(metric="latency", quantile=0.95, margin=Margin(value=1.5, unit="ratio")),
        Rule(metric="clean", must_pass=True),
    ),
    looks=(1, 2, 3),
)
METRICS = {
    "names_order": Metric(name="names_order"),
    "is_short": Metric(name="is_short"),
    "latency": Metric(name="latency", direction="lower", bounds=None),
    "clean": Metric(name="clean", direction="lower"),
    "stars <b>": Metric(name="stars <b>", bounds=(1.0, 5.0), source="judge"),
}


def cases() -> list[Case]:
    """Return the cases; one has a name that would be markup."""
    tags = [frozenset({"refund" if number % 2 else "<i>delivery</i>"}) for number in range(CASES)]
    return [
        Case(id="<b>c0</b>" if number == 0 else f"c{number}", tags=tags[number]) for number in range(CASES)
    ]


def evidence(*, worse_by: float = 0.0, seed: int = 5) -> Evidence:
    """Return trials in which the candidate names the order less often by `worse_by`."""
    chance = random.Random(seed)
    trials, answers = [], {}
    for number, case in enumerate(cases()):
        for arm in ("baseline", "candidate"):
            loss = worse_by if arm == "candidate" else 0.0
            for trial in (1, 2, 3):
                names_order = float(chance.random() < 0.9 - loss)
                latency = chance.lognormvariate(6.5, 0.3)
                stars = Score(
                    value=chance.choice([3.0, 4.0, 5.0]),
                    reason="the judge's word",
                    version="f" * 12,
                    cost_usd=0.001,
                )
                trials.append(
                    Trial(
                        case=case.id,
                        arm=arm,
                        number=trial,
                        outcomes={
                            "names_order": Score(value=names_order, reason="found <order>" if names_order else "no order", version=f"{number:012x}"),
                            "is_short": Score(value=float(chance.random() < 0.8), reason="words counted", version="a" * 12),
                            "latency": Score(value=latency, reason="measured", version="b" * 12),
                            "clean": Score(value=0.0, reason="nothing found", version="c" * 12),
                            "stars <b>": Unscored(code="unparseable", reason="no verdict") if number == 7 else stars,
                        },
                    )
                )  # fmt: skip
                answers[case.id, arm, trial] = StoredAnswer(
                    output=f"Your order {'AB-' + str(number) if names_order else ''} is on its way. {HOSTILE[number % len(HOSTILE)]}",
                    input=f"Where is order AB-{number}? {HOSTILE[number % len(HOSTILE)]}",
                    latency_ms=latency,
                    cost_usd=0.0001 * (1.0 + chance.random()),
                    input_tokens=100,
                    output_tokens=chance.randrange(20, 90),
                    model="made-up",
                )
    return Evidence(
        experiment=Experiment(trials=trials, cases=cases(), metrics=METRICS, gate=GATE), answers=answers
    )


def decision_on(found: Evidence) -> Decision:
    """Return the gate's word on it."""
    experiment = found.experiment
    return decide(
        experiment.trials, gate=experiment.gate, metrics=experiment.metrics, cases=experiment.cases, is_stopped=True
    )  # fmt: skip


def report_on(found: Evidence) -> Report:
    """Return the report of it."""
    return Report(
        suite="replies </title><script>1</script>",
        run="20261121-120000-abcd",
        baseline="baseline",
        candidate="candidate",
        cases=CASES,
        clusters=CASES,
        decision=decision_on(found),
        exit_code=0,
        cost_usd=0.42,
        unknown_costs=0,
        cost_cap_usd=2.0,
    )


def answers_of_case(found: Evidence, case: str) -> Sequence[StoredAnswer]:
    """Return what was answered to a case."""
    return [answer for (of, _, _), answer in found.answers.items() if of == case]
