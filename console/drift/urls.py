from django.urls import URLPattern, URLResolver

app_name = "drift"
urlpatterns: list[URLPattern | URLResolver] = []
