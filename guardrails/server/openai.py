"""Moderation and embeddings in the shapes of OpenAI's endpoints, so that any client of theirs can ask our encoder."""

import base64
import struct
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from guardrails.server.checking import Checking
from guardrails.server.pieces import Answer
from guardrails.server.requests import bad, checked_texts, deadline_of

MODERATION = "parapet/moderation"
EMBEDDING = "parapet/embedding"
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "harassment": ("insult", "toxicity", "obscene"),
    "harassment/threatening": ("threat",),
    "hate": ("identity_attack",),
    "hate/threatening": ("identity_attack", "threat"),
    "illicit": (),
    "illicit/violent": (),
    "self-harm": (),
    "self-harm/intent": (),
    "self-harm/instructions": (),
    "sexual": (),
    "sexual/minors": (),
    "violence": ("threat",),
    "violence/graphic": (),
}
"""OpenAI's categories, and the labels of toxicity that speak for each. Those with none are not looked for: their score is 0, and
`category_applied_input_types` is empty for them, which is OpenAI's way of saying so."""
_TOGETHER = frozenset(("hate/threatening",))
"""Where all labels must speak for it, and not just one."""


async def moderations(checking: Checking, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer what came to /v1/moderations."""
    given = request.get("input")
    if isinstance(given, str):
        groups: list[list[str]] = [[given]]
    elif isinstance(given, list) and given and all(isinstance(each, str) for each in given):
        groups = [[each] for each in given]
    elif isinstance(given, list) and given and all(isinstance(each, dict) for each in given):
        groups = [[_part(each) for each in given]]
    else:
        raise bad("'input' must be a text, a list of texts, or a list of parts", param="input")
    texts = checked_texts([text for group in groups for text in group], param="input")
    answers = iter(await checking.ask("@moderation", {}, texts, deadline_s=deadline_of(request)))
    return {
        "id": f"modr-{uuid.uuid4().hex}",
        "model": MODERATION,
        "results": [_result([next(answers) for _ in group]) for group in groups],
    }


async def embeddings(checking: Checking, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer what came to /v1/embeddings."""
    given = request.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise bad("'input' must be a text or a list of texts", param="input")
    if not all(isinstance(text, str) for text in texts):
        raise bad("'input' must hold texts: token numbers are those of another model", param="input")
    form = request.get("encoding_format", "float")
    if form not in ("float", "base64"):
        raise bad("'encoding_format' must be 'float' or 'base64'", param="encoding_format")
    checked_texts(texts, param="input")
    answers = await checking.ask("@embedding", {}, texts, deadline_s=deadline_of(request))
    size = len(answers[0]["embedding"])
    dimensions = request.get("dimensions")
    if dimensions is not None and dimensions != size:
        raise bad(
            f"'dimensions' must be {size}, which is how long this model's vectors are", param="dimensions"
        )
    tokens = sum(answer["tokens"] for answer in answers)
    return {
        "object": "list",
        "model": EMBEDDING,
        "data": [
            {"object": "embedding", "index": index, "embedding": _encoded(answer["embedding"], form)}
            for index, answer in enumerate(answers)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _part(part: Mapping[str, Any]) -> str:
    if part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise bad(
            "'input' may hold parts of the type 'text' only: this model reads no pictures", param="input"
        )
    text: str = part["text"]
    return text


def _result(answers: Sequence[Answer]) -> Mapping[str, Any]:
    scores: dict[str, float] = {}
    flags: dict[str, bool] = {}
    for category, labels in CATEGORIES.items():
        join = min if category in _TOGETHER else max
        scores[category] = max(
            (round(join(answer["scores"][label] for label in labels), 6) for answer in answers if labels),
            default=0.0,
        )
        decide = all if category in _TOGETHER else any
        flags[category] = any(
            bool(labels)
            and decide(answer["scores"][label] >= answer["thresholds"][label] for label in labels)
            for answer in answers
        )
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": {
            category: ["text"] if labels else [] for category, labels in CATEGORIES.items()
        },
    }


def _encoded(vector: Sequence[float], form: str) -> Any:
    if form == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
