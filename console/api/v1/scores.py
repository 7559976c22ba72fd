"""Scores: read a page of them, or give one."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.accounts.models import Project
from console.api.access import author_of, project_of
from console.api.errors import NotCheckedError
from console.api.parameters import HexId, PagedParameters, Parameters, Text, read_cursor, write_cursor
from console.api.v1.shapes import Failure, ScoreShape
from console.masking import UncheckedTextError, as_stored
from console.store import store
from ingest.queries.scores import ScoreFilters, newest_scores
from ingest.queries.spans import SpanRow, spans_of_trace
from ingest.records import Score
from ingest.writer import write_scores

_NAMESPACE = uuid.UUID("6f0f5c0e-2f5d-5b0a-9d7e-6f2f0d1c7a11")
"""Scores given without an id get one derived from what they judge, so that a repeat replaces."""


class ScoreParameters(PagedParameters):
    """Which scores to list. Times are those of the traces that were judged."""

    name = Text()
    state = serializers.ChoiceField(["", "scored", "unscored", "not_applicable"], required=False, default="")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        ["", "judge", "code", "human", "user", "api"], required=False, default=""
    )
    trace_id = HexId(required=False, default="")
    session_id = Text()
    model = Text()
    prompt_name = Text()
    environment = Text()
    at_most = serializers.FloatField(required=False, default=None)
    at_least = serializers.FloatField(required=False, default=None)


class ScorePage(serializers.Serializer[Any]):
    """A page of scores, those of the newest traces first."""

    data = ScoreShape(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class NewScore(serializers.Serializer[Any]):
    """A judgement to store. It needs a value, a label, or both."""

    id = serializers.UUIDField(
        required=False, help_text="Give the same id again to replace a score; made from the rest if absent."
    )
    name = serializers.CharField(max_length=100)
    trace_id = HexId()
    span_id = HexId(required=False, default="")
    value = serializers.FloatField(required=False, allow_null=True, default=None)
    label = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)  # type: ignore[assignment]
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    source = serializers.ChoiceField(["api", "human", "user"], required=False, default="api")  # type: ignore[assignment]
    author = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)

    def validate_value(self, value: float | None) -> float | None:
        """Refuse what is no number."""
        if value is not None and value - value != 0:
            raise ValidationError("A value is a finite number.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse unknown fields and a judgement that says nothing."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            known = ", ".join(sorted(self.fields))
            raise ValidationError(
                {name: [f"There is no such field. Known are: {known}."] for name in unknown}
            )
        if attrs["value"] is None and not attrs["label"]:
            raise ValidationError({"value": ["Give a value, a label, or both."]})
        return attrs


class GivenScore(serializers.Serializer[Any]):
    """A score that was stored."""

    id = serializers.UUIDField()


class Scores(APIView):
    """The scores of a project."""

    @extend_schema(
        operation_id="list_scores", parameters=[ScoreParameters], responses={200: ScorePage, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List scores, those of the newest traces first."""
        project = project_of(request, to="view")
        asked = ScoreParameters.of(request)
        limit, before = asked.pop("limit"), read_cursor(asked.pop("cursor"))
        del asked["project"]
        rows = newest_scores(
            store(), project_id=project.id, filters=ScoreFilters(**asked), before=before, limit=limit + 1
        )
        shown = rows[:limit]
        cursor = write_cursor(shown[-1].trace_start, shown[-1].id) if len(rows) > limit else None
        return Response(ScorePage({"data": shown, "next_cursor": cursor}).data)

    @extend_schema(
        operation_id="give_score",
        parameters=[Parameters],
        request=NewScore,
        responses={201: GivenScore, 400: Failure, 404: Failure},
    )
    def post(self, request: Request) -> Response:
        """Store a score of a trace or of one of its spans. When this answers, it is stored."""
        project = project_of(request, to="edit")
        Parameters.of(request)
        given = NewScore(data=request.data)
        given.is_valid(raise_exception=True)
        score = _score(project, _masked(project, given.validated_data), author_of(request))
        write_scores(store(), [score])
        return Response(GivenScore({"id": score.id}).data, status=status.HTTP_201_CREATED)


_WRITTEN = ("name", "label", "reason", "author")
"""What the sender writes: it passes the project's policy before it is stored."""


def _masked(project: Project, given: dict[str, Any]) -> dict[str, Any]:
    try:
        kept = as_stored(project, [given[name] for name in _WRITTEN])
    except UncheckedTextError as error:
        raise NotCheckedError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    return given | dict(zip(_WRITTEN, kept, strict=True))


def _score(project: Project, given: dict[str, Any], author: str) -> Score:
    """Fill in what is known of the trace or span that is judged."""
    spans = spans_of_trace(store(), project_id=project.id, trace_id=given["trace_id"])
    if not spans:
        raise ValidationError({"trace_id": ["The project has no such trace. Spans arrive within seconds."]})
    judged = _judged(spans, given["span_id"])
    author = given["author"] or author
    key = "\0".join([str(project.id), given["trace_id"], given["span_id"], given["name"], author])
    return Score(
        id=given.get("id") or uuid.uuid5(_NAMESPACE, key),
        project_id=project.id,
        name=given["name"],
        target_kind="span" if given["span_id"] else "trace",
        trace_id=given["trace_id"],
        span_id=given["span_id"],
        session_id=judged.session_id,
        value=given["value"],
        label=given["label"],
        reason=given["reason"],
        source=given["source"],
        author=author,
        trace_start_us=int(round(spans[0].start_time.timestamp() * 1_000_000)),
        kind=judged.kind,
        model=judged.model,
        prompt_name=judged.prompt_name,
        prompt_version=judged.prompt_version,
        environment=judged.environment,
        scored_at_us=int(timezone.now().timestamp() * 1_000_000),
    )


def _judged(spans: list[SpanRow], span_id: str) -> SpanRow:
    """Return the span that is judged, or the first one when the whole trace is."""
    if not span_id:
        return spans[0]
    for span in spans:
        if span.span_id == span_id:
            return span
    raise ValidationError({"span_id": ["The trace has no such span."]})
