"""Your application answers, pytest runs it once for every case, and the gate decides when all tests are through."""

from evaluators.pytest_plugin import PytestTrial, cases
from evaluators.suites.cases import SuiteCase

CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Peru": "Lima"}


def answer(country: str) -> str:
    """Stand in for the application."""
    return f"The capital of {country} is {CAPITALS[country]}."


@cases("suite.yaml")
def test_capital(case: SuiteCase, trial: PytestTrial) -> None:
    """Answer one case."""
    trial.record(answer(case.inputs["country"]))
    assert trial.check("short")
