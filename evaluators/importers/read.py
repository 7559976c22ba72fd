"""Finding out what a file is, and reading it with the importer for it."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.importers import datasets, inspect_logs, promptfoo
from evaluators.importers.imported import Imported
from evaluators.suites.documents import parse_yaml, read_text

FORMATS: Mapping[str, Callable[[Any, Path], Imported]] = {
    "promptfoo": promptfoo.imported,
    "deepeval": datasets.deepeval,
    "ragas": datasets.ragas,
    "inspect": inspect_logs.imported,
}


def read(path: Path, form: str | None = None) -> Imported:
    """Read another tool's file, or raise SuiteError; the format is guessed when it is not given."""
    content = _content(path)
    found = form or _guess(content)
    if found is None:
        raise SuiteError(f"{path.name}: cannot tell what this is; say --from {'|'.join(FORMATS)}")
    try:
        imported = FORMATS[found](content, path)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, SuiteError):
            raise
        raise SuiteError(f"{path.name}: not the shape of {found}: {type(error).__name__} {error}") from error
    if not imported.cases:
        raise SuiteError(f"{path.name}: no case could be read as {found}")
    return imported


def _content(path: Path) -> Any:
    if not path.exists():
        raise SuiteError(f"{path}: no such file")
    if path.suffix == ".eval":
        return inspect_logs.unpacked(path)
    text = read_text(path)
    if path.suffix == ".jsonl":
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise SuiteError(f"{path.name}: not JSON lines") from error
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SuiteError(f"{path.name}: not JSON") from error
    if zipfile.is_zipfile(path):
        raise SuiteError(f"{path.name}: a zip file; an inspect log must end in .eval")
    return parse_yaml(text, name=path.name)


def _guess(content: Any) -> str | None:
    if isinstance(content, dict):
        if "eval" in content and "samples" in content:
            return "inspect"
        if "prompts" in content or "providers" in content:
            return "promptfoo"
        if "goldens" in content or "test_cases" in content or "testCases" in content:
            return "deepeval"
        if "samples" in content or "user_input" in content:
            return "ragas"
    if isinstance(content, list) and content and isinstance(content[0], dict):
        keys = set(content[0])
        if keys & {"actual_output", "expected_output", "retrieval_context", "actualOutput", "expectedOutput"}:
            return "deepeval"
        if keys & {"user_input", "retrieved_contexts", "reference", "ground_truth", "contexts"}:
            return "ragas"
        if "vars" in keys or any(str(key).startswith("__expected") for key in keys):
            return "promptfoo"
    return None
