"""What can be done to verdicts that people look at: draw some, pick one, say what is true of it, take that back."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from console.accounts import audit
from console.accounts.models import Project, User
from console.masking import as_stored
from console.quality.models import Draw, Item, Label, Said, Stratum
from console.store import store
from ingest.queries.guard_events import GuardEventRow
from ingest.queries.guard_review import draw_verdicts

LONGEST = timedelta(days=90)
MOST_OF_A_STRATUM = 500
MOST_ITEMS = 5_000
_ORDER = {str(stratum): number for number, stratum in enumerate(Stratum)}


class LabelError(ValueError):
    """Nothing can be drawn, or said, as asked; the message says why."""


def draw_sample(
    *, project: Project, by: User | None, since: datetime, until: datetime, each: int, guard: str = ""
) -> Draw:
    """Draw verdicts for people to look at: at most `each` of every guard and stratum, in an order of chance."""
    if since >= until or until - since > LONGEST:
        raise LabelError(f"the start must lie before the end, by at most {LONGEST.days} days")
    if not 1 <= each <= MOST_OF_A_STRATUM:
        raise LabelError(f"between 1 and {MOST_OF_A_STRATUM} of each kind, not {each}")
    draw_id = uuid.uuid4()
    found = draw_verdicts(
        store(), project_id=project.id, since=since, until=until, seed=str(draw_id), each=each, guard=guard
    )
    if not found:
        raise LabelError("no guard decided anything in that stretch of time; choose a longer one")
    found.sort(key=lambda one: _ORDER[one.stratum])
    drawn: dict[tuple[str, str], int] = {}
    for one in found:
        drawn[one.guard, one.stratum] = drawn.get((one.guard, one.stratum), 0) + 1
    with transaction.atomic():
        draw = Draw.objects.create(
            pk=draw_id, project=project, since=since, until=until, guard=guard, created_by=by
        )
        Item.objects.bulk_create(
            Item(
                project=project,
                draw=draw,
                position=position,
                stratum=one.stratum,
                population=one.population,
                probability=min(drawn[one.guard, one.stratum] / max(one.population, 1), 1.0),
                event_id=one.id,
                event_at=one.at,
                trace_id=one.trace_id,
                span_id=one.span_id,
                guard=one.guard,
                guard_kind=one.guard_kind,
                policy_id=one.policy_id,
                policy_version=one.policy_version,
                place=one.place,
                action=one.action,
                is_shadow=one.is_shadow,
                entity=one.entity,
                score=one.score,
            )
            for position, one in enumerate(found[:MOST_ITEMS])
        )
        audit.record(
            project=project,
            by=by,
            action="review.drawn",
            target=guard or "all guards",
            items=len(found[:MOST_ITEMS]),
        )
    return draw


def pick(*, project: Project, event: GuardEventRow, entity: str) -> Item:
    """Return the item of a verdict that a person wants to judge, whether or not chance drew it."""
    if entity and entity not in event.entities:
        raise LabelError(
            f"the guard found no {entity[:64]!r} there; it found {', '.join(event.entities) or 'nothing'}"
        )
    item, _ = Item.objects.get_or_create(
        project=project,
        draw=None,
        event_id=event.id,
        entity=entity,
        defaults={
            "event_at": event.at,
            "trace_id": event.trace_id,
            "span_id": event.span_id,
            "guard": event.guard,
            "guard_kind": event.guard_kind,
            "policy_id": event.policy_id,
            "policy_version": event.policy_version,
            "place": event.place,
            "action": event.action,
            "is_shadow": event.is_shadow,
            "score": event.entity_scores.get(entity, event.score) if entity else None,
        },
    )
    return item


def say(*, item: Item, by: User, said: str, now: datetime, entity: str = "", note: str = "") -> Label:
    """Note what a person says of an item, as the newest version. Raises LabelError."""
    if said not in Said.values:
        raise LabelError(f"say one of {', '.join(Said.values)}, not {said[:20]!r}")
    if said == Said.MISSED and item.is_found:
        raise LabelError(
            "a finding is right or wrong; what was missed is said of a text in which nothing was found"
        )
    if said == Said.WRONG and not item.is_found:
        raise LabelError("nothing was found, so there is nothing to be wrong: say right, or missed")
    if said == Said.MISSED and not entity.strip():
        raise LabelError("name what was missed")
    (kept,) = as_stored(item.project, [note.strip()])
    missed = entity.strip()[:64] if said == Said.MISSED else ""
    return _add(item, by=by, said=said, now=now, entity=missed, note=kept[:500])


def take_back(*, item: Item, by: User, now: datetime) -> Label | None:
    """Take back what was said of an item last; the version stays in the record."""
    if not item.labels.filter(is_current=True).exclude(said="").exists():
        return None
    return _add(item, by=by, said="", now=now)


@transaction.atomic
def _add(item: Item, *, by: User, said: str, now: datetime, entity: str = "", note: str = "") -> Label:
    Item.objects.select_for_update().get(pk=item.pk)
    newest = item.labels.aggregate(newest=Max("number"))["newest"] or 0
    item.labels.filter(is_current=True).update(is_current=False)
    label = Label.objects.create(
        item=item, number=newest + 1, said=said, entity=entity, note=note, by=by, at=now
    )
    audit.record(
        project=item.project,
        by=by,
        action="verdict.judged" if said else "verdict.unjudged",
        target=f"{item.guard} on {item.trace_id}",
        event=str(item.event_id),
        found=item.entity,
        said=said,
        missed=entity,
        version=label.number,
    )
    return label


def is_judged() -> Exists:
    """Return the condition that something is said of an item."""
    return Exists(Label.objects.filter(item=OuterRef("pk"), is_current=True).exclude(said=""))


def open_items(draw: Draw) -> QuerySet[Item]:
    """Return the items of a draw of which nothing is said yet, in order."""
    return draw.items.exclude(is_judged()).order_by("position")
