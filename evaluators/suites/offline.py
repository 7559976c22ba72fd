"""A suite without what asks models elsewhere: for pull requests of strangers, which get no secrets."""

from dataclasses import replace

from evaluators import registry
from evaluators.errors import SuiteError
from evaluators.suites.load import LoadedSuite
from evaluators.suites.model import Endpoint, JudgePanel, Suite


def without_remote_judges(suite: LoadedSuite) -> LoadedSuite:
    """Leave out the evaluators that ask an endpoint, with their rules; judges on this machine stay."""
    if suite.suite.target.prompt is not None:
        raise SuiteError("--offline: the target is a model behind an endpoint; it cannot answer offline")
    kept = [entry for entry in suite.entries if not _is_remote(entry.kind, entry.judge, suite.suite)]
    if not kept:
        raise SuiteError("--offline: every evaluator of the suite asks a model elsewhere")
    names = {entry.name for entry in kept}
    rules = tuple(rule for rule in suite.gate.rules if rule.metric in names)
    return replace(suite, entries=tuple(kept), gate=replace(suite.gate, rules=rules))


def _is_remote(kind: str, judge: str | None, suite: Suite) -> bool:
    if judge is None:
        return "embed" in registry.describe(kind).needs
    found = suite.judges[judge]
    members = found.panel if isinstance(found, JudgePanel) else (judge,)
    return any(isinstance(suite.judges[member], Endpoint) for member in members)
