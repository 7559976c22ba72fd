"""From a request's bytes to spans, and from records to the spool's bytes. Plain functions, fit for a thread."""

import logging
import traceback
from collections.abc import Sequence
from typing import NamedTuple

from ingest.formats import otlp, otlp_json, spans
from ingest.formats.bounds import bounded
from ingest.formats.wire import Rejection, WireSpan, label
from ingest.receiver.body import unpack
from ingest.receiver.replies import Form
from ingest.records import Record, Span, encode

log = logging.getLogger(__name__)


class Batch(NamedTuple):
    """What one request brought."""

    spans: list[Span]
    rejections: list[Rejection]


def read_batch(
    body: bytes, *, encoding: bytes, form: Form, origin: spans.Origin, max_bytes: int, now_ns: int
) -> Batch:
    """Read a body. Raises TooLargeError, UnpackError or UnreadableRequestError when none of it can be read.

    A span that came twice in the request is taken once: exporters resend what they think was lost.
    """
    if encoding:
        body = unpack(body, encoding, max_bytes=max_bytes)
    wired: Sequence[WireSpan | Rejection] = (
        otlp.decode(body) if form == "protobuf" else otlp_json.decode(body)
    )
    batch = Batch([], [])
    seen: set[tuple[str, str]] = set()
    for wire in wired:
        if isinstance(wire, Rejection):
            batch.rejections.append(wire)
            continue
        identity = (wire.trace_id, wire.span_id)
        if identity in seen:
            continue
        seen.add(identity)
        span = _read_span(wire, origin, now_ns)
        if isinstance(span, Rejection):
            batch.rejections.append(span)
        else:
            batch.spans.append(span)
    return batch


def _read_span(wire: WireSpan, origin: spans.Origin, now_ns: int) -> Span | Rejection:
    try:
        return spans.read(wire, origin, now_ns=now_ns)
    except RecursionError:
        return Rejection(label(wire.name, wire.span_id), "attributes are nested too deeply")
    except (AttributeError, TypeError, ValueError, LookupError, OverflowError) as error:
        # One span of a shape nobody thought of leaves the others alone.
        log.error("span %s could not be understood: %s", wire.span_id, whereabouts(error))
        return Rejection(label(wire.name, wire.span_id), "attributes could not be understood")


def encode_all(records: Sequence[Record]) -> tuple[list[bytes], list[Rejection]]:
    """Encode records for the spool, each part of a span within its bound. One that has no JSON form, as deep nesting may have none, is rejected."""
    payloads: list[bytes] = []
    rejections: list[Rejection] = []
    for record in records:
        try:
            payloads.append(encode(bounded(record) if isinstance(record, Span) else record))
        except TypeError:
            name = record.name if isinstance(record, Span) else type(record).__name__
            rejections.append(Rejection(label(name, record.span_id), "content is nested too deeply to store"))
    return payloads, rejections


def whereabouts(error: Exception) -> str:
    """Say what failed and where. An error's own words may quote what people wrote, and stay out of logs."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{each.name}:{each.lineno}" for each in reversed(frames))])
