"""A model for rehearsals: it obeys the rules its prompt states, most of the time, and needs no network."""

import hashlib
import random
import re
from typing import Any


def reply(inputs: dict[str, Any], *, prompt: str) -> dict[str, str]:
    """Answer a question about an order."""
    question = str(inputs["question"])
    order = re.search(r"\b[A-Z]{2}-\d+\b", question)
    named = order.group() if order and "order number" in prompt and _obeys(question) else "parcel"
    text = f"Thank you for writing. Your {named} is on its way."
    if "three sentences" not in prompt or not _obeys(question):
        text += " We will write again as soon as there is news of any kind about it and its way." * 5
    return {"text": text}


def _obeys(question: str) -> bool:
    """Say whether the model obeys this time: some questions are harder than others, and chance has a hand in all."""
    difficulty = hashlib.sha256(question.encode()).digest()[0] / 255
    return random.random() < 1.0 - 0.14 * difficulty  # noqa: S311
