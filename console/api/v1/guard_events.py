"""Guard events: what guards decided, newest first."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import HexId, PagedParameters, Text, read_cursor, write_cursor
from console.api.v1.shapes import Failure, GuardEventShape
from console.store import store
from guardrails.verdict import ACTIONS
from ingest.queries.guard_events import GuardEventFilters, newest_events


class GuardEventParameters(PagedParameters):
    """Which events to list."""

    guard = Text()
    guard_kind = Text()
    action = serializers.ChoiceField(["", *ACTIONS], required=False, default="")
    place = Text()
    environment = Text()
    trace_id = HexId(required=False, default="")
    policy_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    only_findings = serializers.BooleanField(required=False, default=False)


class GuardEventPage(serializers.Serializer[Any]):
    """A page of events, newest first."""

    data = GuardEventShape(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class GuardEvents(APIView):
    """What the guards of a project decided."""

    @extend_schema(
        operation_id="list_guard_events",
        parameters=[GuardEventParameters],
        responses={200: GuardEventPage, 400: Failure},
    )
    def get(self, request: Request) -> Response:
        """List guard events, newest first."""
        project = project_of(request, to="view")
        asked = GuardEventParameters.of(request)
        limit, cursor = asked.pop("limit"), read_cursor(asked.pop("cursor"))
        del asked["project"]
        asked["policy_id"] = str(asked["policy_id"] or "")
        rows = newest_events(
            store(),
            project_id=project.id,
            filters=GuardEventFilters(**asked),
            before=None if cursor is None else (cursor[0], _id(cursor[1])),
            limit=limit + 1,
        )
        shown = rows[:limit]
        following = write_cursor(shown[-1].at, shown[-1].id) if len(rows) > limit else None
        return Response(GuardEventPage({"data": shown, "next_cursor": following}).data)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValidationError({"cursor": ["This is no cursor that a page has given out."]}) from None
