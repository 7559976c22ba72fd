"""Suite files: what to ask, whom, how to judge the answers and what the gate demands."""

from evaluators.suites.load import LoadedSuite, load

__all__ = ["LoadedSuite", "load"]
