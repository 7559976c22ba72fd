"""Finds addresses that lead where they should not, and those that carry something away."""

import re
from collections.abc import Mapping
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
_OF_ANY_ADDRESS = ("URL_WITH_DATA", "UNKNOWN_HOST", "IP_HOST", "LOOKALIKE_HOST")
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
    r"(?:[a-z][a-z0-9+-]*:|[a-z][a-z0-9+.-]*:(?=[/\\]))?[/\\]*(?:[^/?#@\\]*@)*(\[[0-9a-f:.%]*\]|[^/?#\\:]*)",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"(?:https?://)?([A-Za-z0-9.-]+)(?:[/?#]|\Z)")
_BEHIND = re.compile("[?#;]")
_SHORTEST_PIECE = 32
_PIECE = re.compile(rf"[A-Za-z0-9+/=_%-]{{{_SHORTEST_PIECE},}}")
_PUNCTUATION = ".,;:!?*_~|"
_CLOSING = (")", "]", "}")
_BEGIN_NUMBERS = frozenset("[0123456789")
_LONGEST_SCHEME = 16
_LONGEST_LABEL = 40
_LONGEST_HOST = 100


def build(parameters: Mapping[str, Any]) -> PatternGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="urls")
    wanted = set(choices(values["look_for"], _ENTITIES, parameter="look_for", kind="urls"))
    blocked = Hosts.of(values["blocked_hosts"])
    rules = _Rules(
        allowed=Hosts.of(values["allowed_hosts"]),
        blocked=blocked,
        max_query=int(values["max_query"]),
        wanted=frozenset(wanted.intersection(_OF_ANY_ADDRESS))
        | ({"BLOCKED_HOST"} if blocked.exact else set()),
    )
    patterns = []
    if rules.wanted:
        entities = tuple(sorted(rules.wanted))
        patterns.append(
            NamedPattern(name="address", entity="", regex=_PLAIN, judge=rules.judged, entities=entities)
        )
    if "REMOTE_IMAGE" in wanted:
        patterns += [
            NamedPattern(name="remote_image", entity="REMOTE_IMAGE", regex=regex, check=rules.remote, group=1)
            for regex in _LOADED
        ]
    if "ACTIVE_URL" in wanted:
        patterns.append(NamedPattern(name="active", entity="ACTIVE_URL", regex=_ACTIVE))
    if not wanted and not values["blocked_hosts"]:
        raise PolicyError("a urls guard needs something to look for: name some in 'look_for'")
    return PatternGuard(patterns)


def host_of(url: str) -> str:
    """Return the host of an address as a browser would read it, in small letters."""
    simple = _SIMPLE.match(url)
    if simple is not None:
        return simple[1].rstrip(".").lower()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    allowed: Hosts
    blocked: Hosts
    max_query: int
    wanted: frozenset[str]

    def judged(self, url: str) -> list[tuple[str, int]]:
        """Return what is wrong with an address, and how many of its characters are the address."""
        kept = _without_what_follows(url)
        if not kept:
            return []
        host = host_of(kept)
        wanted = self.wanted
        wrong = ["BLOCKED_HOST"] if host in self.blocked else []
        if host not in self.allowed:
            if self.allowed.exact:
                wrong.append("UNKNOWN_HOST")
            if "URL_WITH_DATA" in wanted and self._carries_data(kept, host):
                wrong.append("URL_WITH_DATA")
            if host[:1] in _BEGIN_NUMBERS and (host[:1] == "[" or _NUMBER.match(host)):
                wrong.append("IP_HOST")
            if _looks_like_another(host):
                wrong.append("LOOKALIKE_HOST")
        return [(entity, len(kept)) for entity in wrong if entity in wanted]

    def remote(self, url: str) -> int:
        """Accept an address that is fetched from elsewhere."""
        kept = _without_what_follows(url)
        folded = kept.lstrip()[:_LONGEST_SCHEME].casefold()
        if not folded.startswith(("http:", "https:", "ftp:", "//", "\\\\", "/\\", "\\/")):
            return 0
        return 0 if host_of(kept) in self.allowed else len(kept)

    def _carries_data(self, url: str, host: str) -> bool:
        if len(host) > _LONGEST_LABEL and (
            len(host) > _LONGEST_HOST or max(map(len, host.split("."))) > _LONGEST_LABEL
        ):
            return True
        mark = _BEHIND.search(url)
        if mark is None:
            return False
        length = len(url) - mark.start()
        if length > self.max_query:
            return True
        return length > _SHORTEST_PIECE and any(map(_is_packed, _PIECE.findall(url, mark.start())))


def _looks_like_another(host: str) -> bool:
    if host.isascii():
        return host.startswith("xn--") or ".xn--" in host
    return as_read(host).text.isascii() or any(label.startswith("xn--") for label in host.split("."))


def _is_packed(piece: str) -> bool:
    """Tell base64 and the like from words with hyphens between them, and from the id of one thing."""
    digits = sum(character.isdigit() for character in piece)
    is_mixed = digits and any(c.isupper() for c in piece) and any(c.islower() for c in piece)
    is_hex = len(piece) > 64 and re.fullmatch(r"[0-9a-fA-F]+", piece) is not None
    return is_hex or "%20" in piece or bool(is_mixed and entropy(piece) > 3.9)


def _without_what_follows(url: str) -> str:
    """Leave off the punctuation that ends the sentence, and brackets that were opened before the address."""
    kept = url.rstrip(_PUNCTUATION)
    if kept[-1:] not in _CLOSING:
        return kept
    end = len(kept)
    surplus = {close: kept.count(close) - kept.count(opening) for opening, close in ("()", "[]", "{}")}
    while end:
        last = kept[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return kept[:end]
