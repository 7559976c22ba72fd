"""Which addresses an upstream may have. Checked at the connection, after the name was resolved."""

import ipaddress
import socket
from typing import Any

from inference_proxy.settings import PrivateUpstreams

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local; cloud metadata lives at 169.254.169.254
        "fe80::/10",
        "100.100.100.200/32",  # metadata at Alibaba
        "fd00:ec2::/32",  # metadata at AWS
        "192.0.0.192/32",  # metadata at Oracle
        "168.63.129.16/32",  # the wire server at Azure
    )
)


class AddressRefusedError(OSError):
    """The address is none that an upstream may have."""


def is_allowed(address: str, *, private: PrivateUpstreams) -> bool:
    """Say whether the installation lets an upstream live at an IP address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if embedded is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_allowed(str(embedded), private=private)
    if ip.is_multicast or ip.is_unspecified or any(ip in network for network in _NEVER):
        return False
    if ip.is_loopback:
        return private in ("loopback", "private")
    return ip.is_global or private == "private"


def checked_socket(addr_info: tuple[Any, ...], *, private: PrivateUpstreams) -> socket.socket:
    """Make the socket for one resolved address. Raises AddressRefusedError before anything is sent."""
    family, kind, protocol, _, address = addr_info
    if not is_allowed(str(address[0]), private=private):
        raise AddressRefusedError(
            f"{address[0]} is not an address an upstream may have; "
            "PARAPET_ALLOW_PRIVATE_UPSTREAMS (none, loopback, private) decides"
        )
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
