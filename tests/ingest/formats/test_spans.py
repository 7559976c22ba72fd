"""Which spans are accepted, and how what arrives is bounded."""

from typing import Any
from uuid import UUID

import pytest

from ingest.formats.bounds import BEYOND, bounded
from ingest.formats.spans import Origin, read
from ingest.formats.usage import usage_from
from ingest.formats.wire import Rejection, WireEvent, WireSpan
from ingest.records import Span, SpanKind

NOW_NS = 1_790_000_000_000_000_000
DAY_NS = 24 * 3600 * 10**9
ORIGIN = Origin(project_id=UUID(int=1), environment="production", user_id="from-header", tags=("header",))


def wire(**changes: Any) -> WireSpan:
    whole = WireSpan(
        trace_id="a" * 32,
        span_id="b" * 16,
        parent_span_id="",
        name="work",
        start_ns=NOW_NS - 2_000_000_000,
        end_ns=NOW_NS - 1_000_000_000,
        attributes={},
        events=[],
        is_error=False,
        status_message="",
        resource={},
        scope="",
        size=100,
    )
    return whole._replace(**changes)


def accepted(**changes: Any) -> Span:
    span = read(wire(**changes), ORIGIN, now_ns=NOW_NS)
    assert isinstance(span, Span)
    return span


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trace_id": "a" * 31}, "trace id"),
        ({"trace_id": "0" * 32}, "trace id"),
        ({"trace_id": "x" * 32}, "trace id"),
        ({"span_id": ""}, "span id"),
        ({"span_id": "0" * 16}, "span id"),
        ({"parent_span_id": "abc"}, "parent span id"),
        ({"parent_span_id": "b" * 16}, "its own parent"),
        ({"end_ns": 0}, "end time"),
        ({"end_ns": NOW_NS - 3_000_000_000}, "end time"),
        ({"start_ns": NOW_NS - 31 * DAY_NS}, "start time"),
        ({"start_ns": NOW_NS + DAY_NS, "end_ns": NOW_NS + DAY_NS}, "start time"),
        ({"start_ns": 0, "end_ns": 1}, "start time"),
        ({"end_ns": NOW_NS + DAY_NS}, "end time"),
        ({"size": 5 * 1024 * 1024}, "larger than 4 MiB"),
    ],
)
def test_a_span_that_cannot_be_right_is_rejected_with_its_name_and_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    rejection = read(wire(**changes), ORIGIN, now_ns=NOW_NS)

    assert isinstance(rejection, Rejection)
    assert reason in rejection.reason
    assert "'work'" in str(rejection)


def test_a_parent_of_zeros_is_no_parent() -> None:
    assert accepted(parent_span_id="0" * 16).parent_span_id == ""


def test_a_span_of_no_length_is_accepted() -> None:
    assert accepted(end_ns=NOW_NS - 2_000_000_000).duration_us == 0


def test_what_the_request_says_counts_only_where_the_span_is_silent() -> None:
    silent = accepted()
    speaking = accepted(
        attributes={"user.id": "own", "tag.tags": ["own"]}, resource={"deployment.environment": "qa"}
    )

    assert (silent.user_id, silent.tags, silent.environment) == ("from-header", ("header",), "production")
    assert (speaking.user_id, speaking.tags, speaking.environment) == ("own", ("own",), "qa")


def test_our_own_attributes_speak_before_all_others() -> None:
    span = accepted(
        attributes={
            "parapet.feature": "search",
            "parapet.prompt": "answer@3",
            "parapet.session": "ours",
            "session.id": "theirs",
        }
    )

    assert (span.feature, span.prompt_name, span.prompt_version) == ("search", "answer", "3")
    assert span.session_id == "ours"


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"langfuse.observation.type": "tool", "openinference.span.kind": "LLM"}, "tool"),
        ({"openinference.span.kind": "AGENT", "gen_ai.operation.name": "chat"}, "agent"),
        ({"gen_ai.operation.name": "embeddings", "ai.operationId": "ai.toolCall"}, "embedding"),
        ({"ai.operationId": "ai.generateText.doGenerate"}, "llm"),
        ({"ai.operationId": "ai.embed.doEmbed"}, "embedding"),
        ({"traceloop.span.kind": "workflow"}, "chain"),
        ({"gen_ai.tool.name": "search"}, "tool"),
        ({"gen_ai.request.model": "gpt-4o"}, "llm"),
        ({"openinference.span.kind": "UNHEARD_OF"}, "span"),
        ({"http.route": "/"}, "span"),
    ],
)
def test_the_kind_is_taken_from_the_most_deliberate_word(attributes: dict[str, Any], kind: SpanKind) -> None:
    assert accepted(attributes=attributes).kind == kind


def test_attributes_beyond_the_bounds_are_cut_and_counted() -> None:
    span = accepted(attributes={f"custom.{number}": "x" * 20_000 for number in range(200)})

    assert len(span.attributes) == 129
    assert len(span.attributes["custom.0"]) == 8_192 + BEYOND
    assert len(bounded(span).attributes["custom.0"]) == 8_192
    assert span.attributes["parapet.attributes_dropped"] == "72"


