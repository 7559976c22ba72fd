"""Texts in, the same texts without personal data and secrets out."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guardrails.findings import Stretch, merged
from guardrails.guards import secrets
from guardrails.guards.pii import DEFAULT_ENTITIES
from guardrails.json_text import Replacement, replaced
from guardrails.one_way import RedactionKeys
from guardrails.policy import PolicyError, Style
from guardrails.redaction import Vault
from guardrails.server.checking import Checking
from guardrails.server.known import check_guard
from guardrails.server.requests import RefusedError, bad, checked_texts, deadline_of

WITH_ENCODER = (
    *DEFAULT_ENTITIES,
    "PERSON",
    "LOCATION",
    "STREET_ADDRESS",
    "POSTAL_CODE",
    "DATE_OF_BIRTH",
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
"""What is redacted where nothing is named and the encoder is there."""
STYLES: tuple[Style, ...] = ("placeholder", "hash", "redact")
LEAST_KEY = 16
_NO_PROJECT = UUID(int=0)


async def redact(checking: Checking, request: Mapping[str, Any], *, has_encoder: bool) -> Mapping[str, Any]:
    """Answer what came to /v1/redact."""
    texts = request.get("texts")
    if not isinstance(texts, list) or not texts:
        raise bad("'texts' must be a list of texts", param="texts")
    checked_texts(texts, param="texts")
    vault, style = _vault(request)
    is_square = _flag(request, "square_brackets", False)
    parameters = request.get("parameters", {})
    if not isinstance(parameters, dict):
        raise bad("'parameters' must be an object: those of a pii guard", param="parameters")
    if "entities" not in parameters and has_encoder:
        parameters = {**parameters, "entities": list(WITH_ENCODER)}
    try:
        check_guard("pii", parameters)
    except PolicyError as error:
        raise RefusedError(400, "bad_guard", str(error), param="parameters") from error
    answers = await checking.ask("pii", parameters, texts, deadline_s=deadline_of(request))
    finds_secrets = _flag(request, "secrets", True)
    vault.reserve(texts)
    results = []
    for text, answer in zip(texts, answers, strict=True):
        stretches = [
            Stretch(each["start"], each["end"], each["entity"], (1, -each["score"], 0))
            for each in answer["findings"]
        ]
        if finds_secrets:
            stretches += _secrets(text)
        results.append(_redacted(text, merged(stretches), vault, style, is_square=is_square))
    return {"results": results}


def _vault(request: Mapping[str, Any]) -> tuple[Vault, Style]:
    mode, key = request.get("mode", "placeholder"), request.get("key")
    style: Style | None = next((each for each in STYLES if each == mode), None)
    if style is None:
        raise bad(f"'mode' must be one of {list(STYLES)}", param="mode")
    if style != "hash":
        return Vault(), style
    if not isinstance(key, str) or len(key) < LEAST_KEY:
        raise bad(
            f"'mode' hash needs a 'key' of at least {LEAST_KEY} characters: without one, anybody could try out values",
            param="key",
        )
    return Vault(RedactionKeys.derive(key, _NO_PROJECT)), style


def _redacted(
    text: str, stretches: Sequence[Stretch], vault: Vault, style: Style, *, is_square: bool
) -> Mapping[str, Any]:
    replacements: list[Replacement] = []
    findings: list[Mapping[str, Any]] = []
    for stretch in stretches:
        shown = vault.stand_in(
            stretch.entity, text[stretch.start : stretch.end], comes_back=False, style=style
        )
        if is_square and style == "placeholder":
            shown = f"[{shown[1:-1]}]"
        replacements.append(Replacement(stretch.start, stretch.end, shown))
        findings.append(
            {
                "entity": stretch.entity,
                "start": stretch.start,
                "end": stretch.end,
                "score": round(-stretch.rank[1], 4),
                "replacement": shown,
            }
        )
    return {"text": replaced(text, replacements), "findings": findings}


@functools.lru_cache(maxsize=1)
def _secrets_guard() -> Any:
    return secrets.build({})


def _secrets(text: str) -> list[Stretch]:
    found = _secrets_guard().scanner().advance(text, 0, is_final=True)
    return [Stretch(each.start, min(each.end, len(text)), each.entity, (0, -each.score, 0)) for each in found]


def _flag(request: Mapping[str, Any], name: str, default: bool) -> bool:
    value = request.get(name, default)
    if not isinstance(value, bool):
        raise bad(f"{name!r} must be true or false", param=name)
    return value
