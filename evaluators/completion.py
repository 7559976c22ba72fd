"""How a judge reaches a model: it is handed `complete` and knows no provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

ChatMessage = Mapping[str, str]
"""`role` and `content`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChoices:
    """One position of an answer: the token taken and the log probabilities of the likeliest ones."""

    token: str
    logprobs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered to a judge's prompt."""

    text: str
    tokens: tuple[TokenChoices, ...] | None = None
    """Position by position; None when the model gives no probabilities."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    model: str = ""


class CompletionError(Exception):
    """The model could not be asked or gave no answer; the sentence says why, without prompt or answer."""


class Complete(Protocol):
    """Sends messages to a model and returns its answer, or raises CompletionError or TimeoutError."""

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Answer the messages.

        `options`, when given, are the only answers that count, each meant to be one token: ask for a single
        token with its alternatives' log probabilities where the model can give them. `answers` is how many
        questions the messages ask, each to be answered on a line of its own.
        """
        ...
