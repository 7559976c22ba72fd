"""OTLP trace requests in protobuf."""

import base64
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.formats.wire import UnreadableRequestError, WireEvent, WireSpan

_STATUS_ERROR = 2


def decode(body: bytes) -> list[WireSpan]:
    """Return the spans of an `ExportTraceServiceRequest`. Raises UnreadableRequestError."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise UnreadableRequestError(
            "the body is not a protobuf ExportTraceServiceRequest with valid UTF-8 strings"
        ) from None
    spans: list[WireSpan] = []
    for resource_spans in request.resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            spans += [_span(span, resource, scope) for span in scope_spans.spans]
    return spans


def _span(span: Any, resource: dict[str, Any], scope: str) -> WireSpan:
    status = span.status
    return WireSpan(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [WireEvent(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
        status.code == _STATUS_ERROR,
        status.message,
        resource,
        scope,
        span.ByteSize(),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        # Most values are strings: asking for one first saves asking which kind it is.
        attributes[pair.key] = value.string_value or _value(value)
    return attributes


def _value(value: Any) -> Any:
    match value.WhichOneof("value"):
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value
        case "bool_value":
            return value.bool_value
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "string_value":
            return value.string_value
        case _:
            return None
