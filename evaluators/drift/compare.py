"""The decision: a shift large enough to matter, beyond chance, after counting how many series were asked."""

from collections.abc import Sequence
from dataclasses import replace

from evaluators.drift.distance import distances, shifts
from evaluators.drift.permutation import block_p_value
from evaluators.drift.rates import rate_shift
from evaluators.drift.result import DriftResult, Summary, Thresholds
from evaluators.drift.sketch import Block, Kind, Sketch, all_bins, merge
from evaluators.stats.multiplicity import benjamini_hochberg

_DEFAULT = Thresholds()
_SMALLEST_DEVIATION = 0.01
"""As a share of the mean: a reference that never varies still has a scale."""


def compare(
    reference: Sequence[Block],
    current: Sequence[Block],
    *,
    series: str,
    kind: Kind = "numeric",
    thresholds: Thresholds = _DEFAULT,
) -> DriftResult:
    """Compare a window with the reference. For several series at once, hand the results to `adjusted`."""
    threshold = thresholds.points if kind == "rate" else thresholds.deviations
    empty = DriftResult(series=series, kind=kind, state="insufficient", reason="", threshold=threshold)
    windows = {"reference": _filled(reference), "current": _filled(current)}
    for name, blocks in windows.items():
        reason = _too_little(name, blocks, thresholds)
        if reason:
            return replace(empty, reason=reason)
    found = _numeric(empty, **windows) if kind == "numeric" else _rate(empty, **windows)
    assert found.p_value is not None
    return _stated(replace(found, q_value=found.p_value), thresholds)


def adjusted(results: Sequence[DriftResult], thresholds: Thresholds = _DEFAULT) -> list[DriftResult]:
    """Decide again over series checked together, so that one in twenty alarms is false however many they are."""
    tested = [result for result in results if result.p_value is not None]
    q_values = iter(benjamini_hochberg([result.p_value or 0.0 for result in tested]))
    return [
        result if result.p_value is None else _stated(replace(result, q_value=next(q_values)), thresholds)
        for result in results
    ]


def _filled(blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if block.observations > 0]


def _too_little(name: str, blocks: Sequence[Block], thresholds: Thresholds) -> str:
    seen = sum(block.observations for block in blocks)
    hours = len({block.hour for block in blocks})
    if seen < thresholds.observations:
        return f"the {name} window has {seen} observations, {thresholds.observations} are needed"
    if hours < thresholds.hours:
        return f"the {name} window has data from {hours} hours, {thresholds.hours} are needed"
    return ""


def _numeric(empty: DriftResult, *, reference: Sequence[Block], current: Sequence[Block]) -> DriftResult:
    bins = all_bins([*reference, *current])
    before, after = merge(reference, bins), merge(current, bins)
    apart = distances(before, after)
    scale = max(before.deviation, _SMALLEST_DEVIATION * abs(before.mean)) or 1.0
    return replace(
        empty,
        effect=apart.wasserstein / scale,
        p_value=block_p_value(reference, current, bins, before.values),
        reference=_summary(before, reference),
        current=_summary(after, current),
        distances=apart,
        top_bins=shifts(before, after),
    )


def _rate(empty: DriftResult, *, reference: Sequence[Block], current: Sequence[Block]) -> DriftResult:
    bins = all_bins([*reference, *current])
    shift = rate_shift(reference, current)
    return replace(
        empty,
        effect=shift.points,
        p_value=shift.p_value,
        design_effect=shift.design_effect,
        reference=_summary(merge(reference, bins), reference),
        current=_summary(merge(current, bins), current),
    )


def _summary(sketch: Sketch, blocks: Sequence[Block]) -> Summary:
    return Summary(
        observations=sketch.observations,
        hours=len({block.hour for block in blocks}),
        mean=sketch.mean,
        deviation=sketch.deviation,
        p50=sketch.quantile(0.50),
        p95=sketch.quantile(0.95),
        p99=sketch.quantile(0.99),
    )


def _stated(result: DriftResult, thresholds: Thresholds) -> DriftResult:
    assert result.effect is not None
    assert result.q_value is not None
    is_large = abs(result.effect) >= result.threshold
    is_sure = result.q_value <= thresholds.level
    unit = "points" if result.kind == "rate" else "standard deviations"
    size = f"{abs(result.effect):.2f} {unit}"
    if is_large and is_sure:
        return replace(result, state="drift", reason=f"moved by {size} (q = {result.q_value:.3f})")
    if is_large:
        return replace(
            result,
            state="steady",
            reason=f"moved by {size}, which chance explains (q = {result.q_value:.2f})",
        )
    return replace(result, state="steady", reason=f"moved by {size}, less than {result.threshold:g} matters")
