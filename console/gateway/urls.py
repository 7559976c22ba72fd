from django.urls import URLPattern, URLResolver, path

from console.gateway.pages import routes, upstreams

app_name = "gateway"
_UPSTREAMS = "p/<slug:slug>/settings/upstreams/"
_ROUTES = "p/<slug:slug>/settings/routes/"
urlpatterns: list[URLPattern | URLResolver] = [
    path(_UPSTREAMS, upstreams.upstreams, name="upstreams"),
    path(f"{_UPSTREAMS}new/", upstreams.add, name="add_upstream"),
    path(f"{_UPSTREAMS}<uuid:upstream_id>/", upstreams.change, name="upstream"),
    path(f"{_UPSTREAMS}<uuid:upstream_id>/test/", upstreams.test, name="test_upstream"),
    path(f"{_UPSTREAMS}<uuid:upstream_id>/remove/", upstreams.remove, name="remove_upstream"),
    path(_ROUTES, routes.routes, name="routes"),
    path(f"{_ROUTES}<uuid:route_id>/", routes.change, name="route"),
    path(f"{_ROUTES}<uuid:route_id>/remove/", routes.remove, name="remove_route"),
]
