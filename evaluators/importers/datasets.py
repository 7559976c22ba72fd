"""Data sets of DeepEval and Ragas: questions, expected answers and documents become cases, stored answers an arm."""

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.importers.imported import Imported, Notes

_DEEPEVAL = {
    "input": "question",
    "expected_output": "expected",
    "actual_output": "answer",
    "retrieval_context": "context",
    "context": "context",
}
_RAGAS = {
    "user_input": "question",
    "question": "question",
    "reference": "expected",
    "ground_truth": "expected",
    "response": "answer",
    "answer": "answer",
    "retrieved_contexts": "context",
    "contexts": "context",
    "reference_contexts": "context",
}


def deepeval(content: Any, path: Path) -> Imported:
    """Read goldens or test cases, in Python's or JavaScript's spelling."""
    rows = content
    if isinstance(content, Mapping):
        rows = content.get("goldens") or content.get("test_cases") or content.get("testCases") or []
    return _imported([{_snake(key): value for key, value in row.items()} for row in rows], _DEEPEVAL, path)


def ragas(content: Any, path: Path) -> Imported:
    """Read an evaluation data set: a list of samples, or columns side by side."""
    rows = content
    if isinstance(content, Mapping):
        rows = content["samples"] if "samples" in content else _rows_of_columns(content)
    return _imported(rows, _RAGAS, path)


def _imported(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], path: Path) -> Imported:
    notes = Notes()
    cases = []
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        name = str(row.get("id") or row.get("name") or f"case-{number:04}")
        seen[name] += 1
        case: dict[str, Any] = {"id": name if seen[name] == 1 else f"{name}-{seen[name]}", "inputs": {}}
        for key, value in row.items():
            if value in (None, "", [], {}) or key in ("id", "name"):
                continue
            _take(case, names.get(key), key, value, notes)
        if isinstance(case["inputs"].get("question"), str):
            cases.append(case)
        else:
            notes.add("a row without a question as text was left out (conversations are not translated)")
    has_answers = any("answer" in case["inputs"] for case in cases)
    if has_answers:
        notes.add("stored answers became the input `answer`; the prompt sends the question alone")
    notes.add(
        "metrics and thresholds are not part of such data; `length` is a placeholder among the evaluators"
    )
    evaluators: list[Any] = [{"length": {"id": "not_empty", "unit": "words", "at_least": 1}}]
    if any("expected" in case for case in cases):
        evaluators.append("token_f1")
    document = {
        "suite": _name(path),
        "target": {
            "prompt": {"model": "gpt-4o-mini"},
            "arms": {
                "baseline": {"prompt": "{{ inputs.question }}"},
                "candidate": {"prompt": "{{ inputs.question }}"},
            },
        },
        "cases": {"file": "cases.jsonl"},
        "trials": "1..3",
        "evaluators": evaluators,
        "gate": {},
    }
    return Imported(suite=document, cases=tuple(cases), lost=notes.lines())


def _take(case: dict[str, Any], place: str | None, key: str, value: Any, notes: Notes) -> None:
    if place == "context":
        documents = [_document(one) for one in (value if isinstance(value, list) else _listed(str(value)))]
        if "context" in case and case["context"] != documents:
            notes.add(f"{key!r}: a second list of documents was left out")
            return
        case["context"] = documents
    elif place in ("question", "answer"):
        case["inputs"][place] = value
    elif place == "expected":
        case["expected"] = value
    elif key == "tags" and isinstance(value, list):
        case["tags"] = [str(tag) for tag in value]
    else:
        notes.add(f"{key!r} was left out")


def _document(given: Any) -> str:
    """Return a document's text; DeepEval writes some with their source."""
    if isinstance(given, Mapping):
        return str(given.get("context") or given.get("text") or given.get("content") or dict(given))
    return str(given)


def _listed(cell: str) -> list[Any]:
    """Read a table's cell: Ragas writes a list as Python does, DeepEval divides it by bars."""
    if cell.startswith("[") and cell.endswith("]"):
        try:
            found = ast.literal_eval(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [cell]
        return found if isinstance(found, list) else [cell]
    return cell.split("|")


def _rows_of_columns(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Turn `{"user_input": […], "reference": […]}` into rows."""
    columns = {key: value for key, value in content.items() if isinstance(value, list)}
    count = max(map(len, columns.values()), default=0)
    return [{key: value[row] for key, value in columns.items() if row < len(value)} for row in range(count)]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _name(path: Path) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in path.stem).strip(
        "-._"
    )
    return kept or "imported"
