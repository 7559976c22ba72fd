"""Simulated traffic: the same for the same seed, within its days, plausible, and with one drifted day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from console.demo.domains import DOMAINS
from console.demo.llms import CHOICES, DRIFTING
from console.demo.plan import live_chats, traces
from console.demo.steps import Step, Trace
from ingest.formats.providers import provider_name
from ingest.prices import unit_prices

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def planned() -> list[Trace]:
    return traces(seed=1, days=14, calls=3_000, now=NOW)


def steps_of(trace: Trace) -> Iterator[Step]:
    return walk(trace.root)


def walk(step: Step) -> Iterator[Step]:
    yield step
    for inner in step.steps:
        yield from walk(inner)


def texts_of(planned: list[Trace]) -> str:
    return "\n".join(
        str(message)
        for trace in planned
        for step in steps_of(trace)
        for message in (*step.input, *step.output)
    )


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert traces(seed=5, days=3, calls=80, now=NOW) == traces(seed=5, days=3, calls=80, now=NOW)
    assert traces(seed=5, days=3, calls=80, now=NOW) != traces(seed=6, days=3, calls=80, now=NOW)
    assert list(live_chats(seed=5, count=9)) == list(live_chats(seed=5, count=9))


def test_it_makes_about_as_many_calls_as_were_asked_for(planned: list[Trace]) -> None:
    assert 3_000 <= sum(trace.root.calls for trace in planned) < 3_010


def test_all_of_it_lies_in_the_days_before_now(planned: list[Trace]) -> None:
    assert min(trace.start_us for trace in planned) >= (NOW - timedelta(days=14)).timestamp() * 1e6
    assert max(trace.end_us for trace in planned) < NOW.timestamp() * 1e6


def test_no_template_is_left_unfilled(planned: list[Trace]) -> None:
    assert "$" not in texts_of(planned)


def test_people_ask_in_many_words(planned: list[Trace]) -> None:
    asked = {
        message["content"]
        for trace in planned
        for step in steps_of(trace)
        for message in step.input
        if message["role"] == "user"
    }
    assert len(asked) > 1_000


def test_there_are_agents_searches_and_chats_of_every_domain(planned: list[Trace]) -> None:
    kinds = {(trace.domain, trace.root.kind) for trace in planned}

    assert kinds == {(domain.name, kind) for domain in DOMAINS for kind in ("agent", "chain", "llm")}


def test_some_calls_fail_in_every_way_and_most_succeed(planned: list[Trace]) -> None:
    calls = [step for trace in planned for step in steps_of(trace) if step.kind == "llm"]
    failures = [step.failure.http_status for step in calls if step.failure is not None]

    assert {429, 500, 504} <= set(failures)
    assert 0.01 < len(failures) / len(calls) < 0.05
    assert any(step.finish_reason == "content_filter" for step in calls)


def test_some_people_give_personal_data_or_lose_their_temper(planned: list[Trace]) -> None:
    text = texts_of(planned)

    assert "@example." in text
    assert "4111 1111 1111 1111" in text
    assert "useless piece of junk" in text
    assert "Ignore all previous instructions" in text


def test_on_the_last_day_one_model_is_slower_longer_and_less_willing(planned: list[Trace]) -> None:
    begins_us = (NOW - timedelta(days=1)).timestamp() * 1e6
    before, after = (
        [
            step
            for trace in planned
            if (trace.start_us > begins_us) is is_last_day
            for step in steps_of(trace)
            if step.model == DRIFTING.name and step.finish_reason == "stop"
        ]
        for is_last_day in (False, True)
    )

    assert len(after) > 60
    assert median(step.duration_us for step in after) > 2 * median(step.duration_us for step in before)
    assert median(step.output_tokens or 0 for step in after) > 2 * median(
        step.output_tokens or 0 for step in before
    )


@pytest.mark.parametrize("domain", CHOICES)
def test_every_model_has_a_price(domain: str) -> None:
    for llm in CHOICES[domain]:
        assert unit_prices(provider_name(llm.provider), llm.served, NOW) is not None


def test_tokens_include_what_was_read_from_a_cache(planned: list[Trace]) -> None:
    calls = [step for trace in planned for step in steps_of(trace) if step.cache_read_tokens]

    assert len(calls) > 300
    assert all((step.input_tokens or 0) >= step.cache_read_tokens + step.cache_write_tokens for step in calls)
