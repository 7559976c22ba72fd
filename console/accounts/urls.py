from django.urls import URLPattern, URLResolver, path

from console.accounts.pages import audit, keys, members, organisation, projects, welcome

app_name = "accounts"
_SETTINGS = "p/<slug:slug>/settings/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/welcome/<str:uid>/<str:token>/", welcome.welcome, name="welcome"),
    path("projects/new/", projects.new, name="new_project"),
    path(_SETTINGS, projects.general, name="settings"),
    path(f"{_SETTINGS}keys/", keys.keys, name="keys"),
    path(f"{_SETTINGS}keys/<uuid:key_id>/rotate/", keys.rotate, name="rotate_key"),
    path(f"{_SETTINGS}keys/<uuid:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path(f"{_SETTINGS}members/", members.members, name="members"),
    path(f"{_SETTINGS}members/<int:membership_id>/link/", members.invite_again, name="invite_again"),
    path(f"{_SETTINGS}members/<int:membership_id>/role/", members.role, name="set_role"),
    path(f"{_SETTINGS}members/<int:membership_id>/remove/", members.remove, name="remove_member"),
    path(f"{_SETTINGS}organisation/", organisation.organisation, name="organisation"),
    path(f"{_SETTINGS}audit/", audit.audit_log, name="audit"),
]
