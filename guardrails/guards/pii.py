"""Personal data: what the guard server's recognizers are asked for, and where asking would be in vain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2

from guardrails.guards.remote import DetectedGuard, fingerprint_of
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError
from guardrails.segments import CLAUSES

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
    "DE_ID_CARD",
    "DE_PASSPORT",
    "DE_TAX_ID",
    "DE_SOCIAL_SECURITY",
    "DE_HEALTH_INSURANCE",
    "FR_NIR",
    "ES_NIF",
    "ES_NIE",
    "IT_FISCAL_CODE",
    "IT_VAT_CODE",
    "NL_BSN",
    "PT_NIF",
    "MAC_ADDRESS",
    "URL",
    "DATE_TIME",
)
MODEL_ENTITIES = (
    "PERSON",
    "ORGANIZATION",
    "LOCATION",
    "STREET_ADDRESS",
    "POSTAL_CODE",
    "DATE_OF_BIRTH",
    "AGE",
    "NRP",
    "TITLE",
    "BANK_ACCOUNT",
    "NATIONAL_ID",
    "TAX_ID",
    "PASSPORT",
    "DRIVER_LICENSE",
    "LICENSE_PLATE",
    "MEDICAL_ID",
    "USERNAME",
    "PASSWORD",
)
"""What the encoder alone can find. A guard that asks for one of them has the encoder read every text, and hears what it says
of all that it looks for."""
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
DENIED = "DENIED"
"""What a finding is called that a policy named itself."""
_MAY_LACK_DIGITS = frozenset(("URL", "MAC_ADDRESS", *MODEL_ENTITIES))
_DIGIT_OR_AT = re2.compile(r"[\p{Nd}@＠]|::")
_ALL = DEFAULT_ENTITIES + OTHER_ENTITIES + MODEL_ENTITIES

PARAMETERS = (
    Parameter(
        name="entities",
        type="choices",
        default=DEFAULT_ENTITIES,
        help="What to look for.",
        choices=_ALL,
    ),
    Parameter(name="language", type="choice", default="en", help="Language of the texts.", choices=LANGUAGES),
    Parameter(
        name="score_threshold",
        type="number",
        default=0.4,
        help="Findings that the recognizers or the encoder are less sure of are passed over.",
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
    values = read(PARAMETERS, parameters, kind="pii")
    known = {entity: entity for entity in _ALL}
    values["entities"] = tuple(choices(values["entities"], known, parameter="entities", kind="pii"))
    if not values["entities"] and not values["deny"]:
        raise PolicyError("a pii guard needs something to look for: name entities, or words in 'deny'")
    return PiiGuard(
        kind="pii",
        parameters=values,
        fingerprint=fingerprint_of("pii", values),
        windows=CLAUSES,
        entities=frozenset((*values["entities"], *([DENIED] if values["deny"] else ()))),
        looks_always=bool(values["deny"]) or not _MAY_LACK_DIGITS.isdisjoint(values["entities"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiGuard(DetectedGuard):
    """What the guard server is told, and a quick look that spares it most texts."""

    looks_always: bool

    def may_find(self, text: str) -> bool:
        """Every entity that is no name, word or web address has a digit or an @ in it."""
        return self.looks_always or _DIGIT_OR_AT.search(text) is not None
