import numpy as np
import pytest

from evaluators.drift import Block, DriftResult, Thresholds, adjusted, compare
from tests.evaluators.drift.traffic import MONDAY, block_of, latencies, refusals


def latency_result(seed: int, factor: float) -> DriftResult:
    generator = np.random.default_rng([seed, 1])
    reference, current = latencies(generator, days=7), latencies(generator, days=1, start=7, factor=factor)
    return compare(reference, current, series="latency_ms")


def refusal_result(seed: int, rate: float) -> DriftResult:
    generator = np.random.default_rng([seed, 2])
    reference, current = refusals(generator, days=7), refusals(generator, days=1, start=7, rate=rate)
    return compare(reference, current, series="refusal_rate", kind="rate")


def test_clustered_sessions_and_hours_raise_no_false_alarm() -> None:
    results = [latency_result(seed, 1.0) for seed in range(60)] + [
        refusal_result(seed, 0.05) for seed in range(60)
    ]
    surprised = [result for result in results if (result.p_value or 0) <= 0.05]
    assert sum(result.state == "drift" for result in results) / len(results) <= 0.06
    # Three standard errors above 0.05 among 120 checks.
    assert len(surprised) / len(results) <= 0.11


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_a_real_shift_of_latency_is_seen(factor: float) -> None:
    results = [latency_result(seed, factor) for seed in range(10)]
    assert [result.state for result in results] == ["drift"] * 10
    assert (results[0].current.mean > results[0].reference.mean) == (factor > 1)  # type: ignore[union-attr]


def test_a_real_rise_of_refusals_is_seen() -> None:
    results = [refusal_result(seed, 0.12) for seed in range(10)]
    assert sum(result.state == "drift" for result in results) >= 9
    assert results[0].effect == pytest.approx(7.0, abs=3.0)
    assert (results[0].design_effect or 0) > 2


def test_a_shift_too_small_to_matter_is_steady_however_sure() -> None:
    result = latency_result(1, 1.02)
    thresholds = Thresholds(deviations=1.0)
    generator = np.random.default_rng(7)
    large = compare(
        latencies(generator, days=7),
        latencies(generator, days=1, start=7, factor=1.3),
        series="latency_ms",
        thresholds=thresholds,
    )
    assert result.state == "steady"
    assert large.p_value == pytest.approx(0.001)
    assert (large.state, "matters" in large.reason) == ("steady", True)


def test_too_little_data_is_said_and_not_guessed() -> None:
    generator = np.random.default_rng(8)
    reference = latencies(generator, days=7)
    few = compare(reference, reference[:2], series="latency_ms")
    short = compare(reference, latencies(generator, days=1)[:24], series="latency_ms")
    none = compare([], [], series="latency_ms")
    assert (few.state, few.p_value) == ("insufficient", None)
    assert "24 observations" in few.reason
    assert "3 hours" in short.reason
    assert none.state == "insufficient"


def test_one_lucky_series_among_many_is_no_alarm() -> None:
    calm = [latency_result(seed, 1.0) for seed in range(8)]
    loud = latency_result(99, 1.4)
    results = adjusted([*calm, loud, compare([], [], series="empty")])
    assert [result.state for result in results] == ["steady"] * 8 + ["drift", "insufficient"]
    assert all((result.q_value or 0) >= (result.p_value or 0) for result in results[:9])


def test_a_constant_series_is_steady_until_it_changes() -> None:
    def constant(value: float, day: int) -> list[Block]:
        return [
            block_of(MONDAY.replace(day=day, hour=hour), block, np.full(5, value))
            for hour in range(24)
            for block in range(8)
        ]

    assert compare(constant(10.0, 9), constant(10.0, 10), series="s").state == "steady"
    assert compare(constant(10.0, 9), constant(12.0, 10), series="s").state == "drift"
    assert compare(constant(0.0, 9), constant(0.0, 10), series="s", kind="rate").state == "steady"
    assert compare(constant(0.0, 9), constant(1.0, 10), series="s", kind="rate").state == "drift"
