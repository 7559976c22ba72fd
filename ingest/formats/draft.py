"""What has been understood of a span so far. Each dialect fills in what earlier ones left open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.formats.values import text
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

    def take_texts(self, attributes: dict[str, Any], fields: Mapping[str, str]) -> None:
        """Move attributes into the fields they are about, where those are still open; earlier keys win."""
        for key, field_name in fields.items():
            if key in attributes:
                value = attributes.pop(key)
                if not getattr(self, field_name):
                    setattr(self, field_name, text(value))

    def ask(self, parameters: Mapping[str, Any]) -> None:
        """Note call parameters that are not known yet; None is no value."""
        for name, value in parameters.items():
            if value is not None and name not in self.request:
                self.request[name] = value
