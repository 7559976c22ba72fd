"""Personal data: what the guard server's recognizers are asked for, and where asking would be in vain."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import re2

from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError

DEFAULT_ENTITIES = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "IP_ADDRESS",
    "CRYPTO",
    "US_PASSPORT",
    "US_DRIVER_LICENSE",
    "US_ITIN",
    "US_BANK_NUMBER",
    "UK_NHS",
    "UK_NINO",
    "MEDICAL_LICENSE",
)
"""What is looked for unless a policy says otherwise. Dates and web addresses are not: prompts are full of them."""

OTHER_ENTITIES = (
    "UK_PASSPORT",
    "UK_DRIVING_LICENCE",
    "US_MBI",
    "AU_TFN",
    "AU_MEDICARE",
    "IN_PAN",
    "IN_AADHAAR",
    "MAC_ADDRESS",
    "URL",
    "DATE_TIME",
)
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_NEED_A_MODEL = ("PERSON", "LOCATION", "NRP", "ORGANIZATION", "ADDRESS")
_MAY_LACK_DIGITS = frozenset(("URL", "MAC_ADDRESS"))
_DIGIT_OR_AT = re2.compile(r"[\p{Nd}@＠]|::")

PARAMETERS = (
    Parameter(
        name="entities",
        type="choices",
        default=DEFAULT_ENTITIES,
        help="What to look for.",
        choices=DEFAULT_ENTITIES + OTHER_ENTITIES,
    ),
    Parameter(name="language", type="choice", default="en", help="Language of the texts.", choices=LANGUAGES),
    Parameter(
        name="score_threshold",
        type="number",
        default=0.4,
        help="Findings the recognizers are less sure of are passed over.",
        least=0.0,
        most=1.0,
    ),
    Parameter(
        name="allow",
        type="texts",
        default=(),
        help="Values that are never a finding, such as your own address.",
    ),
    Parameter(name="deny", type="texts", default=(), help="Values that always are one; case is ignored."),
    Parameter(
        name="context",
        type="texts",
        default=(),
        help="Words that make the recognizers surer of what stands near them.",
    ),
)


def build(parameters: Mapping[str, Any]) -> "PiiGuard":
    """Build the guard that a policy describes."""
    asked = parameters.get("entities", ())
    for entity in asked if isinstance(asked, list | tuple) else ():
        if entity in _NEED_A_MODEL:
            raise PolicyError(
                f"a pii guard cannot find {entity} yet: that needs a language model, which the guard server "
                "does not have; remove it from 'entities'"
            )
    values = read(PARAMETERS, parameters, kind="pii")
    known = {entity: entity for entity in DEFAULT_ENTITIES + OTHER_ENTITIES}
    values["entities"] = tuple(choices(values["entities"], known, parameter="entities", kind="pii"))
    if not values["entities"] and not values["deny"]:
        raise PolicyError("a pii guard needs something to look for: name entities, or words in 'deny'")
    return PiiGuard(values)


class PiiGuard:
    """What the guard server is told, and a quick look that spares it most texts."""

    kind = "pii"

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self.parameters = parameters
        self.fingerprint = hashlib.blake2b(
            orjson.dumps(dict(parameters), option=orjson.OPT_SORT_KEYS), digest_size=16
        ).hexdigest()
        self._always = bool(parameters["deny"]) or not _MAY_LACK_DIGITS.isdisjoint(parameters["entities"])

    def may_find(self, text: str) -> bool:
        """Every entity that is no name and no web address has a digit or an @ in it."""
        return self._always or _DIGIT_OR_AT.search(text) is not None
