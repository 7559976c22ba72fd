"""The models a key may call."""

from typing import Any

from inference_proxy.errors import RequestError
from inference_proxy.routing import ProjectRoutes
from ingest.keys import KeyGrant


def models(routes: ProjectRoutes, grant: KeyGrant) -> dict[str, Any]:
    """Return the list as OpenAI's clients read it."""
    return {"object": "list", "data": [_model(routes, name) for name in routes.names(grant)]}


def one_model(routes: ProjectRoutes, grant: KeyGrant, name: str) -> dict[str, Any]:
    """Return one model. Raises RequestError when this key cannot call it."""
    routes.plan(name, grant)
    return _model(routes, name)


def _model(routes: ProjectRoutes, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": routes.owner(name) or "unknown"}


def only_get(method: str) -> None:
    """Raise RequestError for a method that reads nothing."""
    if method not in ("GET", "HEAD"):
        raise RequestError(
            405,
            f"{method} is not allowed here; use GET.",
            code="method_not_allowed",
            headers={"allow": "GET"},
        )
