"""Which headers travel on, in either direction. Lists of what may pass, so that nothing new leaks."""

from collections.abc import Mapping

from inference_proxy.exchange import HeaderList

_TO_UPSTREAM = frozenset({b"idempotency-key"})
_TO_UPSTREAM_PREFIXES = (b"openai-", b"anthropic-")
_NOT_TO_UPSTREAM = frozenset({b"openai-organization", b"openai-project"})
"""They name an account, and the account is the installation's."""
_TO_CALLER = frozenset({"retry-after", "retry-after-ms"})
_TO_CALLER_PREFIXES = ("openai-", "anthropic-", "x-ratelimit-")
_NOT_TO_CALLER = frozenset({"openai-organization", "openai-project"})


def to_upstream(headers: Mapping[bytes, bytes], *, secret: str) -> dict[str, str]:
    """Return the caller's headers that an upstream may see; never one that carries the caller's key."""
    passed = {}
    for name, value in headers.items():
        if (name.startswith(_TO_UPSTREAM_PREFIXES) or name in _TO_UPSTREAM) and name not in _NOT_TO_UPSTREAM:
            text = value.decode("latin-1")
            if secret not in text:
                passed[name.decode("latin-1")] = text
    return passed


def to_caller(headers: Mapping[str, str]) -> HeaderList:
    """Return an upstream's headers that the caller may see."""
    passed = []
    for name, value in headers.items():
        lowered = name.lower()
        if (
            lowered in _TO_CALLER or lowered.startswith(_TO_CALLER_PREFIXES)
        ) and lowered not in _NOT_TO_CALLER:
            passed.append((lowered.encode("latin-1"), value.encode("latin-1", "replace")))
    return passed
