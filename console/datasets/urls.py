from django.urls import URLPattern, URLResolver, path

from console.datasets.pages import datasets, importing, items, traces, versions

app_name = "datasets"
_ONE = "p/<slug:slug>/datasets/<uuid:dataset_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<slug:slug>/datasets/", datasets.index, name="index"),
    path("p/<slug:slug>/datasets/new/", datasets.create, name="create"),
    path("p/<slug:slug>/datasets/from-traces/", traces.from_traces, name="from_traces"),
    path(_ONE, datasets.detail, name="detail"),
    path(f"{_ONE}settings/", datasets.describe, name="describe"),
    path(f"{_ONE}remove/", datasets.remove, name="remove"),
    path(f"{_ONE}download/", datasets.download, name="download"),
    path(f"{_ONE}splits/", versions.split, name="split"),
    path(f"{_ONE}versions/", versions.history, name="history"),
    path(f"{_ONE}changes/", versions.changes, name="changes"),
    path(f"{_ONE}upload/", importing.upload, name="upload"),
    path(f"{_ONE}upload/<uuid:upload_id>/", importing.preview, name="preview"),
    path(f"{_ONE}upload/<uuid:upload_id>/change/", importing.change, name="upload_change"),
    path(f"{_ONE}upload/<uuid:upload_id>/left-out/", importing.left_out, name="left_out"),
    path(f"{_ONE}new-item/", items.create, name="item_create"),
    path(f"{_ONE}take-out/", items.take_out, name="take_out"),
    path(f"{_ONE}items/<str:key>/", items.show, name="item"),
]
