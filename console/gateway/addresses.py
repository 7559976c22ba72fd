"""Which addresses an upstream may have, and which headers may be sent there."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from inference_proxy.upstreams.addresses import is_allowed

MAX_URL = 500
MAX_HEADERS = 20
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")
_OUR_HEADERS = {
    "accept-encoding",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
    "x-goog-api-key",
}


class AddressError(ValueError):
    """An upstream cannot have this address or header; the message says why."""


def checked_base_url(url: str) -> str:
    """Return a base URL rebuilt from its parts. Raises AddressError for what no upstream may have.

    Whether a private address may be called is decided where the connection is made, after the name
    is resolved. What is never a provider, such as a cloud's metadata address, is refused here already.
    """
    url = url.strip()
    if len(url) > MAX_URL:
        raise AddressError(f"a base URL has at most {MAX_URL} characters, not {len(url)}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{url!r} is not a URL: {error}") from None
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressError(f"a base URL begins with https:// or http:// and names a host; {url!r} does not")
    if parts.username is not None or parts.password is not None:
        raise AddressError("a base URL carries no user name or password; put the key into the key field")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise AddressError(f"a base URL ends with its path, without ? or #: {url!r}")
    if re.search(r"[\s\\]|[^\x21-\x7e]", url):
        raise AddressError(f"a base URL has no spaces, backslashes or characters outside ASCII: {url!r}")
    _refuse_never_a_provider(host)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return extra headers with lower-case names. Raises AddressError for what is ours to send or malformed."""
    if len(headers) > MAX_HEADERS:
        raise AddressError(f"an upstream has at most {MAX_HEADERS} extra headers, not {len(headers)}")
    checked = {}
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise AddressError(f"{name!r} is not the name of a header")
        if name.lower() in _OUR_HEADERS:
            raise AddressError(f"the header {name!r} is set by the proxy; secrets belong into the key field")
        if not _HEADER_VALUE.fullmatch(value):
            raise AddressError(f"the value of the header {name!r} must be one line of printable ASCII")
        checked[name.lower()] = value
    return checked


def _refuse_never_a_provider(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        return
    if not is_allowed(host, private="private"):
        raise AddressError(f"{host} is never the address of a provider")
