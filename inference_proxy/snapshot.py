"""All that the proxy and the receiver know of the world, as one immutable value.

The console publishes a snapshot as JSON; `parse` checks it; `Current` swaps it in whole.
A request keeps the snapshot it began with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from guardrails.policy import Policy
from ingest.keys import KeyRing

Protocol = Literal["openai", "anthropic", "demo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamConfig:
    """Where a provider answers, and with which key."""

    id: UUID
    name: str
    provider: str
    """The name prices are looked up by: openai, anthropic, groq, ... or empty when unknown."""
    protocol: Protocol
    base_url: str
    sealed_api_key: str = ""
    """See `sealing`; bound to the upstream's id and base URL."""
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_timeout_s: float = 5.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place a route may send a call to."""

    upstream_id: UUID
    model: str
    """The model's name at the upstream; empty to pass on the name the client used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A model name clients may ask for, and who answers: the first target, then the others in order."""

    model: str
    """An exact name, or a prefix that ends in `*`."""
    targets: tuple[Target, ...]
    max_retries: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectConfig:
    """What is particular to one project."""

    id: UUID
    slug: str
    routes: tuple[Route, ...] = ()
    policy: Policy | None = None
    """In force on every path: proxied calls before they leave, and spans before they are stored."""
    stores_messages: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Keys, upstreams, routes and policies in force since one moment."""

    version: str
    keys: KeyRing
    projects: Mapping[UUID, ProjectConfig]
    upstreams: Mapping[UUID, UpstreamConfig]
