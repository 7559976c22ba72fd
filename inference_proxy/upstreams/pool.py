"""Connections to upstreams: opened to checked addresses, and kept for the next call."""

import asyncio
import socket
import ssl
import time
from typing import NamedTuple

from aiohappyeyeballs import AddrInfoType, start_connection

from inference_proxy.settings import PrivateUpstreams
from inference_proxy.upstreams.addresses import AddressRefusedError, checked_socket
from inference_proxy.upstreams.connection import Connection

KEPT_S = 45.0
"""How long an idle connection is kept; many servers close theirs after a minute."""
NAMES_KEPT_S = 60.0
SECOND_ADDRESS_AFTER_S = 0.25


class Origin(NamedTuple):
    """Where connections lead to."""

    host: str
    port: int
    is_tls: bool


class Pool:
    """The connections of this process. Admission bounds the calls, so the pool need not."""

    def __init__(self, *, private: PrivateUpstreams) -> None:
        self._private: PrivateUpstreams = private
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._addresses: dict[Origin, tuple[float, list[AddrInfoType]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def take(self, origin: Origin) -> Connection | None:
        """Return an idle connection, the one used last, so that those too many grow old."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection that can carry another call."""
        connection.idle_since = time.monotonic()
        self._idle.setdefault(origin, []).append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEPT_S / 3, self._sweep)

    async def connect(self, origin: Origin) -> Connection:
        """Open a connection. Raises OSError, AddressRefusedError when no address is one an upstream may have."""
        loop = asyncio.get_running_loop()
        addresses = await self._resolve(origin)
        refused: list[AddressRefusedError] = []

        def checked(address: AddrInfoType) -> socket.socket:
            try:
                return checked_socket(address, private=self._private)
            except AddressRefusedError as error:
                refused.append(error)
                raise

        try:
            connected = await start_connection(
                addresses,
                happy_eyeballs_delay=SECOND_ADDRESS_AFTER_S,
                loop=loop,
                socket_factory=checked,
            )
            _, connection = await loop.create_connection(
                lambda: Connection(self._open),
                sock=connected,
                ssl=self._tls if origin.is_tls else None,
                server_hostname=origin.host if origin.is_tls else None,
            )
        except (OSError, RuntimeError) as error:
            self._addresses.pop(origin, None)
            if len(refused) == len(addresses):
                raise refused[0] from error
            raise
        return connection

    async def close(self) -> None:
        """End all connections."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._open):
            connection.abort()
        # Transports say that they are gone in a later turn of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _resolve(self, origin: Origin) -> list[AddrInfoType]:
        until, addresses = self._addresses.get(origin, (0.0, []))
        if time.monotonic() >= until:
            loop = asyncio.get_running_loop()
            addresses = list(await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))
            self._addresses[origin] = time.monotonic() + NAMES_KEPT_S, addresses
        return addresses

    def _sweep(self) -> None:
        """End connections that were idle for too long."""
        oldest = time.monotonic() - KEPT_S
        self._timer = None
        for origin, connections in list(self._idle.items()):
            fresh = [each for each in connections if each.idle_since > oldest and each.is_usable]
            for connection in connections:
                if connection not in fresh:
                    connection.abort()
            if fresh:
                self._idle[origin] = fresh
            else:
                del self._idle[origin]
        if self._idle:
            self._timer = asyncio.get_running_loop().call_later(KEPT_S / 3, self._sweep)
