"""What an upstream's answer says, read without trusting its shape."""

import contextlib
from typing import Any

import orjson

from inference_proxy.relay import payloads, split_events


def without_usage(events: bytes) -> bytes:
    """Leave out the chunk that only reports usage: the caller did not ask for it."""
    return b"".join(event for event in split_events(events) if not _is_usage_only(event))


def _is_usage_only(event: bytes) -> bool:
    for payload in payloads(event):
        with contextlib.suppress(orjson.JSONDecodeError):
            chunk = orjson.loads(payload)
            return isinstance(chunk, dict) and chunk.get("choices") == [] and bool(chunk.get("usage"))
    return False


def described(content: bytes) -> tuple[str | None, str]:
    """Return message and type of an error in OpenAI's shape; no message when it has another shape."""
    try:
        error = orjson.loads(content)["error"]
        return str(error["message"]), str(error.get("type") or error.get("code") or "")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None, ""


def finish_reason(answer: dict[str, Any]) -> str:
    """Return why the first choice of an answer ended; empty when it does not say."""
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return str(choices[0].get("finish_reason") or "")
    return ""
