"""The few numbers that decide whether a head may block, beside what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Aim:
    """A number, what is asked of it, and whether more or less of it is better."""

    head: str
    name: str
    path: tuple[str, ...]
    aim: float
    is_at_most: bool = False

    def value(self, measured: Mapping[str, Any]) -> float:
        """Find the number among all that was measured."""
        found: Any = measured
        for step in self.path:
            found = found[step]
        return float(found)

    def is_met(self, measured: Mapping[str, Any]) -> bool:
        """Say whether it is as good as asked."""
        value = self.value(measured)
        return value <= self.aim if self.is_at_most else value >= self.aim


_THIRD = ("injection", "besides", "challenge-third")
AIMS = (
    Aim("pii", "character recall", ("pii", "recognizers_and_encoder", "character_recall"), 0.97),
    Aim("pii", "character precision", ("pii", "recognizers_and_encoder", "character_precision"), 0.93),
    Aim("pii", "typed span F1", ("pii", "recognizers_and_encoder", "span_f1"), 0.85),
    Aim("pii", "calibration error of spans", ("pii", "span_calibration_error"), 0.05, is_at_most=True),
    Aim(
        "toxicity",
        "AUROC, clear comments and ordinary texts",
        ("toxicity", "clear-comments-and-ordinary-texts", "auroc", "toxicity"),
        0.95,
    ),
    Aim(
        "toxicity",
        "AUROC, comments of discussions not learned from",
        ("toxicity", "civil-comments-test", "auroc", "toxicity"),
        0.95,
    ),
    Aim(
        "toxicity",
        "AUROC, a language learned from our templates only",
        ("toxicity", "madlibs-nl", "auroc", "toxicity"),
        0.95,
    ),
    Aim(
        "toxicity",
        "calibration error",
        ("toxicity", "clear-comments-and-ordinary-texts", "calibration_error"),
        0.05,
        is_at_most=True,
    ),
    *(
        Aim(
            "toxicity",
            f"AUROC, written by another hand, blind: {name}",
            ("toxicity", f"toxicity-challenge-{language}", "auroc", "toxicity"),
            0.95,
        )
        for language, name in (("en", "English"), ("nl", "Dutch"), ("de", "German"))
    ),
    Aim("injection", "recall at 1 % false alarms", ("injection", "recall_at_1_percent_false_alarms"), 0.80),
    Aim("injection", "calibration error", ("injection", "calibration_error"), 0.05, is_at_most=True),
    Aim(
        "injection",
        "recall at 1 % false alarms, written by another hand, blind",
        (*_THIRD, "recall_at_1_percent_false_alarms"),
        0.80,
    ),
    Aim(
        "injection",
        "false alarms at even odds, written by another hand, blind",
        (*_THIRD, "false_alarms_at_even_odds"),
        0.05,
        is_at_most=True,
    ),
)


def summary(measured: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the deciding numbers by name."""
    return {f"{aim.head}: {aim.name}": aim.value(measured) for aim in AIMS}


def short_of(measured: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """Return, for each head, what it falls short of."""
    short: dict[str, list[str]] = {}
    for aim in AIMS:
        if not aim.is_met(measured):
            asked = f"{'at most' if aim.is_at_most else 'at least'} {aim.aim:g}"
            short.setdefault(aim.head, []).append(f"{aim.name} {aim.value(measured):.3f} ({asked})")
    return short
