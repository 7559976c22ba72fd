"""OTLP trace requests in protobuf."""

import base64
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.formats.wire import UnreadableRequestError, WireEvent, WireSpan

_STATUS_ERROR = 2
_LARGE_BODY = 1024 * 1024


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
    is_large = len(body) > _LARGE_BODY
    for resource_spans in request.resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            spans += [_span(span, resource, scope, is_large) for span in scope_spans.spans]
    return spans


def _span(span: Any, resource: dict[str, Any], scope: str, is_large: bool) -> WireSpan:
    status = span.status
    return WireSpan(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [WireEvent(each.name, each.time_unix_nano, _attributes(each.attributes)) for each in span.events],
        status.code == _STATUS_ERROR,
        status.message,
        resource,
        scope,
        # Measuring costs as much as writing; in a body that is small as a whole there is nothing to measure.
        span.ByteSize() if is_large else 0,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        # Only one of them is set, and most are strings: asking for each first saves asking which kind it is.
        attributes[pair.key] = value.string_value or value.int_value or value.double_value or _value(value)
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
