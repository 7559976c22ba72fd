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
from evaluators.suites.cases import SuiteCase, load_cases
from evaluators.suites.choice import Choice
from evaluators.suites.complaints import sentence
from evaluators.suites.documents import parse_yaml, read_text
from evaluators.suites.entries import Entry, entries_of
from evaluators.suites.gating import gate_of
from evaluators.suites.model import Suite

_FILE = "file:"


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
) -> LoadedSuite:
    """Read a suite file, or raise SuiteError with a sentence about what is wrong and where.

    `overrides` take the place of top-level keys; of `budget`, only of the keys they name.
    `choice` says which cases are kept.
    """
    document = parse_yaml(read_text(path), name=path.name)
    if not isinstance(document, dict):
        raise SuiteError(f"{path.name}: expected a mapping with `suite`, `target`, `cases` and `evaluators`")
    for key, value in (overrides or {}).items():
        before = document.get(key)
        document[key] = before | value if isinstance(value, dict) and isinstance(before, dict) else value
    try:
        suite = Suite.model_validate(document)
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
            arms={name: _with_files(name, arm, directory) for name, arm in suite.target.arms.items()},
            gate=gate_of(suite, entries),
        )
    except SuiteError as error:
        raise type(error)(f"{path.name}: {error}") from error


def _with_files(name: str, arm: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """Replace every `file:path` of an arm by the file's text."""
    filled = {}
    for key, value in arm.items():
        if isinstance(value, str) and value.startswith(_FILE):
            try:
                value = read_text(directory / value.removeprefix(_FILE)).rstrip("\n")
            except SuiteError as error:
                raise SuiteError(f"target.arms.{name}.{key}: {error}") from error
        filled[str(key)] = value
    return filled
