"""Answers in OTLP's form: protobuf to those who sent protobuf, JSON to those who sent JSON."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingest.formats.wire import Rejection

Send = Callable[[dict[str, Any]], Awaitable[None]]
Form = Literal["protobuf", "json"]

MEDIA_TYPES: dict[Form, bytes] = {"protobuf": b"application/x-protobuf", "json": b"application/json"}
MAX_NAMED = 8
"""How many rejected spans are named in the message of one answer."""

# google.rpc.Code for each HTTP status we answer with.
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}


class RefusedError(Exception):
    """The request is answered with an error status and a sentence that says what to do."""

    def __init__(self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def not_now(status: Literal[429, 503], message: str, *, retry_after_s: int) -> RefusedError:
    """Ask the sender to keep its spans and come back."""
    return RefusedError(status, message, [(b"retry-after", str(retry_after_s).encode())])


async def accepted(send: Send, form: Form, rejections: Sequence[Rejection]) -> None:
    """Answer 200; spans that were not accepted are counted and the first of them named."""
    message = _summary(rejections)
    if form == "json":
        partial = {"rejectedSpans": str(len(rejections)), "errorMessage": message}
        body = orjson.dumps({"partialSuccess": partial if rejections else {}})
    elif rejections:
        response = ExportTraceServiceResponse()
        response.partial_success.rejected_spans = len(rejections)
        response.partial_success.error_message = message
        body = response.SerializeToString()
    else:
        body = b""
    await reply(send, 200, MEDIA_TYPES[form], body)


async def refused(send: Send, form: Form, error: RefusedError) -> None:
    """Answer with a `google.rpc.Status`."""
    code = _CODES[error.status]
    if form == "json":
        body = orjson.dumps({"code": code, "message": error.message})
    else:
        body = _status(code, error.message)
    await reply(send, error.status, MEDIA_TYPES[form], body, error.headers)


async def reply(
    send: Send, status: int, media_type: bytes, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Send a whole answer."""
    start = [(b"content-type", media_type), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


def _summary(rejections: Sequence[Rejection]) -> str:
    named = "; ".join(map(str, rejections[:MAX_NAMED]))
    more = len(rejections) - MAX_NAMED
    return f"{named}; and {more} more" if more > 0 else named


def _status(code: int, message: str) -> bytes:
    """Encode google.rpc.Status: field 1 a varint, field 2 a string. Not worth another dependency."""
    text = message.encode("utf-8", "replace")
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
