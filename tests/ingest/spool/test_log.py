"""What was accepted is read back once, whatever the disk does: a model of a disk and every order of faults."""

import errno
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ingest.spool.log import SegmentLog
from ingest.spool.reader import list_segments
from ingest.spool.segments import Frame, scan
from tests.fakes.disk import SimulatedDisk

ROOT = Path("/spool")
FAULTS = st.tuples(
    st.sampled_from(["create", "write", "sync", "sync_directory", "rename", "unlink", "close"]),
    st.sampled_from([errno.EIO, errno.ENOSPC]),
) | st.just(("write", "short"))


def read_all(disk: SimulatedDisk, homes: list[Path]) -> Counter[bytes]:
    return Counter(
        frame.payload
        for home in homes
        for segment in list_segments(home, is_dead=True, files=disk).finished
        for frame in scan(segment.id, segment.read(files=disk))
        if isinstance(frame, Frame)
    )


class DiskMachine(RuleBasedStateMachine):
    """A writer that appends, meets faults, is killed and loses power; what it accepted must stay."""

    disk_type = SimulatedDisk
    log_type = SegmentLog

    def __init__(self) -> None:
        super().__init__()
        self.disk = self.disk_type()
        self.homes: list[Path] = []
        self.accepted: set[bytes] = set()
        self.refused: set[bytes] = set()
        self.serial = 0
        self.start()

    def start(self) -> None:
        # What one life refused may come back after a loss of power; sending it again is then a repeat.
        self.refused.clear()
        self.homes.append(ROOT / str(len(self.homes)))
        self.log = self.log_type(self.homes[-1], files=self.disk, segment_bytes=4096)

    @rule(sizes=st.lists(st.integers(0, 1500), min_size=1, max_size=5))
    def append(self, sizes: list[int]) -> None:
        group = []
        for size in sizes:
            self.serial += 1
            group.append(b"%d " % self.serial + b"x" * size)
        try:
            self.log.append(group)
        except OSError:
            self.refused.update(group)
        else:
            self.accepted.update(group)

    @rule()
    def try_the_refused_again(self) -> None:
        group = sorted(self.refused - self.accepted)[:3]
        try:
            self.log.append(group)
        except OSError:
            return
        self.accepted.update(group)

    @rule()
    def seal(self) -> None:
        self.log.seal()

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=4))
    def spoil_the_disk(self, faults: list[tuple[str, int | str]]) -> None:
        self.disk.faults += faults

    @rule()
    def repair_the_disk(self) -> None:
        self.disk.faults.clear()

    @rule()
    @precondition(lambda self: self.accepted)
    def kill(self) -> None:
        self.disk.faults.clear()
        found = read_all(self.disk, self.homes)
        assert not self.accepted - found.keys()
        assert not {payload for payload in self.accepted if found[payload] > 1}
        self.start()

    @rule(seed=st.integers(0, 2**32))
    @precondition(lambda self: self.accepted)
    def lose_power(self, seed: int) -> None:
        self.disk.lose_power(seed)
        found = read_all(self.disk, self.homes)
        assert not self.accepted - found.keys()
        assert not {payload for payload in self.accepted if found[payload] > 1}
        self.start()


DiskMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEveryOrderOfFaults = DiskMachine.TestCase


class ForgetfulFiles(SimulatedDisk):
    def sync(self, handle: int) -> None:
        """Do nothing."""


class ForgetfulDirectories(SimulatedDisk):
    def sync_directory(self, path: Path) -> None:
        """Do nothing."""


class UncutLog(SegmentLog):
    def _cut(self, segment: UUID, length: int) -> None:
        """Do nothing."""


class ReusingLog(SegmentLog):
    def _abandon(self) -> None:
        """Go on with the torn segment."""


def keeps_its_promise(disk_type: type[SimulatedDisk], log_type: type[SegmentLog], seed: int) -> bool:
    """Tell a short story of a failed sync and a loss of power: is all that was accepted there once?"""
    disk = disk_type()
    log = log_type(ROOT, files=disk)
    log.append([b"one"])
    disk.faults.append(("sync", errno.EIO))
    log.append([b"two"])
    log.seal()
    log.append([b"three"])
    disk.lose_power(seed)
    return read_all(disk, [ROOT]) == Counter([b"one", b"two", b"three"])


@pytest.mark.parametrize("seed", range(100))
def test_a_failed_sync_and_a_loss_of_power_cost_nothing(seed: int) -> None:
    assert keeps_its_promise(SimulatedDisk, SegmentLog, seed)


@pytest.mark.parametrize(
    ("disk", "log"),
    [
        (ForgetfulFiles, SegmentLog),
        (ForgetfulDirectories, SegmentLog),
        (SimulatedDisk, UncutLog),
        (SimulatedDisk, ReusingLog),
    ],
)
def test_the_model_notices_each_precaution_that_is_taken_away(
    disk: type[SimulatedDisk], log: type[SegmentLog]
) -> None:
    assert not all(keeps_its_promise(disk, log, seed) for seed in range(100))
