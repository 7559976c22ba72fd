"""Points and per cent: `2pt` is two hundredths of a scale, `90%` nine tenths of it; a bare 0.02 could be either.

Of a measurement, which has no scale, `10%` is a tenth of what the baseline measures.
"""

import re
from collections.abc import Container

from evaluators.errors import SuiteError
from evaluators.gate import Margin, Metric

_AMOUNT = re.compile(r"^(\d+(?:\.\d+)?)\s*(pt|pts|%)?$")
_QUANTILE = re.compile(r"^(.+)_p(\d{1,2}(?:\.\d+)?)$")
_RANGE = re.compile(r"^(\d+)\s*\.\.\s*(\d+)$")


def margin_of(text: str | float, metric: Metric) -> Margin:
    """Read a margin: `2pt` on any scale with limits; `10%` or a bare number in its own unit for a measurement."""
    number, unit = _amount(text, f"gate.{metric.name}", "margin")
    if unit in ("pt", "pts"):
        if metric.bounds is None:
            raise SuiteError(
                f"gate.{metric.name}: {text!r} needs a scale with limits; use `10%` or a bare number"
            )
        return Margin(value=number)
    if unit == "%" and metric.bounds is None:
        if number <= 0:
            raise SuiteError(f"gate.{metric.name}: margin {text!r} must be more than nothing, such as `10%`")
        return Margin(value=1.0 + number / 100.0, unit="ratio")
    if unit == "%" or metric.bounds == (0.0, 1.0):
        raise SuiteError(f"gate.{metric.name}: margin {text!r} is ambiguous; write points, such as `2pt`")
    return Margin(value=number, unit="absolute")


def floor_of(text: str | float, metric: Metric) -> float:
    """Read a floor: `90%` of a scale with limits, or a bare number on a scale other than 0 to 1."""
    number, unit = _amount(text, f"gate.{metric.name}", "floor")
    if metric.bounds is None:
        raise SuiteError(
            f"gate.{metric.name}: a floor needs a scale with limits; give the evaluator `at_most` instead"
        )
    low, high = metric.bounds
    if unit == "%":
        number = low + number / 100.0 * (high - low)
    elif unit or metric.bounds == (0.0, 1.0):
        raise SuiteError(f"gate.{metric.name}: floor {text!r} is ambiguous; write per cent, such as `90%`")
    if not low <= number <= high:
        raise SuiteError(f"gate.{metric.name}: floor {text!r} lies outside the scale {low:g} to {high:g}")
    return number


def share_of(text: str, what: str) -> float:
    """Read a share above 0 and up to 1, such as `10%`."""
    number, unit = _amount(text, what, "share")
    if unit != "%" or not 0 < number <= 100:
        raise SuiteError(f"{what}: {text!r} is no share; write per cent, such as `10%`")
    return number / 100.0


def looks_of(trials: int | str) -> tuple[int, ...]:
    """Read `trials`: 3 is one look at three trials, `1..5` five looks, one more trial each."""
    if isinstance(trials, int):
        first, last = trials, trials
    else:
        match = _RANGE.match(trials.strip())
        if match is None:
            raise SuiteError(f"trials: {trials!r} is neither a number nor a range such as `1..5`")
        first, last = int(match[1]), int(match[2])
    if not 1 <= first <= last <= 100:
        raise SuiteError(f"trials: {trials!r} must lie between 1 and 100, the smaller number first")
    return (last,) if first == last else tuple(range(first, last + 1))


def measured(name: str, known: Container[str]) -> tuple[str, float | None]:
    """Return the metric a rule is about, and which quantile of it: `latency_p95` is the 95th percentile of `latency`."""
    match = _QUANTILE.match(name)
    if name in known or match is None:
        return name, None
    return match[1], float(match[2]) / 100.0


def _amount(text: str | float, where: str, what: str) -> tuple[float, str]:
    match = _AMOUNT.match(str(text).strip())
    if match is None:
        raise SuiteError(f"{where}: {what} {text!r} is not an amount such as `2pt` or `90%`")
    return float(match[1]), match[2] or ""
