"""The shipper: one process per host that empties the spools of all writers, living and dead."""

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from ingest.clickhouse.client import Client, connect
from ingest.shipper import failures
from ingest.shipper.checkpoint import UnknownCheckpointError
from ingest.shipper.delivery import Delivery
from ingest.shipper.heartbeat import Tally, write_heartbeat
from ingest.shipper.home import Home
from ingest.shipper.quarantine import Quarantine
from ingest.shipper.reserve import Reserve
from ingest.shipper.settings import Settings
from ingest.spool.homes import clear_unborn, homes

log = logging.getLogger(__name__)

HEARTBEAT_EVERY_S = 1.0
CLOCK_STEP_S = 3.0
VOLATILE_FOR_S = 300.0
"""Longer than an operating system keeps what was written from the disk."""
TIDY_EVERY_S = 5.0


class Shipper:
    """Goes from directory to directory and ships a batch at a time, one insert in flight, until it is stopped."""

    def __init__(self, settings: Settings) -> None:
        self.tally = Tally()
        self._settings = settings
        self._root = settings.spool_dir
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reserve = Reserve(self._root, settings.reserve_bytes)
        self._delivery = Delivery(settings, self.tally, Quarantine(self._root, replace=self._reserve.replace))
        self._homes: dict[Path, Home] = {}
        self._left_alone: set[Path] = set()
        self._client: Client | None = None
        self._tidy_at = 0.0
        self._store_started_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Ship until told to stop; then finish the insert in flight and return."""
        # On a thread of its own: an insert may take long, and that is no reason to look dead.
        heart = threading.Thread(target=self._beat_until, args=(stop,), name="heartbeat", daemon=True)
        heart.start()
        while not stop.is_set():
            if not self.step(stop):
                stop.wait(self._settings.poll_s)
        heart.join(HEARTBEAT_EVERY_S)
        self.end()

    @property
    def is_behind(self) -> bool:
        """Whether any record that could be shipped is not."""
        return any(home.segments or home.checkpoint.batches for home in self._homes.values())

    def end(self) -> None:
        """Say for the last time how things are, and let others have the directories."""
        self.beat()
        for home in self._homes.values():
            home.release()
        self._delivery.close()
        self._disconnect()

    def beat(self) -> None:
        """Write the heartbeat."""
        every = list(self._homes.values())
        backlog_bytes = sum(home.backlog_bytes() for home in every)
        if backlog_bytes == 0:
            self.tally.last_progress_at = time.time()
        self.tally.unknown_segments = sum(len(home.unknown) for home in every)
        try:
            write_heartbeat(self._root, self.tally, backlog_bytes=backlog_bytes, writers=len(every))
        except OSError as error:
            log.warning("the heartbeat could not be written: %s", error)

    def _beat_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.beat()
            stop.wait(HEARTBEAT_EVERY_S)

    def step(self, stop: threading.Event | None = None) -> bool:
        """Visit every directory once; True when any batch was shipped."""
        self._look_for_homes()
        has_shipped = False
        for home in list(self._homes.values()):
            if stop is not None and stop.is_set():
                break
            if time.monotonic() >= home.retry_at:
                has_shipped = self._visit(home) or has_shipped
        self._tidy(now=time.monotonic())
        return has_shipped

    def _visit(self, home: Home) -> bool:
        try:
            home.refresh()
            has_shipped = self._delivery.ship_next(home, self._connect)
        except Exception as error:  # noqa: BLE001  whatever it is, the records stay and are tried again
            self._disconnect()
            self.tally.retries += 1
            self.tally.last_error = failures.describe(error)
            pause_s = home.postpone(
                first_pause_s=self._settings.first_pause_s, longest_pause_s=self._settings.longest_pause_s
            )
            log.warning(
                "shipping from %s failed and is tried again in %.1f s: %s",
                home.path.name,
                pause_s,
                self.tally.last_error,
            )
            return False
        home.succeed()
        return has_shipped

    def _connect(self) -> Client:
        if self._client is None:
            client = connect(self._settings.clickhouse_url)
            self._notice_restart(client)
            self._client = client
        return self._client

    def _notice_restart(self, client: Client) -> None:
        """Take up again what the store acknowledged shortly before it went down.

        ClickHouse acknowledges what the operating system has taken; a loss of power can still lose it. What is
        there after the restart is recognised as a repeat, and only what is missing is inserted.
        """
        started_at = time.time() - int(str(client.command("SELECT uptime()")))
        if started_at <= self._store_started_at + CLOCK_STEP_S:
            return
        self._store_started_at = started_at
        newest = max(
            (at for home in self._homes.values() for at in home.checkpoint.done.values()), default=0.0
        )
        for home in self._homes.values():
            home.rewind(since=newest - VOLATILE_FOR_S, until=started_at)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()

    def _look_for_homes(self) -> None:
        paths = homes(self._root)
        for path in paths:
            if path not in self._homes and path not in self._left_alone:
                try:
                    self._homes[path] = Home(path, self._reserve)
                except (OSError, UnknownCheckpointError) as error:
                    self._left_alone.add(path)
                    self.tally.last_error = str(error)
                    log.error("%s is left alone: %s", path, error)
        for path in self._homes.keys() - set(paths):
            self._homes.pop(path).release()

    def _tidy(self, *, now: float) -> None:
        if now < self._tidy_at + min(TIDY_EVERY_S, self._settings.retention_s / 2 + 0.2):
            return
        self._tidy_at = now
        try:
            if any(home.checkpoint.done for home in self._homes.values()):
                # A connection that was idle is renewed in silence: only asking tells of a restart.
                self._notice_restart(self._connect())
        except Exception as error:  # noqa: BLE001  whatever it is, the store is away
            self._disconnect()
            self.tally.last_error = failures.describe(error)
        try:
            self._remove_shipped()
            clear_unborn(self._root, now=time.time())
            self._reserve.refill()
        except OSError as error:
            self.tally.last_error = failures.describe(error)
            log.warning("tidying the spool failed: %s", error)

    def _remove_shipped(self) -> None:
        """Remove what has been kept long enough, and the oldest of the rest when the spool is half full."""
        kept = [
            (at, path, segment, home)
            for home in self._homes.values()
            for at, path, segment in home.retained()
        ]
        kept.sort(key=lambda each: each[0])
        sizes = {path: path.stat().st_size for _, path, _, _ in kept if path.exists()}
        used = sum(sizes.values()) + sum(home.backlog_bytes() for home in self._homes.values())
        # While the store is away nobody knows whether it has kept what it acknowledged.
        horizon = time.time() - self._settings.retention_s if self._client is not None else 0.0
        for home in list(self._homes.values()):
            gone = {}
            for at, path, segment, owner in kept:
                if owner is home and (at <= horizon or used > self._settings.max_bytes / 2):
                    gone[segment] = path
                    used -= sizes.get(path, 0)
            if gone:
                home.remove(gone)
            if home.is_empty and not home.checkpoint.batches:
                home.bury()
                del self._homes[home.path]
