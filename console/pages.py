"""What the pages over traces share: the project behind the door, its clock, and answers to what cannot be shown."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from console.accounts.models import Project
from console.ranges import FilterError
from console.store import StoreUnavailableError


def zone_of(project: Project) -> ZoneInfo:
    """Return the time zone in which a project reads its clock."""
    try:
        return ZoneInfo(project.time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def is_partial(request: HttpRequest) -> bool:
    """Tell whether htmx asked for a part of a page, and not for a whole one to swap in."""
    asks = request.headers
    is_htmx = asks.get("HX-Request") == "true" and asks.get("HX-Boosted") != "true"
    return is_htmx and asks.get("HX-History-Restore-Request") != "true"


def bad_filters(request: HttpRequest, error: FilterError, context: dict[str, Any]) -> HttpResponse:
    """Answer an address that makes no sense: what is wrong with it, field by field."""
    return render(request, "bad_filters.html", context | {"errors": error.errors}, status=400)


class Unshared:
    """Middleware: what a person or a key gets to see is kept by no cache, unless a view says otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say who may keep the answer."""
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class StoreOutage:
    """Middleware: while ClickHouse cannot be reached, pages say so calmly instead of breaking."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn the store's absence into a page; every other error rises. The API says it in its own words."""
        if not isinstance(exception, StoreUnavailableError) or request.path.startswith("/api/"):
            return None
        template = "store_away_part.html" if is_partial(request) else "store_away.html"
        # htmx leaves the page as it is unless told otherwise; the page a person looks at stays readable.
        response = render(request, template, status=503)
        response["Retry-After"] = "5"
        return response
