"""One test's answer to one case, as it is handed over."""

import asyncio
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.registry import did_you_mean
from evaluators.run import evaluate
from evaluators.runner import sample_of, stored_answer
from evaluators.score import Outcome, Score
from evaluators.suites import LoadedSuite
from evaluators.suites.cases import SuiteCase
from evaluators.targets import TargetError
from evaluators.targets.python import answer_of
from evaluators.trials import StoredAnswer


@dataclass(slots=True)
class PytestTrial:
    """Takes the answer a test got; what it never took counts as an answer that failed."""

    suite: Path
    case: SuiteCase
    number: int
    parts: Path
    test: str
    """The test's id in pytest."""
    _answer: StoredAnswer | None = field(default=None)

    def record(self, output: Any, **known: Any) -> None:
        """Hand over the answer: a text, or any JSON value; beside it `context`, `cost_usd`, `latency_ms`, `tool_calls`, ..."""
        latency_ms = float(known.pop("latency_ms", 0.0))
        try:
            answer = answer_of({**known, "output": output} if known else output, self.case, latency_ms)
        except (TargetError, TypeError) as error:
            raise SuiteError(f"trial.record: {error}") from error
        self._answer = stored_answer(answer)

    def check(self, name: str) -> bool:
        """Say at once whether an evaluator that asks no model finds nothing wrong: for ordinary asserts."""
        outcome = self.score(name)
        return isinstance(outcome, Score) and outcome.value >= 0.5

    def score(self, name: str) -> Outcome:
        """Return at once what an evaluator of the suite says that asks no model; judges are asked when the session ends."""
        from evaluators.pytest_plugin.session import loaded  # noqa: PLC0415 - the session knows this module

        if self._answer is None:
            raise SuiteError("record the answer before asking what an evaluator says about it")
        suite: LoadedSuite = loaded(self.suite)
        entries: Mapping[str, Any] = {entry.name: entry for entry in suite.entries if entry.judge is None}
        if name not in entries:
            raise SuiteError(f"no evaluator without a judge is called {name!r}{did_you_mean(name, entries)}")
        evaluator, sample = entries[name].built(self.case, None), sample_of(self.case, self._answer)
        found: list[Outcome] = []
        # A thread of its own: the test may be running inside an event loop.
        thread = threading.Thread(target=lambda: found.append(asyncio.run(evaluate(evaluator, sample))))
        thread.start()
        thread.join()
        return found[0]

    def close(self) -> None:
        """Leave the answer for the session's end: one line in this process's own file."""
        answer = self._answer or StoredAnswer(output="", error="the test recorded no answer")
        line = {
            "suite": str(self.suite.resolve()),
            "case": self.case.id,
            "number": self.number,
            "test": self.test,
        }
        with (self.parts / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | {"answer": asdict(answer)}, default=str) + "\n")
