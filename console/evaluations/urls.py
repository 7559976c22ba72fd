from django.urls import path

from console.evaluations import views

app_name = "evaluations"
urlpatterns = [
    path("p/<slug:slug>/evaluations/", views.index, name="index"),
    path("p/<slug:slug>/evaluations/new/", views.choose, name="choose"),
    path("p/<slug:slug>/evaluations/new/<slug:kind>/", views.create, name="create"),
    path("p/<slug:slug>/evaluations/<uuid:rule_id>/", views.detail, name="detail"),
    path("p/<slug:slug>/evaluations/<uuid:rule_id>/progress/", views.progress, name="progress"),
    path("p/<slug:slug>/evaluations/<uuid:rule_id>/switch/", views.switch, name="switch"),
    path("p/<slug:slug>/evaluations/<uuid:rule_id>/score-past/", views.score_past, name="score_past"),
    path("p/<slug:slug>/evaluations/<uuid:rule_id>/remove/", views.remove, name="remove"),
]
