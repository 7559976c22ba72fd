"""Attributes that no dialect owns, and our own `parapet.*`, which speak before all others."""

from collections.abc import Iterable, Mapping
from typing import Any

from ingest.formats.draft import Draft
from ingest.formats.values import count, tags, take, text
from ingest.formats.wire import WireEvent

_OWN = {
    "parapet.session": "session_id",
    "parapet.user": "user_id",
    "parapet.feature": "feature",
    "parapet.environment": "environment",
    "parapet.prompt": "prompt_name",
}
_TEXTS = {
    "session.id": "session_id",
    "user.id": "user_id",
    "enduser.id": "user_id",
    "error.type": "error_type",
    "input.value": "raw_input",
    "output.value": "raw_output",
    "deployment.environment.name": "environment",
    "deployment.environment": "environment",
}


def read_own(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from `parapet.*`: what a sender says to us by name."""
    draft.take_texts(attributes, _OWN)
    draft.prompt_name, _, draft.prompt_version = draft.prompt_name.partition("@")
    if "parapet.tags" in attributes:
        draft.tags = tags(attributes.pop("parapet.tags"))


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill what is still open from the general conventions."""
    draft.take_texts(attributes, _TEXTS)
    if "tag.tags" in attributes:
        draft.tags = draft.tags or tags(attributes.pop("tag.tags"))
    if draft.kind == "embedding":
        # The answer of an embedding call is vectors.
        draft.raw_output = ""
    if draft.raw_input or draft.raw_output:
        take(attributes, "input.mime_type", "output.mime_type")
    status = take(attributes, "http.response.status_code", "http.status_code")
    if status is not None and draft.http_status is None:
        code = count(status)
        draft.http_status = code if code is not None and code < 1000 else None
    if draft.kind is None and (attributes.get("gen_ai.tool.name") or attributes.get("gen_ai.tool.call.id")):
        draft.kind = "tool"
    if draft.kind is None and (draft.model or draft.model_requested):
        draft.kind = "llm"


def read_resource(resource: Mapping[str, Any], draft: Draft) -> str:
    """Fill environment and release from the resource and return the service's name."""
    draft.environment = draft.environment or text(
        resource.get("deployment.environment.name")
        or resource.get("deployment.environment")
        or resource.get("langfuse.environment")
    )
    draft.release = draft.release or text(resource.get("langfuse.release") or resource.get("service.version"))
    return text(resource.get("service.name"))


def read_exceptions(events: Iterable[WireEvent], draft: Draft) -> list[WireEvent]:
    """Note what went wrong from exception events and return the other events."""
    others = []
    for event in events:
        if event.name in ("exception", "gen_ai.client.operation.exception"):
            draft.error_type = draft.error_type or text(event.attributes.get("exception.type"))
            draft.status_message = draft.status_message or text(event.attributes.get("exception.message"))
        else:
            others.append(event)
    return others
