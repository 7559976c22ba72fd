"""Simulated traces go through the receiver as any other sender's do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.demo.delivery import DeliveryError, Doors
from console.demo.plan import traces
from tests.fixtures.receiver import KEY, running_receiver
from tests.fixtures.redis import free_port


async def test_every_span_is_accepted_and_understood(tmp_path: Path) -> None:
    planned = traces(seed=3, days=2, calls=150, now=datetime.now(UTC))
    reported: list[int] = []

    async with running_receiver(tmp_path) as receiver:
        doors = Doors(otlp_url=receiver.url, proxy_url=receiver.url, api_key=KEY)
        delivered = await doors.send_traces(planned, run="a", progress=reported.append)
        spans = receiver.spans()

    assert (delivered.rejected, delivered.reason) == (0, "")
    assert delivered.spans == len(spans) == len({(span.trace_id, span.span_id) for span in spans})
    assert sum(reported) == sum(trace.root.calls for trace in planned)
    assert {span.kind for span in spans} == {
        "agent",
        "chain",
        "llm",
        "tool",
        "retriever",
        "embedding",
        "reranker",
    }
    ids = {span.span_id for span in spans}
    assert all(span.parent_span_id in ids for span in spans if span.parent_span_id)
    answered = [span for span in spans if span.kind == "llm" and span.status == "ok"]
    assert all(span.model and span.provider and span.usage.source == "reported" for span in answered)
    assert all(span.input_messages and span.finish_reason for span in answered)
    assert all(span.output_messages for span in answered if span.finish_reason != "content_filter")
    assert all(span.user_id and span.session_id and span.feature and span.prompt_version for span in spans)
    assert any(span.ttft_us for span in answered)
    assert any(span.request.get("tools") for span in answered)


async def test_another_run_has_other_ids(tmp_path: Path) -> None:
    planned = traces(seed=3, days=1, calls=20, now=datetime.now(UTC))

    async with running_receiver(tmp_path) as receiver:
        doors = Doors(otlp_url=receiver.url, proxy_url=receiver.url, api_key=KEY)
        await doors.send_traces(planned, run="a", progress=lambda done: None)
        await doors.send_traces(planned, run="b", progress=lambda done: None)
        spans = receiver.spans()

    assert len({(span.trace_id, span.span_id) for span in spans}) == len(spans)


async def test_a_key_that_is_not_in_force_is_said_to_be_so(tmp_path: Path) -> None:
    planned = traces(seed=3, days=1, calls=5, now=datetime.now(UTC))

    async with running_receiver(tmp_path) as receiver:
        doors = Doors(otlp_url=receiver.url, proxy_url=receiver.url, api_key="pk_gone")
        with pytest.raises(DeliveryError, match=r"HTTP 401.*credentials\.json"):
            await doors.send_traces(planned, run="a", progress=lambda done: None)


async def test_closed_doors_are_named_with_what_to_do() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(DeliveryError, match=r"receiver's address .*make run"):
        await Doors(otlp_url=url, proxy_url=f"{url}/v1", api_key=KEY).check()
