"""What the proxy must know about an endpoint: where its texts stand, in the request and in the answer."""

from typing import Any, Protocol

from inference_proxy.errors import RequestError, invalid
from inference_proxy.texts import Slot
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

    def output_messages(self, answer: Body) -> list[Message]:
        """Return an answer's messages as a span keeps them."""


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
