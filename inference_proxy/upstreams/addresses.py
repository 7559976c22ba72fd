"""Sockets to upstreams, made only for addresses that an upstream may have."""

import socket
from typing import Any

from guardrails.addresses import AddressRefusedError, check, is_allowed
from inference_proxy.settings import PrivateUpstreams

__all__ = ["AddressRefusedError", "checked_socket", "is_allowed"]


def checked_socket(addr_info: tuple[Any, ...], *, private: PrivateUpstreams) -> socket.socket:
    """Make the socket for one resolved address. Raises AddressRefusedError before anything is sent."""
    family, kind, protocol, _, address = addr_info
    check(str(address[0]), private=private)
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
