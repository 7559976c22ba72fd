"""What Chat Completions and Messages have in common: a list of messages, of which the newest are the user's."""

from collections.abc import Iterator
from typing import Any

from inference_proxy.endpoints.base import Body, missing, wrong_type
from inference_proxy.errors import invalid
from ingest.records import Message


def checked_messages(body: Body) -> Iterator[tuple[str, Message]]:
    """Yield each message and what errors call it. Raise RequestError when there are none, or one has no role."""
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise invalid("'messages' must contain at least one message.", param="messages", code="empty_array")
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        if not isinstance(message, dict):
            raise wrong_type(at, "an object", message)
        role = message.get("role")
        if role is None:
            raise missing(f"{at}.role")
        if not isinstance(role, str):
            raise wrong_type(f"{at}.role", "a string", role)
        yield at, message


def end_of_history(messages: list[Any]) -> int:
    """Return the index of the first message after the last one of the assistant."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "assistant":
            return index + 1
    return 0
