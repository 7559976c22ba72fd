from django.urls import URLPattern, URLResolver, path

from console.quality.pages import backtests, overview, review

app_name = "quality"
_GUARDS = "p/<slug:slug>/guards/"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{_GUARDS}quality/", overview.overview, name="overview"),
    path(f"{_GUARDS}quality/guard/", overview.guard, name="guard"),
    path(f"{_GUARDS}review/", review.queue, name="queue"),
    path(f"{_GUARDS}review/<uuid:draw_id>/", review.draw, name="draw"),
    path(f"{_GUARDS}review/items/<uuid:item_id>/", review.item, name="item"),
    path(f"{_GUARDS}review/items/<uuid:item_id>/judge/", review.judge, name="judge"),
    path(f"{_GUARDS}review/items/<uuid:item_id>/undo/", review.undo, name="undo"),
    path(f"{_GUARDS}review/pick/<hexid:trace_id>/<uuid:event_id>/", review.pick_verdict, name="pick"),
    path(f"{_GUARDS}backtests/", backtests.index, name="backtests"),
    path(f"{_GUARDS}backtests/new/", backtests.new, name="backtest_new"),
    path(f"{_GUARDS}backtests/<uuid:backtest_id>/", backtests.detail, name="backtest"),
    path(f"{_GUARDS}backtests/<uuid:backtest_id>/change/", backtests.change, name="backtest_change"),
    path(f"{_GUARDS}backtests/<uuid:backtest_id>/adopt/", backtests.adopt, name="adopt"),
    path(
        f"{_GUARDS}backtests/<uuid:backtest_id>/calls/<hexid:trace_id>/<hexid:span_id>/",
        backtests.example,
        name="example",
    ),
]
