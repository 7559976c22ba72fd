"""Shapes that several nouns answer with."""

from typing import Any

from rest_framework import serializers


class Usd(serializers.DecimalField):
    """An exact amount of US dollars, as a string; null when nobody knows it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=38, decimal_places=9, allow_null=True, **options)


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields_ = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), source="fields", required=False
    )


class Failure(serializers.Serializer[Any]):
    """Every answer that is not a success."""

    error = ErrorBody()


class SpanSummary(serializers.Serializer[Any]):
    """A span without its messages."""

    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    parent_span_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    start_time = serializers.DateTimeField()
    duration_us = serializers.IntegerField()
    ttft_us = serializers.IntegerField(allow_null=True)
    overhead_us = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    status_message = serializers.CharField()
    error_type = serializers.CharField()
    http_status = serializers.IntegerField(allow_null=True)
    environment = serializers.CharField()
    service = serializers.CharField()
    release = serializers.CharField()
    session_id = serializers.CharField()
    user_id = serializers.CharField()
    feature = serializers.CharField()
    prompt_name = serializers.CharField()
    prompt_version = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField(child=serializers.CharField())
    provider = serializers.CharField()
    route = serializers.CharField()
    model_requested = serializers.CharField()
    model = serializers.CharField()
    service_tier = serializers.CharField()
    is_streamed = serializers.BooleanField()
    attempts = serializers.IntegerField()
    cache_status = serializers.CharField()
    finish_reason = serializers.CharField()
    is_refusal = serializers.BooleanField()
    guard_action = serializers.CharField()
    input_tokens = serializers.IntegerField(allow_null=True)
    output_tokens = serializers.IntegerField(allow_null=True)
    cache_read_tokens = serializers.IntegerField(allow_null=True)
    cache_write_tokens = serializers.IntegerField(allow_null=True)
    reasoning_tokens = serializers.IntegerField(allow_null=True)
    usage_source = serializers.CharField()
    cost_usd = Usd()
    input_cost_usd = Usd()
    output_cost_usd = Usd()
    price_source = serializers.CharField()
    price_version = serializers.CharField()
    input_preview = serializers.CharField()
    output_preview = serializers.CharField()


class SpanWhole(SpanSummary):
    """A span with its messages and everything known about its call."""

    usage_raw = serializers.DictField()
    unit_prices = serializers.DictField(child=serializers.CharField())
    request = serializers.DictField()
    input_messages = serializers.ListField(child=serializers.DictField())
    output_messages = serializers.ListField(child=serializers.DictField())


class SpanSaid(SpanSummary):
    """A span with its messages."""

    input_messages = serializers.ListField(child=serializers.DictField(), allow_null=True)
    output_messages = serializers.ListField(child=serializers.DictField(), allow_null=True)


class ScoreShape(serializers.Serializer[Any]):
    """A judgement."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    evaluator = serializers.CharField()
    version = serializers.CharField()
    target_kind = serializers.CharField()
    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    session_id = serializers.CharField()
    state = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    author = serializers.CharField()
    probability = serializers.FloatField()
    cost_usd = Usd()
    trace_start = serializers.DateTimeField()
    model = serializers.CharField()
    prompt_name = serializers.CharField()
    prompt_version = serializers.CharField()
    environment = serializers.CharField()
    scored_at = serializers.DateTimeField()


class GuardEventShape(serializers.Serializer[Any]):
    """What a guard decided; the text it looked at is not part of it."""

    id = serializers.UUIDField()
    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    at = serializers.DateTimeField()
    policy_id = serializers.UUIDField(help_text="Of the policy that the guard came from.")
    policy_name = serializers.CharField()
    policy_version = serializers.IntegerField()
    scope = serializers.CharField(
        help_text="Whose guard it was, where several policies add up: organisation, project, route or key."
    )
    guard = serializers.CharField()
    guard_kind = serializers.CharField()
    place = serializers.CharField()
    action = serializers.CharField()
    is_shadow = serializers.BooleanField()
    error = serializers.CharField()
    entities = serializers.DictField(child=serializers.IntegerField())
    score = serializers.FloatField(allow_null=True)
    duration_us = serializers.IntegerField()
    is_streamed = serializers.BooleanField()
    environment = serializers.CharField()
    route = serializers.CharField()
    model = serializers.CharField()
