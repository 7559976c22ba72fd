"""Finds personal data in a text: Presidio's recognizers, our rules for when to believe them, one type for each place."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.server.recognizers import NEED_CONTEXT, UNSHAPED, engine

DENIED = "DENIED"
_PRIORITY = ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_ITIN", "PHONE_NUMBER")
"""Who wins where two are equally sure; then the order in which the policy names them."""
_NAMED = 0.2
_VERSION_BEFORE = re.compile(r"(?:\bv|\bver\.?|\bversions?|\breleases?|\bbuild)[\s:=]*$", re.IGNORECASE)
_LOCAL_ADDRESS = re.compile(r"127\.|0\.0\.0\.0|255\.255\.|::1?$")


class UncheckedError(RuntimeError):
    """A recognizer gave up on a text, so that nothing can be said about it."""


@dataclass(frozen=True, slots=True)
class _Hit:
    entity: str
    start: int
    end: int
    score: float


class PersonalDataDetector:
    """Presidio under the parameters of one guard."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._entities: list[str] = list(parameters["entities"])
        self._language: str = parameters["language"]
        self._threshold: float = parameters["score_threshold"]
        self._context: list[str] = list(parameters["context"])
        self._allow = _phrases(parameters["allow"])
        self._deny = _phrases(parameters["deny"])
        self._priority = {entity: rank for rank, entity in enumerate([DENIED, *_PRIORITY, *self._entities])}
        is_eager = bool(self._context) or self._threshold <= UNSHAPED
        self._engine = engine(self._language, is_eager=is_eager)
        self._timeouts = _timeouts()

    def detect(self, text: str) -> list[Mapping[str, Any]]:
        """Return findings in order and without overlaps."""
        hits = [hit for hit in self._recognized(text) if self._is_believed(hit, text)]
        if self._allow:
            allowed = [found.span() for found in self._allow.finditer(text)]
            hits = [hit for hit in hits if not any(a <= hit.start and hit.end <= b for a, b in allowed)]
        if self._deny:
            hits += [_Hit(DENIED, *found.span(), 1.0) for found in self._deny.finditer(text)]
        return [
            {"entity": hit.entity, "start": hit.start, "end": hit.end, "score": round(hit.score, 3)}
            for hit in self._resolved(hits)
        ]

    def _recognized(self, text: str) -> Iterable[_Hit]:
        if not self._entities:
            return
        given_up = self._timeouts.count
        results = self._engine.analyze(
            text,
            language=self._language,
            entities=self._entities,
            score_threshold=self._threshold,
            context=self._context or None,
            return_decision_process=True,
        )
        if self._timeouts.count != given_up:
            raise UncheckedError("a pattern ran out of time")
        for result in results:
            has_context = bool(result.analysis_explanation.supportive_context_word)
            if has_context or result.entity_type not in NEED_CONTEXT:
                # `passport number 912803456`: what the word says is surer than what any number could be.
                is_named = has_context and result.entity_type != "PHONE_NUMBER"
                score = min(1.0, result.score + _NAMED) if is_named else result.score
                yield _Hit(result.entity_type, result.start, result.end, score)

    def _is_believed(self, hit: _Hit, text: str) -> bool:
        if hit.entity != "IP_ADDRESS":
            return True
        is_version = _VERSION_BEFORE.search(text, max(0, hit.start - 16), hit.start)
        return not is_version and not _LOCAL_ADDRESS.match(text[hit.start : hit.end])

    def _resolved(self, hits: Iterable[_Hit]) -> list[_Hit]:
        """Join hits that overlap into one that covers them all, of the type that is surest."""
        joined: list[_Hit] = []
        for hit in sorted(hits, key=lambda each: (each.start, -each.end)):
            if joined and hit.start < joined[-1].end:
                before = joined[-1]
                best = min(before, hit, key=self._rank)
                joined[-1] = _Hit(best.entity, before.start, max(before.end, hit.end), best.score)
            else:
                joined.append(hit)
        return joined

    def _rank(self, hit: _Hit) -> tuple[float, int, int]:
        return -hit.score, self._priority.get(hit.entity, len(self._priority)), hit.start - hit.end


class _TimeoutCounter(logging.Handler):
    """Presidio passes over a pattern that runs out of time and only logs it; a guard must not."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "timed out" in record.msg


_COUNTER = _TimeoutCounter()


def _timeouts() -> _TimeoutCounter:
    logger = logging.getLogger("presidio-analyzer")
    if _COUNTER not in logger.handlers:
        logger.addHandler(_COUNTER)
        logger.propagate = False
    return _COUNTER


def _phrases(values: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted({value.strip() for value in values} - {""}, key=lambda value: (-len(value), value))
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
