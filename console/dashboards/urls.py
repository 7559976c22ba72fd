from django.urls import URLPattern, URLResolver, path

from console.dashboards import views

app_name = "dashboards"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("p/<slug:slug>/", views.show_overview, name="overview"),
    path("p/<slug:slug>/costs/", views.show_costs, name="costs"),
]
