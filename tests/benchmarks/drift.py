"""The drift card: false alarms and power on clustered traffic with a known truth, printed as JSON.

python -m tests.benchmarks.drift --repetitions 300
"""

import argparse
import json

import numpy as np

from evaluators.drift import DriftResult, compare
from tests.evaluators.drift.traffic import latencies, refusals


def latency(seed: int, factor: float) -> DriftResult:
    """Compare a day of latencies, multiplied by a factor, with the week before."""
    generator = np.random.default_rng([seed, 3])
    week, day = latencies(generator, days=7), latencies(generator, days=1, start=7, factor=factor)
    return compare(week, day, series="latency_ms")


def refusal(seed: int, rate: float) -> DriftResult:
    """Compare a day of refusals at a rate with a week at 5 per cent."""
    generator = np.random.default_rng([seed, 4])
    week, day = refusals(generator, days=7), refusals(generator, days=1, start=7, rate=rate)
    return compare(week, day, series="refusal_rate", kind="rate")


def main() -> None:
    """Run every scenario and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=300)
    repetitions = parser.parse_args().repetitions
    rows = []
    for check, values in ((latency, (1.0, 1.05, 1.1, 1.2)), (refusal, (0.05, 0.08, 0.12))):
        for value in values:
            results = [check(seed, value) for seed in range(repetitions)]
            rows.append(
                {
                    "series": results[0].series,
                    "truth": value,
                    "alarms": sum(result.state == "drift" for result in results) / repetitions,
                    "p_at_most_0.05": sum((result.p_value or 0) <= 0.05 for result in results) / repetitions,
                }
            )
    print(json.dumps({"repetitions": repetitions, "scenarios": rows}, indent=2))


if __name__ == "__main__":
    main()
