"""Escalations: calls that guards held back for a person, and what became of them."""

from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.accounts.models import Project, User
from console.api.access import project_of
from console.api.parameters import Parameters
from console.api.v1.shapes import Failure
from console.masking import UncheckedTextError, as_stored
from console.policies.escalations import (
    LONGEST_NOTE,
    LONGEST_PERMIT,
    USUAL_PERMIT,
    EscalationError,
    collect,
    decide,
    revoke,
)
from console.policies.models import Escalation
from console.policies.permits import in_force


class EscalationParameters(Parameters):
    """Which escalations to list."""

    state = serializers.ChoiceField(["", *Escalation.State.values], required=False, default="")
    passing = serializers.BooleanField(
        required=False, default=False, help_text="Only those whose calls are let pass now."
    )
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
    passing = serializers.CharField(
        help_text="What becomes of the same call now: passes, used, expired or revoked; empty where it was not allowed."
    )
    allowed_until = serializers.DateTimeField(allow_null=True)
    is_for_one_call = serializers.BooleanField()
    calls_passed = serializers.IntegerField(help_text="How many calls have passed because of it.")


class DecisionShape(serializers.Serializer[Any]):
    """What a person says of a held call."""

    decision = serializers.ChoiceField(["allow", "deny"])
    lasts_s = serializers.IntegerField(
        required=False,
        default=int(USUAL_PERMIT.total_seconds()),
        min_value=60,
        max_value=int(LONGEST_PERMIT.total_seconds()),
        help_text="For how long the same call passes.",
    )
    for_one_call = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTE)


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
        if asked["passing"]:
            rows = rows.filter(pk__in=in_force(timezone.now()).values("pk"))
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
        return Response(EscalationShape(_held(project, span_id)).data)


class Decision(APIView):
    """What a person says of a held call."""

    @extend_schema(
        operation_id="decide_escalation",
        parameters=[Parameters],
        request=DecisionShape,
        responses={200: EscalationShape, 400: Failure, 403: Failure, 404: Failure, 409: Failure},
    )
    def post(self, request: Request, span_id: str) -> Response:
        """Allow or deny a held call. Only a person who is signed in may: an app would decide about its own calls."""
        if not isinstance(request.user, User):
            raise PermissionDenied(
                "A key cannot decide about a held call: an app would decide about its own. "
                "Sign in, or decide in the console."
            )
        project = project_of(request, to="edit")
        Parameters.of(request)
        said = DecisionShape(data=request.data)
        said.is_valid(raise_exception=True)
        asked = said.validated_data
        try:
            # A note may quote the call, which is stored masked.
            (note,) = as_stored(project, [asked["note"]])
            row = decide(
                escalation=_held(project, span_id),
                allow=asked["decision"] == "allow",
                by=request.user,
                note=note,
                lasts=timedelta(seconds=asked["lasts_s"]),
                for_one_call=asked["for_one_call"],
            )
        except (EscalationError, UncheckedTextError) as error:
            raise ConflictError(f"Nothing was changed: {error}.") from error
        return Response(EscalationShape(row).data)

    @extend_schema(
        operation_id="revoke_escalation",
        parameters=[Parameters],
        responses={200: EscalationShape, 404: Failure, 409: Failure},
    )
    def delete(self, request: Request, span_id: str) -> Response:
        """Hold again what was let pass. A key may do that, too: nothing passes by it that did not."""
        project = project_of(request, to="edit")
        Parameters.of(request)
        by = request.user if isinstance(request.user, User) else None
        try:
            row = revoke(escalation=_held(project, span_id), by=by)
        except EscalationError as error:
            raise ConflictError(f"Nothing was changed: {error}.") from error
        return Response(EscalationShape(row).data)


class ConflictError(APIException):
    """What was asked cannot be done as things stand."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def _held(project: Project, span_id: str) -> Escalation:
    held = Escalation.objects.filter(project=project, span_id=span_id)
    row = held.first()
    if row is None or row.passing:
        collect(project)
        row = held.first()
    if row is None:
        raise Http404(f"no call was held back under the reference {span_id}")
    return row
