"""Judgements already made: one judge, one sample, one trial number, one answer, whatever run asks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from evaluators.score import Outcome, Score


@dataclass(slots=True)
class Judgements:
    """A cache on disk. Two arms that answer alike are judged once, and so cannot differ by the judge's mood."""

    path: Path | None
    _known: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    _stored: dict[str, Score] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path | None) -> "Judgements":
        """Open the cache; lines that cannot be read are passed over. None keeps it in memory."""
        judgements = cls(path)
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                try:
                    entry = json.loads(line)
                    judgements._stored[entry["key"]] = Score(**entry["score"])
                except (ValueError, KeyError, TypeError):
                    continue
        return judgements

    async def get(self, key: str, judge: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Return the stored judgement or make it; what could not be judged is asked again by the next run."""
        if key in self._stored:
            return replace(self._stored[key], cost_usd=None)
        pending = self._known.get(key)
        if pending is not None:
            return replace(await pending, cost_usd=None)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._known[key] = future
        try:
            outcome = await judge()
        except BaseException:
            del self._known[key]
            future.cancel()
            raise
        future.set_result(outcome)
        if isinstance(outcome, Score):
            self._store(key, outcome)
        return outcome

    def _store(self, key: str, score: Score) -> None:
        self._stored[key] = score
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "score": asdict(score)}) + "\n")
