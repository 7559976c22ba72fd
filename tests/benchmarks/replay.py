"""The gate on real outcomes: stored verdicts of one judge under two prompts play the old and the new version.

The verdicts are a CSV file (perhaps gzipped) with the columns judge, strategy, set, item, label, winner and
winner_when_swapped, such as those published with LLMBar. Every configuration answers the same items twice. Each ordered
pair of configurations of one judge is a change whose true effect is known: the difference over all items. Suites are
drawn from the items with replacement, and every rule decides on the same suites.
"""

import csv
import gzip
import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluators.gate import Case, Gate, Margin, Metric, Rule, Trial, decide
from evaluators.stats.paired import evidence
from evaluators.stats.sequential import nominal_level
from tests.evaluators.gate.simulation import outcome

Answers = npt.NDArray[np.float64]
"""Item by trial: 1 where the answer is right."""

MARGIN = 0.05
SUITES = ((50, 1), (100, 1), (100, 2), (200, 1), (200, 2), (400, 2))
TRUTHS: Mapping[str, Callable[[float], bool]] = {
    "|D| <= 1": lambda d: abs(d) <= 0.01,
    "D >= +2": lambda d: d >= 0.02,
    "-7 <= D <= -3": lambda d: -0.07 <= d <= -0.03,
    "D <= -10": lambda d: d <= -0.10,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Two versions of a prompt and what the change truly does."""

    before: Answers
    after: Answers

    @property
    def effect(self) -> float:
        """The difference over all items."""
        return float(self.after.mean() - self.before.mean())


def changes(path: Path) -> list[Change]:
    """Read the ordered pairs of configurations of each judge."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[float, float]]] = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(text.decode())):
        # The label names the same answer in both orders, and so do the verdicts' swapped back numbers.
        right = tuple(float(row[verdict] == row["label"]) for verdict in ("winner", "winner_when_swapped"))
        found[row["judge"], row["strategy"]][row["set"], row["item"]] = (right[0], right[1])
    items = sorted(set.intersection(*(set(answers) for answers in found.values())))
    arrays = {name: np.array([answers[item] for item in items]) for name, answers in found.items()}
    return [
        Change(arrays[before], arrays[after])
        for before, after in itertools.permutations(sorted(arrays), 2)
        if before[0] == after[0]
    ]


def replayed(
    path: Path, *, draws: int, suites: tuple[tuple[int, int], ...] = SUITES
) -> Iterator[dict[str, object]]:
    """Yield, for every size of suite and every kind of truth, the share of suites each rule blocks."""
    known = changes(path)
    yield {"ordered_pairs": len(known), "items": len(known[0].before), "draws": draws}
    for cases, trials in suites:
        generator = np.random.default_rng([20_261_121, cases, trials])
        tallies: dict[str, list[dict[str, float]]] = {name: [] for name in TRUTHS}
        for change in known:
            names = [name for name, is_so in TRUTHS.items() if is_so(change.effect)]
            for _ in range(draws if names else 0):
                chosen = generator.integers(0, len(change.before), size=cases)
                verdicts = rules(change.before[chosen, :trials], change.after[chosen, :trials])
                for name in names:
                    tallies[name].append(verdicts)
        for name, rows in ((name, rows) for name, rows in tallies.items() if rows):
            shares = {rule: round(float(np.mean([row[rule] for row in rows])), 3) for rule in rows[0]}
            yield {"cases": cases, "trials": trials, "truth": name, "suites": len(rows)} | shares


def rules(before: Answers, after: Answers) -> dict[str, float]:
    """Let every rule decide on one suite: 1 where it blocks, and for our gate each of its states."""
    drop = float(before.mean() - after.mean())
    state = gate_state(before, after)
    return {
        "promptfoo: any failing test": float(after.min() < 1.0),
        "promptfoo: pass rate below the baseline's": float(drop > 1e-12),
        "Braintrust: as it comes (only exceptions)": 0.0,
        "Braintrust: reporter, drop > 2 points": float(drop > 0.02 + 1e-12),
        "lm-eval-harness: unpaired z": float(_unpaired_z(before, after) < -1.6449),
        "gate PASS": float(state == "PASS"),
        "gate FAIL": float(state == "FAIL"),
        "gate INCONCLUSIVE": float(state == "INCONCLUSIVE"),
    }


def gate_state(before: Answers, after: Answers) -> str:
    """Decide as the gate does at a single look, on arrays; the tests hold it to the gate itself."""
    differences = after.mean(axis=1) - before.mean(axis=1)
    found = evidence(differences, np.arange(len(differences)), margin=MARGIN, spread=1.0)
    level = nominal_level((before.shape[1],), 0, 0.05)
    if found.p_noninferior <= level:
        return "PASS"
    return "FAIL" if found.p_regression <= level else "INCONCLUSIVE"


def decided_state(before: Answers, after: Answers) -> str:
    """Decide with the gate itself, from trials."""
    cases = [Case(id=str(number)) for number in range(len(before))]
    trials = [
        Trial(case=str(row), arm=arm, number=column + 1, outcomes={"right": outcome(bool(value))})
        for arm, answers in (("baseline", before), ("candidate", after))
        for (row, column), value in np.ndenumerate(answers)
    ]
    gate = Gate(rules=(Rule(metric="right", margin=Margin(value=MARGIN * 100)),), looks=(before.shape[1],))
    return decide(trials, gate=gate, metrics={"right": Metric(name="right")}, cases=cases).state


def _unpaired_z(before: Answers, after: Answers) -> float:
    a, b = before.mean(axis=1), after.mean(axis=1)
    error = float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    return float(b.mean() - a.mean()) / error if error > 0 else 0.0
