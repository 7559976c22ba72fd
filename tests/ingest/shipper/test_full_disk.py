"""A disk that fills up and is emptied again by nobody but us."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.clickhouse.client import Client
from ingest.records import Span, encode
from ingest.shipper.shipper import Shipper
from ingest.spool import SpoolError, SpoolFullError, SpoolWriter
from tests.ingest.shipper.conftest import Pipeline
from tests.makers import make_span

BALLAST = [{"role": "user", "content": "lorem ipsum " * 1500}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Four megabytes, as a file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    path = tmp_path / "small"
    path.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("this machine does not allow mounts")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def spans_for(pipeline: Pipeline, count: int) -> list[Span]:
    now = datetime.now(UTC)
    return [make_span(pipeline.project_id, at=now, input_messages=BALLAST) for _ in range(count)]


def fill(writer: SpoolWriter, pipeline: Pipeline) -> set[str]:
    """Append until the spool says that it is full; return the spans it took."""
    taken: set[str] = set()
    for _ in range(5000):
        spans = spans_for(pipeline, 3)
        try:
            writer.append_blocking([encode(span) for span in spans])
        except SpoolFullError:
            return taken
        taken.update(span.span_id for span in spans)
    raise AssertionError("the disk never filled up")


def append_when_possible(writer: SpoolWriter, pipeline: Pipeline, shipper: Shipper) -> set[str]:
    """Ship and try again until the spool takes a span."""
    (span,) = spans_for(pipeline, 1)
    for _ in range(1000):
        shipper.step()
        try:
            writer.append_blocking([encode(span)])
        except SpoolError:
            time.sleep(0.02)
        else:
            return {span.span_id}
    raise AssertionError("the spool never recovered")


def test_a_full_disk_is_emptied_by_the_shipper_and_taken_up_again(
    pipeline: Pipeline, small_disk: Path, clickhouse: Client
) -> None:
    pipeline.root = small_disk
    pipeline.settings = replace(
        pipeline.settings, spool_dir=small_disk, retention_s=0.0, reserve_bytes=256 * 1024
    )
    shipper = pipeline.shipper()
    shipper.step()
    writer = SpoolWriter(small_disk, segment_bytes=512 * 1024, roll_after_s=0.1)
    accepted: set[str] = set()
    waits = []
    for _ in range(4):
        accepted |= fill(writer, pipeline)
        began = time.monotonic()
        accepted |= append_when_possible(writer, pipeline, shipper)
        waits.append(time.monotonic() - began)
    writer.close()
    pipeline.ship(shipper)

    query = "SELECT span_id FROM spans WHERE project_id = {project:UUID}"
    stored = clickhouse.query(query, {"project": str(pipeline.project_id)}).result_rows
    assert len(accepted) > 300
    assert sorted(span_id for (span_id,) in stored) == sorted(accepted)
    assert max(waits) < 5
    assert shipper.tally.quarantined_records == 0
