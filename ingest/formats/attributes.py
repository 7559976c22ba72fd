"""What no field of a span holds is kept as text, up to a bound."""

from collections.abc import Mapping
from typing import Any

from ingest.formats.bounds import KEY, VALUE, roughly
from ingest.formats.values import as_json, text
from ingest.formats.wire import WireEvent

MAX_ATTRIBUTES = 128
MAX_EVENTS = 32
DROPPED = "parapet.attributes_dropped"
"""Says on the span how many attributes were too many."""

_NOISE = ("telemetry.", "process.", "service.name", "service.version", "deployment.environment")


def as_text(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return attributes as bounded text, the first ones where there are too many."""
    kept: dict[str, str] = {}
    for key, value in attributes.items():
        if len(kept) == MAX_ATTRIBUTES:
            kept[DROPPED] = str(len(attributes) - MAX_ATTRIBUTES)
            break
        kept[roughly(key, KEY)] = roughly(text(value), VALUE)
    return kept


def of_resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a resource says beyond the fields we keep, under `resource.`."""
    return {f"resource.{key}": value for key, value in resource.items() if not key.startswith(_NOISE)}


def of_events(events: list[WireEvent]) -> dict[str, Any]:
    """Return events that no dialect understood, as one attribute."""
    if not events:
        return {}
    listed = [
        {"name": event.name, "time_us": event.time_ns // 1_000} | event.attributes
        for event in events[:MAX_EVENTS]
    ]
    return {"otel.events": as_json(listed)}
