"""Judges a folder of weights on texts of templates, documents and sources from which it learned nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from guardrails.encoder.encoder import Encoder
from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.encoder.reading import EncoderSpan, Reading
from guardrails.training import peers
from guardrails.training.calibrating import FALSE_ALARMS, read
from guardrails.training.examples import Example
from guardrails.training.held_out import HeldOut
from guardrails.training.metrics import (
    auroc,
    calibration_error,
    characters,
    threshold_at,
    together,
    typed_spans,
)
from guardrails.training.rows import assert_unseen
from guardrails.training.summary import summary

COMMENTS = "civil-comments-test"
MIXED = "clear-comments-and-ordinary-texts"
Said = tuple[str, Sequence[Any], Sequence[Any]]


def evaluated(
    encoder: Encoder, texts: HeldOut, *, seen: frozenset[str], say: Callable[[str], None]
) -> Mapping[str, Any]:
    """Return every number that the card gives; raise if a text to judge with was learned from."""
    assert_unseen(texts.judged(), seen, where="the evaluation")
    say("reading texts with personal data")
    pii = personal_data(encoder, texts.pii_test)
    say("reading toxic and other comments")
    toxicity = toxic(encoder, texts.toxicity_test) | {
        MIXED: mixed(encoder, texts.toxicity_test, [*texts.injection_test, *texts.injection_benign])
    }
    say("reading attacks and what only looks like them")
    injection = injected(encoder, texts)
    measured = {"pii": pii, "toxicity": toxicity, "injection": injection}
    return {
        "summary": summary(measured),
        "rows_trained_on": len(seen),
        "rows_judged_on": sum(1 for _ in texts.judged()),
        "rows_in_both": 0,
        **measured,
    }


def personal_data(encoder: Encoder, examples: Sequence[Example]) -> Mapping[str, Any]:
    """Judge spans: of the encoder, of Presidio as it comes, of our recognizers, and of all that the guard server runs."""
    score = encoder.calibration.thresholds["pii"]
    readings = [
        replace(each, spans=tuple(span for span in each.spans if span.score >= score))
        for each in read(encoder, examples)
    ]
    found = [each.spans for each in readings]
    presidio, server = peers.Presidio(), peers.GuardServer()
    by_rules = [server.spans(example.text) for example in examples]
    both = [
        server.spans(example.text, [reading]) for example, reading in zip(examples, readings, strict=True)
    ]
    return {
        "encoder": spans_judged(examples, found) | {"by_source": by_source(examples, found)},
        "presidio": spans_judged(examples, [presidio.spans(example.text) for example in examples]),
        "recognizers": spans_judged(examples, by_rules),
        "recognizers_and_encoder": spans_judged(examples, both) | {"by_source": by_source(examples, both)},
        "span_calibration_error": rounded(span_error(examples, found)),
    }


def spans_judged(examples: Sequence[Example], found: Sequence[Sequence[EncoderSpan]]) -> dict[str, Any]:
    """Return characters of whatever kind, spans of the right kind, and each kind alone."""
    said: list[Said] = [
        (example.text, example.spans or (), spans) for example, spans in zip(examples, found, strict=True)
    ]
    whole, typed = characters(said), typed_spans(said)
    sum_ = together(typed)
    return {
        "texts": len(said),
        "character_recall": rounded(whole.recall),
        "character_precision": rounded(whole.precision),
        "span_precision": rounded(sum_.precision),
        "span_recall": rounded(sum_.recall),
        "span_f1": rounded(sum_.f1),
        "f1_by_entity": {entity: rounded(counts.f1) for entity, counts in typed.items()},
    }


def by_source(
    examples: Sequence[Example], found: Sequence[Sequence[EncoderSpan]]
) -> Mapping[str, Mapping[str, Any]]:
    """Judge the texts of every source alone."""
    result: dict[str, Mapping[str, Any]] = {}
    for source in sorted({example.source for example in examples}):
        mine = [
            (example, spans)
            for example, spans in zip(examples, found, strict=True)
            if example.source == source
        ]
        judged = spans_judged([each[0] for each in mine], [each[1] for each in mine])
        result[source] = {name: value for name, value in judged.items() if name != "f1_by_entity"}
    return result


def span_error(examples: Sequence[Example], found: Sequence[Sequence[EncoderSpan]]) -> float:
    """Return how far spans' scores lie from how often there is personal data."""
    scores: list[float] = []
    right: list[float] = []
    for example, spans in zip(examples, found, strict=True):
        true = {place for span in example.spans or () for place in range(span.start, span.end)}
        scores += [span.score for span in spans]
        right += [
            sum(place in true for place in range(span.start, span.end)) / (span.end - span.start)
            for span in spans
        ]
    return calibration_error(np.array(scores), np.array(right))


def toxic(encoder: Encoder, examples: Sequence[Example]) -> dict[str, Any]:
    """Judge toxicity, source by source and label by label."""
    readings = read(encoder, examples)
    return {
        source: _toxic_source(
            [pair for pair in zip(examples, readings, strict=True) if pair[0].source == source],
            encoder.calibration.thresholds["toxicity"],
        )
        for source in sorted({example.source for example in examples})
    }


