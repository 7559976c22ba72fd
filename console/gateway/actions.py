"""What can be done to upstreams and routes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from console.accounts import audit
from console.accounts.models import Project, User
from console.gateway.addresses import checked_base_url, checked_headers
from console.gateway.models import ModelRoute, Origin, Protocol, RouteTarget, Upstream
from console.gateway.publish import publish_on_commit
from inference_proxy.sealing import seal, upstream_binding

DEMO_NAME, DEMO_MODEL = "demo", "parapet/demo"
MAX_TIMEOUT_S = 3_600.0
MAX_RETRIES = 5


class GatewayError(ValueError):
    """An upstream or route cannot be saved as asked; the message says why."""


@transaction.atomic
def add_upstream(
    *,
    project: Project,
    name: str,
    base_url: str,
    by: User | None,
    api_key: str = "",
    provider: str = "",
    protocol: str = Protocol.OPENAI,
    headers: Mapping[str, str] | None = None,
    origin: str = Origin.CONSOLE,
    **options: Any,
) -> Upstream:
    """Add an upstream. `options` are its timeouts and `is_enabled`."""
    upstream = Upstream(
        project=project,
        name=_checked_name(name),
        provider=provider,
        protocol=_checked_protocol(protocol),
        base_url="" if protocol == Protocol.DEMO else checked_base_url(base_url),
        headers=checked_headers(headers or {}),
        origin=origin,
        **_checked_options(options),
    )
    _put_key(upstream, api_key)
    _save(upstream)
    audit.record(project=project, by=by, action="upstream.added", target=upstream.name, **_public(upstream))
    publish_on_commit()
    return upstream


@transaction.atomic
def change_upstream(
    *, upstream: Upstream, by: User | None, api_key: str | None = None, **changes: Any
) -> Upstream:
    """Change an upstream's fields. A new base URL voids the stored key; `api_key` replaces it, "" removes it.

    Were the key kept, whoever may change an address could have it sent to an address of their own.
    """
    upstream = Upstream.objects.select_for_update().select_related("project").get(pk=upstream.pk)
    before = _public(upstream)
    if "name" in changes:
        upstream.name = _checked_name(changes.pop("name"))
    if "base_url" in changes and upstream.protocol != Protocol.DEMO:
        base_url = checked_base_url(changes.pop("base_url"))
        if base_url != upstream.base_url:
            upstream.base_url, upstream.sealed_api_key, upstream.key_last4 = base_url, "", ""
    if "headers" in changes:
        upstream.headers = checked_headers(changes.pop("headers"))
    if "protocol" in changes:
        upstream.protocol = _checked_protocol(changes.pop("protocol"))
    if "provider" in changes:
        upstream.provider = changes.pop("provider")
    for field, value in _checked_options(changes).items():
        setattr(upstream, field, value)
    if api_key is not None:
        _put_key(upstream, api_key)
    _save(upstream)
    after = _public(upstream)
    changed = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if api_key:
        changed["api_key"] = ["", "replaced"]
    if not changed:
        return upstream
    audit.record(
        project=upstream.project, by=by, action="upstream.changed", target=upstream.name, changed=changed
    )
    publish_on_commit()
    return upstream


@transaction.atomic
def remove_upstream(*, upstream: Upstream, by: User | None) -> None:
    """Remove an upstream, its targets, and the routes that then lead nowhere."""
    routes = list(ModelRoute.objects.filter(targets__upstream=upstream).distinct())
    project, name, last = upstream.project, upstream.name, _public(upstream)
    upstream.delete()
    orphaned = [route for route in routes if not route.targets.exists()]
    for route in orphaned:
        route.delete()
    audit.record(
        project=project,
        by=by,
        action="upstream.removed",
        target=name,
        **last,
        routes_removed=[route.pattern for route in orphaned],
    )
    publish_on_commit()


@transaction.atomic
def save_route(
    *,
    project: Project,
    pattern: str,
    targets: Sequence[tuple[Upstream, str]],
    by: User | None,
    route: ModelRoute | None = None,
    max_retries: int = 2,
) -> ModelRoute:
    """Add a route, or change one: a model pattern and the upstreams that answer it, in order."""
    pattern = pattern.strip()
    if not pattern or len(pattern) > 200 or "*" in pattern[:-1] or any(map(str.isspace, pattern)):
        raise GatewayError(f"a route is a model's name or a prefix ending in *, not {pattern!r}")
    if not targets:
        raise GatewayError(f"route {pattern!r} needs at least one upstream")
    if any(upstream.project_id != project.pk for upstream, _ in targets):
        raise GatewayError(f"route {pattern!r} may only lead to upstreams of its own project")
    if not 0 <= max_retries <= MAX_RETRIES:
        raise GatewayError(f"a route retries 0 to {MAX_RETRIES} times, not {max_retries}")
    namesake = project.routes.filter(pattern=pattern).first()
    if namesake is not None and namesake != route:
        raise GatewayError(f"there is a route {pattern!r} already; change that one")
    action = "route.changed" if route else "route.added"
    route = route or ModelRoute(project=project)
    route.pattern, route.max_retries = pattern, max_retries
    route.save()
    route.targets.all().delete()
    RouteTarget.objects.bulk_create(
        RouteTarget(route=route, upstream=upstream, model=model.strip(), position=position)
        for position, (upstream, model) in enumerate(targets)
    )
    audit.record(
        project=project,
        by=by,
        action=action,
        target=pattern,
        targets=[{"upstream": upstream.name, "model": model.strip()} for upstream, model in targets],
        max_retries=max_retries,
    )
    publish_on_commit()
    return route


@transaction.atomic
def remove_route(*, route: ModelRoute, by: User | None) -> None:
    """Remove a route; apps that ask for its models are told that there is none."""
    project, pattern = route.project, route.pattern
    route.delete()
    audit.record(project=project, by=by, action="route.removed", target=pattern)
    publish_on_commit()


@transaction.atomic
def add_demo(*, project: Project, by: User | None) -> Upstream:
    """Give a project the model that answers without any provider."""
    upstream = add_upstream(
        project=project, name=DEMO_NAME, base_url="", provider="", protocol=Protocol.DEMO, by=by
    )
    save_route(project=project, pattern=DEMO_MODEL, targets=[(upstream, "")], by=by)
    return upstream


def _put_key(upstream: Upstream, api_key: str) -> None:
    api_key = api_key.strip()
    if not api_key:
        upstream.sealed_api_key, upstream.key_last4 = "", ""
        return
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key or len(api_key) > 2_000:
        raise GatewayError("a provider key is one word of printable ASCII")
    upstream.sealed_api_key = seal(
        api_key,
        secret_key=settings.PARAPET_SECRET_KEY,
        bound_to=upstream_binding(upstream.id, upstream.base_url),
    )
    upstream.key_last4 = api_key[-4:] if len(api_key) >= 16 else ""


def _save(upstream: Upstream) -> None:
    try:
        with transaction.atomic():
            upstream.save()
    except IntegrityError:
        if (
            Upstream.objects.filter(project=upstream.project, name=upstream.name)
            .exclude(pk=upstream.pk)
            .exists()
        ):
            raise GatewayError(f"there is an upstream named {upstream.name!r} already") from None
        raise


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 64:
        raise GatewayError(f"an upstream's name has 1 to 64 characters, not {len(name)}")
    return name


def _checked_protocol(protocol: str) -> str:
    if protocol not in Protocol.values:
        raise GatewayError(f"a protocol is one of {', '.join(Protocol.values)}, not {protocol!r}")
    return protocol


def _checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in options.items():
        if name == "is_enabled":
            checked[name] = bool(value)
        elif name in {"connect_timeout_s", "idle_timeout_s", "total_timeout_s"}:
            if not 0 < value <= MAX_TIMEOUT_S:
                raise GatewayError(f"{name} must be more than 0 and at most {MAX_TIMEOUT_S:g}, not {value!r}")
            checked[name] = float(value)
        elif name != "base_url":
            raise TypeError(f"an upstream has no option {name!r}")
    return checked


def _public(upstream: Upstream) -> dict[str, Any]:
    """Return what may be read about an upstream: everything but its key."""
    return {
        "name": upstream.name,
        "provider": upstream.provider,
        "protocol": str(upstream.protocol),
        "base_url": upstream.base_url,
        "headers": upstream.headers,
        "has_key": upstream.has_key,
        "is_enabled": upstream.is_enabled,
        "connect_timeout_s": upstream.connect_timeout_s,
        "idle_timeout_s": upstream.idle_timeout_s,
        "total_timeout_s": upstream.total_timeout_s,
    }
