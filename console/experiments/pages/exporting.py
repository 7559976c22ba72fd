"""An experiment taken elsewhere: its report, and its suite for a pull request."""

import json
from typing import Any
from uuid import UUID

import yaml
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.experiments.access import experiment_for
from console.experiments.definition import Definition, pair
from console.experiments.models import State
from console.experiments.pages.comparing import asked_gate, candidate_of, evidence_of
from console.experiments.results import behind_verdict, verdict_on
from evaluators.gate import Gate, Metric
from evaluators.reports.html import as_html
from evaluators.reports.markdown import as_markdown

_SCHEMA = "# yaml-language-server: $schema=suite.schema.json   (parapet eval schema > suite.schema.json)\n"


@require_safe
def export(request: HttpRequest, slug: str, experiment_id: UUID, form: str) -> HttpResponse:
    """Give the report as JSON, Markdown or HTML with the margins of the address, or the suite and its cases."""
    experiment = experiment_for(request.user, slug, experiment_id, to="view")
    if experiment.state == State.DRAFT:
        raise Http404("a plan has nothing to take elsewhere; start it first")
    evidence = evidence_of(experiment)
    definition = evidence.definition
    candidate = candidate_of(request, definition)
    changed = asked_gate(request, definition, candidate)
    name = experiment.suite["suite"]
    if form == "suite":
        return _file(
            suite_yaml(definition, candidate, changed, f"{name}-cases.jsonl"),
            "application/yaml",
            f"{name}.yaml",
        )
    if form == "cases":
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in experiment.cases]
        return _file("".join(lines), "application/jsonl", f"{name}-cases.jsonl")
    verdict = verdict_on(experiment, definition, candidate, trials=evidence.trials, changed=changed)
    report = verdict.report
    if form == "markdown":
        return _file(as_markdown(report), "text/markdown; charset=utf-8", f"{name}.md")
    if form == "html":
        behind = behind_verdict(experiment, definition, verdict, evidence.trials)
        return _file(as_html(report, behind), "text/html; charset=utf-8", f"{name}.html")
    if form == "json":
        return _file(json.dumps(report.as_json(), indent=1, default=str), "application/json", f"{name}.json")
    raise Http404(f"known are json, markdown, html, suite and cases, not {form[:20]!r}")


def suite_yaml(definition: Definition, candidate: str, gate: Gate, cases_file: str) -> str:
    """Return a suite for `parapet eval run`, with the margins as they were dragged."""
    document = pair(definition.document, definition.baseline, candidate)
    document["cases"] = {"file": cases_file}
    document["gate"] = {
        name: rule if rule == "must_pass" else _with_numbers(name, rule, gate, definition.metrics())
        for name, rule in document["gate"].items()
    }
    kept = {name: value for name, value in document.items() if value not in ({}, [])}
    order = (
        "suite",
        "target",
        "cases",
        "trials",
        "evaluators",
        "judges",
        "embeddings",
        "classifier",
        "sandbox",
        "gate",
        "estimand",
        "budget",
        "concurrency",
    )
    ordered = {name: kept[name] for name in order if name in kept}
    return _SCHEMA + yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=110)


def _with_numbers(name: str, rule: Any, gate: Gate, metrics: dict[str, Metric]) -> dict[str, object]:
    """Return a rule as a suite writes it, with the numbers of the gate."""
    found = next(one for one in gate.rules if one.name == name)
    written = dict(rule) if isinstance(rule, dict) else {}
    if found.margin is not None:
        if "floor" not in written:
            written.pop("compare", None)
        if found.margin.unit == "ratio":
            written["ratio"] = found.margin.value
        else:
            written["margin"] = f"{found.margin.value:g}pt"
    bounds = metrics[found.metric].bounds
    if found.floor is not None and bounds is not None:
        written["floor"] = f"{(found.floor - bounds[0]) / (bounds[1] - bounds[0]) * 100:g}%"
    return written


def _file(content: str, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
