"""Which upstreams may answer a model name, compiled once from each snapshot."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from uuid import UUID

from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from inference_proxy.errors import RequestError
from inference_proxy.house import HOUSE, HOUSE_ROUTES
from inference_proxy.permits import ProjectPermits, Takings
from inference_proxy.snapshot import ProjectConfig, Route, Snapshot, UpstreamConfig
from inference_proxy.upstreams.base import Upstream
from ingest.keys import KeyGrant, KeyRing

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One upstream, and the name it knows the model by."""

    config: UpstreamConfig
    model: str
    upstream: Upstream | None
    """None when the upstream cannot be used; `problem` says why."""
    problem: str = ""
    secret: str = field(default="", repr=False)
    """The provider key, so that it can be kept out of what goes back to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where one call may go: each destination in turn, and how many rounds of that."""

    route: str
    destinations: tuple[Destination, ...]
    max_retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An upstream ready for use, or the reason why it is not."""

    upstream: Upstream | None
    problem: str = ""
    secret: str = field(default="", repr=False)


Open = Callable[[UpstreamConfig], Opened]


class ProjectRoutes:
    """The model names of one project."""

    def __init__(
        self,
        project: ProjectConfig,
        opened: Mapping[UUID, Opened],
        upstreams: Mapping[UUID, UpstreamConfig],
        house: Mapping[str, Route],
        *,
        takings: Takings | None = None,
        console_url: str = "",
    ) -> None:
        self.project = project
        self.permits = ProjectPermits(project.permits, takings)
        self.escalated_url = (
            f"{console_url.rstrip('/')}/p/{project.slug}/guards/escalated/" if console_url else ""
        )
        """Where people decide about what guards held; empty when nobody said."""
        self._opened = opened
        self._upstreams = upstreams
        own = {route.model: route for route in project.routes if not route.model.endswith("*")}
        self._exact = {**house, **own}
        self._prefixes = sorted(
            (route for route in project.routes if route.model.endswith("*")),
            key=lambda route: len(route.model),
            reverse=True,
        )
        self._redaction_keys: RedactionKeys | None = None
        self._plans: dict[str, Plan] = {}
        self._policies: dict[tuple[UUID, str], Policy | None] = {}

    def redaction_keys(self, pepper: bytes) -> RedactionKeys:
        """Return the keys with which the project's guards hash and encrypt."""
        if self._redaction_keys is None:
            self._redaction_keys = RedactionKeys.derive(pepper, self.project.id)
        return self._redaction_keys

    def plan(self, model: str, grant: KeyGrant, *, otherwise: str = "") -> Plan:
        """Return where a call goes. Raises RequestError for a model that is unknown or not for this key.

        `otherwise` names the model that answers when this one is unknown, or when none of its upstreams does.
        """
        if otherwise in self._exact and model != otherwise:
            last = self._exact_plan(otherwise, grant)
            if last is not None:
                try:
                    first = self.plan(model, grant)
                except RequestError:
                    return last
                return replace(first, destinations=(*first.destinations, *last.destinations))
        if grant.models is not None and model not in grant.models:
            raise self._unknown(model, grant)
        plan = self._plans.get(model)
        if plan is None:
            route = self._find(model)
            if route is None:
                raise self._unknown(model, grant)
            plan = self._compile(route, model)
            if len(self._plans) < 1_000:
                self._plans[model] = plan
        return plan

    def policy(self, model: str, grant: KeyGrant) -> Policy | None:
        """Return the policy in force for a call of a model with a key."""
        if not self.project.scoped:
            return self.project.policy
        route = self._find(model)
        scope = grant.id, route.model if route else ""
        if scope not in self._policies:
            self._policies[scope] = self.project.policy_for(*scope)
        return self._policies[scope]

    def _exact_plan(self, model: str, grant: KeyGrant) -> Plan | None:
        if grant.models is not None and model not in grant.models:
            return None
        return self._compile(self._exact[model], model)

    def names(self, grant: KeyGrant) -> list[str]:
        """Return the model names a key may call; prefixes show up through the names a key is limited to."""
        if grant.models is not None:
            return sorted(model for model in grant.models if self._find(model) is not None)
        return sorted(self._exact)

    def owner(self, model: str) -> str:
        """Return the provider that answers a model first."""
        route = self._find(model)
        return self._upstreams[route.targets[0].upstream_id].provider if route else ""

    def _find(self, model: str) -> Route | None:
        exact = self._exact.get(model)
        if exact is not None:
            return exact
        return next((route for route in self._prefixes if model.startswith(route.model[:-1])), None)

    def _compile(self, route: Route, model: str) -> Plan:
        destinations = []
        for target in route.targets:
            opened = self._opened[target.upstream_id]
            destinations.append(
                Destination(
                    config=self._upstreams[target.upstream_id],
                    model=target.model or model,
                    upstream=opened.upstream,
                    problem=opened.problem,
                    secret=opened.secret,
                )
            )
        return Plan(route=route.model, destinations=tuple(destinations), max_retries=route.max_retries)

    def _unknown(self, model: str, grant: KeyGrant) -> RequestError:
        known = self.names(grant)
        near = get_close_matches(model[:200], known, n=1, cutoff=0.5)
        if near:
            hint = f"Did you mean {near[0]!r}?"
        elif known:
            hint = f"This key may call: {', '.join(known[:10])}{', …' if len(known) > 10 else ''}."
        else:
            hint = f"Project {self.project.slug!r} has no routes yet; add one under Settings in the console."
        return RequestError(
            404,
            f"The model {model[:200]!r} does not exist here. {hint}",
            code="model_not_found",
            param="model",
            for_the_record="The model does not exist here.",
        )


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Keys and routes of one snapshot, ready to be asked."""

    version: str
    keys: KeyRing
    projects: Mapping[UUID, ProjectRoutes]


def compile_routes(
    snapshot: Snapshot,
    *,
    open_upstream: Open,
    house: Upstream | None = None,
    takings: Takings | None = None,
) -> RouteTable:
    """Make a route table of a snapshot; an upstream that cannot be opened fails only the calls that need it.

    `house` answers for the models that come with Parapet, in every project.
    """
    opened = {upstream.id: open_upstream(upstream) for upstream in snapshot.upstreams.values()}
    for upstream_id, each in opened.items():
        if each.problem:
            logger.warning(
                "upstream %r cannot be used: %s", snapshot.upstreams[upstream_id].name, each.problem
            )
    upstreams = snapshot.upstreams
    if house is not None:
        opened[HOUSE.id] = Opened(upstream=house)
        upstreams = {**upstreams, HOUSE.id: HOUSE}
    return RouteTable(
        version=snapshot.version,
        keys=snapshot.keys,
        projects={
            project.id: ProjectRoutes(
                project,
                opened,
                upstreams,
                HOUSE_ROUTES if house else {},
                takings=takings,
                console_url=snapshot.console_url,
            )
            for project in snapshot.projects.values()
        },
    )
