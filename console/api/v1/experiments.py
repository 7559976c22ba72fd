"""Experiments: how far each has come, and what the gate says of its variants."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import Parameters
from console.api.v1.shapes import Failure
from console.experiments.access import experiment_of
from console.experiments.models import Experiment, State
from console.experiments.pages.comparing import evidence_of
from console.experiments.progress import progress_of
from console.experiments.results import verdict_on


class ListParameters(Parameters):
    """How many experiments to list."""

    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=100_000)


class ExperimentShape(serializers.Serializer[Any]):
    """An experiment."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.CharField()
    because = serializers.CharField(help_text="Why it stopped by itself; empty when it did not.")
    dataset_name = serializers.CharField()
    dataset_version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ExperimentList(serializers.Serializer[Any]):
    """Experiments, newest first."""

    data = ExperimentShape(many=True)  # type: ignore[assignment]


class ProgressShape(serializers.Serializer[Any]):
    """How far an experiment has come."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()
    failed = serializers.IntegerField()
    given_up = serializers.IntegerField()
    cost_usd = serializers.FloatField()
    unknown_costs = serializers.IntegerField()


class VerdictShape(serializers.Serializer[Any]):
    """What the gate says of one variant: the report of `parapet eval`, as JSON."""

    candidate = serializers.CharField()
    state = serializers.CharField()
    report = serializers.DictField()


class ExperimentWhole(ExperimentShape):
    """An experiment with its progress and its verdicts."""

    progress = ProgressShape()
    verdicts = VerdictShape(many=True)


class Experiments(APIView):
    """The experiments of a project."""

    @extend_schema(
        operation_id="list_experiments",
        parameters=[ListParameters],
        responses={200: ExperimentList, 400: Failure},
    )
    def get(self, request: Request) -> Response:
        """List experiments, newest first."""
        project = project_of(request, to="view")
        asked = ListParameters.of(request)
        found = Experiment.objects.filter(project=project).defer("cases", "suite")
        page = found[asked["offset"] : asked["offset"] + asked["limit"]]
        return Response(ExperimentList({"data": page}).data)


class OneExperiment(APIView):
    """One experiment."""

    @extend_schema(
        operation_id="read_experiment",
        parameters=[Parameters],
        responses={200: ExperimentWhole, 404: Failure},
    )
    def get(self, request: Request, experiment_id: UUID) -> Response:
        """Read an experiment's state, progress and verdicts."""
        Parameters.of(request)
        experiment = experiment_of(project_of(request, to="view"), experiment_id)
        whole = ExperimentShape(experiment).data | {
            "progress": ProgressShape(progress_of(experiment, now=timezone.now())).data,
            "verdicts": [] if experiment.state == State.DRAFT else _verdicts(experiment),
        }
        return Response(whole)


def _verdicts(experiment: Experiment) -> list[dict[str, Any]]:
    evidence = evidence_of(experiment)
    verdicts = [
        verdict_on(experiment, evidence.definition, name, trials=evidence.trials)
        for name in evidence.definition.candidates
    ]
    return [
        {"candidate": one.candidate, "state": one.decision.state, "report": one.report.as_json()}
        for one in verdicts
    ]
