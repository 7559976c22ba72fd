"""What the columns of a file mean."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

LEAVE_OUT, VARIABLE, METADATA = "", "input", "metadata"
PLACES = {
    LEAVE_OUT: "leave out",
    VARIABLE: "a variable of prompts",
    "inputs": "all variables, as JSON",
    "request": "a whole request, as JSON",
    "messages": "a conversation to send again",
    "expected": "the expected answer",
    "context": "documents to rest on",
    METADATA: "metadata",
    "all_metadata": "all metadata, as JSON",
    "tags": "tags",
    "split": "the split",
    "cluster": "the cluster",
    "id": "the id",
}
"""What a column may be, in the words of the form."""

_GUESSES = {
    "expected": {"expected", "expected_output", "answer", "output", "target", "reference", "ground_truth", "completion", "ideal", "label"},
    "context": {"context", "contexts", "documents", "retrieved_contexts"},
    "tags": {"tags", "tag"},
    "split": {"split"},
    "cluster": {"cluster", "conversation_id", "session_id", "document_id"},
    "id": {"id", "key", "case_id"},
    "messages": {"messages"},
    "request": {"request", "body"},
    "inputs": {"inputs"},
    "all_metadata": {"metadata"},
}  # fmt: skip


def guess(columns: Iterable[str]) -> dict[str, str]:
    """Return what columns most likely mean by their names; each place that can be taken once is taken once."""
    meaning: dict[str, str] = {}
    for column in columns:
        word = column.strip().lower().replace(" ", "_")
        place = next((place for place, names in _GUESSES.items() if word in names), VARIABLE)
        if word.startswith("metadata."):
            place = METADATA
        if word == "origin":
            place = LEAVE_OUT
        is_taken = place not in (VARIABLE, METADATA, LEAVE_OUT) and place in meaning.values()
        meaning[column] = VARIABLE if is_taken else place
    return meaning


def item_values(row: Mapping[str, Any], meaning: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as an item's plain values. Raises ValueError with a sentence for a cell that makes no sense."""
    values: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    for column, value in row.items():
        place = meaning.get(column, LEAVE_OUT)
        if place == VARIABLE:
            inputs[column.removeprefix("inputs.").removeprefix("input.")] = value
        elif place == METADATA:
            metadata[column.removeprefix("metadata.")] = value
        elif place == "inputs":
            inputs |= _object(column, value)
        elif place == "all_metadata":
            metadata |= _object(column, value)
        elif place == "request":
            values["request"] = _object(column, value)
        elif place == "messages":
            values |= _conversation(column, value)
        elif place in ("context", "tags"):
            values[place] = _list(value, ";" if place == "tags" else None)
        elif place in ("id", "cluster", "split"):
            values[place] = value.strip() if isinstance(value, str) else value
        elif place == "expected":
            values["expected"] = None if value == "" else value
    return values | {"inputs": inputs, "metadata": metadata}


def _object(column: str, value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    read = _json(value) if isinstance(value, str) else value
    if not isinstance(read, dict):
        raise ValueError(f"{column} must be a JSON object, in braces")
    return read


def _conversation(column: str, value: Any) -> dict[str, Any]:
    """Take a conversation as a request; a last word of the assistant is what is expected."""
    messages = _json(value) if isinstance(value, str) else value
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ValueError(f"{column} must be a list of messages with `role` and `content`")
    if messages and messages[-1].get("role") == "assistant":
        return {"request": {"messages": messages[:-1]}, "expected": messages[-1].get("content")}
    return {"request": {"messages": messages}}


def _list(value: Any, separator: str | None) -> Any:
    if not isinstance(value, str):
        return value
    if value.strip().startswith("["):
        return _json(value)
    parts = value.split(separator) if separator else [value]
    return [part.strip() for part in parts if part.strip()]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{text[:20]!r}… is not JSON") from None
