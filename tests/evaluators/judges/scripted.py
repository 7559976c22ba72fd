"""A model for tests: answers by what the prompt asks, and remembers every prompt."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators import Completion, TokenChoices
from evaluators.completion import ChatMessage

Reply = str | Mapping[str, float]
"""Words, or the probability of each token."""


class Script:
    """Replies with the first rule whose words stand in the prompt's material; each question costs a cent."""

    def __init__(self, rules: Mapping[str, Reply], otherwise: Reply = "A") -> None:
        self.rules, self.otherwise = rules, otherwise
        self.prompts: list[Sequence[ChatMessage]] = []

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        self.prompts.append(messages)
        reply = next(
            (self.rules[words] for words in self.rules if words in messages[1]["content"]), self.otherwise
        )
        return completion(reply)


def completion(reply: Reply) -> Completion:
    """Return an answer as an endpoint would give it."""
    if isinstance(reply, str):
        return Completion(text=reply, cost_usd=0.01, model="scripted")
    likeliest = max(reply, key=reply.__getitem__)
    logprobs = {token: math.log(share) for token, share in reply.items()}
    return Completion(
        text=likeliest,
        tokens=(TokenChoices(token=likeliest, logprobs=logprobs),),
        cost_usd=0.01,
        model="scripted",
    )


TREE: dict[str, Any] = {
    "question": "Does it answer?",
    "options": {
        "no": 0,
        "yes": {"question": "Is it polite?", "options": {"yes": 1, "no": 0.5}},
    },
}
"""A small tree for `dag`."""
