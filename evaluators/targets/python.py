"""A Python callable: `answer(inputs, **arm)`, sync or async, in the suite's own environment."""

import asyncio
import functools
import hashlib
import importlib
import inspect
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.suites.cases import SuiteCase
from evaluators.targets.base import TargetAnswer, TargetError
from evaluators.targets.prompt import asked

_FIELDS = (
    "output",
    "context",
    "cost_usd",
    "input_tokens",
    "output_tokens",
    "model",
    "finish_reason",
    "tool_calls",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonTarget:
    """Calls a function with a case's inputs and the arm's settings."""

    place: str
    function: Callable[..., Any]
    arms: Mapping[str, Mapping[str, Any]]

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Hash the call; the function's code counts as far as its own file."""
        content = [self.place, _code(self.function), self.arms[arm], dict(case.inputs), list(case.context)]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Call the function; a plain one runs in a thread."""
        started = time.perf_counter()
        try:
            if inspect.iscoroutinefunction(self.function):
                result = await self.function(dict(case.inputs), **self.arms[arm])
            else:
                result = await asyncio.to_thread(self.function, dict(case.inputs), **self.arms[arm])
        except Exception as error:
            raise TargetError(f"{self.place} raised {type(error).__name__}") from error
        return answer_of(result, case, (time.perf_counter() - started) * 1000.0)


def load_function(place: str, directory: Path) -> Callable[..., Any]:
    """Import `module.function`, from the suite's folder or the installed packages."""
    module_name, _, name = place.rpartition(".")
    if not module_name:
        raise SuiteError(f"target.python: {place!r} must look like module.function")
    for folder in (str(Path.cwd()), str(directory)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        function = getattr(importlib.import_module(module_name), name)
    except ImportError as error:
        raise SuiteError(f"target.python: cannot import {module_name!r}: {error}") from error
    except AttributeError as error:
        raise SuiteError(f"target.python: {module_name!r} has no {name!r}") from error
    if not callable(function):
        raise SuiteError(f"target.python: {place!r} is not callable")
    found: Callable[..., Any] = function
    return found


@functools.cache
def _code(function: Callable[..., Any]) -> str:
    try:
        return Path(inspect.getfile(function)).read_text("utf-8")
    except (OSError, TypeError, UnicodeDecodeError):
        return ""


def answer_of(result: Any, case: SuiteCase, latency_ms: float) -> TargetAnswer:
    """Return what a callable gave as an answer: a text, a mapping with `output` and measurements, or any JSON value as the output itself."""
    fields: dict[str, Any] = {"context": case.context}
    if isinstance(result, Mapping) and "output" in result:
        fields |= {key: result[key] for key in _FIELDS if key in result}
        fields["attributes"] = {key: value for key, value in result.items() if key not in _FIELDS}
        result = fields.pop("output")
    fields["context"] = tuple(fields["context"])
    fields["tool_calls"] = tuple(fields.get("tool_calls", ()))
    try:
        output = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise TargetError(
            f"the target returned {type(result).__name__}, which is neither text nor JSON"
        ) from error
    return TargetAnswer(output=output, input=asked(case), latency_ms=latency_ms, **fields)
