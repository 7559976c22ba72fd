"""Verdicts that people judge: drawn with known chances, said in versions, by those who may."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from console.accounts.models import AuditEntry, Project, Role, User
from console.masking import UncheckedTextError
from console.policies.actions import save_policy
from console.quality import rates
from console.quality.actions import LabelError, draw_sample, open_items, say, take_back
from console.quality.models import Draw, Item, Label
from tests.console.quality.conftest import Week, guard, words


def drawn(week: Week, owner: User, *, each: int = 10) -> Draw:
    return draw_sample(
        project=week.project,
        by=owner,
        since=week.now - timedelta(days=7),
        until=week.now,
        each=each,
    )


def judge(item: Item, by: User, said: str, **details: str) -> Label:
    return say(item=item, by=by, said=said, now=timezone.now(), **details)


@pytest.fixture
def judged_week(week: Week, owner: User) -> Week:
    """Forty findings, of which the unsure ones are wrong, and forty texts let pass, of which one holds something."""
    for number in range(40):
        week.verdict(week.call(), entity_scores={"EMAIL_ADDRESS": 0.95 if number % 4 else 0.5})
        week.verdict(week.call(), action="allow", entities={}, score=None)
    week.store()
    draw = drawn(week, owner, each=100)
    for item in draw.items.filter(entity="EMAIL_ADDRESS"):
        judge(item, owner, "right" if (item.score or 0) > 0.9 else "wrong")
    silent = draw.items.filter(entity="")
    for item in silent[1:]:
        judge(item, owner, "right")
    judge(silent[0], owner, "missed", entity="EMAIL_ADDRESS")
    return week


def test_what_is_doubtful_comes_first_and_every_chance_is_known(week: Week, owner: User) -> None:
    for number in range(30):
        week.verdict(week.call(), entity_scores={"EMAIL_ADDRESS": 0.5 if number < 10 else 0.95})
        week.verdict(week.call(), action="allow", entities={}, score=None)
    week.store()

    items = list(drawn(week, owner, each=5).items.all())

    assert [item.stratum for item in items] == ["uncertain"] * 5 + ["found"] * 5 + ["passed"] * 5
    assert [(item.population, item.probability) for item in items[::5]] == [
        (10, 0.5),
        (20, 0.25),
        (30, 5 / 30),
    ]
    assert AuditEntry.objects.filter(action="review.drawn").exists()


def test_guards_of_a_family_that_say_different_things_disagree(week: Week, owner: User) -> None:
    span = week.call()
    week.verdict(span, guard="rules", guard_kind="injection", entities={"INJECTION": 1})
    week.verdict(span, guard="model", guard_kind="injection_model", action="allow", entities={}, score=None)
    week.store()

    items = {item.guard: item for item in drawn(week, owner).items.all()}

    assert {item.stratum for item in items.values()} == {"disagreement"}
    assert (items["rules"].entity, items["model"].entity) == ("INJECTION", "")


def test_each_type_of_a_verdict_is_an_item(week: Week, owner: User) -> None:
    week.verdict(week.call(), entities={"EMAIL_ADDRESS": 2, "IBAN_CODE": 1})
    week.store()

    assert {item.entity for item in drawn(week, owner).items.all()} == {"EMAIL_ADDRESS", "IBAN_CODE"}


def test_verdicts_that_failed_are_not_drawn(week: Week, owner: User) -> None:
    week.verdict(week.call(), entities={}, error="timeout")
    week.store()

    with pytest.raises(LabelError, match="no guard decided anything"):
        drawn(week, owner)


def test_labels_give_precision_and_recall_weighted_by_the_traffic(judged_week: Week) -> None:
    said = rates.opinions(
        judged_week.project, since=judged_week.now - timedelta(days=7), until=judged_week.now
    )
    found = rates.quality("patterns", said)

    assert found.labels == 80
    assert found.precision is not None
    assert found.precision.share == pytest.approx(30 / 40)
    assert found.recall is not None
    assert found.recall.share == pytest.approx(30 / 31)
    by_type = rates.quality("EMAIL_ADDRESS", said, entity="EMAIL_ADDRESS")
    assert by_type.precision == found.precision
    assert rates.quality("IBAN_CODE", said, entity="IBAN_CODE").precision is None
    assert rates.quality("2", said, version=2).precision is None


def test_a_threshold_is_suggested_from_the_labels(judged_week: Week) -> None:
    said = rates.opinions(
        judged_week.project, since=judged_week.now - timedelta(days=7), until=judged_week.now
    )
    points = rates.threshold_curve(said)

    suggestion = rates.suggestion(points, wanted=0.95)
    assert suggestion is not None
    assert suggestion.point.threshold == 0.95
    assert [point.threshold for point in points] == [0.5, 0.95]


def test_what_is_picked_by_hand_is_in_no_rate(week: Week, owner: User, owner_client: Client) -> None:
    event = week.verdict(week.call())
    week.store()

    address = reverse("quality:pick", args=[week.project.slug, event.trace_id, event.id])
    page = owner_client.get(address, follow=True)
    item = Item.objects.get()
    judge(item, owner, "wrong")

    assert page.status_code == 200
    assert (item.draw, item.probability) == (None, None)
    assert rates.opinions(week.project, since=week.now - timedelta(days=7), until=week.now) == []
    assert rates.picked(week.project, guard="patterns") == 1


def test_who_says_something_else_adds_a_version(week: Week, owner: User) -> None:
    week.verdict(week.call())
    week.store()
    (item,) = drawn(week, owner).items.all()

    judge(item, owner, "right")
    judge(item, owner, "wrong", note="an example")
    take_back(item=item, by=owner, now=timezone.now())

    versions = item.labels.order_by("number")
    assert [(one.number, one.said, one.is_current) for one in versions] == [
        (1, "right", False),
        (2, "wrong", False),
        (3, "", True),
    ]
    assert AuditEntry.objects.filter(action="verdict.judged").count() == 2
    assert AuditEntry.objects.filter(action="verdict.unjudged").count() == 1


@pytest.mark.parametrize(
    ("entities", "said", "missed", "sentence"),
    [
        ({"EMAIL_ADDRESS": 1}, "perhaps", "", "say one of right, wrong, missed"),
        ({"EMAIL_ADDRESS": 1}, "missed", "X", "a finding is right or wrong"),
        ({}, "wrong", "", "say right, or missed"),
        ({}, "missed", " ", "name what was missed"),
    ],
)
def test_what_makes_no_sense_cannot_be_said(
    week: Week, owner: User, entities: dict[str, int], said: str, missed: str, sentence: str
) -> None:
    week.verdict(week.call(), entities=entities)
    week.store()
    (item,) = drawn(week, owner).items.all()

    with pytest.raises(LabelError, match=sentence):
        judge(item, owner, said, entity=missed)
    assert not item.labels.exists()


def test_a_note_is_stored_as_the_policy_masks_it(week: Week, owner: User) -> None:
    save_policy(policy=week.project.policies.get(), guards=[guard()], by=owner)
    week.verdict(week.call())
    week.store()
    (item,) = drawn(week, owner).items.all()

    label = judge(item, owner, "wrong", note="this is ada@example.com, our own")

    assert label.note == "this is <EMAIL_ADDRESS_1>, our own"


def test_a_note_that_no_guard_could_look_at_is_not_stored(
    week: Week, owner: User, settings: Settings
) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    week.verdict(week.call())
    week.store()
    (item,) = drawn(week, owner).items.all()

    with pytest.raises(UncheckedTextError, match="nothing was stored"):
        judge(item, owner, "wrong", note="call 212-555-0123")
    assert not item.labels.exists()


def test_the_queue_is_walked_by_forms_alone(week: Week, owner_client: Client, owner: User) -> None:
    save_policy(policy=week.project.policies.get(), guards=[words()], by=owner)
    for _ in range(3):
        span = week.call("the launch is at noon")
        week.verdict(
            span, guard="words", guard_kind="words", policy_version=2, action="flag", entities={"WORD": 1}
        )
    week.store()
    slug = week.project.slug

    answer = owner_client.post(
        reverse("quality:queue", args=[slug]), {"window": "7d", "guard": "", "each": 25}
    )
    draw = Draw.objects.get()
    assert answer["Location"] == reverse("quality:draw", args=[slug, draw.pk])
    first = open_items(draw)[0]
    page = owner_client.get(reverse("quality:item", args=[slug, first.pk])).content.decode()
    assert '<mark class="found" title="words: WORD">launch<small>WORD</small></mark>' in page
    second = owner_client.post(reverse("quality:judge", args=[slug, first.pk]), {"said": "right"})["Location"]
    assert second != reverse("quality:item", args=[slug, first.pk])
    back = owner_client.post(f"{second}undo/")
    assert back["Location"] == reverse("quality:item", args=[slug, first.pk])
    assert open_items(draw).count() == 3
    for item in draw.items.all():
        last = owner_client.post(reverse("quality:judge", args=[slug, item.pk]), {"said": "right"})
    assert last["Location"] == reverse("quality:draw", args=[slug, draw.pk])
    assert b"All of it is judged" in owner_client.get(last["Location"]).content


def test_who_may_only_look_cannot_judge(week: Week, owner: User, teammate_client: Client) -> None:
    event = week.verdict(week.call())
    week.store()
    (item,) = drawn(week, owner).items.all()
    slug = week.project.slug

    refused = [
        teammate_client.get(reverse("quality:queue", args=[slug])),
        teammate_client.get(reverse("quality:item", args=[slug, item.pk])),
        teammate_client.post(reverse("quality:judge", args=[slug, item.pk]), {"said": "right"}),
        teammate_client.post(reverse("quality:undo", args=[slug, item.pk])),
        teammate_client.get(reverse("quality:pick", args=[slug, event.trace_id, event.id])),
    ]

    assert {answer.status_code for answer in refused} == {404}
    assert not item.labels.exists()
    assert teammate_client.get(reverse("quality:overview", args=[slug])).status_code == 200
    assert Role.VIEWER in Role.values


def test_a_text_that_is_gone_is_said_to_be(week: Week, owner: User, owner_client: Client) -> None:
    span = week.call()
    week.records.clear()
    week.verdict(span)
    week.store()
    (item,) = drawn(week, owner).items.all()

    page = owner_client.get(reverse("quality:item", args=[week.project.slug, item.pk]))

    assert b"The text is not stored" in page.content


def test_a_verdict_of_another_project_is_not_there(
    week: Week, project: Project, owner_client: Client
) -> None:
    address = reverse("quality:pick", args=[project.slug, "ab" * 16, uuid.uuid4()])

    assert owner_client.get(address).status_code == 404
