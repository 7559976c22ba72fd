"""Presidio as it comes, our guard server's recognizers, and these together with the encoder: judged on the same texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.encoder.reading import EncoderSpan
from guardrails.server.recognizers import NEED_CONTEXT, BlankNlpEngine, engine

_THRESHOLD = 0.5
KINDS = {
    "US_SSN": "NATIONAL_ID",
    "US_ITIN": "TAX_ID",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "US_PASSPORT": "PASSPORT",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "US_MBI": "MEDICAL_ID",
    "US_NPI": "MEDICAL_ID",
    "MEDICAL_LICENSE": "MEDICAL_ID",
    "UK_NHS": "MEDICAL_ID",
    "UK_NINO": "NATIONAL_ID",
    "UK_PASSPORT": "PASSPORT",
    "UK_DRIVING_LICENCE": "DRIVER_LICENSE",
    "IN_PAN": "TAX_ID",
    "IN_AADHAAR": "NATIONAL_ID",
    "AU_TFN": "TAX_ID",
    "AU_MEDICARE": "MEDICAL_ID",
}
"""Names of ours for Presidio's."""


@dataclass(frozen=True, slots=True)
class Presidio:
    """An analyzer with its name in the report."""

    analyzer: Any
    entities: list[str] | None

    def spans(self, text: str) -> list[EncoderSpan]:
        """Return what it finds, without overlaps, the surest first."""
        results = self.analyzer.analyze(
            text,
            language="en",
            entities=self.entities,
            score_threshold=_THRESHOLD,
            return_decision_process=True,
        )
        return resolved(
            [
                EncoderSpan(KINDS.get(each.entity_type, each.entity_type), each.start, each.end, each.score)
                for each in results
                if self.entities is None
                or each.entity_type not in NEED_CONTEXT
                or each.analysis_explanation.supportive_context_word
            ]
        )


def vanilla() -> Presidio:
    """Return Presidio with every recognizer it registers by itself, on an empty spaCy pipeline: names need its large model."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    analyzer = AnalyzerEngine(
        registry=registry, nlp_engine=BlankNlpEngine(["en"]), supported_languages=["en"]
    )
    return Presidio(analyzer, None)


def ours() -> Presidio:
    """Return the recognizers of the guard server."""
    analyzer = engine("en")
    return Presidio(analyzer, analyzer.get_supported_entities("en"))


def combined(encoder: Sequence[EncoderSpan], rules: Sequence[EncoderSpan]) -> list[EncoderSpan]:
    """Put both together as the guard server does: where they overlap, the surer says what it is."""
    return resolved([*encoder, *rules])


def resolved(spans: Sequence[EncoderSpan]) -> list[EncoderSpan]:
    """Drop spans that overlap a surer or, as sure, a longer one."""
    kept: list[EncoderSpan] = []
    for span in sorted(spans, key=lambda each: (-each.score, each.start - each.end)):
        if all(span.end <= each.start or span.start >= each.end for each in kept):
            kept.append(span)
    return sorted(kept, key=lambda each: each.start)
