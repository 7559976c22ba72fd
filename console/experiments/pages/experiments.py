"""The list of experiments; one experiment as a plan, as it runs, and what is done to it as a whole."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import person, project_for
from console.datasets.access import dataset_of
from console.datasets.models import Dataset
from console.experiments import actions, tasks
from console.experiments.access import experiment_for
from console.experiments.forms import NewExperimentForm
from console.experiments.models import Experiment, State, TrialState
from console.experiments.pages.common import PAGE, page_of
from console.experiments.pages.comparing import compare
from console.experiments.pages.drafting import draft
from console.experiments.progress import progress_of
from console.masking import UncheckedTextError, as_stored


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """List the project's experiments, newest first."""
    project = project_for(request.user, slug, to="view")
    text = request.GET.get("offset", "0")
    offset = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    finished = Q(trials__state__in=[TrialState.DONE, TrialState.DEAD])
    experiments = Experiment.objects.filter(project=project).defer("cases").select_related("created_by")
    counted = experiments.annotate(asked=Count("trials"), answered=Count("trials", filter=finished))
    found = list(counted[offset : offset + PAGE + 1])
    context = page_of(
        request,
        project,
        experiments=found[:PAGE],
        older=offset + PAGE if len(found) > PAGE else None,
        newer=max(offset - PAGE, 0) if offset else None,
        has_items=Dataset.objects.filter(project=project, latest__gt=0).exists(),
    )
    return render(request, "experiments/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask which questions to try, and plan."""
    project = project_for(request.user, slug, to="edit")
    datasets = [one for one in Dataset.objects.filter(project=project) if one.latest]
    initial = {"dataset": request.GET.get("dataset", ""), "split": request.GET.get("split", "")}
    form = NewExperimentForm(request.POST or None, datasets=datasets, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        dataset = dataset_of(project, UUID(given["dataset"]))
        try:
            (name,) = as_stored(project, [given["name"]])
            made = actions.create_experiment(
                project=project,
                by=person(request),
                name=name,
                dataset=dataset,
                version=dataset.latest,
                split=given["split"],
                tag=given["tag"].replace("\0", ""),
            )
        except (actions.ExperimentError, UncheckedTextError) as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            return redirect("experiments:detail", slug, made.pk)
    context = page_of(request, project, form=form, datasets=datasets)
    return render(request, "experiments/create.html", context, status=422 if form.errors else 200)


@require_safe
def detail(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Show an experiment: its plan while it is one, else what came of it."""
    experiment = experiment_for(request.user, slug, experiment_id, to="view")
    return draft(request, experiment) if experiment.state == State.DRAFT else compare(request, experiment)


@require_safe
def progress(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Tell how far it has come; the page asks every few seconds, and is loaded anew at the end."""
    experiment = experiment_for(request.user, slug, experiment_id, to="view")
    context = {
        "project": experiment.project,
        "experiment": experiment,
        "progress": progress_of(experiment, now=timezone.now()),
    }
    answer = render(request, "experiments/_progress.html", context)
    if experiment.state != State.RUNNING:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def act(request: HttpRequest, slug: str, experiment_id: UUID) -> HttpResponse:
    """Start, stop, resume, duplicate or remove an experiment."""
    experiment = experiment_for(request.user, slug, experiment_id, to="edit")
    by, now, do = person(request), timezone.now(), request.POST.get("do", "")
    try:
        if do == "start":
            actions.start(experiment=experiment, by=by, now=now)
            tasks.work.delay(str(experiment.pk))
        elif do == "stop":
            actions.stop(experiment=experiment, by=by)
        elif do == "resume":
            actions.resume(experiment=experiment, by=by, now=now, cost_cap_usd=_amount(request))
            tasks.work.delay(str(experiment.pk))
        elif do in ("duplicate", "duplicate-newest"):
            experiment = actions.duplicate(experiment=experiment, by=by, is_newest=do == "duplicate-newest")
            messages.success(request, "Planned again. Change what you like, then start it.")
        elif do == "remove":
            actions.remove_experiment(experiment=experiment, by=by)
            messages.success(request, f"{experiment.name} is removed; the traces of its calls stay.")
            return redirect("experiments:index", slug)
        else:
            messages.error(request, "Choose start, stop, resume, duplicate or remove.")
    except actions.ExperimentError as error:
        messages.error(request, f"That cannot be done: {error}.")
    return redirect("experiments:detail", slug, experiment.pk)


def _amount(request: HttpRequest) -> float | None:
    text = request.POST.get("cost_cap_usd", "").strip().removeprefix("$")
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if 0 < amount <= 1_000_000 else None
