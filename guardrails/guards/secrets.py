"""Finds keys, tokens and passwords: by the form their provider gives them, or by their name and how random they look."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from guardrails.guards.named_pattern import NamedPattern
from guardrails.guards.pattern import PatternGuard
from guardrails.guards.secret_formats import SECRET_FORMATS
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError

PARAMETERS = (
    Parameter(
        name="formats",
        type="choices",
        default=tuple(SECRET_FORMATS),
        help="Whose keys and tokens to look for.",
        choices=tuple(SECRET_FORMATS),
    ),
    Parameter(
        name="generic",
        type="boolean",
        default=True,
        help="Also find values that are called a password, key or token and look random enough to be one.",
    ),
    Parameter(
        name="min_entropy",
        type="number",
        default=3.0,
        help="How random a value must look, in bits per character; a random hexadecimal key has about 3.5.",
        least=1.0,
        most=6.0,
    ),
    Parameter(
        name="allow", type="texts", default=(), help="Values that are never a finding, such as example keys."
    ),
)

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|secret|token|credentials?"
    r"|api[_ -]?key|(?:access|auth|secret|private|encryption|signing|account|master|service|shared)[_ -]?key)"
)
_VALUE = r"[A-Za-z0-9+/_=.~!@#$%^&*?-]{6,200}"
GENERIC = NamedPattern(
    name="generic",
    entity="SECRET",
    regex=rf"(?i:{_NAME}[A-Za-z0-9_-]{{0,20}}\\?[\"'`]?\s{{0,2}}(?:=>|:=|={{1,3}}|:|\bis\b|\bist\b|\best\b|\bes\b)\s{{0,2}}"
    rf"(?:(?:bearer|basic)\s)?\\?[\"'`]?)({_VALUE})",
    group=1,
)
BEARER = NamedPattern(
    name="bearer",
    entity="SECRET",
    regex=r"\b(?i:authorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:bearer|basic|token)\s)([A-Za-z0-9+/_=.~-]{12,})",
    group=1,
)
_EXAMPLES = (
    "example", "placeholder", "redacted", "changeme", "change_me", "change-me", "your_", "your-", "dummy", "sample",
    "xxxx", "****", "....", "1234567",
)  # fmt: skip
_REFERENCE = re.compile(
    r"(?i)(?:process|os|env|self|this|config|settings|secrets|vault|params|request|github|inputs)\."
    r"|https?:|\$|%[a-z_]+%|@[a-z_.-]+$"
)
_SHORTEST = 6
_DIGITS = frozenset("0123456789")
_LENGTH_OF_UUID = 36
_UUID = re.compile(r"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def build(parameters: Mapping[str, Any]) -> PatternGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="secrets")
    patterns = choices(values["formats"], SECRET_FORMATS, parameter="formats", kind="secrets")
    allowed = frozenset(values["allow"])
    if allowed:
        patterns = [replace(pattern, check=lambda text: _unless(text, allowed)) for pattern in patterns]
    if values["generic"]:

        def accepted(text: str) -> int:
            return _length_of_secret(text, allowed, values["min_entropy"])

        patterns += [replace(pattern, check=accepted) for pattern in (GENERIC, BEARER)]
    if not patterns:
        raise PolicyError("a secrets guard needs something to look for: name formats, or switch 'generic' on")
    return PatternGuard(patterns)


def entropy(text: str) -> float:
    """Return how random a text looks, in bits per character."""
    length = len(text)
    if length < 2:
        return 0.0
    counts = map(text.count, set(text))
    weighed = map(_WEIGHTS.__getitem__, counts) if length < len(_WEIGHTS) else map(_weight, counts)
    return math.log2(length) - sum(weighed) / length


def _weight(count: int) -> float:
    return count * math.log2(count) if count else 0.0


_WEIGHTS = tuple(map(_weight, range(512)))


def _unless(text: str, allowed: Collection[str]) -> int:
    return 0 if text in allowed else len(text)


def _length_of_secret(text: str, allowed: Collection[str], least: float) -> int:
    value = text.rstrip(".!?")
    if len(value) < _SHORTEST or _DIGITS.isdisjoint(value) or value in allowed:
        return 0
    folded = value.lower()
    # What has capitals or small letters has letters: a value is written in ASCII.
    if (folded == value.upper()) or any(map(folded.__contains__, _EXAMPLES)):
        return 0
    if _REFERENCE.match(value) or (len(value) == _LENGTH_OF_UUID and _UUID.match(value)):
        return 0
    # Six different characters cannot have more than log2(6) bits each: short values are held to what they can reach.
    reachable = min(least, 0.8 * math.log2(len(value)))
    return len(value) if entropy(value) >= reachable else 0
