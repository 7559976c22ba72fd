"""The models that come with Parapet, reachable in every project where there is a guard server."""

from uuid import UUID

from inference_proxy.snapshot import Route, Target, UpstreamConfig

REDACTOR = "parapet/redactor"
MODERATION = "parapet/moderation"
EMBEDDING = "parapet/embedding"
PATHS = {REDACTOR: "/chat/completions", MODERATION: "/moderations", EMBEDDING: "/embeddings"}
"""What each of them answers."""

HOUSE = UpstreamConfig(
    id=UUID("7c9a0f6e-0000-4000-8000-000000000001"),
    name="parapet",
    provider="parapet",
    protocol="house",
    base_url="",
)
"""The guard server, seen as an upstream."""
HOUSE_ROUTES = {
    model: Route(model=model, targets=(Target(upstream_id=HOUSE.id, model=model),), max_retries=1)
    for model in PATHS
}
