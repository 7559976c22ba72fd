"""What the pages of experiments share."""

from typing import Any

from django.http import HttpRequest

from console.accounts.access import can
from console.accounts.models import Project
from console.evaluations import local_judges
from console.gateway.models import ModelRoute

PAGE = 50


def page_of(request: HttpRequest, project: Project, **context: Any) -> dict[str, Any]:
    """Return the context of every page."""
    return {
        "project": project,
        "section": "experiments",
        "tab": "experiments",
        "may_edit": can(request.user, project, to="edit"),
    } | context


def models_of(project: Project) -> list[str]:
    """Return the models that the project's routes name."""
    patterns = ModelRoute.objects.filter(project=project).values_list("pattern", flat=True)
    return sorted(pattern for pattern in patterns if not pattern.endswith("*"))


def judges_of(project: Project) -> list[str]:
    """Return the models that may judge: those of the routes, and those on machines of ours."""
    return models_of(project) + local_judges.names()
