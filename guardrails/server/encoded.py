"""What the encoder's heads say, as findings: toxicity and injection; and for OpenAI's endpoints, scores and vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.encoder.reading import Passage
from guardrails.policy import PolicyError
from guardrails.server.pieces import Answer, Piece
from guardrails.server.reader import Reader

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a label is, for a stretch of a text."""

    label: str
    start: int
    end: int
    score: float


class LabelScorer(Protocol):
    """A model that says how likely labels are."""

    labels: Sequence[str]
    """What it can say."""

    def score(self, texts: Sequence[str]) -> Sequence[Sequence[Chance]]:
        """Return what it says of each text, however unlikely."""


class ToxicityDetector:
    """The labels of toxicity, by the encoder or by a model of one's own with labels of the same names."""

    def __init__(self, parameters: Mapping[str, Any], reader: Reader, scorer: LabelScorer | None) -> None:
        self._labels: Sequence[str] = parameters["labels"]
        self._scorer = scorer
        known = {label.lower() for label in scorer.labels} if scorer else set(TRAINED_TOXICITY_LABELS)
        unknown = [label for label in self._labels if label not in known]
        if unknown:
            who = f"the model {parameters['model']!r}" if scorer else "the encoder"
            raise PolicyError(
                f"{who} does not know {unknown[0]!r}; it knows {sorted(known)}: remove it from 'labels', or name a 'model' "
                "that does, such as Detoxify's"
            )
        told: float = parameters["threshold"]
        own = {} if scorer else reader.encoder.calibration.thresholds
        self._thresholds = {label: told or own.get(label, DEFAULT_THRESHOLD) for label in self._labels}

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the text, unless another model reads it."""
        return () if self._scorer else (Passage(piece.text),)

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return the labels that are likely enough, each about the whole text."""
        return [
            {"findings": self._findings(piece, chances)}
            for piece, chances in zip(pieces, self._chances(pieces, reader), strict=True)
        ]

    def _chances(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Mapping[str, float]]:
        if self._scorer is None:
            return [reading.toxicity for reading in reader.read([Passage(piece.text) for piece in pieces])]
        scored = self._scorer.score([piece.text for piece in pieces])
        return [{each.label.lower(): each.score for each in of_text} for of_text in scored]

    def _findings(self, piece: Piece, chances: Mapping[str, float]) -> list[Mapping[str, Any]]:
        return [
            finding(label.upper(), 0, len(piece.text), chances[label])
            for label in self._labels
            if piece.text and chances.get(label, 0.0) >= self._thresholds[label]
        ]


class InjectionDetector:
    """Orders in a text that are none of its business."""

    def __init__(self, parameters: Mapping[str, Any], reader: Reader) -> None:
        own = reader.encoder.calibration.thresholds.get("injection", DEFAULT_THRESHOLD)
        self._threshold: float = parameters["threshold"] or own

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the text with the user's task beside it."""
        return (Passage(piece.text, piece.task),)

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return a finding about the whole text where one is likely enough."""
        readings = reader.read([Passage(piece.text, piece.task) for piece in pieces])
        return [
            {
                "findings": [
                    finding(
                        "INDIRECT_INJECTION" if piece.task else "INJECTION",
                        0,
                        len(piece.text),
                        reading.injection,
                    )
                ]
                if piece.text and reading.injection >= self._threshold
                else []
            }
            for piece, reading in zip(pieces, readings, strict=True)
        ]


class ModerationDetector:
    """The chances of toxicity as they are, and from where on each counts."""

    def __init__(self, reader: Reader) -> None:
        self._thresholds = reader.encoder.calibration.thresholds

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the text."""
        return (Passage(piece.text),)

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return scores and thresholds by label."""
        readings = reader.read([Passage(piece.text) for piece in pieces])
        thresholds = {
            label: self._thresholds.get(label, DEFAULT_THRESHOLD) for label in TRAINED_TOXICITY_LABELS
        }
        return [{"scores": dict(reading.toxicity), "thresholds": thresholds} for reading in readings]


class EmbeddingDetector:
    """The meaning of a text as a vector of length one."""

    def __init__(self, reader: Reader) -> None:
        self._encoder = reader.encoder

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the text."""
        return (Passage(piece.text),)

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return the vector, and of how many tokens the text is made."""
        readings = reader.read([Passage(piece.text) for piece in pieces])
        return [
            {"embedding": [float(value) for value in reading.embedding], "tokens": reading_tokens(piece)}
            for piece, reading in zip(pieces, readings, strict=True)
        ]


def reading_tokens(piece: Piece) -> int:
    """Return about how many tokens a text has."""
    return max(1, -(-len(piece.text) // 4))


def finding(entity: str, start: int, end: int, score: float) -> Mapping[str, Any]:
    """Write a finding down."""
    return {"entity": entity, "start": start, "end": end, "score": round(min(1.0, max(0.0, score)), 4)}
