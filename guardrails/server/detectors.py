"""The detectors this server has, built once for each set of parameters."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from guardrails.policy import PolicyError
from guardrails.registry import KINDS
from guardrails.server.personal_data import PersonalDataDetector


class Detector(Protocol):
    """Finds something in texts."""

    def detect(self, text: str) -> Sequence[Mapping[str, Any]]:
        """Return findings: entity, start, end and score of each, in order and without overlaps."""


def check_guard(kind: str, parameters: Mapping[str, Any]) -> None:
    """Raise PolicyError unless there is a detector for this kind with these parameters."""
    if kind not in KINDS or KINDS[kind].tier != 2:
        known = sorted(name for name, each in KINDS.items() if each.tier == 2)
        raise PolicyError(f"the guard server has no detector {kind!r}; known: {known}")
    KINDS[kind].build(parameters)


def detector_for(kind: str, parameters: Mapping[str, Any]) -> Detector:
    """Return the detector, built on the first call."""
    return _detector(kind, orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS))


@functools.lru_cache(maxsize=64)
def _detector(kind: str, parameters: bytes) -> Detector:
    check_guard(kind, orjson.loads(parameters))
    return PersonalDataDetector(KINDS[kind].build(orjson.loads(parameters)).parameters)
