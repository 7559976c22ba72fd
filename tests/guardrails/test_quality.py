"""Rates of guards from samples drawn in strata: exact where a book says what comes out, honest where chance decides."""

import random
from dataclasses import replace

import pytest

from guardrails.quality import (
    Judged,
    clopper_pearson,
    curve,
    labels_needed,
    precision,
    recall,
    suggested,
    weighted_share,
)


def judged(
    count: int, *, stratum: str = "all", found: bool = True, real: bool = True, score: float | None = None
) -> list[Judged]:
    return [Judged(stratum=stratum, is_found=found, is_real=real, score=score)] * count


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.30850),
        (1, 10, 0.00253, 0.44502),
        (8, 10, 0.44390, 0.97479),
        (81, 263, 0.2527, 0.3676),
        (15, 15, 0.78198, 1.0),
    ],
)
def test_the_interval_of_an_even_sample_is_clopper_and_pearsons(
    hits: int, count: int, low: float, high: float
) -> None:
    assert clopper_pearson(hits, count) == pytest.approx((low, high), abs=5e-5)


def test_an_even_sample_has_the_share_and_the_interval_of_its_counts() -> None:
    rate = precision([*judged(45), *judged(5, real=False)], {"all": 10_000})

    assert rate is not None
    assert (rate.share, rate.labels) == (0.9, 50)
    assert rate.effective == pytest.approx(50, rel=0.03)
    assert (rate.low, rate.high) == pytest.approx(clopper_pearson(45, 50), abs=0.01)


def test_each_label_stands_for_the_part_of_its_stratum() -> None:
    doubtful = [*judged(5, stratum="uncertain"), *judged(15, stratum="uncertain", real=False)]
    plain = judged(20, stratum="fired")

    rate = precision([*doubtful, *plain], {"uncertain": 100, "fired": 900})

    assert rate is not None
    assert rate.share == pytest.approx((25 + 900) / 1_000)


def test_what_was_let_pass_makes_the_recall() -> None:
    units = [*judged(40, stratum="fired"), *judged(2, stratum="silent", found=False), *judged(38, stratum="silent", found=False, real=False)]  # fmt: skip

    rate = recall(units, {"fired": 1_000, "silent": 2_000})

    assert rate is not None
    assert rate.share == pytest.approx(1_000 / (1_000 + 100))
    assert rate.low < 0.9 < rate.high


def test_without_a_look_at_what_was_let_pass_nothing_is_said_of_the_recall() -> None:
    assert recall(judged(50), {"all": 500}) is None
    assert all(point.recall is None for point in curve(judged(50, score=0.7), {"all": 500}))


def test_nothing_judged_is_no_rate() -> None:
    assert precision([], {}) is None
    assert precision(judged(5, found=False), {"all": 50}) is None


def test_few_labels_are_not_enough() -> None:
    few, many = precision(judged(19), {"all": 100}), precision(judged(20), {"all": 100})

    assert few is not None
    assert many is not None
    assert (few.is_enough, many.is_enough) == (False, True)


def test_raising_the_threshold_trades_recall_for_precision() -> None:
    units = [
        *judged(30, score=0.9),
        *judged(10, score=0.5),
        *judged(20, score=0.5, real=False),
        *judged(5, found=False),
        *judged(35, found=False, real=False),
    ]

    lower, higher = curve(units, {"all": 100})

    assert (lower.threshold, higher.threshold) == (0.5, 0.9)
    assert (lower.precision.share, higher.precision.share) == pytest.approx((40 / 60, 1.0))
    assert lower.recall is not None
    assert higher.recall is not None
    assert (lower.recall.share, higher.recall.share) == pytest.approx((40 / 45, 30 / 45))


def test_the_threshold_suggested_is_the_lowest_that_is_shown_to_do() -> None:
    units = [*judged(200, score=0.9), *judged(50, score=0.5), *judged(40, score=0.5, real=False)]
    points = curve(units, {"all": 290})

    sure = suggested(points, precision=0.95)
    easy = suggested(points, precision=0.8)

    assert sure is not None
    assert easy is not None
    assert (sure.point.threshold, sure.is_shown) == (0.9, True)
    assert (easy.point.threshold, easy.is_shown) == (0.5, True)
    assert suggested(curve(judged(30, real=False, score=0.9), {"all": 30}), precision=0.5) is None


def test_a_threshold_that_only_seems_to_do_is_said_to() -> None:
    found = suggested(
        curve([*judged(24, score=0.8), *judged(1, real=False, score=0.8)], {"all": 25}), precision=0.95
    )

    assert found is not None
    assert (found.point.precision.share, found.is_shown) == (0.96, False)


def test_a_curve_of_many_scores_has_few_points_and_both_ends() -> None:
    units = [replace(judged(1)[0], score=number / 1_000) for number in range(1_000)]
    points = curve(units, {"all": 1_000})

    assert len(points) == 40
    assert (points[0].threshold, points[-1].threshold) == (0.0, 0.999)


@pytest.mark.parametrize(("share", "needed"), [(0.5, 385), (0.9, 139), (1.0, 73), (0.0, 73)])
def test_the_labels_that_an_interval_of_five_points_needs(share: float, needed: int) -> None:
    assert labels_needed(share) == needed


def test_intervals_of_drawn_samples_hold_the_truth_nineteen_times_in_twenty() -> None:
    drawn = random.Random(20261121)
    truth = {"uncertain": 0.6, "fired": 0.97, "disagreement": 0.3}
    populations = {"uncertain": 400, "fired": 4_000, "disagreement": 150}
    share = sum(truth[name] * populations[name] for name in truth) / sum(populations.values())
    held = 0
    for _ in range(600):
        units = [
            Judged(stratum=name, is_found=True, is_real=drawn.random() < truth[name])
            for name in truth
            for _ in range(40)
        ]
        rate = weighted_share(
            units, populations, part=lambda one: one.is_real, whole=lambda one: one.is_found
        )
        assert rate is not None
        held += rate.low <= share <= rate.high

    assert held / 600 >= 0.93
