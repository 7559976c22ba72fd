"""Traces: a page of them, and one with its spans, scores and verdicts."""

import dataclasses
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import PagedParameters, Parameters, Text
from console.api.v1.shapes import Failure, GuardEventShape, ScoreShape, SpanSaid, Usd
from console.store import store
from ingest.queries.guard_events import events_of_trace
from ingest.queries.listing import CursorError, Wanted, page
from ingest.queries.said import Place, Said, said_in
from ingest.queries.scores import scores_of_trace
from ingest.queries.spans import spans_of_trace


class TraceParameters(PagedParameters):
    """Which traces to list: those with a span for which all of this is true."""

    text = Text(help_text="Words that one message of the trace contains, all of them.")
    environment = Text()
    status = Text()
    kind = Text()
    name = Text()
    provider = Text()
    model = Text()
    user_id = Text()
    session_id = Text()
    feature = Text()
    prompt_name = Text()
    prompt_version = Text()
    guard_action = Text()
    tag = Text()
    min_duration_us = serializers.IntegerField(required=False, default=None, min_value=0, max_value=2**63)
    min_cost_usd = serializers.DecimalField(
        required=False, default=None, max_digits=18, decimal_places=9, min_value=0
    )
    messages = serializers.BooleanField(
        required=False, default=True, help_text="Whether to send what was said; without, lists are lighter."
    )


class OneTraceParameters(Parameters):
    """How much of a trace to read."""

    messages = serializers.BooleanField(
        required=False, default=True, help_text="Whether to send what was said in each span."
    )


class ShortScore(serializers.Serializer[Any]):
    """A score as a list shows it."""

    name = serializers.CharField()
    state = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]


class TraceSummary(serializers.Serializer[Any]):
    """A trace: its first span, and what all of its spans add up to."""

    trace_id = serializers.CharField()
    span_id = serializers.CharField(help_text="Of the span that stands for the trace.")
    name = serializers.CharField()
    kind = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    start_time = serializers.DateTimeField()
    duration_us = serializers.IntegerField()
    ttft_us = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    environment = serializers.CharField()
    session_id = serializers.CharField()
    user_id = serializers.CharField()
    feature = serializers.CharField()
    prompt_name = serializers.CharField()
    prompt_version = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField()
    models = serializers.ListField(child=serializers.CharField())
    guard_action = serializers.CharField()
    is_streamed = serializers.BooleanField()
    spans = serializers.IntegerField()
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    input_tokens = serializers.IntegerField(allow_null=True)
    output_tokens = serializers.IntegerField(allow_null=True)
    cost_usd = Usd()
    unpriced = serializers.IntegerField(help_text="Calls whose cost is not known and not in the sum.")
    input_preview = serializers.CharField()
    output_preview = serializers.CharField()
    input_messages = serializers.ListField(
        child=serializers.DictField(), allow_null=True, help_text="Of the span that stands for the trace."
    )
    output_messages = serializers.ListField(child=serializers.DictField(), allow_null=True)
    scores = ShortScore(many=True)


class TracePage(serializers.Serializer[Any]):
    """A page of traces, newest first."""

    data = TraceSummary(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class TraceWhole(serializers.Serializer[Any]):
    """A trace with its spans in the order in which they began."""

    trace_id = serializers.CharField()
    spans = SpanSaid(many=True)
    scores = ScoreShape(many=True)
    guard_events = GuardEventShape(many=True)


class Traces(APIView):
    """The traces of a project."""

    @extend_schema(
        operation_id="list_traces", parameters=[TraceParameters], responses={200: TracePage, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List traces, newest first."""
        project = project_of(request, to="view")
        asked = TraceParameters.of(request)
        limit, cursor = asked.pop("limit"), asked.pop("cursor")
        with_messages = asked.pop("messages")
        del asked["project"]
        wanted = Wanted(start=asked.pop("since"), end=asked.pop("until"), **asked)
        try:
            found = page(store(), project_id=project.id, wanted=wanted, cursor=cursor, limit=limit)
        except CursorError:
            raise ValidationError({"cursor": ["This is no cursor that a page has given out."]}) from None
        rows = _with_messages(project.id, found.rows, is_wanted=with_messages)
        body = {"data": rows, "next_cursor": found.next_cursor or None}
        return Response(TracePage(body).data)


class Trace(APIView):
    """One trace."""

    @extend_schema(
        operation_id="read_trace", parameters=[OneTraceParameters], responses={200: TraceWhole, 404: Failure}
    )
    def get(self, request: Request, trace_id: str) -> Response:
        """Return a trace with its spans, their messages, scores and verdicts."""
        project = project_of(request, to="view")
        asked = OneTraceParameters.of(request)
        spans = spans_of_trace(store(), project_id=project.id, trace_id=trace_id.lower())
        if not spans:
            raise Http404(f"no trace {trace_id}")
        whole = {
            "trace_id": trace_id.lower(),
            "spans": _with_messages(project.id, spans, is_wanted=asked["messages"]),
            "scores": scores_of_trace(store(), project_id=project.id, trace_id=trace_id.lower()),
            "guard_events": events_of_trace(store(), project_id=project.id, trace_id=trace_id.lower()),
        }
        return Response(TraceWhole(whole).data)


def _with_messages(project_id: UUID, rows: Sequence[Any], *, is_wanted: bool) -> list[dict[str, Any]]:
    """Return rows with what was said in each; null when that was not asked for."""
    places = [Place(row.trace_id, row.span_id, row.start_time) for row in rows] if is_wanted else []
    said = said_in(store(), project_id=project_id, places=places)
    nothing = Said((), ()) if is_wanted else None
    return [
        {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
        | {
            "input_messages": one.input_messages if one else None,
            "output_messages": one.output_messages if one else None,
        }
        for row, one in ((row, said.get((row.trace_id, row.span_id), nothing)) for row in rows)
    ]
