"""The page on which an owner reads what a policy encrypted."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from console.accounts.access import can, person, project_for
from console.policies.revealing import LONGEST_TEXT, Revealed, RevealError, TooOftenError, reveal


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def revealed(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the encrypted values in a text that an owner pastes. Nothing of it is kept."""
    project = project_for(request.user, slug, to="manage")
    text, trouble, status = "", "", 200
    found: Revealed | None = None
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            found = reveal(project=project, text=text, by=person(request))
        except RevealError as error:
            trouble, status = str(error), 429 if isinstance(error, TooOftenError) else 400
    context = {
        "project": project,
        "section": "guards",
        "tab": "reveal",
        "may_edit": can(request.user, project, to="edit"),
        "text": text[:LONGEST_TEXT],
        "found": found,
        "trouble": trouble,
        "longest": LONGEST_TEXT,
    }
    return render(request, "policies/reveal.html", context, status=status)
