"""The process that holds the weights. It is spawned: a fork would share a GPU's context, and break it."""

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Protocol

from evaluators.local.asked import Asked, LocalAnswer
from evaluators.local.settings import LocalSettings


class Classifier(Protocol):
    """A classifier of pairs with weights in it."""

    def classify(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return a probability for each pair, in order."""
        ...


class Judge(Protocol):
    """An engine with weights in it."""

    def answer(self, asked: Sequence[Asked]) -> list[LocalAnswer]:
        """Answer every prompt, in order."""
        ...


_judges: list[Judge] = []
_classifiers: list[Classifier] = []
"""The worker's one engine; both are empty in every other process."""
_problems: list[str] = []
"""Why there is no engine."""


def start(settings: LocalSettings) -> ProcessPoolExecutor:
    """Return a worker that loads the model as soon as it is first asked."""
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_load,
        initargs=(settings,),
    )


def answer(asked: Sequence[Asked]) -> list[LocalAnswer]:
    """Answer in the worker."""
    if not _judges:
        return [LocalAnswer(error=_problems[0]) for _ in asked]
    return _judges[0].answer(asked)


def classify(pairs: Sequence[tuple[str, str]]) -> list[float] | str:
    """Classify in the worker; a sentence where there is no engine."""
    return _classifiers[0].classify(pairs) if _classifiers else _problems[0]


def _load(settings: LocalSettings) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if settings.engine == "pairs":
            from evaluators.local.pairs import PairClassifier  # noqa: PLC0415

            _classifiers.append(PairClassifier(settings))
        else:
            _judges.append(_loaded(settings))
    except ImportError as error:
        _problems.append(
            f"{error.name or settings.engine} is not installed, which local judges need: "
            "pip install 'parapet[gpu]', or vllm for `engine: vllm`"
        )
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a folder of weights, the judge says so
        _problems.append(f"{settings.path} cannot be loaded: {type(error).__name__}: {_first_line(error)}")


def _end_with_parent() -> None:
    """Free the GPU when whoever asks is killed: nobody else would end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _loaded(settings: LocalSettings) -> Judge:
    # Model libraries are loaded here and nowhere else.
    if settings.engine == "vllm":
        from evaluators.local.vllm import VllmJudge  # noqa: PLC0415

        return VllmJudge(settings)
    from evaluators.local.causal import CausalJudge  # noqa: PLC0415

    return CausalJudge(settings)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")[:200]
