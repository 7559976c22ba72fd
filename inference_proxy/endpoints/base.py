"""What the proxy must know about an endpoint: where its texts stand, in the request and in the answer."""

from collections.abc import Iterator
from typing import Any, Protocol

from guardrails.verdict import Place
from inference_proxy.errors import RequestError, invalid
from inference_proxy.texts import OF_SCHEMAS, TECHNICAL, Slot, every_text, is_machinery
from inference_proxy.wires.events import Wire
from ingest.records import Message, SpanKind

Body = dict[str, Any]


class Endpoint(Protocol):
    """One OpenAI-compatible operation."""

    @property
    def path(self) -> str:
        """Its path below an upstream's base URL."""

    @property
    def kind(self) -> SpanKind:
        """What its spans are."""

    @property
    def name(self) -> str:
        """What its spans are called."""

    def check(self, body: Body) -> None:
        """Raise RequestError when the parts of a body that the proxy reads have the wrong type."""

    def request_slots(self, body: Body) -> list[Slot]:
        """Return the texts of a request."""

    def unscannable(self, body: Body) -> str:
        """Name the parameter that carries text in a form no guard can read; empty when there is none."""

    def input_messages(self, body: Body) -> list[Message]:
        """Return a request's messages as a span keeps them."""

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return the texts of an answer that was not streamed."""

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return the texts in which an answer may repeat its request."""

    def output_messages(self, answer: Body) -> list[Message]:
        """Return an answer's messages as a span keeps them."""

    def wire(self, body: Body, *, hides_usage: bool) -> Wire:
        """Return how the answer to a request is streamed."""


def expect(body: Body, name: str, kind: type | tuple[type, ...], expected: str) -> None:
    """Raise RequestError unless a parameter is missing, null, or of a type."""
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise wrong_type(name, expected, value)


def wrong_type(name: str, expected: str, value: object) -> RequestError:
    """Return the error for a parameter of the wrong type; it never quotes the value."""
    return invalid(
        f"Invalid type for '{name}': expected {expected}, but got {_kind(value)} instead.",
        param=name,
        code="invalid_type",
    )


def missing(name: str) -> RequestError:
    """Return the error for a parameter that must be there."""
    return invalid(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


_SCHEMAS = frozenset({"tools", "functions", "response_format", "text"})
_ABOUT_THE_USER = frozenset({"prediction", "suffix", "user", "safety_identifier", "metadata"})
_SETTINGS = frozenset(
    {
        "audio", "background", "betas", "cache_control", "container", "context_management", "conversation", "diagnostics",
        "dimensions", "encoding_format", "frequency_penalty", "function_call", "logit_bias", "logprobs",
        "image", "include", "inference_geo", "max_completion_tokens", "max_output_tokens", "max_tokens", "max_tool_calls",
        "modalities", "moderation", "n", "output_config", "previous_response_id", "reasoning", "speed", "thinking", "top_k",
        "truncation", "parallel_tool_calls",
        "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning_effort", "seed", "service_tier", "store", "stream_options", "temperature", "tool_choice", "top_logprobs", "top_p",
        "verbosity",
    }
)  # fmt: skip
"""Parameters whose values are words of the protocol, as long as they look like it."""
_READ_BY_THE_PROXY = frozenset({"model", "stream"})
_NOTHING: frozenset[str] = frozenset()


def parameter_slots(body: Body, *, besides: str, nor: frozenset[str] = _NOTHING) -> Iterator[Slot]:
    """Return the texts of all parameters but one, or some. A parameter nobody knows may carry anything."""
    for name, value in body.items():
        if (
            not isinstance(value, str | list | dict)
            or name == besides
            or name in nor
            or name in _READ_BY_THE_PROXY
        ):
            continue
        place: Place = "user" if name in _ABOUT_THE_USER else "context"
        if isinstance(value, str):
            if value and not (name in _SETTINGS and is_machinery(value)):
                yield Slot(body, name, place)
        elif name in _SCHEMAS:
            yield from every_text(value, "system", technical=OF_SCHEMAS)
        elif name in _SETTINGS:
            yield from (slot for slot in every_text(value, place) if not is_machinery(slot.text))
        else:
            technical = _NOTHING if place == "user" else TECHNICAL
            yield from every_text(value, place, technical=technical)


def prompt_slots(body: Body, name: str) -> list[Slot]:
    """Return the texts of a parameter that is one text or a list of them."""
    value = body.get(name)
    if isinstance(value, str):
        return [Slot(body, name, "user")]
    if isinstance(value, list):
        return [Slot(value, index, "user") for index, item in enumerate(value) if isinstance(item, str)]
    return []


def has_tokens(value: Any) -> bool:
    """True for a prompt given as token numbers."""
    return isinstance(value, list) and any(not isinstance(item, str) for item in value)


def prompt_messages(value: Any) -> list[Message]:
    """Return the texts of a prompt as messages of a span."""
    if isinstance(value, str):
        return [{"role": "input", "content": value}]
    if isinstance(value, list) and not has_tokens(value):
        return [{"role": "input", "content": item} for item in value]
    return []


_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number")
