"""The tests of a promptfoo configuration, wherever they are written: in it, in YAML, JSON, JSON lines or CSV files."""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.importers.assertions import KINDS, REASONS
from evaluators.importers.imported import Notes
from evaluators.suites.documents import parse_yaml, read_text

_MOST = 10_000
_NAMES = "|".join(
    sorted((re.escape(name) for name in {*KINDS, *REASONS} if not name.startswith("not-")), key=len, reverse=True)
)  # fmt: skip
_WRITTEN = re.compile(rf"(not-)?({_NAMES})(?:\(([^)]*)\))?(?::(.*))?", re.DOTALL)
_PREFIXES = {
    "javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python", "grade:": "llm-rubric",
    "llm-rubric:": "llm-rubric",
}  # fmt: skip


def tests_of(given: Any, path: Path, notes: Notes) -> list[Mapping[str, Any]]:
    """Return the tests, one for every element of a list among their variables."""
    return [one for test in _read(given, path, notes) for one in _expanded(test, notes)]


def _read(given: Any, path: Path, notes: Notes) -> Iterator[Mapping[str, Any]]:
    if isinstance(given, Mapping) and "path" in given:
        given = str(given["path"])
    if isinstance(given, str):
        yield from _from_file(given.removeprefix("file://"), path, notes)
    elif isinstance(given, Mapping):
        yield given
    else:
        for test in given:
            yield from _read(test, path, notes)


def _from_file(name: str, path: Path, notes: Notes) -> Iterator[Mapping[str, Any]]:
    if name.endswith((".yaml", ".yml", ".json")):
        yield from _read(parse_yaml(read_text(path.parent / name), name=name), path, notes)
    elif name.endswith(".jsonl"):
        yield from (json.loads(line) for line in read_text(path.parent / name).splitlines() if line.strip())
    elif name.endswith(".csv"):
        for row in csv.DictReader(io.StringIO(read_text(path.parent / name))):
            yield _of_row(row, notes)
    else:
        notes.add(f"tests in {name!r} were left out; only YAML, JSON, JSON lines and CSV files are read")


def _of_row(row: Mapping[str, str], notes: Notes) -> dict[str, Any]:
    """Read a row: columns are variables, those that begin with `__` say something about the test."""
    test: dict[str, Any] = {"vars": {}, "assert": []}
    for key, value in row.items():
        if key is None or value is None:
            notes.add("a CSV row with more or fewer cells than columns was read as far as it goes")
        elif key.startswith("__expected"):
            test["assert"] += [assertion_of(value.strip())] if value.strip() else []
        elif key == "__description":
            test["description"] = value
        elif key.startswith("__"):
            if value.strip():
                notes.add(f"the column {key!r} was left out")
        else:
            test["vars"][key] = value
    return test


def assertion_of(written: str) -> dict[str, Any]:
    """Return the assertion that a cell stands for, by promptfoo's own rules: `type(threshold): value`, else equality."""
    for prefix, type_ in _PREFIXES.items():
        if written.startswith(prefix):
            return {"type": type_, "value": written.removeprefix(prefix).strip()}
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return {"type": "equals", "value": written}
    found: dict[str, Any] = {"type": (match[1] or "") + match[2]}
    if match[4] is not None:
        found["value"] = match[4].strip()
    if match[3]:
        try:
            found["threshold"] = float(match[3])
        except ValueError:
            return {"type": "equals", "value": written}
    return found


def _expanded(test: Mapping[str, Any], notes: Notes) -> Iterator[Mapping[str, Any]]:
    variables, options = test.get("vars"), test.get("options")
    lists = {
        name: value
        for name, value in (variables.items() if isinstance(variables, Mapping) else ())
        if isinstance(value, list) and value
    }
    if not lists or (isinstance(options, Mapping) and options.get("disableVarExpansion")):
        yield test
        return
    notes.add("lists among `vars` became a test for each of their elements, as promptfoo makes them")
    for chosen in itertools.islice(itertools.product(*lists.values()), _MOST):
        yield dict(test) | {"vars": dict(variables or {}) | dict(zip(lists, chosen, strict=True))}
