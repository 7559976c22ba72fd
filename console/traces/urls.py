from django.urls import URLPattern, URLResolver, path

from console.traces import views

app_name = "traces"
urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<slug:slug>/traces/", views.list_traces, name="list"),
    path("p/<slug:slug>/traces/<str:trace_id>/", views.show_trace, name="trace"),
]
