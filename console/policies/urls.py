from django.urls import URLPattern, URLResolver, path

from console.policies.pages import editor, escalated, events, history, revealed

app_name = "policies"
_GUARDS = "p/<slug:slug>/guards/"
urlpatterns: list[URLPattern | URLResolver] = [
    path(_GUARDS, editor.guards, name="guards"),
    path(f"{_GUARDS}draft/", editor.draft, name="draft"),
    path(f"{_GUARDS}try/", editor.try_out, name="try"),
    path(f"{_GUARDS}events/", events.events, name="events"),
    path(f"{_GUARDS}history/", history.history, name="history"),
    path(f"{_GUARDS}escalated/", escalated.queue, name="escalated"),
    path(f"{_GUARDS}escalated/<uuid:escalation_id>/", escalated.one, name="escalation"),
    path(f"{_GUARDS}escalated/<uuid:escalation_id>/change/", escalated.change, name="escalation_change"),
    path(f"{_GUARDS}reveal/", revealed.revealed, name="reveal"),
    path(f"{_GUARDS}roll-out/", history.roll_out_to, name="roll_out"),
    path(f"{_GUARDS}history/<int:number>/roll-back/", history.back_to, name="roll_back"),
]
