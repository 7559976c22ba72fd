"""Cases: from a file or from the suite itself, each with an id that stays."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluators.errors import SuiteError
from evaluators.suites.complaints import sentence
from evaluators.suites.documents import parse_yaml, read_text
from evaluators.suites.model import CaseFile, InlineCase

_FIELDS = frozenset(InlineCase.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCase:
    """One case with everything a target and an evaluator may ask about it."""

    id: str
    inputs: Mapping[str, Any]
    expected: Any
    context: tuple[str, ...]
    tags: frozenset[str]
    cluster: str

    def values(self) -> dict[str, Any]:
        """Return what lookups find."""
        return {
            "id": self.id,
            "inputs": dict(self.inputs),
            "expected": self.expected,
            "context": list(self.context),
            "tags": sorted(self.tags),
        }


def load_cases(source: CaseFile | Sequence[InlineCase], directory: Path) -> list[SuiteCase]:
    """Read a suite's cases; two cases with one id are an error."""
    if isinstance(source, CaseFile):
        path = directory / source.file
        cases = [
            _parsed(row, cluster=source.cluster, where=f"{source.file}, case {number}")
            for number, row in enumerate(_rows(path), start=1)
        ]
    else:
        cases = [_case(case) for case in source]
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise SuiteError(f"cases: the id {case.id!r} is given twice; equal cases need ids of their own")
        seen.add(case.id)
    return cases


def _rows(path: Path) -> list[Any]:
    text = read_text(path)
    if path.suffix == ".jsonl":
        return [
            _json_line(line, f"{path.name}, line {n}")
            for n, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    if path.suffix == ".csv":
        return [_from_csv(row) for row in csv.DictReader(io.StringIO(text))]
    if path.suffix in (".yaml", ".yml", ".json"):
        rows = parse_yaml(text, name=path.name)
        if not isinstance(rows, list):
            raise SuiteError(f"{path.name}: expected a list of cases, found {type(rows).__name__}")
        return rows
    raise SuiteError(f"{path.name}: cases are read from .jsonl, .csv, .yaml or .json files")


def _json_line(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{where}: not JSON") from error


def _from_csv(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """Turn columns into a case: known names as they are, the others as inputs."""
    case: dict[str, Any] = {"inputs": {}}
    for column, value in row.items():
        if column is None:
            raise SuiteError("cases: a line of the CSV file has more values than the header has names")
        if column in ("id", "cluster", "expected"):
            case[column] = value
        elif column in ("tags", "context"):
            case[column] = [part.strip() for part in (value or "").split(";") if part.strip()]
        else:
            case["inputs"][column.removeprefix("inputs.")] = value
    return case


def _parsed(row: Any, *, cluster: str | None, where: str) -> SuiteCase:
    if not isinstance(row, dict):
        raise SuiteError(f"{where}: expected a mapping, found {type(row).__name__}")
    row = dict(row)
    if cluster is not None and cluster != "cluster":
        found = row.pop(cluster, None) if cluster not in _FIELDS else row.get(cluster)
        inputs = row.get("inputs")
        if found is None and isinstance(inputs, dict):
            found = inputs.get(cluster)
        if found is None:
            raise SuiteError(f"{where}: has no field {cluster!r} to say which cluster it belongs to")
        row["cluster"] = str(found)
    try:
        return _case(InlineCase.model_validate(row))
    except ValidationError as error:
        raise SuiteError(f"{where}: {sentence(error)}") from error


def _case(case: InlineCase) -> SuiteCase:
    content = json.dumps([case.inputs, case.expected, case.context], sort_keys=True, default=str)
    return SuiteCase(
        id=case.id or hashlib.sha256(content.encode()).hexdigest()[:12],
        inputs=case.inputs,
        expected=case.expected,
        context=tuple(case.context),
        tags=frozenset(case.tags),
        cluster=case.cluster,
    )
