"""What each dialect's payloads are understood as. `python -m tests.ingest.formats.capture` makes them again."""

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.formats.spans import Origin
from ingest.receiver.batch import Batch, read_batch
from ingest.receiver.replies import Form
from tests.ingest.formats.capture import HERE, START_NS, with_base64_ids

PAYLOADS = sorted(HERE.glob("*.otlp.json"))


def understood(body: bytes, form: Form) -> Batch:
    return read_batch(
        body,
        encoding=b"",
        form=form,
        origin=Origin(project_id=UUID(int=1)),
        max_bytes=1_000_000,
        now_ns=START_NS + 60 * 10**9,
    )


def expected_of(payload: Path) -> Any:
    return orjson.loads(payload.with_name(payload.name.replace(".otlp.", ".spans.")).read_bytes())


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.name.partition(".")[0])
def test_a_payload_in_json_becomes_the_spans_beside_it(payload: Path) -> None:
    batch = understood(payload.read_bytes(), "json")

    assert batch.rejections == []
    assert orjson.loads(orjson.dumps(batch.spans)) == expected_of(payload)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.name.partition(".")[0])
def test_the_same_payload_in_protobuf_becomes_the_same_spans(payload: Path) -> None:
    request = ParseDict(with_base64_ids(orjson.loads(payload.read_bytes())), ExportTraceServiceRequest())

    batch = understood(request.SerializeToString(), "protobuf")

    assert batch.rejections == []
    assert orjson.loads(orjson.dumps(batch.spans)) == expected_of(payload)
