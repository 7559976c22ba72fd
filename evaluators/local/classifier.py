"""A local classifier of pairs as evaluators know it: `Entail`."""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from evaluators.completion import CompletionError
from evaluators.local import worker
from evaluators.local.settings import LocalSettings


@dataclass(slots=True)
class LocalClassifier:
    """One classifier on this machine and the worker that holds its weights. Close it at the end."""

    settings: LocalSettings
    model: str = ""
    """What scores say of the classifier; the path unless given."""
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.model = self.model or self.settings.path

    async def __aenter__(self) -> Self:
        """Nothing is loaded before the first pair."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the worker."""
        await asyncio.to_thread(self.close)

    def load(self) -> None:
        """Load the weights now and wait for it. What goes wrong is said by the first pair."""
        if self._pool is None:
            self._pool = worker.start(self.settings)
        with contextlib.suppress(BrokenProcessPool):
            self._pool.submit(worker.classify, []).result()

    def close(self) -> None:
        """End the worker and free its memory."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    async def __call__(self, pairs: Sequence[tuple[str, str]], /) -> Sequence[float]:
        """Classify pairs. Raises CompletionError when the model cannot be loaded or its worker dies."""
        if self._pool is None:
            self._pool = worker.start(self.settings)
        pool = self._pool
        try:
            found = await asyncio.wrap_future(pool.submit(worker.classify, list(pairs)))
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            pool.shutdown(wait=False)
            raise CompletionError(
                f"the worker of {self.model} ended while it was loading or reading"
            ) from error
        except Exception as error:
            raise CompletionError(f"{self.model} could not classify: {type(error).__name__}") from error
        if isinstance(found, str):
            raise CompletionError(found)
        return found
