"""Writers that are killed at work: forks one after the other, and notes what each was told is durable.

    python -m tests.fakes.killed_writers SPOOL LEDGER LIVES

The ledger is a file of eight-byte numbers, one for each record whose `append` returned. It is written by the parent,
which lives on, from a pipe the kernel keeps; what is in it was acknowledged for sure.
"""

import asyncio
import os
import random
import select
import signal
import struct
import sys
import time
from pathlib import Path

from ingest.spool import SpoolWriter

TASKS = 8
RECORDS_AT_ONCE = 8
FILLER = b"x" * 400


def live(spool: Path, life: int, acknowledgements: int) -> None:
    """Append until killed."""
    asyncio.run(_append_for_ever(spool, life, acknowledgements))


async def _append_for_ever(spool: Path, life: int, acknowledgements: int) -> None:
    writer = SpoolWriter(spool, segment_bytes=256 * 1024, roll_after_s=0.02)

    async def append(task: int) -> None:
        serial = 0
        while True:
            numbers = [life << 32 | task << 24 | serial + each for each in range(RECORDS_AT_ONCE)]
            serial += RECORDS_AT_ONCE
            await writer.append([struct.pack("<Q", number) + FILLER for number in numbers])
            os.write(acknowledgements, struct.pack(f"<{len(numbers)}Q", *numbers))

    await asyncio.gather(*(append(task) for task in range(TASKS)))


def main(spool: Path, ledger: Path, lives: int) -> None:
    """Start writers, kill each after a moment, and keep its acknowledgements."""
    chance = random.Random(7)
    with ledger.open("wb") as file:
        for life in range(lives):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reader)
                live(spool, life, writer)
            os.close(writer)
            ends_at = None
            while True:
                wait_s = 5.0 if ends_at is None else max(0.0, ends_at - time.monotonic())
                ready, _, _ = select.select([reader], [], [], wait_s)
                if not ready:
                    break
                file.write(os.read(reader, 1 << 16))
                # Counted from the first acknowledgement, so that every life has some to lose.
                ends_at = ends_at or time.monotonic() + chance.uniform(0, 0.03)
                if time.monotonic() >= ends_at:
                    break
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            while rest := os.read(reader, 1 << 16):
                file.write(rest)
            os.close(reader)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