def test_what_has_no_field_is_kept_as_text() -> None:
    span = accepted(
        attributes={"custom.flag": True, "custom.ratio": 0.5, "custom.list": ["a", 1], "custom.none": None},
        resource={"host.name": "web-1", "telemetry.sdk.name": "opentelemetry"},
        events=[WireEvent("cache", NOW_NS, {"hit": True})],
        scope="my.library",
    )

    assert span.attributes == {
        "custom.flag": "true",
        "custom.ratio": "0.5",
        "custom.list": '["a",1]',
        "custom.none": "",
        "resource.host.name": "web-1",
        "otel.events": '[{"name":"cache","time_us":1790000000000000,"hit":true}]',
        "otel.scope.name": "my.library",
    }


def test_an_exception_event_says_what_went_wrong() -> None:
    event = WireEvent(
        "exception", NOW_NS, {"exception.type": "TimeoutError", "exception.message": "too slow"}
    )

    span = accepted(is_error=True, events=[event])

    assert (span.status, span.error_type, span.status_message) == ("error", "TimeoutError", "too slow")


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": "not json",
            "gen_ai.usage.input_tokens": "many",
        },
        {"openinference.span.kind": "LLM", "llm.input_messages.0": "flat", "llm.input_messages.x.y": 1},
        {"openinference.span.kind": "LLM", "llm.input_messages.0.message.contents": [1, {"a": {}}]},
        {"openinference.span.kind": "LLM", "llm.input_messages.999999999999.message.content": "far"},
        {"openinference.span.kind": "LLM", "llm.tools.0.tool": 3, "llm.invocation_parameters": "[1, 2]"},
        {"openinference.span.kind": "LLM", "llm.prompts.0.prompt": "flat", "llm.choices.0.completion": 7},
        {"openinference.span.kind": "EMBEDDING", "embedding.embeddings.0.embedding": [0.5]},
        {"gen_ai.output.messages": '[{"role": 7, "parts": "x"}, 3, null, {"parts": [null, {"type": []}]}]'},
        {"gen_ai.tool.definitions": "[1, {}]", "gen_ai.response.finish_reasons": 3},
        {"langfuse.observation.type": ["generation"], "langfuse.observation.usage_details": '{"input": {}}'},
        {
            "langfuse.observation.cost_details": '{"total": "NaN"}',
            "langfuse.observation.model.parameters": "{",
        },
        {"ai.operationId": 5, "ai.prompt": "[]", "ai.response.toolCalls": '{"a": 1}', "ai.usage.tokens": -4},
        {"traceloop.span.kind": {}, "llm.request.functions.0": 1, "gen_ai.prompt.0": "flat"},
        {"llm.cost.total": "1e400", "llm.token_count.prompt": float("inf"), "gen_ai.usage.cost": -1},
        {"openinference.span.kind": "LLM", "llm.invocation_parameters": '{"self": 1, "model": 2}'},
        {"parapet.tags": 7, "parapet.prompt": ["a"], "tag.tags": {"a": 1}, "session.id": 12},
    ],
)
def test_attributes_of_unexpected_shape_never_lose_the_span(attributes: dict[str, Any]) -> None:
    assert accepted(attributes=attributes).span_id == "b" * 16


def test_values_that_are_no_amounts_are_unknown_and_not_zero() -> None:
    span = accepted(
        attributes={"llm.cost.total": "1e400", "llm.token_count.prompt": float("inf"), "llm.model_name": "m"}
    )

    assert span.reported_cost_usd is None
    assert span.usage.input_tokens is None
    assert span.usage.source == "unknown"


@pytest.mark.parametrize(
    ("counts", "input_tokens"),
    [
        ({"input_tokens": 100, "cache_read_tokens": 80}, 100),
        ({"input_tokens": 100, "cache_read_tokens": 900}, 1000),
        ({"input_tokens": 100, "cache_read_tokens": 50, "output_tokens": 10, "total_tokens": 160}, 150),
        ({"input_tokens": 100, "cache_read_tokens": 50, "output_tokens": 10, "total_tokens": 110}, 100),
        ({"input_tokens": 100, "cache_write_tokens": 20, "excludes_cached": True}, 120),
    ],
)
def test_input_tokens_always_include_what_was_cached(counts: dict[str, Any], input_tokens: int) -> None:
    assert usage_from({}, **counts).input_tokens == input_tokens


def test_only_counts_are_kept_of_what_was_reported() -> None:
    details = '{"input": 10, "output": 2, "note": "for ann@example.com", "input_audio": "7"}'

    span = accepted(attributes={"langfuse.observation.usage_details": details})

    assert span.usage.raw == {"input": 10, "output": 2, "input_audio": "7"}


def test_a_value_is_cut_only_after_the_guards_have_seen_what_it_would_be_cut_through() -> None:
    card = "4111 1111 1111 1111"
    span = accepted(attributes={"custom.note": "x" * 8_180 + f" {card} and more"})

    assert card in span.attributes["custom.note"]
    assert len(bounded(span).attributes["custom.note"]) == 8_192
