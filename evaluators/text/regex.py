"""Does the answer match a pattern?"""

import functools
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import re2

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Configured):
    """The answer matches a pattern: 1 or 0. RE2 syntax, so that no pattern can take longer than linear time."""

    kind: ClassVar[str] = "regex"

    pattern: str = parameter("The pattern, in RE2 syntax (no backreferences, no lookaround).")
    where: Literal["anywhere", "start", "whole"] = parameter(
        "Match anywhere, from the start, or the whole answer.", default="anywhere"
    )
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)
    negate: bool = parameter("Score 1 when the pattern does not match.", default=False)

    def check(self) -> None:
        """Compile the pattern once, so that a bad one is refused here."""
        compiled(self.pattern, ignore_case=self.ignore_case)

    async def score(self, sample: Sample) -> Outcome:
        """Match the pattern against the answer."""
        pattern = compiled(self.pattern, ignore_case=self.ignore_case)
        match = {"anywhere": pattern.search, "start": pattern.match, "whole": pattern.fullmatch}[self.where]
        is_match = match(sample.output) is not None
        return Score(
            value=float(is_match != self.negate),
            reason="the pattern matches" if is_match else "the pattern does not match",
        )


@functools.lru_cache(maxsize=512)
def compiled(pattern: str, *, ignore_case: bool = False) -> Any:
    """Compile a pattern with RE2, or raise ParameterError with RE2's own words."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        problem = error.args[0] if error.args else "not understood"
        text = problem.decode("utf-8", "replace") if isinstance(problem, bytes) else str(problem)
        raise ParameterError(
            f"regex: pattern {pattern!r}: {text}; patterns are RE2, without lookaround"
        ) from error
