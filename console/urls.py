"""Every page and endpoint of the console."""

from django.urls import URLPattern, URLResolver, include, path

from console import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.live, name="health"),
    path("", include("console.accounts.urls")),
    path("accounts/", include("console.accounts.sign_in_urls")),
    path("api/", include("console.api.urls")),
    path("", include("console.dashboards.urls")),
    path("", include("console.traces.urls")),
    path("", include("console.policies.urls")),
    path("", include("console.quality.urls")),
    path("", include("console.evaluations.urls")),
    path("", include("console.drift.urls")),
    path("", include("console.experiments.urls")),
    path("", include("console.datasets.urls")),
    path("", include("console.gateway.urls")),
]
