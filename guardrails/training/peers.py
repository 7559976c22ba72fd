"""Presidio as it comes, and all that the guard server runs: judged on the same texts as the encoder."""

from collections.abc import Sequence
from typing import Any

from guardrails.encoder.reading import EncoderSpan, Reading
from guardrails.guards import pii
from guardrails.server.personal_data import PersonalDataDetector
from guardrails.server.recognizers import BlankNlpEngine

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
    "DE_ID_CARD": "NATIONAL_ID",
    "DE_PASSPORT": "PASSPORT",
    "DE_TAX_ID": "TAX_ID",
    "DE_SOCIAL_SECURITY": "NATIONAL_ID",
    "DE_HEALTH_INSURANCE": "MEDICAL_ID",
    "FR_NIR": "NATIONAL_ID",
    "ES_NIF": "NATIONAL_ID",
    "ES_NIE": "NATIONAL_ID",
    "IT_FISCAL_CODE": "TAX_ID",
    "IT_VAT_CODE": "TAX_ID",
    "NL_BSN": "NATIONAL_ID",
    "PT_NIF": "TAX_ID",
}
"""Our names for Presidio's."""


class Presidio:
    """Presidio with every recognizer it registers by itself, on an empty spaCy pipeline: its model for names is not at hand."""

    def __init__(self) -> None:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415

        registry = RecognizerRegistry(supported_languages=["en"])
        registry.load_predefined_recognizers(languages=["en"])
        self._analyzer: Any = AnalyzerEngine(
            registry=registry, nlp_engine=BlankNlpEngine(["en"]), supported_languages=["en"]
        )

    def spans(self, text: str) -> list[EncoderSpan]:
        """Return what it finds, without overlaps, the surest first."""
        results = self._analyzer.analyze(text, language="en", score_threshold=_THRESHOLD)
        found = [
            EncoderSpan(KINDS.get(each.entity_type, each.entity_type), each.start, each.end, each.score)
            for each in results
        ]
        kept: list[EncoderSpan] = []
        for span in sorted(found, key=lambda each: (-each.score, each.start - each.end)):
            if all(span.end <= each.start or span.start >= each.end for each in kept):
                kept.append(span)
        return sorted(kept, key=lambda each: each.start)


class GuardServer:
    """What a guard of personal data finds that looks for everything: recognizers alone, or the encoder's spans among theirs."""

    def __init__(self) -> None:
        self._parameters = dict(
            pii.build(
                {"entities": [*pii.DEFAULT_ENTITIES, *pii.OTHER_ENTITIES, *pii.MODEL_ENTITIES]}
            ).parameters
        )
        self._detector = PersonalDataDetector(self._parameters)

    def spans(self, text: str, readings: Sequence[Reading] = ()) -> list[EncoderSpan]:
        """Return the findings about a text that the encoder may have read."""
        guessed = [span for reading in readings for span in reading.spans]
        return [
            EncoderSpan(KINDS.get(each["entity"], each["entity"]), each["start"], each["end"], each["score"])
            for each in self._detector.find(text, guessed)
        ]
