"""Several judge models asked as one: their probabilities pooled by weights.

The pool is log-linear, p(option) ∝ Π pᵢ(option)^wᵢ (Genest and Zidek, 1986), which for two options is a weighted sum of
log-odds. Judges that share a bias amplify it, so a panel is worth its price only where labels show that it beats its best
member: `parapet eval calibrate` finds the weights and says whether it does.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluators.completion import ChatMessage, Complete, Completion, CompletionError, TokenChoices
from evaluators.judges.menu import Choice, Menu, read

_DOUBT = 0.02
"""What a member that gives no probabilities, only a word, leaves to the options it did not name, all together."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Implements `Complete` for its members together. A member that gives no verdict leaves the panel without one."""

    members: Mapping[str, Complete] = field(repr=False)
    weights: Mapping[str, float]

    @property
    def model(self) -> str:
        """What scores say of the judge: every member that counts, with its weight."""
        return "panel of " + ", ".join(
            f"{name} × {weight:g}" for name, weight in self.weights.items() if weight
        )

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Ask every member that counts. Raises CompletionError when one of them cannot be asked."""
        names = [name for name, weight in self.weights.items() if weight > 0]
        if not options or answers > 1:
            # What is written, rather than chosen, cannot be pooled: the weightiest member writes it.
            heaviest = max(names, key=lambda name: self.weights[name])
            more = {"answers": answers} if answers > 1 else {}
            return await self.members[heaviest](messages, options=options, **more)
        completions = await asyncio.gather(*(self.members[name](messages, options=options) for name in names))
        menu = Menu({mark: mark for mark in options})
        choices = [read(completion, menu) for completion in completions]
        for name, choice in zip(names, choices, strict=True):
            if not isinstance(choice, Choice):
                raise CompletionError(f"{name}, a member of the panel, gave no verdict: {choice.reason}")
        sure = [choice for choice in choices if isinstance(choice, Choice)]
        costs = [completion.cost_usd for completion in completions]
        return self._pooled(
            names, sure, options, None if None in costs else sum(cost or 0.0 for cost in costs)
        )

    def _pooled(
        self, names: Sequence[str], choices: Sequence[Choice], options: Sequence[str], cost_usd: float | None
    ) -> Completion:
        weights = [self.weights[name] for name in names]
        logs = {
            mark: sum(
                w * _log(choice, mark, len(options)) for w, choice in zip(weights, choices, strict=True)
            )
            for mark in options
        }
        highest = max(logs.values())
        total = sum(math.exp(value - highest) for value in logs.values())
        beside = sum(w * (c.off_menu or 0.0) for w, c in zip(weights, choices, strict=True)) / sum(weights)
        logprobs = {
            mark: value - highest - math.log(total) + math.log1p(-min(beside, 0.999))
            for mark, value in logs.items()
        }
        likeliest = max(logprobs, key=logprobs.__getitem__)
        return Completion(
            text=likeliest,
            tokens=(TokenChoices(token=likeliest, logprobs=logprobs),),
            cost_usd=cost_usd,
            model=self.model,
        )


def _log(choice: Choice, mark: str, count: int) -> float:
    if choice.distribution is not None:
        return math.log(max(choice.distribution.get(mark, 0.0), 1e-6))
    return math.log(1.0 - _DOUBT if choice.label == mark else _DOUBT / (count - 1))
