"""The reference names everything a policy can say."""

from pathlib import Path

import pytest

from guardrails.encoder.labels import TOXICITY_LABELS
from guardrails.guards import code
from guardrails.guards.known_patterns import KNOWN_PATTERNS
from guardrails.guards.pii import DEFAULT_ENTITIES, LANGUAGES, MODEL_ENTITIES, OTHER_ENTITIES
from guardrails.guards.secret_formats import SECRET_FORMATS
from guardrails.guards.topic_words import TOPICS
from guardrails.registry import KINDS
from guardrails.server.models import ENDPOINT_TYPES
from guardrails.verdict import ACTIONS, PLACES

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "guards.md").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *KINDS,
        *(parameter.name for kind in KINDS.values() for parameter in kind.parameters),
        *KNOWN_PATTERNS,
        *SECRET_FORMATS,
        *DEFAULT_ENTITIES,
        *OTHER_ENTITIES,
        *MODEL_ENTITIES,
        *TOXICITY_LABELS,
        *ENDPOINT_TYPES,
        *LANGUAGES,
        *TOPICS,
        *code.LANGUAGES,
        *ACTIONS,
        *PLACES,
    ],
)
def test_the_reference_names_it(name: str) -> None:
    assert f"`{name}`" in REFERENCE
