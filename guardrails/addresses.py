"""Which addresses a server that is called from here may have. Checked at the connection, after the name was resolved."""

import ipaddress
from typing import Literal

PrivateAddresses = Literal["none", "loopback", "private"]
"""What may be called besides public addresses."""

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
    """The address is none that may be called."""


def is_allowed(address: str, *, private: PrivateAddresses) -> bool:
    """Say whether the installation lets a server live at an IP address."""
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


def check(address: str, *, private: PrivateAddresses) -> None:
    """Raise AddressRefusedError for an address that may not be called."""
    if not is_allowed(address, private=private):
        raise AddressRefusedError(
            f"{address} is not an address an upstream may have; "
            "PARAPET_ALLOW_PRIVATE_UPSTREAMS (none, loopback, private) decides"
        )
