"""Makes the heads' probabilities true, and chooses from where on a finding counts, on texts kept for this alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.calibration import UNCALIBRATED, Calibration, Line
from guardrails.encoder.encoder import Encoder, Gathered
from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.encoder.reading import Passage, Reading
from guardrails.training.examples import Example
from guardrails.training.held_out import HeldOut
from guardrails.training.metrics import characters, threshold_at, together, typed_spans

Array = NDArray[np.float64]
RECALL = 0.98
PRECISION = 0.94
"""Of characters, on texts to calibrate on: a little more than what is asked of texts never seen."""
FALSE_ALARMS = 0.01
_READINESS = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
_SCORES = (0.4, 0.5, 0.6, 0.7)
_RIDGE = 1e-3
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of one head, and the truth, from 0 to 1."""

    logits: Array
    truth: Array


def calibrated(encoder: Encoder, texts: HeldOut) -> Calibration:
    """Return the calibration that the texts ask for."""
    plain = encoder.calibrated(UNCALIBRATED)
    toxicity = read(plain, texts.toxicity_dev)
    lines = tuple(
        fitted(
            Judged(
                logits_of([each.toxicity[label] for each in toxicity]),
                np.array([(example.toxicity or {}).get(label, 0.0) for example in texts.toxicity_dev]),
            )
        )
        for label in TRAINED_TOXICITY_LABELS
    )
    both = [*texts.injection_dev, *texts.injection_benign]
    scores = logits_of([each.injection for each in read(plain, both)])
    hard = logits_of([each.injection for each in read(plain, texts.injection_hard)])
    # Templates are too easy: with them alone the line promises more than it keeps elsewhere. Hard texts count as much as they.
    times = max(1, round(len(texts.injection_dev) / max(1, len(hard))))
    injection = fitted(
        Judged(
            np.concatenate([scores, *[hard] * times]),
            np.array([example.injection or 0.0 for example in (*both, *texts.injection_hard * times)]),
        )
    )
    # Benign texts of sources not learned from, and of templates not learned from.
    benign = scores[np.array([not example.injection for example in both])]
    line = injection.slope * benign + injection.offset
    alarm = threshold_at(1 / (1 + np.exp(-line)), share=FALSE_ALARMS)
    gathered = gather(encoder, texts.pii_dev)
    calibration = Calibration(
        temperature=temperature(gathered, texts.pii_dev),
        toxicity=lines,
        injection=injection,
        thresholds={
            "pii": 0.0,
            "injection": round(min(0.99, max(0.05, alarm)), 4),
            **dict.fromkeys(TRAINED_TOXICITY_LABELS, 0.5),
        },
    )
    return ready(gathered, calibration, texts.pii_dev)


def ready(gathered: Sequence[Gathered], calibration: Calibration, texts: Sequence[Example]) -> Calibration:
    """Choose how ready to be for personal data: enough for the recall asked for, no more than precision allows."""
    best: tuple[tuple[float, float], Calibration] | None = None
    for readiness in _READINESS:
        readings = [each.reading(replace(calibration, readiness=readiness)) for each in gathered]
        for score in _SCORES:
            said = [
                (example.text, example.spans or (), [span for span in reading.spans if span.score >= score])
                for example, reading in zip(texts, readings, strict=True)
            ]
            counts = characters(said)
            short = max(0.0, RECALL - counts.recall) + max(0.0, PRECISION - counts.precision)
            worth = (-short, together(typed_spans(said)).f1)
            if best is None or worth > best[0]:
                thresholds = {**calibration.thresholds, "pii": score}
                best = worth, replace(calibration, readiness=readiness, thresholds=thresholds)
    assert best is not None
    return best[1]


def read(encoder: Encoder, examples: Sequence[Example]) -> list[Reading]:
    """Read the texts of examples."""
    return encoder.read([Passage(example.text, example.task) for example in examples])


def gather(encoder: Encoder, examples: Sequence[Example]) -> list[Gathered]:
    """Compute the texts of examples."""
    return encoder.gather([Passage(example.text, example.task) for example in examples])


def logits_of(chances: Sequence[float]) -> Array:
    """Turn probabilities back into logits."""
    clipped = np.clip(np.array(chances, np.float64), 1e-9, 1 - 1e-9)
    result: Array = np.log(clipped / (1 - clipped))
    return result


def fitted(judged: Judged) -> Line:
    """Find the line through the logits that makes the truth likeliest (Platt), by Newton's method."""
    if not 0 < judged.truth.mean() < 1:
        return Line()
    x = np.stack([judged.logits, np.ones_like(judged.logits)], axis=1)
    line = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ line, -30, 30)))
        gradient = x.T @ (chance - judged.truth) / len(x)
        curve = (x * (chance * (1 - chance))[:, None]).T @ x / len(x) + _RIDGE * np.eye(2)
        step = np.linalg.solve(curve, gradient)
        line -= np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-7:
            break
    return Line(round(float(max(line[0], 0.05)), 5), round(float(line[1]), 5))


def temperature(gathered: Sequence[Gathered], examples: Sequence[Example]) -> float:
    """Find what to divide the token head's logits by so that spans are personal data as often as their scores say."""
    candidates = np.geomspace(0.6, 2.5, 12)

    def error(candidate: float) -> float:
        readings = [each.reading(replace(UNCALIBRATED, temperature=candidate)) for each in gathered]
        right: list[tuple[float, float]] = []
        for example, reading in zip(examples, readings, strict=True):
            true = {place for span in example.spans or () for place in range(span.start, span.end)}
            for span in reading.spans:
                part = sum(place in true for place in range(span.start, span.end)) / (span.end - span.start)
                right.append((span.score, part))
        scores, truth = np.array([each[0] for each in right]), np.array([each[1] for each in right])
        return float(np.mean((scores - truth) ** 2))

    return round(float(min(candidates, key=error)), 4)
