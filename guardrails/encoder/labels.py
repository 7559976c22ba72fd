"""What the encoder's heads can say: kinds of personal data, kinds of toxicity, and the tags of single tokens."""

PII_ENTITIES = (
    "PERSON",
    "ORGANIZATION",
    "LOCATION",
    "STREET_ADDRESS",
    "POSTAL_CODE",
    "DATE_TIME",
    "DATE_OF_BIRTH",
    "AGE",
    "NRP",
    "TITLE",
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "BANK_ACCOUNT",
    "NATIONAL_ID",
    "TAX_ID",
    "PASSPORT",
    "DRIVER_LICENSE",
    "LICENSE_PLATE",
    "MEDICAL_ID",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "URL",
    "USERNAME",
    "PASSWORD",
    "CRYPTO",
)
"""LOCATION is a city, region or country; NRP a nationality, religion or political group; TITLE is Mr or Dr."""

OUTSIDE = 0
TOKEN_LABELS = ("O", *(f"{mark}-{entity}" for entity in PII_ENTITIES for mark in "BI"))
"""Outside comes first; then, for each entity, where it begins and where it goes on."""

TOXICITY_LABELS = (
    "toxicity",
    "severe_toxicity",
    "obscene",
    "identity_attack",
    "insult",
    "threat",
    "sexual_explicit",
)
"""One set for all models, under the names that Detoxify uses."""

TRAINED_TOXICITY_LABELS = ("toxicity", "obscene", "identity_attack", "insult", "threat")
"""Those that our own head answers; for the others there is no data with a clean licence."""


def begins(entity: str) -> int:
    """Return the tag of an entity's first token."""
    return 1 + 2 * PII_ENTITIES.index(entity)


def goes_on(entity: str) -> int:
    """Return the tag of an entity's further tokens."""
    return begins(entity) + 1


def entity_of(tag: int) -> str:
    """Return the entity that a tag other than outside speaks of."""
    return PII_ENTITIES[(tag - 1) // 2]
