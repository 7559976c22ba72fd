"""What goes to a worker and what comes back: plain values, for they are sent from process to process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluators.completion import ChatMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One prompt, and the options to weigh after it."""

    messages: Sequence[ChatMessage]
    options: Sequence[str] = ()
    """Empty where a text is to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAnswer:
    """What the model made of one prompt."""

    text: str = ""
    logprobs: Mapping[str, float] = field(default_factory=dict)
    """By the spelling of each option's tokens, over the whole vocabulary."""
    input_tokens: int = 0
    output_tokens: int = 0
    error: str = ""
    """Why there is no answer; a sentence without the prompt's words."""
