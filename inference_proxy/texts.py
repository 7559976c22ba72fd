"""The texts in a request or an answer: where each one stands, so that a guard may read and change it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.verdict import Place


@dataclass(frozen=True, slots=True)
class Slot:
    """One text and its place in a parsed body."""

    container: Any
    key: Any
    place: Place

    @property
    def text(self) -> str:
        """The text as it stands now."""
        text: str = self.container[self.key]
        return text

    def put(self, text: str) -> None:
        """Replace the text."""
        self.container[self.key] = text


def put_all(slots: Sequence[Slot], texts: Sequence[str]) -> bool:
    """Replace every text that differs; True when one did."""
    changed = False
    for slot, text in zip(slots, texts, strict=True):
        if slot.container[slot.key] != text:
            slot.container[slot.key] = text
            changed = True
    return changed


TECHNICAL = frozenset(
    {
        "type", "id", "role", "model", "format", "detail", "index", "url", "image_url", "input_audio", "data",
        "file_data", "file_id", "tool_call_id", "call_id", "signature", "encrypted_content", "cache_control",
        "status", "object", "media_type", "mime_type",
    }
)  # fmt: skip
"""Keys whose values are machinery, not text: a changed one would break the call."""


def every_text(value: Any, place: Place) -> Iterator[Slot]:
    """Find all strings below a value but those under technical keys."""
    return _walk(value, place, lambda key: key not in TECHNICAL)


def descriptions(value: Any, place: Place) -> Iterator[Slot]:
    """Find all strings below a value that stand under the key `description`."""
    return _walk(value, place, lambda key: True, only="description")


def _walk(value: Any, place: Place, enters: Callable[[Any], bool], only: str = "") -> Iterator[Slot]:
    # A stack of our own: a body may be nested deeper than Python likes to recurse.
    stack = [value]
    while stack:
        container = stack.pop()
        pairs: Any
        if isinstance(container, dict):
            pairs = container.items()
        elif isinstance(container, list):
            pairs = enumerate(container)
        else:
            continue
        for key, item in pairs:
            if isinstance(item, str):
                if item and (key == only if only else enters(key)):
                    yield Slot(container, key, place)
            elif isinstance(item, dict | list) and enters(key):
                stack.append(item)
