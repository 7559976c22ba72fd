"""Judgements already made: one judge, one sample, one trial number, one answer, whatever run asks."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from evaluators.database import connected, is_database
from evaluators.score import Outcome, Score


@dataclass(slots=True)
class Judgements:
    """A cache on disk. Two arms that answer alike are judged once, and so cannot differ by the judge's mood."""

    path: Path | None
    _known: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    _stored: dict[str, Score] = field(default_factory=dict)
    _connection: sqlite3.Connection | None = None

    @classmethod
    def at(cls, path: Path | None) -> "Judgements":
        """Open the cache; what cannot be read is passed over. None keeps it in memory.

        Below a database it is a table of that database.
        """
        judgements = cls(path)
        for line in () if path is None else _lines(path):
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
        if self.path is None:
            return
        line = json.dumps({"key": key, "score": asdict(score)})
        if is_database(self.path.parent):
            self._connection = self._connection or connected(self.path.parent)
            self._connection.execute(
                "INSERT OR IGNORE INTO judgements (key, score) VALUES (?, ?)", (key, line)
            )
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _lines(path: Path) -> Iterator[str]:
    if is_database(path.parent):
        if path.parent.exists():
            connection = connected(path.parent)
            yield from (line for (line,) in connection.execute("SELECT score FROM judgements").fetchall())
            connection.close()
    elif path.exists():
        yield from path.read_text("utf-8").splitlines()
