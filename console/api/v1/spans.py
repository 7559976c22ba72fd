"""Spans: a page of them, and one with its messages."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import HexId, PagedParameters, Parameters, Text, read_cursor, write_cursor
from console.api.v1.shapes import Failure, SpanSummary, SpanWhole
from console.store import store
from ingest.queries.spans import SpanFilters, newest_spans, span_detail


class SpanParameters(PagedParameters):
    """Which spans to list."""

    trace_id = HexId(required=False, default="")
    kind = Text()
    status = Text()
    environment = Text()
    provider = Text()
    model = Text()
    user_id = Text()
    session_id = Text()
    feature = Text()
    prompt_name = Text()
    prompt_version = Text()
    guard_action = Text()
    tag = Text()


class SpanPage(serializers.Serializer[Any]):
    """A page of spans, newest first."""

    data = SpanSummary(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class Spans(APIView):
    """The spans of a project."""

    @extend_schema(
        operation_id="list_spans", parameters=[SpanParameters], responses={200: SpanPage, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List spans, newest first."""
        project = project_of(request, to="view")
        asked = SpanParameters.of(request)
        limit, before = asked.pop("limit"), read_cursor(asked.pop("cursor"))
        del asked["project"]
        rows = newest_spans(
            store(), project_id=project.id, filters=SpanFilters(**asked), before=before, limit=limit + 1
        )
        shown = rows[:limit]
        more = len(rows) > limit
        cursor = write_cursor(shown[-1].start_time, shown[-1].span_id) if more else None
        return Response(SpanPage({"data": shown, "next_cursor": cursor}).data)


class Span(APIView):
    """One span."""

    @extend_schema(
        operation_id="read_span", parameters=[Parameters], responses={200: SpanWhole, 404: Failure}
    )
    def get(self, request: Request, trace_id: str, span_id: str) -> Response:
        """Return a span with its messages."""
        project = project_of(request, to="view")
        Parameters.of(request)
        span = span_detail(store(), project_id=project.id, trace_id=trace_id.lower(), span_id=span_id.lower())
        if span is None:
            raise Http404(f"trace {trace_id} has no span {span_id}")
        return Response(SpanWhole(span).data)
