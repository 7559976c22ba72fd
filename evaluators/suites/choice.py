"""Which cases of a suite a run is about: those with a tag, a sample, a shard, or those that failed before."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evaluators.errors import NoCasesError, SuiteError
from evaluators.suites.cases import SuiteCase

_SHARD = re.compile(r"^(\d+)/(\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to keep; everything, unless said otherwise."""

    tags: frozenset[str] = frozenset()
    ids: Collection[str] | None = None
    words: tuple[str, ...] = ()
    """Only cases whose id holds one of these."""
    sample: int | None = None
    shard: tuple[int, int] | None = None
    """Which part, from 1 on, and of how many."""

    def of(self, cases: Sequence[SuiteCase]) -> list[SuiteCase]:
        """Return the chosen cases; the choice depends on nothing but them, so that every machine makes the same one."""
        chosen = [case for case in cases if not self.tags or self.tags & case.tags]
        if self.ids is not None:
            chosen = [case for case in chosen if case.id in self.ids]
        if self.words:
            chosen = [case for case in chosen if any(word in case.id for word in self.words)]
        if self.sample is not None:
            chosen = sorted(chosen, key=lambda case: _digest(case.id))[: self.sample]
        if self.shard is not None:
            part, parts = self.shard
            # A cluster stays whole: its cases lean on one another.
            chosen = [
                case
                for case in chosen
                if int.from_bytes(_digest(case.cluster or case.id)[:8]) % parts == part - 1
            ]
        if not chosen:
            raise NoCasesError("no cases" if not cases else f"none of the {len(cases)} cases is left to run")
        return chosen


def shard_of(text: str) -> tuple[int, int]:
    """Read `2/5`: the second of five parts."""
    match = _SHARD.match(text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise SuiteError(f"--shard {text!r}: write which part of how many, such as 2/5")
    return int(match[1]), int(match[2])


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
