"""All that the proxy and the receiver know of the world, as one immutable value.

The console publishes a snapshot as JSON; `parse` checks it; `Current` swaps it in whole.
A request keeps the snapshot it began with.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import orjson

from guardrails.permits import Permit
from guardrails.policy import GuardConfig, Policy, Scope, Source, Style
from guardrails.verdict import PLACES, Action
from inference_proxy.fields import FieldError, Fields
from ingest.keys import KeyGrant, KeyHash, KeyRing

REDIS_KEY = "parapet:snapshot"
"""Where the console puts the newest snapshot."""
REDIS_CHANNEL = "parapet:snapshot"
"""Where it then says that there is a new one."""

Protocol = Literal["openai", "anthropic", "demo", "house"]


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
class ScopedPolicy:
    """What is in force for calls with one key, of one route, or both: the project's policy and what those add."""

    key_id: UUID | None = None
    route: str = ""
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectConfig:
    """What is particular to one project."""

    id: UUID
    slug: str
    routes: tuple[Route, ...] = ()
    policy: Policy | None = None
    """In force on every path: proxied calls before they leave, and spans before they are stored."""
    scoped: tuple[ScopedPolicy, ...] = ()
    """What is in force instead where a key or a route adds guards of its own."""
    stores_messages: bool = True
    permits: tuple[Permit, ...] = ()
    """What people let pass of what guards held, the newest last."""

    def policy_for(self, key_id: UUID | None, route: str = "") -> Policy | None:
        """Return what is in force for calls with a key of a route."""
        if not self.scoped:
            return self.policy
        found = {(each.key_id, each.route): each.policy for each in self.scoped}
        nearest = ((key_id, route), (key_id, ""), (None, route))
        return next((found[scope] for scope in nearest if scope in found), self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Keys, upstreams, routes and policies in force since one moment."""

    version: str
    keys: KeyRing
    projects: Mapping[UUID, ProjectConfig]
    upstreams: Mapping[UUID, UpstreamConfig]
    console_url: str = ""
    """Where people look; empty when nobody said."""


class SnapshotError(ValueError):
    """The bytes are no snapshot; the message names the field that is wrong."""


def dump(snapshot: Snapshot) -> bytes:
    """Return a snapshot as JSON, the form in which the console publishes it."""
    return orjson.dumps(
        {
            "version": snapshot.version,
            "keys": {hashed: _dump_grant(grant) for hashed, grant in snapshot.keys.grants.items()},
            "projects": [_dump_project(project) for project in snapshot.projects.values()],
            "upstreams": [asdict(upstream) for upstream in snapshot.upstreams.values()],
            "console_url": snapshot.console_url,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def parse(data: bytes) -> Snapshot:
    """Read a snapshot back. Raises SnapshotError naming the first field that is wrong.

    Fields this version does not know are ignored, so that a newer console can publish to it.
    """
    try:
        document = Fields(orjson.loads(data))
        snapshot = Snapshot(
            version=document.text("version"),
            keys=KeyRing(
                {KeyHash(key): grant for key, grant in document.each_of_map("keys", _grant).items()}
            ),
            projects={project.id: project for project in document.each("projects", _project)},
            upstreams={upstream.id: upstream for upstream in document.each("upstreams", _upstream)},
            console_url=document.text("console_url", ""),
        )
    except orjson.JSONDecodeError as error:
        raise SnapshotError(f"snapshot is not JSON: {error}") from None
    except FieldError as error:
        raise SnapshotError(f"snapshot: {error}") from None
    _check_references(snapshot)
    return snapshot


def _check_references(snapshot: Snapshot) -> None:
    for grant in snapshot.keys.grants.values():
        if grant.project_id not in snapshot.projects:
            raise SnapshotError(f"snapshot: key {grant.name!r} names unknown project {grant.project_id}")
    for project in snapshot.projects.values():
        for route in project.routes:
            for target in route.targets:
                if target.upstream_id not in snapshot.upstreams:
                    raise SnapshotError(
                        f"snapshot: route {route.model!r} of project {project.slug!r} "
                        f"names unknown upstream {target.upstream_id}"
                    )


def _dump_grant(grant: KeyGrant) -> dict[str, Any]:
    return asdict(grant) | {
        "scopes": sorted(grant.scopes),
        "models": None if grant.models is None else sorted(grant.models),
    }


def _dump_project(project: ProjectConfig) -> dict[str, Any]:
    scoped = [asdict(each) | {"policy": _dump_policy(each.policy)} for each in project.scoped]
    return asdict(project) | {"policy": _dump_policy(project.policy), "scoped": scoped}


def _dump_policy(policy: Policy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    guards = [asdict(guard) | {"places": sorted(guard.places)} for guard in policy.guards]
    return asdict(policy) | {"guards": guards, "before": _dump_policy(policy.before)}


_SCOPES = ("proxy", "ingest", "api")


def _grant(fields: Fields) -> KeyGrant:
    scopes, models = fields.texts("scopes"), fields.texts("models")
    return KeyGrant(
        id=fields.uuid("id"),
        project_id=fields.uuid("project_id"),
        project=fields.text("project"),
        name=fields.text("name"),
        environment=fields.text("environment", ""),
        scopes=frozenset(_SCOPES if scopes is None else scopes),
        models=None if models is None else frozenset(models),
        requests_per_minute=fields.optional_count("requests_per_minute"),
        tokens_per_minute=fields.optional_count("tokens_per_minute"),
        budget_usd_per_day=_money(fields, "budget_usd_per_day"),
        expires_at=fields.optional_time("expires_at"),
    )


def _money(fields: Fields, name: str) -> str | None:
    value = fields.optional_text(name)
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise fields.fail(name, f"must be a decimal number of US dollars, not {value!r}") from None
    if not amount.is_finite() or amount < 0:
        raise fields.fail(name, f"must be an amount of at least 0, not {value!r}")
    return value


def _project(fields: Fields) -> ProjectConfig:
    return ProjectConfig(
        id=fields.uuid("id"),
        slug=fields.text("slug"),
        routes=fields.each("routes", _route),
        policy=fields.optional("policy", _policy),
        scoped=fields.each("scoped", _scoped),
        stores_messages=fields.flag("stores_messages", True),
        permits=fields.each("permits", _permit),
    )


def _permit(fields: Fields) -> Permit:
    return Permit(
        escalation_id=fields.uuid("escalation_id"),
        by=fields.text("by"),
        expires_at_s=fields.count("expires_at_s"),
        is_once=fields.flag("is_once", False),
        fingerprints=fields.texts("fingerprints") or (),
    )


def _scoped(fields: Fields) -> ScopedPolicy:
    policy = fields.optional("policy", _policy)
    if policy is None:
        raise fields.fail("policy", "is missing")
    has_key = fields.optional_text("key_id") is not None
    return ScopedPolicy(
        key_id=fields.uuid("key_id") if has_key else None, route=fields.text("route", ""), policy=policy
    )


def _route(fields: Fields) -> Route:
    targets = fields.each("targets", _target)
    if not targets:
        raise fields.fail("targets", "must name at least one target")
    return Route(model=fields.text("model"), targets=targets, max_retries=fields.count("max_retries", 2))


def _target(fields: Fields) -> Target:
    return Target(upstream_id=fields.uuid("upstream_id"), model=fields.text("model", ""))


def _policy(fields: Fields) -> Policy:
    return Policy(
        id=fields.uuid("id"),
        name=fields.text("name"),
        version=fields.count("version"),
        guards=fields.each("guards", _guard),
        rollout_percent=fields.count("rollout_percent", 100),
        before=fields.optional("before", _policy),
        remembers_s=fields.count("remembers_s", 0),
        sources=fields.each_of_map("sources", _source),  # type: ignore[arg-type]
    )


def _source(fields: Fields) -> Source:
    return Source(id=fields.uuid("id"), name=fields.text("name"), version=fields.count("version"))


def _guard(fields: Fields) -> GuardConfig:
    places = fields.texts("places")
    unknown = set(places or ()) - set(PLACES)
    if unknown:
        raise fields.fail("places", f"names unknown places {sorted(unknown)}; known: {list(PLACES)}")
    return GuardConfig(
        name=fields.text("name"),
        kind=fields.text("kind"),
        action=fields.choice("action", Action),
        places=frozenset(place for place in PLACES if places is None or place in places),
        on_error=fields.choice("on_error", Literal["allow", "block"], "block"),
        deadline_ms=fields.count("deadline_ms", 2_000),
        mode=fields.choice("mode", Literal["hold", "observe"], "hold"),
        is_shadow=fields.flag("is_shadow", False),
        actions=fields.map("actions"),
        threshold=fields.number("threshold", 0.0),
        thresholds=fields.map("thresholds"),
        rollout_percent=fields.count("rollout_percent", 100),
        replacement=fields.choice("replacement", Style, "placeholder"),
        replacement_text=fields.text("replacement_text", ""),
        scope=fields.choice("scope", Scope, ""),
        parameters=fields.map("parameters"),
    )


def _upstream(fields: Fields) -> UpstreamConfig:
    return UpstreamConfig(
        id=fields.uuid("id"),
        name=fields.text("name"),
        provider=fields.text("provider", ""),
        protocol=fields.choice("protocol", Protocol),
        base_url=fields.text("base_url", ""),
        sealed_api_key=fields.text("sealed_api_key", ""),
        headers=fields.text_map("headers"),
        connect_timeout_s=fields.seconds("connect_timeout_s", 5.0),
        idle_timeout_s=fields.seconds("idle_timeout_s", 60.0),
        total_timeout_s=fields.seconds("total_timeout_s", 900.0),
    )
