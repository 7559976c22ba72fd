"""The snapshot in force: followed through Redis or a file, swapped in whole, kept when its source is gone."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from guardrails.glance import prepare
from inference_proxy.snapshot import REDIS_CHANNEL, REDIS_KEY, Snapshot, parse

logger = logging.getLogger(__name__)
POLL_S = 1.0


class SourceUnavailableError(Exception):
    """The source of snapshots could not be asked; the last good one stays in force."""


class SnapshotSource(Protocol):
    """Where snapshots come from."""

    async def read(self) -> bytes | None:
        """Return the newest snapshot's bytes, None when there is none yet. Raises SourceUnavailableError."""

    async def wait(self, timeout_s: float) -> None:
        """Return when there may be a new snapshot, at the latest after `timeout_s`."""

    async def close(self) -> None:
        """Let go of what the source holds open."""


class Current:
    """Holds the newest good snapshot and follows its source.

    `on_change` is called with every new snapshot before it is in force. A snapshot that cannot be
    read, that is older, or that `on_change` refuses with a ValueError, leaves the one before it in place.
    """

    def __init__(
        self, sources: list[SnapshotSource], *, on_change: Callable[[Snapshot], None] | None = None
    ) -> None:
        self._sources = sources
        self._on_change = on_change
        self._raw: bytes | None = None
        self._confirmed_at: float | None = None
        self._loaded = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.snapshot: Snapshot | None = None
        self.last_error = ""

    @property
    def age_s(self) -> float | None:
        """Seconds since the source last confirmed the snapshot in force; None before the first one."""
        return None if self._confirmed_at is None else time.monotonic() - self._confirmed_at

    async def start(self) -> None:
        """Look once, then follow the source until `stop`."""
        await self.refresh()
        self._task = asyncio.create_task(self._follow(), name="snapshot")

    async def stop(self) -> None:
        """Stop following; the last snapshot stays readable."""
        while self._task is not None and not self._task.done():
            # A client in the middle of connecting again may swallow a cancellation.
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.1)
        for source in self._sources:
            await source.close()

    async def wait_for_first(self) -> Snapshot:
        """Return the first good snapshot, once there is one."""
        await self._loaded.wait()
        assert self.snapshot is not None
        return self.snapshot

    async def refresh(self) -> None:
        """Ask the sources in order; the first that has a snapshot decides.

        When none has one, the snapshot in force stays: an emptied Redis is an accident, not an order to
        forget every key.
        """
        for source in self._sources:
            try:
                raw = await source.read()
            except SourceUnavailableError as error:
                self._complain(str(error))
                continue
            if raw is not None:
                await self._take(raw)
                return

    async def _take(self, raw: bytes) -> None:
        if raw != self._raw:
            try:
                # On a thread: many patterns take a while to compile, and calls are being served meanwhile.
                snapshot = await asyncio.to_thread(_understood, raw)
                if self.snapshot is not None and _is_older(snapshot, self.snapshot):
                    self._complain(f"snapshot {snapshot.version} is older than {self.snapshot.version}")
                    return
                if self._on_change is not None:
                    self._on_change(snapshot)
            except ValueError as error:
                self._complain(str(error))
                return
            self._raw, self.snapshot = raw, snapshot
            self._loaded.set()
            logger.info("snapshot %s is in force", snapshot.version)
        self.last_error = ""
        self._confirmed_at = time.monotonic()

    def _complain(self, error: str) -> None:
        if error != self.last_error:
            logger.warning("%s; the last good snapshot stays in force", error)
            self.last_error = error

    async def _follow(self) -> None:
        while True:
            try:
                await self._sources[0].wait(POLL_S)
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - were the following to end, no key could be revoked any more
                self._complain(f"following the snapshot failed ({type(error).__name__})")
                await asyncio.sleep(POLL_S)


def _understood(raw: bytes) -> Snapshot:
    """Read a snapshot and build the guards of its policies, so that no call has to wait for that."""
    snapshot = parse(raw)
    for project in snapshot.projects.values():
        for policy in (project.policy, *(each.policy for each in project.scoped)):
            if policy is not None:
                prepare(policy)
    return snapshot


def _is_older(one: Snapshot, other: Snapshot) -> bool:
    """Compare versions, which are numbers that only grow. A source left behind would bring revoked keys back."""
    if not (one.version.isdecimal() and other.version.isdecimal()):
        return False
    return int(one.version) < int(other.version)


class RedisSource:
    """Snapshots in a Redis key, announced on a channel."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._channel = redis.pubsub(ignore_subscribe_messages=True)

    @classmethod
    def at(cls, url: str) -> "RedisSource":
        """Return a source for a Redis URL; nothing is opened yet."""
        return cls(Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2))

    async def read(self) -> bytes | None:
        """Return the newest snapshot's bytes."""
        try:
            value = await self._redis.get(REDIS_KEY)
        except (RedisError, OSError) as error:
            raise SourceUnavailableError(f"Redis does not answer ({type(error).__name__})") from error
        return value if isinstance(value, bytes) else None

    async def wait(self, timeout_s: float) -> None:
        """Return when the channel speaks or the time is up."""
        try:
            if not self._channel.subscribed:
                await self._channel.subscribe(REDIS_CHANNEL)
            await self._channel.get_message(timeout=timeout_s)
        except (RedisError, OSError):
            await asyncio.sleep(timeout_s)

    async def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(RedisError, OSError):
            await self._channel.aclose()  # type: ignore[no-untyped-call]
            await self._redis.aclose()


class FileSource:
    """Snapshots in a file that is replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._raw: bytes | None = None

    async def read(self) -> bytes | None:
        """Return the file's bytes; it is read again only after it changed."""
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen:
                self._raw, self._seen = self._path.read_bytes(), seen
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceUnavailableError(f"{self._path} cannot be read: {error.strerror}") from error
        return self._raw

    async def wait(self, timeout_s: float) -> None:
        """Wait; files do not announce themselves."""
        await asyncio.sleep(timeout_s)

    async def close(self) -> None:
        """Do nothing; no file is held open."""


def sources_of(*, redis_url: str | None, snapshot_file: Path | None) -> list[SnapshotSource]:
    """Return the sources an installation names: Redis first, the file for when Redis has none."""
    sources: list[SnapshotSource] = []
    if redis_url is not None:
        sources.append(RedisSource.at(redis_url))
    if snapshot_file is not None:
        sources.append(FileSource(snapshot_file))
    return sources
