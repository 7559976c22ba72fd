"""What serving requests takes, and who may ask."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from guardrails.session import Detector
from inference_proxy.conversations import Conversations
from inference_proxy.dispatch import Dispatcher
from inference_proxy.errors import forbidden, unauthorized, unavailable
from inference_proxy.exchange import Exchange, Watchman
from inference_proxy.limits import Limiter
from inference_proxy.metrics import Metrics
from inference_proxy.recording import Recorder
from inference_proxy.routing import ProjectRoutes, RouteTable
from ingest.keys import KeyGrant


@dataclass(slots=True, kw_only=True)
class Serving:
    """What serving a request takes, shared by all of them."""

    pepper: bytes
    max_body_bytes: int
    max_in_flight: int
    drain_timeout_s: float
    max_drains: int
    metrics: Metrics
    limiter: Limiter
    dispatcher: Dispatcher
    recorder: Recorder
    detector: Detector | None
    conversations: Conversations | None = None
    """Where conversations keep their stand-ins; None without Redis."""
    watchman: Watchman = field(default_factory=Watchman)
    table: RouteTable | None = None
    """Of the newest snapshot; a request keeps the one it began with."""


def admit(serving: Serving, exchange: Exchange) -> tuple[KeyGrant, ProjectRoutes, str]:
    """Return who asks, and the key they showed. Raises RequestError for a key that is no good here."""
    table = serving.table
    if table is None:
        raise unavailable("This proxy has not received its keys and routes yet.", code="not_ready")
    scheme, _, credentials = exchange.header(b"authorization").partition(" ")
    key = (
        credentials.strip()
        if scheme.lower() == "bearer"
        else exchange.header(b"api-key") or exchange.header(b"x-api-key")
    )
    if not key:
        raise unauthorized("No API key. Send one of this project's keys as 'Authorization: Bearer pk_…'.")
    grant = table.keys.find(key, pepper=serving.pepper, now=datetime.now(UTC))
    if grant is None:
        raise unauthorized(
            "The API key is unknown or expired. Keys begin with pk_ and are made in the console."
        )
    if "proxy" not in grant.scopes:
        raise forbidden(f"The API key {grant.name!r} has no permission to call models (scope 'proxy').")
    return grant, table.projects[grant.project_id], key
