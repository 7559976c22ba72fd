"""Totals and courses of traffic add up, leave out what is not asked for, and never call an unknown cost zero."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.queries.bills import UnpricedModel, charges, cost_course, unpriced_models
from ingest.queries.traffic import Grain, environments, has_any_traffic, traffic, traffic_course
from ingest.records import NO_USAGE, Price, PricedSpan, Span, Usage
from ingest.writer import write
from tests.makers import make_span

# Yesterday: the store keeps minutes for a week of real time.
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def priced(span: Span, usd: str) -> PricedSpan:
    cost = Decimal(usd)
    return PricedSpan(
        span=span,
        price=Price(cost_usd=cost, input_cost_usd=cost, output_cost_usd=Decimal(0), source="reported"),
    )


@pytest.fixture
def project_id(clickhouse: Client) -> uuid.UUID:
    """A project with a little of everything, over two hours."""
    project_id = uuid.uuid4()
    usage = Usage(input_tokens=100, output_tokens=10, cache_read_tokens=40, source="reported")

    def span(minutes: int, **changes: Any) -> Span:
        defaults: dict[str, Any] = {"usage": usage, "model": "gpt-4o", "user_id": "ada", "feature": "chat"}
        return make_span(project_id, at=NOON + timedelta(minutes=minutes), **(defaults | changes))

    write(
        clickhouse,
        [
            priced(span(0, duration_us=1_000_000, ttft_us=100_000), "0.5"),
            priced(span(10, duration_us=3_000_000, ttft_us=None, feature=""), "0.25"),
            span(20, model="house", user_id="bob"),
            span(30, status="error", usage=NO_USAGE, duration_us=60_000_000),
            span(40, status="blocked", usage=NO_USAGE, guard_action="block", attempts=0),
            priced(span(70, model="mini", environment="staging", guard_action="mask"), "0.125"),
            span(71, kind="agent", name="agent", usage=Usage(input_tokens=9_999, source="reported")),
        ],
        token=uuid.uuid4().hex,
    )
    return project_id


END = NOON + timedelta(hours=2)


@pytest.mark.parametrize("grain", ["minute", "hour"])
def test_totals_count_calls_and_nothing_twice(
    clickhouse: Client, project_id: uuid.UUID, grain: Grain
) -> None:
    found = traffic(clickhouse, project_id=project_id, grain=grain, start=NOON, end=END)

    assert (found.calls, found.ok, found.errors, found.blocked) == (6, 4, 1, 1)
    assert (found.input_tokens, found.output_tokens, found.cache_read_tokens) == (400, 40, 160)
    assert found.cost_usd == Decimal("0.875")
    assert found.unpriced == 1
    assert (found.masked, found.stopped) == (1, 1)
    assert found.duration.p99 is not None
    assert found.duration.p99 <= 3_000_000
    assert found.ttft.p50 is not None


def test_an_environment_narrows_the_totals(clickhouse: Client, project_id: uuid.UUID) -> None:
    found = traffic(
        clickhouse, project_id=project_id, grain="hour", environment="staging", start=NOON, end=END
    )

    assert (found.calls, found.cost_usd) == (1, Decimal("0.125"))


def test_where_nothing_happened_nothing_is_measured(clickhouse: Client) -> None:
    found = traffic(clickhouse, project_id=uuid.uuid4(), grain="hour", start=NOON, end=END)

    assert (found.calls, found.cost_usd, found.duration.p50, found.ttft.p99) == (0, Decimal(0), None, None)


def test_a_course_adds_up_to_the_totals(clickhouse: Client, project_id: uuid.UUID) -> None:
    course = traffic_course(
        clickhouse, project_id=project_id, grain="minute", bucket_s=1_800, zone="UTC", start=NOON, end=END
    )

    starts = [int((at - NOON.timestamp()) // 60) for at in course]
    assert starts == [0, 30, 60]
    assert [point.calls for point in course.values()] == [3, 2, 1]


def test_days_begin_at_midnight_of_the_projects_zone(clickhouse: Client, project_id: uuid.UUID) -> None:
    [(at, point)] = traffic_course(
        clickhouse,
        project_id=project_id,
        grain="hour",
        bucket_s=86_400,
        zone="Asia/Kolkata",
        start=NOON,
        end=END,
    ).items()

    assert datetime.fromtimestamp(at, NOON.tzinfo) == NOON.replace(hour=18, minute=30) - timedelta(days=1)
    assert point.calls == 6


def test_charges_by_model_know_what_they_do_not_know(clickhouse: Client, project_id: uuid.UUID) -> None:
    found = charges(clickhouse, project_id=project_id, grain="hour", by="model", start=NOON, end=END)

    costs = {charge.name: (charge.calls, charge.cost_usd, charge.unpriced) for charge in found}
    assert costs["gpt-4o"] == (4, Decimal("0.75"), 0)
    assert costs["house"] == (1, None, 1)
    assert costs["mini"] == (1, Decimal("0.125"), 0)


@pytest.mark.parametrize("is_long", [False, True])
def test_charges_by_user_come_from_spans_or_from_days(
    clickhouse: Client, project_id: uuid.UUID, is_long: bool
) -> None:
    found = charges(
        clickhouse, project_id=project_id, grain="hour", by="user_id", is_long=is_long, start=NOON, end=END
    )

    costs = {charge.name: (charge.calls, charge.cost_usd) for charge in found}
    assert costs == {"ada": (5, Decimal("0.875")), "bob": (1, None)}


def test_cost_over_time_puts_the_small_ones_together(clickhouse: Client, project_id: uuid.UUID) -> None:
    course = cost_course(
        clickhouse, project_id=project_id, grain="hour", bucket_s=3_600, zone="UTC", by="model", names=["gpt-4o"],
        others="others", start=NOON, end=END,
    )  # fmt: skip

    noon = int(NOON.timestamp())
    assert course["gpt-4o"] == {noon: Decimal("0.75")}
    assert course["others"] == {noon: Decimal(0), noon + 3_600: Decimal("0.125")}


def test_cost_over_time_is_not_kept_by_user(clickhouse: Client) -> None:
    with pytest.raises(ValueError, match="not by user_id"):
        cost_course(
            clickhouse, project_id=uuid.uuid4(), grain="hour", bucket_s=3_600, zone="UTC", by="user_id", names=[],
            others="others", start=NOON, end=END,
        )  # fmt: skip


def test_models_without_a_price_are_listed_with_the_reason(clickhouse: Client, project_id: uuid.UUID) -> None:
    [found] = unpriced_models(clickhouse, project_id=project_id, start=NOON, end=END)

    assert isinstance(found, UnpricedModel)
    assert (found.model, found.calls, found.without_usage) == ("house", 1, 0)


def test_environments_and_the_first_span_of_all(clickhouse: Client, project_id: uuid.UUID) -> None:
    assert environments(clickhouse, project_id=project_id, since=NOON) == ["production", "staging"]
    assert has_any_traffic(clickhouse, project_id=project_id)
    assert not has_any_traffic(clickhouse, project_id=uuid.uuid4())
