"""What an evaluator looks at: one answer, and what was known when it was given."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One answer to judge. What is not known is None; an empty text is an empty text."""

    output: str
    """The answer's text."""
    input: str = ""
    """What was asked, as one text."""
    expected: Any = None
    """The right answer, when there is one: a text, or any JSON value."""
    context: tuple[str, ...] = ()
    """Documents the answer should rest on."""
    messages: tuple[Mapping[str, Any], ...] = ()
    """The conversation that led to the answer, in the shape of OpenAI's chat."""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str | None = None
    model: str | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tags: frozenset[str] = frozenset()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the one who made the sample wants evaluators of their own to see."""

    def digest(self) -> str:
        """Return a hash of everything in the sample: equal samples, equal digests."""
        content = asdict(self) | {"tags": sorted(self.tags)}
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=repr)
        return hashlib.sha256(text.encode()).hexdigest()
