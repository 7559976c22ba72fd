"""A judge's card as text, for a terminal."""

import math
from collections.abc import Sequence

from evaluators.calibration.card import Card
from evaluators.calibration.jackknife import Estimate
from evaluators.calibration.rates import Rate
from evaluators.gate.trials import Trust


def card_as_text(card: Card, trust: Trust, reason: str, rates: Sequence[Rate]) -> str:
    """Return the card, the word on the judge's trust last."""
    lines = [
        f"{card.judge}  {card.labels} labels · {card.clusters} clusters · {card.unscored} not judged · "
        f"people say yes to {card.base_rate:.0%}, the judge to {card.judged_rate:.0%}",
        f"agreement    {card.accuracy:.1%}, κ {_estimate(card.kappa)}, AC1 {_number(card.ac1)}, α {_number(card.alpha)}"
        + ("" if card.ceiling is None else f"; people among themselves α {card.ceiling:.2f}"),
        f"yes found    {card.sensitivity[0]} of {card.sensitivity[1]} · no found {card.specificity[0]} of {card.specificity[1]}"
        f" · AUROC {_estimate(card.auroc)}",
    ]
    raw, fitted = card.reliability["raw"], card.reliability["held_out"]
    if fitted:
        lines.append(
            f"probability  calibration error {raw['calibration_error']:.3f} as it is, {fitted['calibration_error']:.3f} "
            f"mapped ({card.calibrator['method']}, held out) · Brier {raw['brier']:.3f}, {fitted['brier']:.3f}"
        )
    if card.length_correlation is not None and abs(card.length_correlation) >= 0.2:
        lines.append(f"its errors follow the answer's length (ρ {card.length_correlation:+.2f})")
    lines += [
        f"{rate.arm}: judged {rate.judged:.3f}, corrected {_estimate(rate.corrected)} "
        f"({rate.method}, {rate.labels} of {rate.answers} answers labelled)"
        for rate in rates
    ]
    return "\n".join([*lines, "", f"{trust.upper()}  {reason}."])


def _estimate(estimate: Estimate) -> str:
    return f"{_number(estimate.value)} ({_number(estimate.low)}, {_number(estimate.high)})"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