def mixed(encoder: Encoder, comments: Sequence[Example], ordinary: Sequence[Example]) -> Mapping[str, Any]:
    """Judge toxicity among what people really write: clear comments, and ordinary texts of sources not learned from.

    Nobody has voted on the ordinary texts: instructions, questions, mails and talks, all taken as not toxic.
    """
    judged = [each for each in comments if each.source == COMMENTS and _is_clear(each)]
    texts = [*judged, *(each for each in ordinary if not each.injection and not each.task)]
    chances = np.array([reading.toxicity["toxicity"] for reading in read(encoder, texts)])
    truth = np.array([(example.toxicity or {}).get("toxicity", 0.0) >= 0.5 for example in texts], float)
    threshold = encoder.calibration.thresholds["toxicity"]
    return {
        "texts": len(texts),
        "toxic": int(truth.sum()),
        "auroc": {"toxicity": rounded(auroc(chances, truth))},
        "recall": rounded(float((chances[truth > 0.5] >= threshold).mean())),
        "false_alarms": rounded(float((chances[truth < 0.5] >= threshold).mean())),
        "calibration_error": rounded(calibration_error(chances, truth)),
    }


def injected(encoder: Encoder, texts: HeldOut) -> Mapping[str, Any]:
    """Judge attacks by how many are found when one in a hundred benign texts of unseen sources is flagged."""
    readings = read(encoder, texts.injection_test)
    chances, truth = _chances(texts.injection_test, readings)
    threshold = encoder.calibration.thresholds["injection"]
    strict = threshold_at(chances[truth < 0.5], share=FALSE_ALARMS)
    written = read(encoder, texts.injection_written)
    written_chances, written_truth = _chances(texts.injection_written, written)
    return {
        "texts": len(truth),
        "attacks": int((truth > 0.5).sum()),
        "auroc": rounded(auroc(chances, truth)),
        "recall_at_1_percent_false_alarms": rounded(float((chances[truth > 0.5] > strict).mean())),
        "at_the_threshold": {
            "threshold": threshold,
            "recall": rounded(float((chances[truth > 0.5] > threshold).mean())),
            "false_alarms": rounded(float((chances[truth < 0.5] > threshold).mean())),
        },
        "calibration_error": rounded(calibration_error(chances, truth)),
        "flagged_by_source": {
            source: rounded(
                float(
                    np.mean(
                        [
                            reading.injection > threshold
                            for example, reading in zip(texts.injection_test, readings, strict=True)
                            if example.source == source
                        ]
                    )
                )
            )
            for source in sorted({example.source for example in texts.injection_test})
        },
        "besides": _besides(encoder, texts.injection_besides),
        "written_unseen_templates": {
            "texts": len(written_truth),
            "auroc": rounded(auroc(written_chances, written_truth)),
            "recall": rounded(float((written_chances[written_truth > 0.5] > threshold).mean())),
            "false_alarms": rounded(float((written_chances[written_truth < 0.5] > threshold).mean())),
            "calibration_error": rounded(calibration_error(written_chances, written_truth)),
        },
    }


def _besides(encoder: Encoder, examples: Sequence[Example]) -> Mapping[str, Any]:
    """Judge further sources each alone; some have attacks only."""
    chances, truth = _chances(examples, read(encoder, examples))
    flagged = chances > encoder.calibration.thresholds["injection"]
    sources = np.array([example.source for example in examples])
    result: dict[str, Any] = {}
    for source in sorted(set(sources.tolist())):
        attacks, benign = ((sources == source) & ((truth > 0.5) == is_attack) for is_attack in (True, False))
        strict = threshold_at(chances[benign], share=FALSE_ALARMS) if benign.any() else np.nan
        result[source] = {
            "texts": int((sources == source).sum()),
            "attacks": int(attacks.sum()),
            "recall": rounded(float(flagged[attacks].mean())),
            "recall_at_even_odds": rounded(float((chances[attacks] > 0.5).mean())),
            "recall_at_1_percent_false_alarms": rounded(float((chances[attacks] > strict).mean()))
            if benign.any()
            else None,
            "false_alarms": _share(flagged[benign]),
            "false_alarms_at_even_odds": _share(chances[benign] > 0.5),
        }
    return result


def rounded(value: float) -> float | None:
    """Return four digits; nothing where nothing could be computed."""
    return None if np.isnan(value) else round(value, 4)


def _toxic_source(pairs: Sequence[tuple[Example, Reading]], threshold: float) -> Mapping[str, Any]:
    truth = {
        label: np.array([(example.toxicity or {}).get(label, 0.0) for example, _ in pairs])
        for label in TRAINED_TOXICITY_LABELS
    }
    chances = {
        label: np.array([reading.toxicity[label] for _, reading in pairs])
        for label in TRAINED_TOXICITY_LABELS
    }
    clear = np.array([_is_clear(example) for example, _ in pairs])
    is_flagged, is_toxic = chances["toxicity"] >= threshold, truth["toxicity"] >= 0.5
    return {
        "texts": len(pairs),
        "auroc": {label: rounded(auroc(chances[label], truth[label])) for label in TRAINED_TOXICITY_LABELS},
        "auroc_where_votes_agree": rounded(auroc(chances["toxicity"][clear], truth["toxicity"][clear])),
        "recall": _share(is_flagged[is_toxic]),
        "false_alarms": _share(is_flagged[~is_toxic]),
        "calibration_error": rounded(calibration_error(chances["toxicity"], truth["toxicity"])),
    }


def _share(are_flagged: Any) -> float | None:
    return rounded(float(are_flagged.mean())) if len(are_flagged) else None


def _is_clear(example: Example) -> bool:
    # Where votes are split, nobody can say which answer is right.
    return not 0.2 < (example.toxicity or {}).get("toxicity", 0.0) < 0.8


def _chances(examples: Iterable[Example], readings: Iterable[Reading]) -> tuple[Any, Any]:
    return (
        np.array([reading.injection for reading in readings]),
        np.array([example.injection or 0.0 for example in examples]),
    )
