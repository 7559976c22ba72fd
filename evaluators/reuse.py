"""A stored baseline: answers that earlier runs of the suite were given by the very same arm."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evaluators import trials
from evaluators.trials import StoredAnswer, TrialKey, TrialLog

FEWEST = 10
"""Cases that are asked again at least; a baseline of fewer is not worth taking over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBaseline:
    """What may be taken over, and how much of it is asked again."""

    share: float
    """Of the cases, such as 0.1."""
    answers: Mapping[tuple[str, int, str], StoredAnswer] = field(default_factory=dict)
    """By case, trial and fingerprint."""

    def answer(self, key: TrialKey) -> StoredAnswer | None:
        """Return the stored answer of a trial, if there is one to the very same question."""
        return self.answers.get((key.case, key.number, key.fingerprint))

    def asked_again(self, keys: Iterable[TrialKey], seed: str) -> tuple[str, ...]:
        """Choose the cases that are asked again among those that are stored: a random tenth, by the seed.

        Returns nothing when so few are stored that asking is cheaper than checking.
        """
        known = {key.case for key in keys if self.answer(key) is not None}
        count = max(FEWEST, math.ceil(self.share * len(known)))
        if len(known) <= count:
            return ()
        return tuple(
            sorted(known, key=lambda case: hashlib.sha256(f"{seed}\0{case}".encode()).digest())[:count]
        )


def stored_baseline(
    root: Path, *, suite: str, days: float, share: float, now: datetime, but: str = ""
) -> StoredBaseline:
    """Gather what the baselines of a suite's runs were answered within so many days, the newest first.

    What a run took over itself counts as its source's, so nothing grows old by being handed on. Errors do not count.
    """
    found: dict[tuple[str, int, str], StoredAnswer] = {}
    for place in trials.stored_runs(root):
        if place.name == but or now - _begun(place.name) > timedelta(days=days):
            continue
        header = trials.header_of(place)
        if (
            header.get("suite") != suite
            or "answers_of" in header
            or not header.get("gate", {}).get("baseline")
        ):
            continue
        log = trials.read(place)
        for key, answer in log.answers.items():
            if key.arm == header["gate"]["baseline"] and not answer.error and not answer.reused:
                found[key.case, key.number, key.fingerprint] = replace(answer, reused=log.name)
    return StoredBaseline(share=share, answers=found)


def _begun(name: str) -> datetime:
    """Return when a run began, by its name."""
    try:
        return datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def taken_over(log: TrialLog) -> int:
    """Return how many answers of a run are another's."""
    return sum(bool(answer.reused) for answer in log.answers.values())
