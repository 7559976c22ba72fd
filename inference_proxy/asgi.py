"""Opens what the proxy needs, from its settings, and closes it again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from guardrails.client import GuardServer
from inference_proxy.app import App, build
from inference_proxy.conversations import Conversations
from inference_proxy.current import Current, sources_of
from inference_proxy.dispatch import Dispatcher
from inference_proxy.exchange import Receive, Scope, Send
from inference_proxy.limits import Limiter
from inference_proxy.metrics import Metrics
from inference_proxy.permits import Takings
from inference_proxy.recording import Recorder
from inference_proxy.routing import Opened, compile_routes
from inference_proxy.sealing import UnsealError, unseal, upstream_binding
from inference_proxy.serving import Serving
from inference_proxy.settings import Settings
from inference_proxy.snapshot import Snapshot, UpstreamConfig
from inference_proxy.upstreams.demo import DemoUpstream
from inference_proxy.upstreams.house import HouseUpstream
from inference_proxy.upstreams.http import HttpUpstream
from inference_proxy.upstreams.pool import Pool
from ingest.keys import pepper_from
from ingest.spool import SpoolWriter

logger = logging.getLogger(__name__)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """Open everything and yield the application."""
    spool = SpoolWriter(
        Path(settings.spool_dir), durability=settings.durability, max_bytes=settings.spool_max_bytes
    )
    metrics = Metrics()
    pool = Pool(private=settings.allow_private_upstreams)
    limiter = Limiter.at(settings.redis_url, on_failure=settings.limits_on_redis_failure)
    detector = GuardServer(settings.guard_url, token=settings.guard_token) if settings.guard_url else None
    pepper = pepper_from(settings.secret_key)
    conversations = Conversations(settings.redis_url, pepper=pepper) if settings.redis_url else None
    takings = Takings(settings.redis_url) if settings.redis_url else None
    house = HouseUpstream(detector) if detector is not None else None
    serving = Serving(
        pepper=pepper,
        max_body_bytes=settings.max_body_bytes,
        max_in_flight=settings.max_in_flight,
        drain_timeout_s=settings.drain_timeout_s,
        max_drains=settings.max_drains,
        metrics=metrics,
        limiter=limiter,
        dispatcher=Dispatcher(metrics),
        recorder=Recorder(spool, metrics, audit=settings.audit),
        detector=detector,
        conversations=conversations,
    )

    def take(snapshot: Snapshot) -> None:
        serving.table = compile_routes(
            snapshot,
            open_upstream=lambda config: open_upstream(config, pool, settings.secret_key),
            house=house,
            takings=takings,
        )

    current = Current(
        sources_of(redis_url=settings.redis_url, snapshot_file=settings.snapshot_file), on_change=take
    )

    def gauges() -> Iterable[tuple[str, str, float]]:
        stats = spool.stats
        age_s = current.age_s
        yield "parapet_proxy_spool_dropped_total", "Records the spool did not take.", serving.recorder.dropped
        yield "parapet_proxy_spool_queued", "Records on their way to the disk.", stats.queued
        yield "parapet_proxy_spool_pressure", "How full the spool is, 0 to 1.", stats.pressure
        yield "parapet_proxy_limits_unchecked_total", "Calls served without their limits.", limiter.unchecked
        if age_s is not None:
            yield "parapet_proxy_snapshot_age_seconds", "Since the snapshot was last confirmed.", age_s

    await current.start()
    try:
        yield build(serving, current, gauges=gauges)
    finally:
        await current.stop()
        await limiter.close()
        if conversations is not None:
            await conversations.close()
        if takings is not None:
            await takings.close()
        await pool.close()
        if detector is not None:
            await detector.close()
        await asyncio.to_thread(spool.close)


def open_upstream(config: UpstreamConfig, pool: Pool, secret_key: str) -> Opened:
    """Make an upstream ready, or say why it cannot be used."""
    if config.protocol == "demo":
        return Opened(upstream=DemoUpstream())
    api_key = ""
    if config.sealed_api_key:
        try:
            api_key = unseal(
                config.sealed_api_key,
                secret_key=secret_key,
                bound_to=upstream_binding(config.id, config.base_url),
            )
        except UnsealError:
            problem = (
                "its key does not open with this installation's secret; enter the key again in the console"
            )
            return Opened(upstream=None, problem=problem)
    return Opened(upstream=HttpUpstream(config, pool, api_key=api_key), secret=api_key)


class Application:
    """The ASGI application a server runs: opened at its start, closed at its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Live through the server's lifespan, and serve requests in between."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        context: AbstractAsyncContextManager[App] = opened(self._settings)
        try:
            self._app = await context.__aenter__()
        except OSError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await context.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})
