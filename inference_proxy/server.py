"""The HTTP server the proxy runs in, with what keeps it fast and lets it stop in time."""

import asyncio
import gc
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
        http=JoiningProtocol,
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


def settle_memory() -> None:
    """Take what was loaded at the start out of the garbage collector's rounds, and have fewer of them.

    A request leaves little behind that counting references does not free at once; walking through all
    modules and price lists to find it costs more than the requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


class JoinedWrites:
    """A transport that sends the head of an answer together with what follows it.

    uvicorn writes them one after the other, and each write is a call into the kernel that wakes the reader.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send data; a head waits for its body, at the longest until the loop's next turn."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Tell whether the connection is closed or about to be; asked at the end of every call."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send what waits, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol on such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(cast(asyncio.Transport, JoinedWrites(transport)))
