"""How fast the spool is, beside the floor the disk sets in the same run. Prints one JSON object.

python -m tests.benchmarks.spool [--records 40000] [--bytes 2000] [--directory DIR]
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

from ingest.spool import SpoolWriter

CALLERS = 64
AT_ONCE = 5
FLOOR_GROUP = 64


def offer_us(directory: Path, payload: bytes, records: int) -> float:
    """Return what one `offer` costs its caller."""
    writer = SpoolWriter(
        directory, max_queued_records=records + 1, max_queued_bytes=2 * records * len(payload)
    )
    began = time.perf_counter()
    for _ in range(records):
        writer.offer(payload)
    spent = time.perf_counter() - began
    writer.close(timeout_s=60)
    assert writer.stats.durable == records, writer.stats
    return spent / records * 1e6


async def append(directory: Path, payload: bytes, records: int, *, callers: int) -> dict[str, float]:
    """Return records acknowledged after fdatasync per second, and how long one `append` took."""
    writer = SpoolWriter(directory)
    took: list[float] = []
    group = [payload] * AT_ONCE

    async def call() -> None:
        for _ in range(records // callers // AT_ONCE):
            began = time.perf_counter()
            await writer.append(group)
            took.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(call() for _ in range(callers)))
    spent, cpu_spent = time.perf_counter() - began, time.process_time() - cpu
    writer.close()
    stats = writer.stats
    took.sort()
    return {
        "records_per_s": round(stats.durable / spent),
        "cpu_us_per_record": round(cpu_spent / stats.durable * 1e6, 2),
        "records_per_sync": round(stats.durable / stats.syncs, 1),
        "append_p50_ms": round(took[len(took) // 2] * 1e3, 3),
        "append_p99_ms": round(took[len(took) * 99 // 100] * 1e3, 3),
    }


def floor(directory: Path, payload: bytes, records: int) -> dict[str, float]:
    """Return what the disk itself does: one write and one fdatasync for each group, and nothing else."""
    handle = os.open(directory / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    group = payload * FLOOR_GROUP
    took: list[float] = []
    began = time.perf_counter()
    for _ in range(records // FLOOR_GROUP):
        at = time.perf_counter()
        os.write(handle, group)
        os.fdatasync(handle)
        took.append(time.perf_counter() - at)
    spent = time.perf_counter() - began
    os.close(handle)
    took.sort()
    return {
        "records_per_s": round(len(took) * FLOOR_GROUP / spent),
        "write_and_sync_p50_ms": round(took[len(took) // 2] * 1e3, 3),
        "write_and_sync_p99_ms": round(took[len(took) * 99 // 100] * 1e3, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=40_000)
    parser.add_argument("--bytes", type=int, default=2000)
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    payload = os.urandom(arguments.bytes)
    with tempfile.TemporaryDirectory(dir=arguments.directory) as name:
        root = Path(name)
        result = {
            "benchmark": "spool",
            "record_bytes": arguments.bytes,
            "floor_raw_write_and_fdatasync": floor(root, payload, arguments.records),
            "offer_us": round(offer_us(root / "offer", payload, arguments.records), 3),
            "append_64_callers": asyncio.run(
                append(root / "many", payload, arguments.records, callers=CALLERS)
            ),
            "append_1_caller": asyncio.run(append(root / "one", payload, arguments.records // 20, callers=1)),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
