"""What has been understood of a span so far. Each dialect fills in what earlier ones left open."""

from dataclasses import dataclass, field
from typing import Any

from ingest.records import NO_USAGE, Message, SpanKind, Usage


@dataclass(slots=True)
class Draft:
    """The fields of a Span that a dialect can speak about."""

    kind: SpanKind | None = None
    is_error: bool = False
    status_message: str = ""
    error_type: str = ""
    http_status: int | None = None
    environment: str = ""
    release: str = ""
    session_id: str = ""
    user_id: str = ""
    feature: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    tags: tuple[str, ...] = ()
    provider: str = ""
    model_requested: str = ""
    model: str = ""
    service_tier: str = ""
    is_streamed: bool = False
    ttft_us: int | None = None
    finish_reason: str = ""
    usage: Usage = NO_USAGE
    reported_cost_usd: str | None = None
    request: dict[str, Any] = field(default_factory=dict)
    input: list[Message] = field(default_factory=list)
    output: list[Message] = field(default_factory=list)
    raw_input: str = ""
    """The whole input as one text; used only when no dialect found messages."""
    raw_output: str = ""

    def ask(self, **parameters: Any) -> None:
        """Note call parameters that are not known yet; None is no value."""
        for name, value in parameters.items():
            if value is not None and name not in self.request:
                self.request[name] = value
