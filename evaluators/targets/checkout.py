"""Another checkout's Python callable, in a process of its own: two versions of one module cannot share one.

Questions and answers are JSON lines; many may be under way at once.
"""

import asyncio
import hashlib
import itertools
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evaluators.suites.against import OtherCheckout
from evaluators.suites.cases import SuiteCase
from evaluators.targets.base import Target, TargetAnswer, TargetError

_LONGEST_LINE = 64 * 1024 * 1024
_PATIENCE_S = 5.0


@dataclass(slots=True)
class CheckoutTarget:
    """Asks the callable of another checkout. Use it as an async context manager."""

    place: str
    checkout: OtherCheckout
    arms: Mapping[str, Mapping[str, Any]]
    _process: Process | None = None
    _reading: "asyncio.Task[None] | None" = None
    _waiting: dict[int, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def __aenter__(self) -> Self:
        """Start the process."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            # Not the checkout's own modules first: one of them may be called like one of ours.
            "-P",
            "-m",
            "evaluators.targets.worker",
            self.place,
            str(self.checkout.directory),
            stdin=PIPE,
            stdout=PIPE,
            limit=_LONGEST_LINE,
            cwd=self.checkout.root,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process: politely, then not."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _PATIENCE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Hash the call and the checkout's Python files beside the suite."""
        content = [
            self.place,
            _code(self.checkout.directory),
            self.arms[arm],
            dict(case.inputs),
            list(case.context),
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Ask the process."""
        assert self._process is not None, "use the target as an async context manager"
        assert self._process.stdin is not None
        if self._reading is None or self._reading.done():
            raise TargetError(f"{self.place} of the other checkout has stopped")
        number = next(self._numbers)
        found = self._waiting[number] = asyncio.get_running_loop().create_future()
        question = {"number": number, "arm": dict(self.arms[arm]), "case": asdict(case)}
        try:
            self._process.stdin.write(json.dumps(question, default=sorted).encode() + b"\n")
            await self._process.stdin.drain()
            reply = await found
        except (ConnectionError, BrokenPipeError) as error:
            raise TargetError(f"{self.place} of the other checkout has stopped") from error
        finally:
            self._waiting.pop(number, None)
        if "error" in reply:
            raise TargetError(reply["error"])
        known = reply["answer"]
        return TargetAnswer(
            **known | {"context": tuple(known["context"]), "tool_calls": tuple(known["tool_calls"])}
        )

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            reply = json.loads(line)
            waiting = self._waiting.get(reply["number"])
            if waiting is not None and not waiting.done():
                waiting.set_result(reply)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result({"error": f"{self.place} of the other checkout has stopped"})


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two targets as one: each arm has its own."""

    targets: Mapping[str, Target]

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Return the fingerprint of the arm's target."""
        return self.targets[arm].fingerprint(arm, case)

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Ask the arm's target."""
        return await self.targets[arm].answer(arm, case)


_hashes: dict[Path, str] = {}


def _code(directory: Path) -> str:
    if directory not in _hashes:
        digest = hashlib.sha256()
        for path in sorted(directory.rglob("*.py")):
            digest.update(str(path.relative_to(directory)).encode() + path.read_bytes())
        _hashes[directory] = digest.hexdigest()
    return _hashes[directory]
