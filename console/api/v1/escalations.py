"""Escalations: calls that guards held back for a person, and what became of them."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import Parameters
from console.api.v1.shapes import Failure
from console.policies.escalations import collect
from console.policies.models import Escalation


class EscalationParameters(Parameters):
    """Which escalations to list."""

    state = serializers.ChoiceField(["", *Escalation.State.values], required=False, default="")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class EscalationShape(serializers.Serializer[Any]):
    """A call that was held back. The text is not part of it."""

    id = serializers.UUIDField()
    reference = serializers.CharField(
        source="span_id", help_text="What the caller was given; also the span's id."
    )
    trace_id = serializers.CharField()
    at = serializers.DateTimeField()
    guard = serializers.CharField()
    place = serializers.CharField()
    entities = serializers.DictField(child=serializers.IntegerField())
    state = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()


class EscalationList(serializers.Serializer[Any]):
    """Escalations, newest first."""

    data = EscalationShape(many=True)  # type: ignore[assignment]


class Escalations(APIView):
    """What the guards of a project held back for a person."""

    @extend_schema(
        operation_id="list_escalations",
        parameters=[EscalationParameters],
        responses={200: EscalationList, 400: Failure},
    )
    def get(self, request: Request) -> Response:
        """List escalations, newest first."""
        project = project_of(request, to="view")
        asked = EscalationParameters.of(request)
        collect(project)
        rows = Escalation.objects.filter(project=project)
        if asked["state"]:
            rows = rows.filter(state=asked["state"])
        return Response(EscalationList({"data": rows[: asked["limit"]]}).data)


class OneEscalation(APIView):
    """One call that was held back, by the reference its caller was given."""

    @extend_schema(
        operation_id="read_escalation",
        parameters=[Parameters],
        responses={200: EscalationShape, 404: Failure},
    )
    def get(self, request: Request, span_id: str) -> Response:
        """Read an escalation: an app that was given a reference asks here until its state is allowed or denied."""
        project = project_of(request, to="view")
        Parameters.of(request)
        held = Escalation.objects.filter(project=project, span_id=span_id)
        row = held.first()
        if row is None:
            collect(project)
            row = held.first()
        if row is None:
            raise Http404(f"no call was held back under the reference {span_id}")
        return Response(EscalationShape(row).data)
