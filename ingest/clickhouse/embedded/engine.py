"""The engine: several chDB connections over one data directory, each used by one request at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from chdb import _chdb

from ingest.clickhouse.embedded.failures import EngineError

T = TypeVar("T")

_CONFIG = """\
<clickhouse>
    <!-- Written at every start; change the server's options instead. -->
    <max_server_memory_usage>{max_memory_bytes}</max_server_memory_usage>
    <mark_cache_size>67108864</mark_cache_size>
    <index_mark_cache_size>16777216</index_mark_cache_size>
    <background_pool_size>1</background_pool_size>
    <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
    <background_schedule_pool_size>4</background_schedule_pool_size>
    <merge_tree>
        <!-- Merging large text indexes is what takes memory. -->
        <max_bytes_to_merge_at_max_space_in_pool>4294967296</max_bytes_to_merge_at_max_space_in_pool>
    </merge_tree>
</clickhouse>
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a statement read and wrote, for the summary header."""

    rows_read: int = 0
    bytes_read: int = 0
    rows_written: int = 0
    bytes_written: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole result of a statement."""

    body: bytes
    counts: Counts


def _counts(result: Any) -> Counts:
    return Counts(
        rows_read=result.storage_rows_read(),
        bytes_read=result.storage_bytes_read(),
        rows_written=result.rows_written(),
        bytes_written=result.bytes_written(),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(slots=True)
class Connection:
    """One chDB connection. Its methods block and are called from a worker thread, one at a time."""

    path: str
    _raw: Any = None
    _database: str = ""
    _settings: dict[str, str] = field(default_factory=dict)

    def prepare(self, database: str, settings: Mapping[str, str]) -> None:
        """Put the connection into the state a request asks for; what an earlier request set is forgotten."""
        if self._raw is None:
            self._raw = _chdb.connect(self.path)  # type: ignore[attr-defined]
            self._settings = {}
            self._database = ""
        stale = [name for name in self._settings if name not in settings]
        fresh = {name: value for name, value in settings.items() if self._settings.get(name) != value}
        changes = [f"{name} = DEFAULT" for name in stale]
        changes += [f"{name} = {_quoted(value)}" for name, value in fresh.items()]
        if changes:
            self.run(f"SET {', '.join(changes)}", "TabSeparated", {})
            self._settings = dict(settings)
        if database != self._database:
            self.run(f"USE `{database.replace('`', '``')}`", "TabSeparated", {})
            self._database = database

    def discard(self) -> None:
        """Close the connection; the next request opens a new one."""
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()

    def is_control(self, sql: str) -> bool:
        """Whether a statement changes the connection itself (SET, USE), which must not outlive its request."""
        try:
            kind: str = self._raw.classify_query(sql)["query_class"].name
        except RuntimeError:
            return False
        return kind == "CONTROL"

    def run(self, sql: str, output_format: str, parameters: Mapping[str, str]) -> Answer:
        """Run a statement and return its whole result."""
        try:
            result = self._raw.query(sql, output_format, params=dict(parameters))
            return Answer(result.bytes(), _counts(result))
        except RuntimeError as error:
            raise EngineError(str(error)) from None

    def open_read(self, sql: str, output_format: str, parameters: Mapping[str, str]) -> Any:
        """Start a query whose result is fetched block by block."""
        try:
            return self._raw.send_query(sql, output_format, params=dict(parameters))
        except RuntimeError as error:
            raise EngineError(str(error)) from None

    def fetch(self, stream: Any) -> Answer | None:
        """Return the next block of a result, or None after the last."""
        try:
            result = self._raw.streaming_fetch_result(stream)
        except RuntimeError as error:
            raise EngineError(str(error)) from None
        if result is None or result.rows_read() == 0:
            return None
        return Answer(result.bytes(), Counts(result.rows_read(), result.size()))

    def cancel_read(self, stream: Any) -> None:
        """Stop a query whose result nobody waits for any more."""
        self._raw.streaming_cancel_query(stream)

    def open_insert(self, sql: str, input_format: str) -> Any:
        """Start an INSERT whose data is appended piece by piece."""
        try:
            return self._raw.send_insert(sql, input_format)
        except RuntimeError as error:
            raise EngineError(str(error)) from None

    def append(self, stream: Any, data: bytes) -> None:
        """Give an INSERT more of its data."""
        try:
            self._raw.insert_append(stream, data)
        except RuntimeError as error:
            raise EngineError(str(error)) from None

    def finish_insert(self, stream: Any) -> Answer:
        """Commit an INSERT. When this returns, its rows survive the end of the process."""
        try:
            return Answer(b"", _counts(self._raw.insert_done(stream)))
        except RuntimeError as error:
            raise EngineError(str(error)) from None

    def cancel_insert(self, stream: Any) -> None:
        """Give up an INSERT whose sender went away."""
        self._raw.insert_cancel(stream)


class Engine:
    """A data directory, opened."""

    def __init__(
        self, directory: Path, *, connections: int = 8, max_memory_bytes: int = 2_000_000_000
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "config.xml"
        config.write_text(_CONFIG.format(max_memory_bytes=max_memory_bytes))
        path = f"{directory / 'data'}?config-file={config}"
        self._all = [Connection(path) for _ in range(connections)]
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="chdb")
        self._running: set[Future[Any]] = set()
        for connection in self._all:
            self._free.put_nowait(connection)
        # Keeps the engine open while every other connection is replaced.
        self._anchor = Connection(path)
        self._anchor.prepare("default", {})
        version = self._anchor.run("SELECT version()", "TabSeparated", {}).body
        self.version = version.decode().strip()

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run one blocking step of a connection on a worker thread."""
        step = self._threads.submit(function, *arguments)
        self._running.add(step)
        step.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(step)

    @asynccontextmanager
    async def lease(self, database: str, settings: Mapping[str, str]) -> AsyncIterator[Connection]:
        """Wait for a free connection, prepared for one request."""
        connection = await self._free.get()
        try:
            await self.call(connection.prepare, database, settings)
            yield connection
        except BaseException:
            # After a failure chDB keeps the rows it had made so far and puts them in front of the next
            # result, so a connection that saw one is never used again.
            await asyncio.shield(self.call(connection.discard))
            raise
        finally:
            self._free.put_nowait(connection)

    def close(self, *, within_s: float) -> bool:
        """Let running statements end and close the directory; False when one would not end in time."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + within_s
        while any(not step.done() for step in self._running):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        for connection in [*self._all, self._anchor]:
            connection.discard()
        return True
