"""The HTTP server the proxy runs in, with the settings that keep it fast and let it stop in time."""

import uvicorn

from inference_proxy.asgi import Application

GRACE_S = 5
"""How long a stop waits for answers in progress."""


def configured(application: Application, *, host: str, port: int) -> uvicorn.Config:
    """Return the server's configuration."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=4096,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
