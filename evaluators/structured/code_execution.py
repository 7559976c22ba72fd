"""Does the answer's Python program work?

The program runs in a sandbox, followed by `tests` (assertions that must hold), or with `stdin` and its output compared
with the expected text. The score is 1 or 0. Off unless a sandbox is handed in: an answer is a program of strangers.
Tests run in the program's own process: one written to cheat can find out what they look for, as in every such benchmark.

| program | score |
|---|---|
| ends without an error, all tests hold | 1 |
| raises, or a test fails | 0 |
| ends itself before its tests are through (`sys.exit(0)`) | 0 |
| runs past the time, memory or output limit | 0 |
| no code in the answer | 0 |
| several code fences | all of them, one after the other |
| no `tests`, and no expected text | not applicable |
| the sandbox cannot be had | unscored |
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import ClassVar

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.sandbox import Finished, Sandbox
from evaluators.score import NotApplicable, Outcome, Score

_FENCE = re.compile(
    r"^```[ \t]*(?:python|py|python3)?[ \t]*\n(.*?)^```", re.DOTALL | re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExecution(Configured):
    """The answer's Python program passes your tests, or prints what it should: 1 or 0."""

    kind: ClassVar[str] = "code_execution"
    needs: ClassVar[tuple[str, ...]] = ("sandbox",)

    tests: str = parameter(
        "Python that runs after the program; an assertion that fails scores 0.", default="", long=True
    )
    stdin: str = parameter("What the program reads from its input.", default="", long=True)

    sandbox: Sandbox = field(repr=False)

    async def score(self, sample: Sample) -> Outcome:
        """Run the program."""
        if not self.tests.strip() and not isinstance(sample.expected, str):
            return NotApplicable(reason="there are no tests and no expected output")
        program = "\n\n".join(_FENCE.findall(sample.output)) or sample.output
        if not program.strip():
            return Score(value=0.0, reason="the answer holds no code")
        if not self.tests.strip():
            finished = await self.sandbox.run(program, stdin=self.stdin)
            return _compared(finished, str(sample.expected))
        # A program that ends itself early must not pass: the last line of the tests says that they were reached.
        proof = secrets.token_hex(16)
        finished = await self.sandbox.run(
            f"{program}\n\n{self.tests}\n\nprint('\\n{proof}', flush=True)\n", stdin=self.stdin
        )
        is_right = _ended_well(finished) and finished.output.rstrip().endswith(proof)
        return Score(value=float(is_right), reason="all tests hold" if is_right else _why(finished))


def _ended_well(finished: Finished) -> bool:
    return finished.ending == "exited" and finished.code == 0


def _compared(finished: Finished, expected: str) -> Score:
    if not _ended_well(finished):
        return Score(value=0.0, reason=_why(finished))
    is_same = finished.output.strip() == expected.strip()
    return Score(value=float(is_same), reason="prints what it should" if is_same else "prints something else")


def _why(finished: Finished) -> str:
    """Say how it ended, without what it wrote."""
    if finished.ending == "exited":
        return "the program ended with an error" if finished.code else "the program ended before its tests"
    return f"the program was stopped: {finished.ending.replace('_', ' ')}"
