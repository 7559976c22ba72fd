"""What an item holds: read from plain values, checked, hashed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.datasets.models import Item, Split
from ingest.messages import text_of

LARGEST_BYTES = 1024 * 1024
LONGEST_KEY, LONGEST_TAG, MOST_TAGS = 100, 64, 32
FIELDS = ("id", "inputs", "request", "expected", "context", "metadata", "tags", "split", "cluster")
_DEEPEST = 60
_TEXT_KEPT = 2_000


class ContentError(ValueError):
    """An item cannot be as it was given; `problems` says why, in a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One item, checked. An empty key stands for one that is made from the content."""

    key: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Variables of prompts, by name."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """A whole request body, to be sent again as it was; empty for none."""
    expected: Any = None
    context: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    split: str = Split.TEST
    cluster: str = ""

    @property
    def digest(self) -> str:
        """Return a hash of what makes two items the same."""
        content = [dict(self.inputs), dict(self.request), self.expected, list(self.context)]
        text = json.dumps(content, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def body(self) -> str:
        """Return what is stored as it is."""
        return json.dumps(
            {
                "inputs": dict(self.inputs),
                "request": dict(self.request),
                "expected": self.expected,
                "context": list(self.context),
                "metadata": dict(self.metadata),
            },
            ensure_ascii=False,
        )

    @property
    def tag_line(self) -> str:
        """Return the tags as a column keeps them."""
        return "".join(f"\n{tag}" for tag in self.tags) + "\n" if self.tags else ""

    @property
    def text(self) -> str:
        """Return the beginning of what is asked and of what is expected, for search and lists."""
        parts = [asked(self.inputs, self.request), _flat(self.expected)]
        return "\n".join(part for part in parts if part)[:_TEXT_KEPT]

    def values(self) -> dict[str, Any]:
        """Return the item as files and the API have it."""
        return {
            "id": self.key,
            "inputs": dict(self.inputs),
            **({"request": dict(self.request)} if self.request else {}),
            "expected": self.expected,
            "context": list(self.context),
            "metadata": dict(self.metadata),
            "tags": list(self.tags),
            "split": self.split,
            "cluster": self.cluster,
        }


def content_of(given: Mapping[str, Any]) -> Content:
    """Check an item given as plain values. Raises ContentError naming everything that is wrong."""
    unknown = sorted(set(map(str, given)) - set(FIELDS))
    problems = [f"there is no field {name!r}; known are {', '.join(FIELDS)}" for name in unknown]
    values = {name: given.get(name) for name in FIELDS}
    problems += [
        f"{name} must be an object, not {_kind(values[name])}"
        for name in ("inputs", "request", "metadata")
        if values[name] is not None and not isinstance(values[name], dict)
    ]
    problems += [problem for name in ("context", "tags") for problem in _wrong_texts(name, values[name])]
    for name, longest in (("id", LONGEST_KEY), ("cluster", 200)):
        problems += _wrong_word(name, values[name], longest)
    if values["split"] not in (None, "", *Split.values):
        problems.append(f"split is one of {', '.join(Split.values)}, not {str(values['split'])[:40]!r}")
    problems += _unstorable(values)
    if not problems and not values["inputs"] and not values["request"]:
        problems.append("an item needs inputs or a request")
    if not problems and values["request"] and not isinstance(values["request"].get("messages"), list):
        problems.append("request needs `messages`, a list, as Chat Completions take it")
    if problems:
        raise ContentError(problems)
    content = Content(
        key=str(values["id"] or "").strip(),
        inputs=values["inputs"] or {},
        request=values["request"] or {},
        expected=values["expected"],
        context=tuple(values["context"] or ()),
        metadata=values["metadata"] or {},
        tags=tuple(dict.fromkeys(tag.strip() for tag in values["tags"] or () if tag.strip())),
        split=values["split"] or Split.TEST,
        cluster=str(values["cluster"] or "").strip(),
    )
    if len(content.body.encode()) > LARGEST_BYTES:
        raise ContentError([f"an item has at most {LARGEST_BYTES:,} bytes"])
    return content


def stored_content(item: Item) -> Content:
    """Return what a stored item holds."""
    body = item.content
    return Content(
        key=item.key,
        inputs=body["inputs"],
        request=body["request"],
        expected=body["expected"],
        context=tuple(body["context"]),
        metadata=body["metadata"],
        tags=tuple(item.tags),
        split=item.split,
        cluster=item.cluster,
    )


def asked(inputs: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """Return what an item asks as one text: its inputs, else the last thing a person says in its request."""
    if inputs:
        texts = list(inputs.values())
        return (
            _flat(texts[0])
            if len(texts) == 1
            else "\n".join(f"{name}: {_flat(value)}" for name, value in inputs.items())
        )
    messages = [message for message in request.get("messages", ()) if isinstance(message, dict)]
    said = [message for message in messages if message.get("role") == "user"] or messages
    return text_of(said[-1]) if said else ""


def _flat(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


def _wrong_texts(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        return [f"{name} must be a list of texts, not {_kind(value)}"]
    if name == "tags" and (
        len(value) > MOST_TAGS or any(len(one) > LONGEST_TAG or "\n" in one for one in value)
    ):
        return [f"there are at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters, each on one line"]
    return []


def _wrong_word(name: str, value: Any, longest: int) -> list[str]:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return []
    if not isinstance(value, str):
        return [f"{name} must be a text, not {_kind(value)}"]
    if len(value.strip()) > longest or any(not letter.isprintable() for letter in value):
        return [f"{name} has at most {longest} printable characters"]
    if name == "id" and ("/" in value or value.strip() in (".", "..")):
        return ["id must not contain a slash, nor be a dot or two"]
    return []


def _unstorable(value: Any, depth: int = 0) -> list[str]:
    """Say what no database could keep: NUL, half of a surrogate pair, numbers that are none, bottomless nesting."""
    if depth > _DEEPEST:
        return [f"it is nested more than {_DEEPEST} levels deep"]
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            return ["a text holds a NUL or half of a surrogate pair, which cannot be stored"]
    elif isinstance(value, float) and value - value != 0:
        return [f"{value} is not a number that JSON knows"]
    elif isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
        return next((found for part in parts if (found := _unstorable(part, depth + 1))), [])
    elif isinstance(value, (list, tuple)):
        return next((found for part in value if (found := _unstorable(part, depth + 1))), [])
    return []
