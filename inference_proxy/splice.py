"""The client's request as it goes upstream: its own bytes, but for what must differ."""

from typing import Any

import orjson

from inference_proxy.errors import invalid


def parse(raw: bytes) -> dict[str, Any]:
    """Read a request's body. Raises RequestError for anything but a JSON object."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid(
            f"We could not parse the JSON body of your request: {error}.", code="invalid_json"
        ) from None
    if not isinstance(body, dict):
        raise invalid("The body of the request must be a JSON object.", code="invalid_json")
    return body


def outgoing(raw: bytes, body: dict[str, Any], *, model: str, include_usage: bool, is_edited: bool) -> bytes:
    """Return the bytes to send to one destination.

    What was sent travels as it was sent, except for another name of the model, the request for usage, and
    what guards edited in `body`. A body that says something twice is written anew from what was checked,
    so that no upstream can read another meaning into it than the proxy did.
    """
    renamed = body["model"] != model
    asks_anew = include_usage and not _asks_for_usage(body)
    if not (is_edited or renamed or raw.count(b'"model"') != 1):
        if not asks_anew:
            return raw
        if b'"stream_options"' not in raw:
            start = raw.index(b"{") + 1
            return b'%b"stream_options":{"include_usage":true},%b' % (raw[:start], raw[start:])
    changes: dict[str, Any] = {"model": model}
    if asks_anew:
        changes["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    try:
        return orjson.dumps({**body, **changes})
    except (TypeError, ValueError):
        raise invalid("The body of the request is nested too deeply.", code="invalid_json") from None


def _asks_for_usage(body: dict[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))
