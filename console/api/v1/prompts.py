"""Prompts: which versions were used, how much, how well and at what cost."""

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
from ingest.queries.prompts import prompt_usage


class PromptParameters(TimedParameters):
    """Which prompts to list."""

    name = Text()
    environment = Text()
    limit = serializers.IntegerField(required=False, default=200, min_value=1, max_value=1000)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=100_000)


class PromptShape(serializers.Serializer[Any]):
    """One version of a prompt, as spans name it."""

    name = serializers.CharField()
    version = serializers.CharField()
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    refusals = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_usd = Usd()
    unpriced = serializers.IntegerField()
    p50_us = serializers.FloatField()
    p95_us = serializers.FloatField()
    p99_us = serializers.FloatField()
    first_hour = serializers.DateTimeField()
    last_hour = serializers.DateTimeField()


class PromptList(serializers.Serializer[Any]):
    """Prompts by name, the version used last first."""

    data = PromptShape(many=True)  # type: ignore[assignment]


class Prompts(APIView):
    """The prompts of a project."""

    @extend_schema(
        operation_id="list_prompts", parameters=[PromptParameters], responses={200: PromptList, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List the versions of prompts that were used."""
        project = project_of(request, to="view")
        asked = PromptParameters.of(request)
        del asked["project"]
        return Response(PromptList({"data": prompt_usage(store(), project_id=project.id, **asked)}).data)
