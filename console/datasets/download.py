"""Items as files: whole, or as the cases of a suite for `parapet eval`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from console.datasets.content import Content, stored_content
from console.datasets.models import Item


def as_jsonl(items: Iterable[Item]) -> Iterator[str]:
    """Yield one line for each item, with everything that is known of it."""
    for item in items:
        origin = {"kind": item.source, **item.origin, "by": item.author, "at": item.created_at.isoformat()}
        yield json.dumps(stored_content(item).values() | {"origin": origin}, ensure_ascii=False) + "\n"


def as_cases(contents: Iterable[Content]) -> Iterator[str]:
    """Yield one line for each item in the form in which a suite reads its cases."""
    for content in contents:
        yield json.dumps(case_values(content), ensure_ascii=False) + "\n"


def case_values(content: Content) -> dict[str, Any]:
    """Return an item as a case: its request among the inputs, its split and its plain metadata among the tags."""
    inputs = dict(content.inputs) | ({"request": dict(content.request)} if content.request else {})
    return {
        "id": content.key,
        "inputs": inputs,
        "expected": content.expected,
        "context": list(content.context),
        "tags": case_tags(content),
        "cluster": content.cluster,
    }


def case_tags(content: Content) -> list[str]:
    """Return what an item can be told apart by: its tags, its split, and metadata that is a short word."""
    words = {f"{name}:{value}" for name, value in content.metadata.items() if _is_short(value)}
    return [*content.tags, f"split:{content.split}", *sorted(words)]


def _is_short(value: Any) -> bool:
    return isinstance(value, (str, int, bool)) and 0 < len(str(value)) <= 40 and "\n" not in str(value)
