"""The gate card, printed as JSON: error rates and power by simulation, and a replay over real verdicts beside other rules.

python -m tests.benchmarks.gate --repetitions 1000 --verdicts verdicts.csv.gz
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.replay import replayed
from tests.evaluators.gate.simulation import shares

SCENARIOS: list[dict[str, Any]] = [
    {"cases": 50, "redrawn": 0.0, "drop": 0.0},
    {"cases": 50, "redrawn": 0.0, "drop": 0.05},
    {"cases": 50, "redrawn": 0.0, "drop": 0.10},
    {"cases": 100, "redrawn": 0.0, "drop": 0.0},
    {"cases": 100, "redrawn": 0.0, "drop": 0.05},
    {"cases": 100, "redrawn": 0.0, "drop": 0.10},
    {"cases": 200, "redrawn": 0.0, "drop": 0.0},
    {"cases": 200, "redrawn": 0.0, "drop": 0.02},
    {"cases": 200, "redrawn": 0.0, "drop": 0.05},
    {"cases": 100, "redrawn": 0.2, "drop": 0.0},
    {"cases": 100, "redrawn": 0.2, "drop": 0.05},
    {"cases": 200, "redrawn": 0.2, "drop": 0.0},
    {"cases": 200, "redrawn": 0.2, "drop": 0.05},
    {"cases": 200, "redrawn": 0.2, "drop": 0.0, "clusters": 40},
    {"cases": 200, "redrawn": 0.2, "drop": 0.05, "clusters": 40},
    {"cases": 100, "redrawn": 0.0, "drop": 0.0, "looks": (1,)},
    {"cases": 100, "redrawn": 0.0, "drop": 0.05, "looks": (1,)},
    {"cases": 20, "redrawn": 0.0, "drop": 0.0, "looks": (3,)},
    {"cases": 20, "redrawn": 0.0, "drop": 0.05, "looks": (3,)},
    {"cases": 30, "drop": 0.0, "broken": 0.05},
    {"cases": 60, "drop": 0.0, "broken": 0.05},
    {"cases": 200, "drop": 0.0, "broken": 0.05},
]


def main() -> None:
    """Simulate every scenario, replay the verdicts if there are any, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--scenarios", type=int, default=len(SCENARIOS), help="only the first so many")
    parser.add_argument("--verdicts", type=Path, help="stored verdicts to replay, such as LLMBar's")
    parser.add_argument("--draws", type=int, default=20, help="suites drawn for each change that is replayed")
    arguments = parser.parse_args()
    started = time.perf_counter()
    rows = []
    for scenario in SCENARIOS[: arguments.scenarios]:
        rows.append(scenario | shares(arguments.repetitions, **scenario))
        print(json.dumps(rows[-1]), file=sys.stderr)
    replay = []
    if arguments.verdicts is not None:
        for row in replayed(arguments.verdicts, draws=arguments.draws):
            replay.append(row)
            print(json.dumps(row), file=sys.stderr)
    document = {
        "margin_points": 5,
        "alpha": 0.05,
        "repetitions": arguments.repetitions,
        "seconds": round(time.perf_counter() - started, 1),
        "scenarios": rows,
        "replay": replay,
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
