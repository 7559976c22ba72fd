"""Ports: which are free, and who is told when one is not."""

import socket
from collections.abc import Iterable

from console.supervisor.home import StartError


def require_free(host: str, port: int, *, variable: str) -> None:
    """Raise StartError when something else already listens on a port we are about to use."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise StartError(
            f"port {port} on {host} cannot be used ({error.strerror}): stop what listens there, "
            f"or set {variable} to a free port"
        ) from error


def free_ports(count: int, *, taken: Iterable[int]) -> list[int]:
    """Return ports on the loopback interface that nothing listens on right now."""
    refused = set(taken)
    found: list[int] = []
    held: list[socket.socket] = []
    while len(found) < count:
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        held.append(probe)
        port = probe.getsockname()[1]
        if port not in refused:
            found.append(port)
    for probe in held:
        probe.close()
    return found
