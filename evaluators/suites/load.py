"""A suite ready to run: file read, cases loaded, evaluators checked, gate understood."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluators.errors import SuiteError
from evaluators.gate import Case, Gate
from evaluators.suites.against import OtherCheckout
from evaluators.suites.cases import SuiteCase, load_cases
from evaluators.suites.choice import Choice
from evaluators.suites.complaints import sentence
from evaluators.suites.documents import parse_yaml, read_text
from evaluators.suites.entries import Entry, entries_of
from evaluators.suites.files import with_files
from evaluators.suites.gating import gate_of
from evaluators.suites.model import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuite:
    """A suite with every file it names read."""

    suite: Suite
    directory: Path
    cases: tuple[SuiteCase, ...]
    entries: tuple[Entry, ...]
    arms: Mapping[str, Mapping[str, Any]]
    """Each arm's settings, its prompt files read."""
    gate: Gate
    against: OtherCheckout | None = None
    """The checkout whose candidate is this suite's baseline."""
    stored_baseline: str = ""
    """The stored run whose candidate is this suite's baseline."""

    def digest(self, *, with_cases: bool = True) -> str:
        """Return a hash of everything that decides answers and scores; the gate may change without it."""
        content = {
            "target": self.suite.target.model_dump(mode="json", exclude={"arms"}),
            "arms": self.arms,
            "cases": [case.values() | {"cluster": case.cluster} for case in self.cases if with_cases],
            "evaluators": [entry.described() for entry in self.entries],
            "judges": {name: judge.model_dump(mode="json") for name, judge in self.suite.judges.items()},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def gate_cases(self) -> list[Case]:
        """Return the cases as the gate knows them."""
        return [Case(id=case.id, cluster=case.cluster, tags=case.tags) for case in self.cases]


def load(
    path: Path,
    *,
    choice: Choice | None = None,
    overrides: Mapping[str, Any] | None = None,
    against: OtherCheckout | None = None,
) -> LoadedSuite:
    """Read a suite file, or raise SuiteError with a sentence about what is wrong and where.

    `overrides` take the place of top-level keys; of `budget`, only of the keys they name.
    `choice` says which cases are kept. `against` puts another checkout's candidate in the baseline's place.
    """
    document = parse_yaml(read_text(path), name=path.name)
    if not isinstance(document, dict):
        raise SuiteError(f"{path.name}: expected a mapping with `suite`, `target`, `cases` and `evaluators`")
    for key, value in (overrides or {}).items():
        before = document.get(key)
        document[key] = before | value if isinstance(value, dict) and isinstance(before, dict) else value
    try:
        suite = _against(Suite.model_validate(document), against)
    except ValidationError as error:
        raise SuiteError(f"{path.name}: {sentence(error)}") from error
    directory = path.resolve().parent
    try:
        entries = entries_of(suite, directory)
        cases = (choice or Choice()).of(load_cases(suite.cases, directory))
        return LoadedSuite(
            suite=suite,
            directory=directory,
            cases=tuple(cases),
            entries=tuple(entries),
            arms={name: with_files(name, arm, directory) for name, arm in suite.target.arms.items()},
            gate=gate_of(suite, entries),
            against=against,
        )
    except SuiteError as error:
        raise type(error)(f"{path.name}: {error}") from error


def _against(suite: Suite, other: OtherCheckout | None) -> Suite:
    """Put another checkout's candidate in the place of the baseline."""
    if other is None:
        return suite
    names = list(suite.target.arms)
    baseline = names[0] if len(names) == 2 else "baseline"
    arms = {baseline: other.arm, names[-1]: suite.target.arms[names[-1]]}
    return suite.model_copy(update={"target": suite.target.model_copy(update={"arms": arms})})
