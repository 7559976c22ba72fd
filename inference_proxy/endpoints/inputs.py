"""What embeddings and moderations have in common: texts go in, numbers come out, in one piece."""

from inference_proxy.endpoints.base import Body, missing, wrong_type
from inference_proxy.errors import invalid
from inference_proxy.texts import Slot
from inference_proxy.wires.chat import ChatWire
from ingest.records import Message


class NumbersFromInput:
    """An operation that reads `input` and answers with numbers, which are no text and are not kept."""

    plural: str
    """What errors call its answers."""

    def check(self, body: Body) -> None:
        """Raise RequestError when there is no input, or the answer is to be streamed."""
        value = body.get("input")
        if value is None:
            raise missing("input")
        if not isinstance(value, str | list):
            raise wrong_type("input", "a string or an array", value)
        if not value:
            raise invalid("'input' must not be empty.", param="input", code="empty_array")
        if body.get("stream"):
            raise invalid(f"{self.plural} cannot be streamed.", param="stream")

    def answer_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: numbers are no text."""
        return []

    def echo_slots(self, answer: Body) -> list[Slot]:
        """Return nothing: the request is not repeated."""
        return []

    def output_messages(self, answer: Body) -> list[Message]:
        """Return nothing: numbers are not kept."""
        return []

    def wire(self, body: Body, *, hides_usage: bool) -> ChatWire:
        """Return what would read a stream; numbers do not come in one."""
        return ChatWire(hides_usage=hides_usage)
