from django.urls import URLPattern, URLResolver

app_name = "traces"
urlpatterns: list[URLPattern | URLResolver] = []
