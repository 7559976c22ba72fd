"""What the pages of datasets share."""

from typing import Any

from django.http import Http404, HttpRequest

from console.accounts.access import can
from console.accounts.models import Project
from console.datasets.models import Dataset

PAGE = 50


def page_of(request: HttpRequest, project: Project, **context: Any) -> dict[str, Any]:
    """Return the context of every page."""
    return {
        "project": project,
        "section": "experiments",
        "tab": "datasets",
        "may_edit": can(request.user, project, to="edit"),
    } | context


def version_asked(request: HttpRequest, dataset: Dataset, name: str = "version") -> int:
    """Return the version an address names, else the newest."""
    text = request.GET.get(name, "")
    if not text:
        return dataset.latest
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 <= int(text) <= dataset.latest):
        raise Http404(f"{dataset.name!r} has versions 1 to {dataset.latest}, not {text[:20]!r}")
    return int(text)


def offset_of(request: HttpRequest) -> int:
    """Return where in a list a page begins."""
    text = request.GET.get("offset", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
