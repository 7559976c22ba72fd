"""Whether the web process answers."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """Answer, so that a supervisor or a load balancer knows the process serves."""
    return HttpResponse("ok\n", content_type="text/plain")
