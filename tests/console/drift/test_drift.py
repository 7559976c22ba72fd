"""A day against its week, on spans in the real store, and the pages that show what came of it."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from console.accounts.models import Project
from console.drift import checks, tasks
from console.drift.models import Comparison
from ingest.clickhouse.client import Client as Store
from ingest.records import Span
from ingest.writer import write
from tests.makers import make_span

NOW = datetime.now(UTC)
LAST_HOUR = NOW.replace(minute=0, second=0, microsecond=0)
PER_DAY = 240


def traffic(project_id: uuid.UUID, *, days: int = 8, slower: float = 1.0, **last_day: Any) -> list[Span]:
    """Return calls of the last days, ten an hour; those of the last 24 hours may differ."""
    dice = random.Random(7)
    spans = []
    for number in range(days * PER_DAY):
        at = LAST_HOUR - timedelta(minutes=6 * number + 3)
        is_today = number < PER_DAY
        spans.append(
            make_span(
                project_id,
                at=at,
                duration_us=round(dice.lognormvariate(13.5, 0.5) * (slower if is_today else 1.0)),
                session_id=f"s{number // 3}",
                **(last_day if is_today else {}),
            )
        )
    return spans


def keep(store: Store, spans: list[Span]) -> None:
    write(store, spans, token=uuid.uuid4().hex)


def states(found: list[Comparison]) -> dict[str, str]:
    return {comparison.series: comparison.state for comparison in found if not comparison.model}


def test_a_slower_day_is_found_and_nothing_else(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id, slower=1.6))

    found = states(checks.check(project, now=NOW))

    assert found == {
        "latency_ms": "drift",
        "output_tokens": "steady",
        "refusal_rate": "steady",
        "cost_usd": "insufficient",
    }


def test_a_day_like_the_others_is_steady(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id))

    assert states(checks.check(project, now=NOW))["latency_ms"] == "steady"


def test_refusals_are_counted_and_their_rise_is_found(clickhouse: Store, project: Project) -> None:
    refusal = [{"role": "assistant", "content": "I'm sorry, but I can't help with that."}]
    keep(clickhouse, [*traffic(project.id, output_messages=refusal)])

    assert states(checks.check(project, now=NOW))["refusal_rate"] == "drift"


def test_too_little_traffic_is_said_and_is_not_called_steady(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id, days=1)[:50])

    found = checks.check(project, now=NOW)

    assert set(states(found).values()) == {"insufficient"}
    assert "are needed" in found[0].details["reason"]


def test_a_check_repeated_within_the_hour_replaces_itself(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id, days=2))

    first = checks.check(project, now=NOW)
    second = checks.check(project, now=NOW + timedelta(seconds=1))

    assert {one.pk for one in first} == {one.pk for one in second}


def test_another_projects_traffic_is_not_compared(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(uuid.uuid4(), slower=3))

    assert set(states(checks.check(project, now=NOW)).values()) == {"insufficient"}


def test_models_are_compared_one_by_one(clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id))
    keep(clickhouse, [with_model(span, "gpt-4.1") for span in traffic(project.id, slower=2.5)])

    found = {(one.series, one.model): one.state for one in checks.check(project, now=NOW)}

    assert found["latency_ms", "gpt-4.1"] == "drift"
    assert ("latency_ms", "gpt-4o") in found


def test_every_project_is_checked_by_the_clock(clickhouse: Store, project: Project) -> None:
    with patch.object(tasks.check_project, "delay") as woken:
        tasks.check_all()

    woken.assert_called_once_with(str(project.pk))
    assert tasks.check_project(str(project.pk)) == 0


@pytest.fixture
def finding(clickhouse: Store, project: Project) -> Comparison:
    keep(clickhouse, traffic(project.id, slower=1.6))
    return next(one for one in checks.check(project, now=NOW) if one.series == "latency_ms")


def test_a_finding_shows_the_calls_behind_it(
    owner_client: Client, project: Project, finding: Comparison
) -> None:
    listed = owner_client.get(f"/p/{project.slug}/drift/")
    page = owner_client.get(f"/p/{project.slug}/drift/{finding.pk}/")

    assert "drift" in listed.text
    assert "moved by" in page.text
    assert "where the share grew most" in page.text
    assert page.text.count(f"/p/{project.slug}/traces/") > 5


def test_a_finding_is_marked_as_seen(owner_client: Client, project: Project, finding: Comparison) -> None:
    owner_client.post(f"/p/{project.slug}/drift/{finding.pk}/acknowledge/")

    assert "Seen by owner@example.com" in owner_client.get(f"/p/{project.slug}/drift/{finding.pk}/").text


def test_an_empty_project_is_told_what_to_expect(owner_client: Client, project: Project) -> None:
    assert "Nothing has been compared yet" in owner_client.get(f"/p/{project.slug}/drift/").text


def test_checking_now_says_what_it_found(owner_client: Client, clickhouse: Store, project: Project) -> None:
    keep(clickhouse, traffic(project.id, slower=1.6))

    page = owner_client.post(f"/p/{project.slug}/drift/check/", follow=True)

    assert "Checked 4 series up to the last whole hour; 1 drifted." in page.text


def test_a_stranger_finds_nothing_and_a_teammate_changes_nothing(
    stranger_client: Client, teammate_client: Client, project: Project, finding: Comparison
) -> None:
    page = f"/p/{project.slug}/drift/{finding.pk}/"

    assert stranger_client.get(f"/p/{project.slug}/drift/").status_code == 404
    assert stranger_client.get(page).status_code == 404
    assert teammate_client.get(page).status_code == 200
    assert teammate_client.post(f"{page}acknowledge/").status_code == 404
    assert teammate_client.post(f"/p/{project.slug}/drift/check/").status_code == 404


def with_model(span: Span, model: str) -> Span:
    from dataclasses import replace

    return replace(span, model=model, trace_id=uuid.uuid4().hex, span_id=uuid.uuid4().hex[:16])
