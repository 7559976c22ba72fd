"""Usage: what model calls add up to, in all and by one dimension."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import Text, TimedParameters
from console.api.v1.shapes import Failure, Usd
from console.store import store
from ingest.queries.bills import charges
from ingest.queries.traffic import Grain, traffic

DIMENSIONS = ["model", "provider", "feature", "prompt_name", "environment", "user_id", "api_key_id"]
_MINUTES_KEPT = timedelta(hours=6)
_SPANS_READ = timedelta(days=2)


class UsageParameters(TimedParameters):
    """Which usage to sum. Times are taken to the hour; to the minute for up to six hours."""

    environment = Text()
    by = serializers.ChoiceField(DIMENSIONS, required=False, default="model")
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=1000)


class QuantilesShape(serializers.Serializer[Any]):
    """Microseconds; null when nothing was measured."""

    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class Totals(serializers.Serializer[Any]):
    """What all calls add up to."""

    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    blocked = serializers.IntegerField()
    aborted = serializers.IntegerField()
    refusals = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cache_read_tokens = serializers.IntegerField()
    cost_usd = Usd()
    unpriced = serializers.IntegerField(
        help_text="Answered calls whose cost is not known and not in the sum."
    )
    duration = QuantilesShape()
    ttft = QuantilesShape()


class ChargeShape(serializers.Serializer[Any]):
    """What one name is charged for."""

    name = serializers.CharField()
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cache_read_tokens = serializers.IntegerField(allow_null=True)
    cost_usd = Usd()
    unpriced = serializers.IntegerField()


class UsageShape(serializers.Serializer[Any]):
    """Usage of a stretch of time."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    totals = Totals()
    by = serializers.CharField()
    data = ChargeShape(many=True)  # type: ignore[assignment]


class Usage(APIView):
    """The usage of a project."""

    @extend_schema(
        operation_id="read_usage", parameters=[UsageParameters], responses={200: UsageShape, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """Sum model calls and embeddings, in all and by one dimension, the dearest first."""
        project = project_of(request, to="view")
        asked = UsageParameters.of(request)
        length = asked["until"] - asked["since"]
        grain: Grain = "minute" if length <= _MINUTES_KEPT else "hour"
        whole = {"minute": 0} if grain == "hour" else {}
        since = asked["since"].replace(second=0, microsecond=0, **whole)
        stretch = {
            "project_id": project.id,
            "start": since,
            "end": asked["until"],
            "grain": grain,
            "environment": asked["environment"],
        }
        body = {
            "since": since,
            "until": asked["until"],
            "totals": traffic(store(), **stretch),
            "by": asked["by"],
            "data": charges(
                store(), **stretch, by=asked["by"], is_long=length > _SPANS_READ, limit=asked["limit"]
            ),
        }
        return Response(UsageShape(body).data)
