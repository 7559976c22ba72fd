"""What came of an experiment: the verdict, margins to drag, cases that changed, slices, cost and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.datasets.content import asked
from console.experiments import charts
from console.experiments.access import experiment_for
from console.experiments.comparison import CaseScores, case_scores, expenses, slices
from console.experiments.definition import Definition, definition_of
from console.experiments.margins import address_of, moved, sliders
from console.experiments.models import Experiment, State
from console.experiments.pages.common import PAGE, page_of
from console.experiments.progress import progress_of
from console.experiments.results import Verdict, gate_trials, verdict_on
from evaluators import gate
from evaluators.gate import Finding
from evaluators.reports.report import figures

SHOWN = {
    "all": "All",
    "worse": "Worse",
    "better": "Better",
    "missing": "Without a score",
}
_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Evidence:
    """An experiment's trials as they are now."""

    definition: Definition
    trials: list[gate.Trial]


def compare(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Show what came of an experiment so far."""
    evidence = evidence_of(experiment)
    verdict = _verdict(request, experiment, evidence)
    definition, metrics = evidence.definition, evidence.definition.metrics()
    metric = request.GET.get("metric", "")
    if metric not in metrics:
        gated = [rule.metric for rule in verdict.gate.rules]
        metric = next(iter(gated), next(iter(metrics)))
    names = (definition.baseline, verdict.candidate)
    cases = case_scores(evidence.trials, definition, metric, names)
    spent = expenses(experiment, definition.arms)
    context = _decided(request, experiment, verdict, definition) | _cases(
        request, experiment, definition, cases
    )
    context |= {
        "metric": metric,
        "metrics": list(metrics),
        "candidates": [
            (name, verdict_on(experiment, definition, name, trials=evidence.trials).decision.state)
            for name in definition.candidates
        ]
        if len(definition.candidates) > 1
        else [],
        "slices": [
            {
                "tag": one.tag,
                "cases": one.cases,
                "q_value": one.q_value,
                "row": _row(one.finding),
                "interval": charts.interval_of(one.finding),
            }
            for one in slices(evidence.trials, definition, verdict.gate, metric)
        ]
        if len(definition.arms) > 1
        else [],
        "spread_figure": charts.spread(cases, names, metrics[metric].bounds),
        "latency_figure": charts.latency(spent),
        "expenses": spent,
        "progress": progress_of(experiment, now=timezone.now()),
        "is_running": experiment.state == State.RUNNING,
        "is_stopped": experiment.state == State.STOPPED,
    }
    return render(request, "experiments/compare.html", page_of(request, experiment.project, **context))


@require_safe
def decision(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Decide again with the margins of the address, and have the browser keep them in its own."""
    experiment = experiment_for(request.user, slug, experiment_id, to="view")
    if experiment.state == State.DRAFT:
        raise Http404("nothing was asked yet, so that nothing can be decided")
    evidence = evidence_of(experiment)
    verdict = _verdict(request, experiment, evidence)
    context = _decided(request, experiment, verdict, evidence.definition)
    answer = render(request, "experiments/_decision.html", page_of(request, experiment.project, **context))
    answer["HX-Replace-Url"] = context["link"]
    return answer


def evidence_of(experiment: Experiment) -> Evidence:
    """Return an experiment's trials; those of one that has ended are remembered, since they never change."""
    if experiment.state == State.DONE:
        return _remembered(experiment.pk)
    definition = definition_of(experiment)
    return Evidence(definition, gate_trials(experiment, definition))


@lru_cache(maxsize=4)
def _remembered(experiment_id: UUID) -> Evidence:
    experiment = Experiment.objects.get(pk=experiment_id)
    definition = definition_of(experiment)
    return Evidence(definition, gate_trials(experiment, definition))


def candidate_of(request: HttpRequest, definition: Definition) -> str:
    """Return the variant an address asks about, else the last."""
    name = request.GET.get("candidate", definition.candidates[-1])
    if name not in definition.candidates:
        raise Http404(f"there is no variant {name[:64]!r} to compare with the baseline")
    return name


def asked_gate(request: HttpRequest, definition: Definition, candidate: str) -> gate.Gate:
    """Return the experiment's gate with the margins of the address."""
    return moved(definition.suite(candidate).gate, definition.metrics(), request.GET.dict())


def _verdict(request: HttpRequest, experiment: Experiment, evidence: Evidence) -> Verdict:
    candidate = candidate_of(request, evidence.definition)
    changed = asked_gate(request, evidence.definition, candidate)
    return verdict_on(experiment, evidence.definition, candidate, trials=evidence.trials, changed=changed)


def _decided(
    request: HttpRequest, experiment: Experiment, verdict: Verdict, definition: Definition
) -> dict[str, Any]:
    kept = address_of(
        request.GET.dict(),
        candidate=verdict.candidate,
        metric=request.GET.get("metric", ""),
        show=request.GET.get("show", ""),
    )
    page = reverse("experiments:detail", args=[experiment.project.slug, experiment.pk])
    decided = verdict.decision
    return {
        "experiment": experiment,
        "verdict": verdict,
        "decision": decided,
        "rows": [_row(finding) for finding in decided.findings],
        "advisory": [_row(finding) for finding in decided.advisory],
        "settle": _settling(decided.findings),
        "broken": decided.newly_broken[:_CHANGES],
        "fixed": decided.newly_fixed[:_CHANGES],
        "sliders": sliders(verdict.gate, definition.metrics(), cases=len(definition.cases)),
        "is_moved": any(name.startswith(("margin.", "floor.")) for name in request.GET),
        "margins": address_of(request.GET.dict()),
        "kept": kept,
        "link": f"{page}?{kept}" if kept else page,
        "is_single": len(definition.arms) == 1,
    }


def _row(finding: Finding) -> dict[str, Any]:
    return figures(finding) | {"interval": charts.interval_of(finding), "finding": finding}


def _settling(findings: tuple[Finding, ...]) -> list[str]:
    """Return what would settle each check that is open."""
    sentences = []
    for finding in findings:
        if finding.state != "INCONCLUSIVE":
            continue
        more = (finding.cases_needed or 0) - finding.cases
        if more > 0:
            sentences.append(
                f"{finding.metric}: about {more:,} more cases, a wider margin, or more answers per case"
            )
    return sentences


def _cases(
    request: HttpRequest, experiment: Experiment, definition: Definition, cases: list[CaseScores]
) -> dict[str, Any]:
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    groups: Mapping[str, list[CaseScores]] = {
        "all": cases,
        "worse": [one for one in cases if one.is_better is False],
        "better": [one for one in cases if one.is_better is True],
        "missing": [one for one in cases if one.baseline is None or one.candidate is None],
    }
    wanted = sorted(groups[show], key=lambda one: -abs(one.difference or 0.0))
    text = request.GET.get("offset", "0")
    offset = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    by_id = {case["id"]: case for case in experiment.cases}
    return {
        "show": show,
        "shows": [(key, label, len(groups[key])) for key, label in SHOWN.items()],
        "cases": [(one, _asked(by_id[one.case])) for one in wanted[offset : offset + PAGE]],
        "older": offset + PAGE if offset + PAGE < len(wanted) else None,
        "newer": max(offset - PAGE, 0) if offset else None,
    }


def _asked(case: Mapping[str, Any]) -> str:
    inputs = {name: value for name, value in case["inputs"].items() if name != "request"}
    return asked(inputs, case["inputs"].get("request") or {})
