"""A model for rehearsals: it follows the prompt it is given, most of the time, and needs no network."""

import hashlib
import random
import re
from typing import Any

_RELIABILITY = 0.93


def reply(inputs: dict[str, Any], *, prompt: str) -> str:
    """Answer a question about an order, obeying the rules the prompt states as well as a model would."""
    question = str(inputs["question"])
    order = re.search(r"\b[A-Z]{2}-\d+\b", question)
    sentences = [random.choice(["Thank you for writing.", "We are happy to help.", "Good question."])]  # noqa: S311
    if order and "order number" in prompt and _obeys(question):
        sentences.append(f"Your order {order.group()} is on its way.")
    else:
        sentences.append("Your order is on its way.")
    if "three sentences" not in prompt or not _obeys(question):
        sentences += [
            "We will write again as soon as there is news of any kind about your parcel and its way."
        ] * 5
    return " ".join(sentences)


def _obeys(question: str) -> bool:
    """Some questions are harder than others, and chance has a hand in every answer."""
    difficulty = hashlib.sha256(question.encode()).digest()[0] / 255
    return random.random() < 1.0 - (1.0 - _RELIABILITY) * 2 * difficulty  # noqa: S311
