"""kill -9 at any moment: everything that was acknowledged is there, and nothing is there twice."""

import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ingest.spool.homes import LOCK, homes, try_lock
from ingest.spool.reader import list_segments
from ingest.spool.segments import Damage, Frame, scan

LIVES = 200


def test_two_hundred_killed_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    spool, ledger = tmp_path / "spool", tmp_path / "ledger"
    command = [sys.executable, "-m", "tests.fakes.killed_writers", str(spool), str(ledger), str(LIVES)]
    subprocess.run(command, check=True, timeout=110)
    acknowledged = [number for (number,) in struct.iter_unpack("<Q", ledger.read_bytes())]
    adopted = [try_lock(home / LOCK) for home in homes(spool)]
    found = [
        record
        for home in homes(spool)
        for segment in list_segments(home, is_dead=True).finished
        for record in scan(segment.id, segment.read())
    ]
    stored = Counter(struct.unpack_from("<Q", each.payload)[0] for each in found if isinstance(each, Frame))

    assert len(adopted) == LIVES
    assert None not in adopted
    assert len(acknowledged) >= 8 * LIVES
    assert len({number >> 32 for number in acknowledged}) == LIVES
    assert set(acknowledged) - stored.keys() == set()
    assert [number for number, times in stored.items() if times > 1] == []
    assert [each for each in found if isinstance(each, Damage) and not each.is_tail] == []
    for lock in adopted:
        lock.release()  # type: ignore[union-attr]
