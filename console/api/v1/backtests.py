"""Backtests: a policy over calls of the past, begun, followed and read by programs such as CI."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.accounts.models import Project, User
from console.api.access import project_of
from console.api.parameters import Parameters, TimedParameters
from console.api.v1.shapes import Failure
from console.policies.guards import GuardError
from console.policies.models import PolicyVersion
from console.quality import backtests, totals
from console.quality.models import Backtest

DEFAULT_LENGTH = timedelta(days=7)


class NewBacktest(serializers.Serializer[Any]):
    """What to try, and over which calls. Name a version of the project's policy, or give guards."""

    guards = serializers.ListField(
        child=serializers.DictField(), required=False, allow_null=True, default=None
    )
    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    since = serializers.DateTimeField(required=False, help_text="RFC 3339; 7 days before `until` by default.")
    until = serializers.DateTimeField(required=False, help_text="RFC 3339, not included; now by default.")
    sample = serializers.IntegerField(
        required=False, default=1_000, min_value=1, max_value=backtests.MOST_CALLS
    )
    environment = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)
    route = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    model = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    feature = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    api_key = serializers.UUIDField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse unknown fields, and both or neither of guards and version."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            known = ", ".join(sorted(self.fields))
            raise ValidationError(
                {name: [f"There is no such field. Known are: {known}."] for name in unknown}
            )
        if (attrs["guards"] is None) == (attrs["version"] is None):
            raise ValidationError({"guards": ["Give `guards`, or the number of a `version`, and not both."]})
        return attrs


class ShareShape(serializers.Serializer[Any]):
    """How many calls of the sample change in one way, and what share of all calls that is likely to be."""

    change = serializers.CharField()
    calls = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class BacktestShape(serializers.Serializer[Any]):
    """A backtest, and its result as far as it is."""

    id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(["waiting", "running", "stopped", "done", "failed"])
    reason = serializers.CharField()
    live_version = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    sample = serializers.IntegerField()
    matching = serializers.IntegerField(allow_null=True)
    done = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    changes = ShareShape(many=True)


class BacktestResult(BacktestShape):
    """A backtest with all that it found."""

    result = serializers.DictField(
        help_text="Calls by action then and now, by guard, type, place, route and key; cost; durations; examples."
    )
    guards = serializers.ListField(child=serializers.DictField())


class BacktestPage(serializers.Serializer[Any]):
    """The newest backtests."""

    data = BacktestShape(many=True)  # type: ignore[assignment]


class Backtests(APIView):
    """The backtests of a project."""

    @extend_schema(
        operation_id="list_backtests", parameters=[Parameters], responses={200: BacktestPage, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List the 50 newest backtests."""
        project = project_of(request, to="view")
        Parameters.of(request)
        found = Backtest.objects.filter(project=project)[:50]
        return Response(BacktestPage({"data": [_summary(one) for one in found]}).data)

    @extend_schema(
        operation_id="start_backtest",
        parameters=[Parameters],
        request=NewBacktest,
        responses={202: BacktestResult, 400: Failure, 404: Failure},
    )
    def post(self, request: Request) -> Response:
        """Begin a backtest. Ask for it again until its state is `done`."""
        project = project_of(request, to="edit")
        Parameters.of(request)
        given = NewBacktest(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        guards, version = asked.pop("guards"), asked.pop("version")
        if version is not None:
            guards = _guards_of(project, version)
        stretch = {name: asked.pop(name) for name in ("since", "until") if name in asked}
        checked = _stretch(stretch)
        try:
            backtest = backtests.start_backtest(
                project=project,
                by=request.user if isinstance(request.user, User) else None,
                guards=guards,
                source=f"version {version}" if version is not None else "API",
                **checked,
                **asked,
            )
        except (backtests.BacktestError, GuardError) as error:
            raise ValidationError({"guards": [f"{error}."]}) from error
        return Response(BacktestResult(_whole(backtest)).data, status=status.HTTP_202_ACCEPTED)


class OneBacktest(APIView):
    """One backtest."""

    @extend_schema(
        operation_id="read_backtest", parameters=[Parameters], responses={200: BacktestResult, 404: Failure}
    )
    def get(self, request: Request, backtest_id: UUID) -> Response:
        """Return a backtest with its result as far as it is."""
        backtest = _backtest(request, backtest_id, to="view")
        return Response(BacktestResult(_whole(backtest)).data)

    @extend_schema(
        operation_id="stop_backtest",
        parameters=[Parameters],
        responses={200: BacktestResult, 404: Failure},
    )
    def delete(self, request: Request, backtest_id: UUID) -> Response:
        """Stop a backtest. What it has found so far stays."""
        backtest = _backtest(request, backtest_id, to="edit")
        backtests.stop_backtest(
            backtest=backtest, by=request.user if isinstance(request.user, User) else None
        )
        backtest.refresh_from_db()
        return Response(BacktestResult(_whole(backtest)).data)


def _backtest(request: Request, backtest_id: UUID, *, to: Any) -> Backtest:
    project = project_of(request, to=to)
    Parameters.of(request)
    found = Backtest.objects.filter(project=project, pk=backtest_id).first()
    if found is None:
        raise Http404(f"no backtest {backtest_id}")
    return found


def _guards_of(project: Project, number: int) -> list[dict[str, Any]]:
    version = PolicyVersion.objects.filter(
        policy__project=project, policy__route=None, policy__key=None, policy__is_active=True, number=number
    ).first()
    if version is None:
        raise ValidationError({"version": [f"The project's policy has no version {number}."]})
    return list(version.guards)


def _stretch(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in the times that were not given, as every list does, but for a week."""
    if "since" not in given and "until" in given:
        given["since"] = given["until"] - DEFAULT_LENGTH
    filled = TimedParameters().validate(dict(given))
    if "since" not in given:
        filled["since"] = filled["until"] - DEFAULT_LENGTH
    return {name: filled[name] for name in ("since", "until")}


def _summary(backtest: Backtest) -> dict[str, Any]:
    names = (
        "source", "state", "reason", "live_version", "since", "until", "sample", "matching", "done", "created_at",
        "finished_at",
    )  # fmt: skip
    found = totals.empty() | backtest.totals
    return {name: getattr(backtest, name) for name in names} | {
        "id": backtest.pk,
        "changes": totals.shares(found),
    }


def _whole(backtest: Backtest) -> dict[str, Any]:
    found = totals.empty() | backtest.totals
    durations = {"all": totals.quantiles(found.pop("durations"))} | {
        name: totals.quantiles(entry["durations"]) for name, entry in found["guards"].items()
    }
    guards = {
        name: {key: value for key, value in entry.items() if key != "durations"}
        for name, entry in found["guards"].items()
    }
    result = found | {"guards": guards, "durations_us": durations}
    return _summary(backtest) | {"result": result, "guards": backtest.guards}
