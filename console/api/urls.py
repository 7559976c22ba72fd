"""The REST API, version 1, its schema and its documentation."""

from django.urls import URLPattern, URLResolver, path, register_converter

from console.api import documentation
from console.api.v1 import (
    backtests,
    conversations,
    datasets,
    escalations,
    experiments,
    guard_events,
    prompts,
    revealed,
    scores,
    spans,
    traces,
    usage,
)


class HexConverter:
    """An id in hex digits."""

    regex = "[0-9a-fA-F]{1,64}"

    def to_python(self, value: str) -> str:
        """Return the id as it is stored."""
        return value.lower()

    def to_url(self, value: str) -> str:
        """Return the id as it is written in an address."""
        return value


register_converter(HexConverter, "hexid")

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/traces", traces.Traces.as_view(), name="traces"),
    path("v1/traces/<hexid:trace_id>", traces.Trace.as_view(), name="trace"),
    path("v1/traces/<hexid:trace_id>/spans/<hexid:span_id>", spans.Span.as_view(), name="span"),
    path("v1/spans", spans.Spans.as_view(), name="spans"),
    path("v1/scores", scores.Scores.as_view(), name="scores"),
    path("v1/usage", usage.Usage.as_view(), name="usage"),
    path("v1/prompts", prompts.Prompts.as_view(), name="prompts"),
    path("v1/guard-events", guard_events.GuardEvents.as_view(), name="guard-events"),
    path("v1/backtests", backtests.Backtests.as_view(), name="backtests"),
    path("v1/backtests/<uuid:backtest_id>", backtests.OneBacktest.as_view(), name="backtest"),
    path("v1/datasets", datasets.Datasets.as_view(), name="datasets"),
    path("v1/datasets/<uuid:dataset_id>", datasets.OneDataset.as_view(), name="dataset"),
    path("v1/datasets/<uuid:dataset_id>/versions", datasets.Versions.as_view(), name="dataset-versions"),
    path("v1/datasets/<uuid:dataset_id>/items", datasets.Items.as_view(), name="dataset-items"),
    path("v1/experiments", experiments.Experiments.as_view(), name="experiments"),
    path("v1/experiments/<uuid:experiment_id>", experiments.OneExperiment.as_view(), name="experiment"),
    path("v1/escalations", escalations.Escalations.as_view(), name="escalations"),
    path("v1/escalations/<hexid:span_id>", escalations.OneEscalation.as_view(), name="escalation"),
    path(
        "v1/escalations/<hexid:span_id>/decision", escalations.Decision.as_view(), name="escalation-decision"
    ),
    path("v1/reveal", revealed.RevealedText.as_view(), name="reveal"),
    path("v1/conversations", conversations.Conversations.as_view(), name="conversations"),
    path("schema", documentation.Schema.as_view(), name="schema"),
    path("docs", documentation.docs, name="docs"),
    path("<path:rest>", documentation.Nothing.as_view(), name="nothing"),
]
