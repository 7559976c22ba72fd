"""The door to experiments."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import Project, User
from console.experiments.models import Experiment


def experiment_for(user: User | AnonymousUser, slug: str, experiment_id: UUID, *, to: Purpose) -> Experiment:
    """Return an experiment of a project, if this person may do that with it."""
    return experiment_of(project_for(user, slug, to=to), experiment_id)


def experiment_of(project: Project, experiment_id: UUID) -> Experiment:
    """Return an experiment of a project that somebody was already let into."""
    experiment = (
        Experiment.objects.filter(project=project, pk=experiment_id)
        .select_related("project", "dataset")
        .defer("cases")
        .first()
    )
    if experiment is None:
        raise Http404(f"project {project.slug!r} has no experiment {experiment_id}")
    return experiment
