"""The doors to what is known of the guards' quality."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import User
from console.quality.models import Backtest, Draw, Item


def backtest_for(user: User | AnonymousUser, slug: str, backtest_id: UUID, *, to: Purpose) -> Backtest:
    """Return a backtest of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    backtest = Backtest.objects.filter(project=project, pk=backtest_id).select_related("project").first()
    if backtest is None:
        raise Http404(f"project {slug!r} has no backtest {backtest_id}")
    return backtest


def draw_for(user: User | AnonymousUser, slug: str, draw_id: UUID, *, to: Purpose) -> Draw:
    """Return a draw of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    draw = Draw.objects.filter(project=project, pk=draw_id).select_related("project").first()
    if draw is None:
        raise Http404(f"project {slug!r} has no draw {draw_id}")
    return draw


def item_for(user: User | AnonymousUser, slug: str, item_id: UUID, *, to: Purpose) -> Item:
    """Return an item to be reviewed, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    item = Item.objects.filter(project=project, pk=item_id).select_related("project", "draw").first()
    if item is None:
        raise Http404(f"project {slug!r} has no item {item_id}")
    return item
