"""An experiment as a plan: its variants, its evaluators, what it will cost and what it will see."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.datasets.masking import masked_values
from console.evaluations import provisions
from console.experiments import actions
from console.experiments.access import experiment_for
from console.experiments.definition import check_evaluators
from console.experiments.forms import ArmForm, EvaluatorForm, OptionsForm, arm_values, evaluator_values
from console.experiments.models import Experiment
from console.experiments.pages.common import judges_of, models_of, page_of
from console.experiments.plan import plan_for
from console.masking import UncheckedTextError
from evaluators import registry
from evaluators.errors import EvaluatorError, UnknownEvaluatorError


def draft(request: HttpRequest, experiment: Experiment, form: OptionsForm | None = None) -> HttpResponse:
    """Show what is planned, and what is still missing."""
    plan, missing = None, ""
    try:
        plan = plan_for(actions.checked(experiment), now=timezone.now())
    except actions.ExperimentError as error:
        missing = str(error)
    suite = experiment.suite
    context = page_of(
        request,
        experiment.project,
        experiment=experiment,
        arms=[(name, _described(settings), settings) for name, settings in suite["target"]["arms"].items()],
        evaluators=[_row(entry, suite["gate"]) for entry in suite["evaluators"]],
        plan=plan,
        missing=missing,
        variables=_variables(experiment.cases),
        options=form
        or OptionsForm(
            initial={
                "trials": str(suite["trials"]),
                "cost_cap_usd": suite["budget"].get("cost"),
                "concurrency": suite["concurrency"],
                "estimand": suite.get("estimand", "population"),
            }
        ),
    )
    return render(request, "experiments/draft.html", context, status=422 if form else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def arm(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Add a variant, or change the one that `?name=` names; a copy of another begins with `?like=`."""
    experiment = experiment_for(request.user, slug, experiment_id, to="edit")
    arms = experiment.suite["target"]["arms"]
    name, like = request.GET.get("name", ""), request.GET.get("like", "")
    if (name and name not in arms) or (like and like not in arms):
        raise Http404("there is no such variant")
    initial: dict[str, Any] = {"name": "" if arms else "baseline", "model": "parapet/demo"}
    if name or like:
        initial = arm_values(name, arms[name or like])
    form = ArmForm(
        request.POST or None,
        models=models_of(experiment.project),
        may_replay=any("request" in case["inputs"] for case in experiment.cases),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            typed, settings = _as_stored(request, experiment, [form.cleaned_data["name"], form.settings()])
            actions.set_arm(experiment, name=typed, settings=settings, replaces=name)
        except (actions.ExperimentError, EvaluatorError, UncheckedTextError) as error:
            form.add_error(None, _sentence(error))
        else:
            return redirect("experiments:detail", slug, experiment.pk)
    context = page_of(
        request,
        experiment.project,
        experiment=experiment,
        form=form,
        name=name,
        variables=_variables(experiment.cases),
    )
    return render(request, "experiments/arm.html", context, status=422 if form.errors else 200)


@require_safe
def choose(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Offer every kind of evaluator."""
    experiment = experiment_for(request.user, slug, experiment_id, to="edit")
    kinds, lacking = provisions.offered()
    context = page_of(
        request,
        experiment.project,
        experiment=experiment,
        groups=provisions.groups_of(kinds),
        lacking=lacking,
        address=reverse("experiments:choose", args=[slug, experiment.pk]),
    )
    return render(request, "experiments/choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def evaluator(request: HttpRequest, slug: str, experiment_id: UUID, kind: str) -> HttpResponse:
    """Add an evaluator of a kind, or change the one that `?name=` names."""
    experiment = experiment_for(request.user, slug, experiment_id, to="edit")
    try:
        described = registry.describe(kind)
    except UnknownEvaluatorError as error:
        raise Http404(str(error)) from error
    name, initial = request.GET.get("name", ""), dict[str, Any]()
    if name:
        known = {next(iter(one.values()))["id"]: one for one in experiment.suite["evaluators"]}
        if name not in known or kind not in known[name]:
            raise Http404(f"there is no evaluator {name[:64]!r} of the kind {kind!r}")
        initial = evaluator_values(known[name], experiment.suite["gate"].get(name))[1]
    form = EvaluatorForm(
        request.POST or None, kind=described, models=judges_of(experiment.project), initial=initial or None
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            typed, parameters, tag = _as_stored(
                request, experiment, [given["name"], form.parameters(), given["tag"]]
            )
            check_evaluators([{kind: {"id": typed, **parameters}}])
            if problem := provisions.problem_with(kind):
                raise actions.ExperimentError(problem)
            changed = actions.set_evaluator(
                experiment,
                name=typed,
                kind=kind,
                parameters=parameters,
                rule=form.rule(),
                judge_model=given.get("judge_model", ""),
                tag=tag,
                replaces=name,
            )
        except (actions.ExperimentError, EvaluatorError, UncheckedTextError) as error:
            form.add_error(None, _sentence(error))
        else:
            trouble = _trouble(changed)
            if trouble:
                messages.warning(request, f"As it stands it cannot run: {trouble}.")
            return redirect("experiments:detail", slug, experiment.pk)
    context = page_of(
        request, experiment.project, experiment=experiment, form=form, kind=described, name=name
    )
    return render(request, "experiments/evaluator.html", context, status=422 if form.errors else 200)


@require_POST
def edit(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Take a variant or an evaluator out, make a variant the baseline, or set the options."""
    experiment = experiment_for(request.user, slug, experiment_id, to="edit")
    do, name = request.POST.get("do", ""), request.POST.get("name", "")
    try:
        if do == "remove-arm":
            actions.remove_arm(experiment, name=name)
        elif do == "baseline":
            actions.make_baseline(experiment, name=name)
        elif do == "remove-evaluator":
            actions.remove_evaluator(experiment, name=name)
        elif do == "options":
            form = OptionsForm(request.POST)
            if not form.is_valid():
                return draft(request, experiment, form)
            given = form.cleaned_data
            given["trials"] = int(given["trials"]) if given["trials"].isdecimal() else given["trials"]
            actions.set_options(experiment, **given)
    except actions.ExperimentError as error:
        messages.error(request, f"That cannot be done: {error}.")
    return redirect("experiments:detail", slug, experiment.pk)


def _as_stored(request: HttpRequest, experiment: Experiment, typed: list[Any]) -> list[Any]:
    """Return what was typed as the policy lets it be stored, and say so where that is something else."""
    kept = masked_values(experiment.project, [typed])[0]
    if kept != typed:
        messages.info(
            request, "The project’s policy masked some of what you wrote; it is kept as it stands here."
        )
    return list(kept)


def _trouble(experiment: Experiment) -> str:
    """Return what is wrong with an experiment that has all of its parts; nothing while some are missing."""
    if not experiment.suite["target"]["arms"]:
        return ""
    try:
        actions.checked(experiment)
    except actions.ExperimentError as error:
        return str(error)
    return ""


def _described(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a variant's settings as lines: what, and its text."""
    labels = {"request": "sends", "system": "system prompt", "prompt": "prompt"}
    lines = []
    for name in ("model", "request", "system", "prompt", "temperature", "max_tokens", "parameters"):
        value = settings.get(name)
        if name == "request" and value:
            value = "each item’s recorded request"
        if value not in (None, "", {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append((labels.get(name, name.replace("_", " ")), text))
    return lines


def _row(entry: dict[str, Any], gate: dict[str, Any]) -> dict[str, Any]:
    kind, given = next(iter(entry.items()))
    rule = gate.get(given["id"])
    details = {name: value for name, value in given.items() if name not in ("id", "judge", "when")}
    return {
        "name": given["id"],
        "kind": kind,
        "judge": given.get("judge", ""),
        "tag": str(given.get("when", "")).removeprefix("tags."),
        "details": ", ".join(f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in details.items()),
        "rule": _rule_in_words(rule),
    }  # fmt: skip


def _rule_in_words(rule: Any) -> str:
    if rule is None:
        return "reported only"
    if rule == "must_pass":
        return "every answer must pass"
    words = []
    if "ratio" in rule:
        words.append(f"at most {rule['ratio']:g} times larger")
    elif "margin" in rule:
        words.append(f"not worse by {rule['margin']}")
    elif rule.get("compare"):
        words.append("not worse")
    if "floor" in rule:
        words.append(f"at least {rule['floor']}")
    if rule.get("trust") == "assume":
        words.append("judge believed")
    return ", ".join(words)


def _variables(cases: list[dict[str, Any]]) -> list[str]:
    """Return the lookups that every case can fill."""
    names = [set(case["inputs"]) - {"request"} for case in cases]
    return sorted(f"{{{{ inputs.{name} }}}}" for name in (set.intersection(*names) if names else set()))


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
