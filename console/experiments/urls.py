from django.urls import URLPattern, URLResolver, path

from console.experiments.pages import cases, comparing, drafting, experiments, exporting

app_name = "experiments"
_ONE = "p/<slug:slug>/experiments/<uuid:experiment_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<slug:slug>/experiments/", experiments.index, name="index"),
    path("p/<slug:slug>/experiments/new/", experiments.create, name="create"),
    path(_ONE, experiments.detail, name="detail"),
    path(f"{_ONE}act/", experiments.act, name="act"),
    path(f"{_ONE}progress/", experiments.progress, name="progress"),
    path(f"{_ONE}edit/", drafting.edit, name="edit"),
    path(f"{_ONE}variant/", drafting.arm, name="arm"),
    path(f"{_ONE}evaluators/", drafting.choose, name="choose"),
    path(f"{_ONE}evaluators/<slug:kind>/", drafting.evaluator, name="evaluator"),
    path(f"{_ONE}decision/", comparing.decision, name="decision"),
    path(f"{_ONE}export/<slug:form>/", exporting.export, name="export"),
    path(f"{_ONE}cases/<str:key>/", cases.case, name="case"),
]
