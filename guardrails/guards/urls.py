"""Finds addresses that lead where they should not, and those that carry something away."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from guardrails.guards.named_pattern import NamedPattern
from guardrails.guards.pattern import PatternGuard
from guardrails.guards.secrets import entropy
from guardrails.normalising import as_read
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError

_ENTITIES = {
    "images": "REMOTE_IMAGE",
    "data": "URL_WITH_DATA",
    "hosts": "UNKNOWN_HOST",
    "ip_hosts": "IP_HOST",
    "lookalikes": "LOOKALIKE_HOST",
    "schemes": "ACTIVE_URL",
}
PARAMETERS = (
    Parameter(
        name="allowed_hosts",
        type="texts",
        default=(),
        help="Hosts that are trusted: example.com, or *.example.com with everything below it.",
    ),
    Parameter(name="blocked_hosts", type="texts", default=(), help="Hosts that are always a finding."),
    Parameter(
        name="look_for",
        type="choices",
        default=tuple(_ENTITIES),
        help="Images and other parts of a page that load by themselves, data in an address, hosts that are not "
        "allowed, hosts that are numbers, hosts that look like others, addresses that run something.",
        choices=tuple(_ENTITIES),
    ),
    Parameter(
        name="max_query",
        type="number",
        default=256,
        help="How many characters may stand behind the path of an address before it counts as carrying data.",
        least=0,
        most=10_000,
    ),
)

_IN_URL = r"[^\s<>\"'`\\\x00-\x1f]"
_PLAIN = rf"(?i:\b(?:https?|ftp|wss?)://|\bwww\.){_IN_URL}+"
_LOADED = (
    # ![alt](address)
    rf"!\[[^\]]{{0,400}}\]\(\s{{0,9}}<?({_IN_URL}+)",
    # <img src=address>
    r"(?i:<(?:img|image|iframe|frame|video|audio|source|track|embed|object|script|link|input|body|use)\b[^>]{0,400}?"
    rf"(?:src|srcset|href|data|poster|background)\s{{0,9}}=\s{{0,9}})[\"']?({_IN_URL}+)",
    # url(address)
    rf"(?i:\burl\(\s{{0,9}})[\"']?({_IN_URL}+)",
    # [name]: address
    rf"(?:^|\n)[ >]{{0,9}}\[[^\]\n]{{1,99}}\]:[ \t]{{0,9}}<?({_IN_URL}+)",
)
"""How a page is told to fetch an address by itself."""
_ACTIVE = (
    r"(?i:\b(?:javascript|vbscript|livescript)[\x{0}-\x{20}]{0,3}:[^\s<>\"']+"
    r"|\bdata:(?:text/html|text/xml|application/xhtml\+xml|image/svg\+xml)[;,][^\s<>\"']*)"
)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\Z")
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?[/\\]*(?:[^/?#@\\]*@)*(\[[0-9a-f:.%]*\]|[^/?#\\:]*)", re.IGNORECASE
)
_PIECE = re.compile(r"[A-Za-z0-9+/=_%-]{32,}")
_LONGEST_LABEL = 40
_LONGEST_HOST = 100


def build(parameters: Mapping[str, Any]) -> PatternGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="urls")
    wanted = set(choices(values["look_for"], _ENTITIES, parameter="look_for", kind="urls"))
    blocked = Hosts.of(values["blocked_hosts"])
    rules = _Rules(Hosts.of(values["allowed_hosts"]), int(values["max_query"]))
    plain: dict[str, Callable[[str], bool]] = {"BLOCKED_HOST": lambda url: host_of(url) in blocked}
    plain |= {
        entity: rule
        for entity, rule in (
            ("URL_WITH_DATA", rules.carries_data),
            ("UNKNOWN_HOST", rules.is_unknown),
            ("IP_HOST", rules.is_a_number),
            ("LOOKALIKE_HOST", rules.looks_like_another),
        )
        if entity in wanted
    }
    patterns = [_pattern(entity, _PLAIN, rule) for entity, rule in plain.items()]
    if "REMOTE_IMAGE" in wanted:
        patterns += [_pattern("REMOTE_IMAGE", regex, rules.is_remote, group=1) for regex in _LOADED]
    if "ACTIVE_URL" in wanted:
        patterns.append(NamedPattern(name="active", entity="ACTIVE_URL", regex=_ACTIVE))
    if not wanted and not values["blocked_hosts"]:
        raise PolicyError("a urls guard needs something to look for: name some in 'look_for'")
    return PatternGuard(patterns)


def host_of(url: str) -> str:
    """Return the host of an address as a browser would read it, in small letters."""
    found = _HOST.match(url.strip())
    return unquote(found.group(1)).strip().rstrip(".").casefold() if found else ""


@dataclass(frozen=True, slots=True)
class Hosts:
    """A list of hosts."""

    exact: frozenset[str]
    below: tuple[str, ...]

    @classmethod
    def of(cls, names: tuple[str, ...]) -> "Hosts":
        """Read a list as people write it. Raises PolicyError for what is no host."""
        folded = [name.strip().casefold().rstrip(".") for name in names]
        for name in folded:
            if not name.removeprefix("*.") or set(name.removeprefix("*.")) & set("*/:@? "):
                raise PolicyError(f"{name!r} is not a host; write it as example.com or *.example.com")
        stars = [name.removeprefix("*.") for name in folded if name.startswith("*.")]
        return cls(frozenset((*folded, *stars)), tuple(f".{name}" for name in stars))

    def __contains__(self, host: str) -> bool:
        return host in self.exact or host.endswith(self.below)


@dataclass(frozen=True, slots=True)
class _Rules:
    allowed: Hosts
    max_query: int

    def is_unknown(self, url: str) -> bool:
        return bool(self.allowed.exact) and host_of(url) not in self.allowed

    def is_remote(self, url: str) -> bool:
        folded = url.casefold().lstrip()
        if not folded.startswith(("http:", "https:", "ftp:", "//", "\\\\", "/\\", "\\/")):
            return False
        return host_of(url) not in self.allowed

    def is_a_number(self, url: str) -> bool:
        host = host_of(url)
        return host not in self.allowed and (host.startswith("[") or _NUMBER.match(host) is not None)

    def looks_like_another(self, url: str) -> bool:
        host = host_of(url)
        if host in self.allowed:
            return False
        is_disguised = not host.isascii() and as_read(host).text.isascii()
        return is_disguised or any(label.startswith("xn--") for label in host.split("."))

    def carries_data(self, url: str) -> bool:
        host = host_of(url)
        if host in self.allowed:
            return False
        if len(host) > _LONGEST_HOST or any(len(label) > _LONGEST_LABEL for label in host.split(".")):
            return True
        behind = min((at for mark in "?#;" if (at := url.find(mark)) >= 0), default=len(url))
        if len(url) - behind > self.max_query:
            return True
        return any(_is_packed(piece) for piece in _PIECE.findall(url[behind:]))


def _is_packed(piece: str) -> bool:
    """Tell base64 and the like from words with hyphens between them, and from the id of one thing."""
    digits = sum(character.isdigit() for character in piece)
    is_mixed = digits and any(c.isupper() for c in piece) and any(c.islower() for c in piece)
    is_hex = len(piece) > 64 and re.fullmatch(r"[0-9a-fA-F]+", piece) is not None
    return is_hex or "%20" in piece or bool(is_mixed and entropy(piece) > 3.9)


def _pattern(entity: str, regex: str, rule: Callable[[str], bool], *, group: int = 0) -> NamedPattern:
    def accepted(url: str) -> int:
        kept = _without_what_follows(url)
        return len(kept) if kept and rule(kept) else 0

    return NamedPattern(name=entity.lower(), entity=entity, regex=regex, check=accepted, group=group)


def _without_what_follows(url: str) -> str:
    """Leave off the punctuation that ends the sentence, and brackets that were opened before the address."""
    while url:
        last = url[-1]
        if last in ".,;:!?*_~|" or (last in ")]}" and url.count(last) > url.count("([{"[")]}".index(last)])):
            url = url[:-1]
        else:
            return url
    return url
