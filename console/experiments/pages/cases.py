"""One case: what was asked, what every variant answered, and what was said of each answer."""

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.datasets.content import asked
from console.experiments.access import experiment_for
from console.experiments.models import Trial
from console.experiments.pages.common import page_of


@require_safe
def case(request: HttpRequest, slug: str, experiment_id: UUID, key: str) -> HttpResponse:
    """Show a case with the answers of all variants side by side."""
    experiment = experiment_for(request.user, slug, experiment_id, to="view")
    keys = [one["id"] for one in experiment.cases]
    if key not in keys:
        raise Http404(f"{experiment.name!r} has no case {key[:100]!r}")
    place = keys.index(key)
    found = experiment.cases[place]
    trials = list(Trial.objects.filter(experiment=experiment, case=key).order_by("number"))
    inputs = {name: value for name, value in found["inputs"].items() if name != "request"}
    arms = [
        (name, [_shown(trial) for trial in trials if trial.arm == name])
        for name in experiment.suite["target"]["arms"]
    ]
    context = page_of(
        request,
        experiment.project,
        experiment=experiment,
        case=found,
        inputs=[(name, _written(value)) for name, value in inputs.items()],
        request_asks=asked({}, found["inputs"].get("request") or {}),
        expected=_written(found["expected"]),
        arms=arms,
        before=keys[place - 1] if place else "",
        after=keys[place + 1] if place + 1 < len(keys) else "",
        place=place + 1,
        of=len(keys),
        kept=request.GET.urlencode(),
    )
    return render(request, "experiments/case.html", context)


def _shown(trial: Trial) -> dict[str, Any]:
    answer = trial.answer or {}
    return {
        "trial": trial,
        "output": answer.get("output", ""),
        "error": trial.error or answer.get("error", ""),
        "calls": [_written(call.get("function", call)) for call in answer.get("tool_calls", [])],
        "latency_us": None if answer.get("latency_ms") is None else answer["latency_ms"] * 1_000,
        "cost_usd": None if trial.has_unknown_cost else trial.cost_usd,
        "model": answer.get("model", ""),
        "outcomes": list(trial.outcomes.items()),
    }


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
