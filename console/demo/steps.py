"""One piece of simulated work, before any dialect of traces is spoken."""

from dataclasses import dataclass, field
from typing import Any, Literal

StepKind = Literal["agent", "chain", "llm", "tool", "retriever", "embedding", "reranker"]
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """How a step went wrong."""

    type: str
    message: str
    http_status: int


@dataclass(slots=True, kw_only=True)
class Step:
    """A span to be: what was done, for how long, with which steps inside."""

    name: str
    kind: StepKind
    duration_us: int = 0
    lead_us: int = 0
    """The pause before it, after the step before it has ended."""
    steps: list["Step"] = field(default_factory=list)
    input: list[Message] = field(default_factory=list)
    output: list[Message] = field(default_factory=list)
    failure: Failure | None = None
    model: str = ""
    served: str = ""
    provider: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    tools: list[Message] = field(default_factory=list)
    tool_call_id: str = ""
    finish_reason: str = ""
    ttft_us: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def enclose(self, tail_us: int) -> "Step":
        """Last as long as the steps inside, and a little longer."""
        self.duration_us = sum(step.lead_us + step.duration_us for step in self.steps) + tail_us
        return self

    @property
    def calls(self) -> int:
        """How many calls of a chat model it holds."""
        return (self.kind == "llm") + sum(step.calls for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A finished request of a simulated app."""

    root: Step
    start_us: int
    domain: str
    service: str
    release: str
    environment: str
    feature: str
    prompt: str
    """Name and version, joined by `@`."""
    session_id: str
    user_id: str
    tags: tuple[str, ...] = ()

    @property
    def end_us(self) -> int:
        """When its last work was done."""
        return self.start_us + self.root.duration_us
