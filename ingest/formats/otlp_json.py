"""OTLP trace requests in JSON: ids in hex, 64-bit numbers as strings, unknown fields ignored."""

from typing import Any

import orjson

from ingest.formats.wire import Rejection, UnreadableRequestError, WireEvent, WireSpan, label

_STATUS_ERROR = (2, "STATUS_CODE_ERROR")
_LARGE_BODY = 1024 * 1024
_MAX_DEPTH = 32
_NUMBERS = {"intValue": int, "doubleValue": float}


def decode(body: bytes) -> list[WireSpan | Rejection]:
    """Return the spans of a request; one that is not shaped like a span is a Rejection.

    Raises UnreadableRequestError when the body is not JSON or has no list of spans to look at.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableRequestError(f"the body is not JSON: {error.msg} at position {error.pos}") from None
    spans: list[WireSpan | Rejection] = []
    is_large = len(body) > _LARGE_BODY
    for resource_spans in _objects(_object(request, "the request"), "resourceSpans"):
        try:
            resource = _attributes((resource_spans.get("resource") or {}).get("attributes"))
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError) as error:
            raise UnreadableRequestError(
                f"resource.attributes is not a list of keys and values ({type(error).__name__})"
            ) from None
        for scope_spans in _objects(resource_spans, "scopeSpans"):
            scope = scope_spans.get("scope")
            scope_name = str(scope.get("name") or "") if isinstance(scope, dict) else ""
            spans += [
                # In a body that is small as a whole no span needs to be measured.
                _span(span, resource, scope_name, size=len(orjson.dumps(span)) if is_large else 0)
                for span in _objects(scope_spans, "spans")
            ]
    return spans


def _span(span: dict[str, Any], resource: dict[str, Any], scope: str, *, size: int) -> WireSpan | Rejection:
    name, span_id = str(span.get("name") or ""), str(span.get("spanId") or "").lower()
    try:
        status = span.get("status") or {}
        return WireSpan(
            str(span.get("traceId") or "").lower(),
            span_id,
            str(span.get("parentSpanId") or "").lower(),
            name,
            int(span.get("startTimeUnixNano") or 0),
            int(span.get("endTimeUnixNano") or 0),
            _attributes(span.get("attributes")),
            [_event(event) for event in span.get("events") or ()],
            status.get("code") in _STATUS_ERROR,
            str(status.get("message") or ""),
            resource,
            scope,
            size,
        )
    except RecursionError:
        return Rejection(label(name, span_id), "attributes are nested too deeply")
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        return Rejection(label(name, span_id), f"not shaped like a span ({type(error).__name__})")


def _event(event: dict[str, Any]) -> WireEvent:
    return WireEvent(
        str(event.get("name") or ""),
        int(event.get("timeUnixNano") or 0),
        _attributes(event.get("attributes")),
    )


def _attributes(pairs: Any, depth: int = 0) -> dict[str, Any]:
    return {str(pair["key"]): _value(pair.get("value") or {}, depth) for pair in pairs or ()}


def _value(value: dict[str, Any], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise RecursionError
    for kind, content in value.items():
        if kind in _NUMBERS:
            return _NUMBERS[kind](content)
        if kind == "arrayValue":
            return [_value(item, depth + 1) for item in content.get("values") or ()]
        if kind == "kvlistValue":
            return _attributes(content.get("values"), depth + 1)
        if kind in ("stringValue", "bytesValue"):
            return str(content)
        if kind == "boolValue":
            return bool(content)
    return None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableRequestError(f"{what} must be a JSON object, not {type(value).__name__}")
    return value


def _objects(parent: dict[str, Any], field: str) -> list[dict[str, Any]]:
    items = parent.get(field) or []
    if not isinstance(items, list):
        raise UnreadableRequestError(f"{field} must be a list, not {type(items).__name__}")
    return [_object(item, f"each of {field}") for item in items]
