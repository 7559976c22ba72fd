"""The calibration card, printed as JSON: how often corrected intervals cover the truth, and how wide they are.

python -m tests.benchmarks.calibration --draws 1000
"""

import argparse
import json
from dataclasses import asdict

from tests.evaluators.calibration.population import Population, agreement_coverage, coverage
from tests.evaluators.calibration.test_coverage import POPULATIONS

FURTHER = {
    "thirty labels": Population(labels=30, judged=300, rate=0.8, sensitivity=0.9, specificity=0.9),
    "two hundred labels": Population(labels=200, judged=2000, rate=0.85, sensitivity=0.9, specificity=0.8),
    "clusters of three": Population(labels=120, judged=900, in_clusters_of=3),
    "almost all yes": Population(rate=0.95, sensitivity=0.98, specificity=0.8),
}


def main() -> None:
    """Draw from every population and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    rows = [
        {"population": name} | asdict(population) | {"intervals": coverage(population, draws)}
        for name, population in (POPULATIONS | FURTHER).items()
    ]
    agreed = agreement_coverage(Population(labels=80), draws)
    print(json.dumps({"draws": draws, "rates": rows, "agreement": agreed}, indent=2))


if __name__ == "__main__":
    main()
