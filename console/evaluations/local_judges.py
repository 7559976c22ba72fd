"""Judge models on machines of our own: which there are, and the one worker process that holds each one's weights."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from evaluators.completion import ChatMessage, Completion, CompletionError
from evaluators.local import LocalModel, LocalSettings

PREFIX = "local/"
"""How a rule names a model that the proxy does not route."""


def is_local(judge_model: str) -> bool:
    """Tell whether a rule's judge is a model of ours; its judgements then wait in the queue `gpu`."""
    return judge_model.startswith(PREFIX)


def names() -> list[str]:
    """Return the judges a rule may name."""
    return [f"{PREFIX}{name}" for name in _known()]


def problem_with(judge_model: str) -> str:
    """Return why a rule cannot have this judge; empty when it can."""
    name = judge_model.removeprefix(PREFIX)
    if name in _known():
        return ""
    known = f"known: {', '.join(_known())}" if _known() else "none is configured"
    return f"no local judge is called {name!r}; {known} (PARAPET_LOCAL_JUDGES)"


@dataclass(frozen=True, slots=True)
class MissingJudge:
    """In the place of a judge that this worker's settings do not name: every question is refused."""

    refusal: str

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Raise CompletionError."""
        raise CompletionError(self.refusal)


def model_of(judge_model: str) -> LocalModel | MissingJudge:
    """Return the model; the first question loads it. Call it only in a worker of the queue `gpu`."""
    problem = problem_with(judge_model)
    return MissingJudge(problem) if problem else _opened(judge_model)


def load(judge_models: Iterable[str]) -> None:
    """Load models before anything is leased: reading weights may take longer than judging with them."""
    for judge_model in judge_models:
        model = model_of(judge_model)
        if isinstance(model, LocalModel):
            model.load()


@functools.cache
def _opened(judge_model: str) -> LocalModel:
    path = _known()[judge_model.removeprefix(PREFIX)]
    return LocalModel(LocalSettings(path=path, device=settings.LOCAL_JUDGE_DEVICE), model=judge_model)


def close() -> None:
    """End the workers of all models."""
    for name in names():
        _opened(name).close()
    _opened.cache_clear()


def _known() -> Mapping[str, str]:
    judges: Mapping[str, str] = settings.LOCAL_JUDGES
    return judges
