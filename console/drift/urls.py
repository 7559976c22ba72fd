from django.urls import path

from console.drift import views

app_name = "drift"
urlpatterns = [
    path("p/<slug:slug>/drift/", views.index, name="index"),
    path("p/<slug:slug>/drift/check/", views.check_now, name="check"),
    path("p/<slug:slug>/drift/<uuid:comparison_id>/", views.detail, name="detail"),
    path("p/<slug:slug>/drift/<uuid:comparison_id>/acknowledge/", views.acknowledge, name="acknowledge"),
]
