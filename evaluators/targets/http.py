"""An application behind HTTP, in whatever language: it is sent JSON and answers with JSON or text."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from evaluators.completion import CompletionError
from evaluators.endpoint import Endpoint
from evaluators.errors import SuiteError
from evaluators.suites import model
from evaluators.suites.cases import SuiteCase
from evaluators.suites.lookups import fill_all
from evaluators.targets.base import TargetAnswer, TargetError
from evaluators.targets.python import answer_of


@dataclass(slots=True, kw_only=True)
class HttpTarget:
    """Posts each case to the application. Use it as an async context manager."""

    settings: model.HttpApplication
    api_key: str | None
    arms: Mapping[str, Mapping[str, Any]]
    _endpoints: dict[str, Endpoint] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Open a connection pool for each arm's address."""
        for name in self.arms:
            endpoint = Endpoint(self._url(name), self.api_key, float(self.settings.timeout_s))
            self._endpoints[name] = await self._stack.enter_async_context(endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pools."""
        await self._stack.aclose()

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Hash the request as it will be sent, and to whom; what answers there is not known."""
        content = json.dumps([self._url(arm), self.body(arm, case)], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Send a case and read the answer."""
        started = time.perf_counter()
        try:
            content = await self._endpoints[arm].post(self.body(arm, case))
        except CompletionError as error:
            raise TargetError(str(error)) from error
        return answer_of(self._read(content), case, (time.perf_counter() - started) * 1000.0)

    def body(self, arm: str, case: SuiteCase) -> Any:
        """Return what is sent for a case."""
        settings = {key: value for key, value in self.arms[arm].items() if key != "url"}
        return fill_all(self.settings.body, case.values() | {"arm": settings})

    def check(self, cases: tuple[SuiteCase, ...]) -> None:
        """Raise SuiteError for a lookup that a case cannot fill."""
        for arm in self.arms:
            for case in cases:
                try:
                    self.body(arm, case)
                except SuiteError as error:
                    raise SuiteError(f"target.http.body, arm {arm}, case {case.id}: {error}") from error

    def _url(self, arm: str) -> str:
        return str(self.arms[arm].get("url") or self.settings.url)

    def _read(self, content: bytes) -> Any:
        """Find the answer in what came: the whole mapping where it has `output`, else what the path leads to."""
        path = self.settings.output
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            if path:
                raise TargetError("the application answered with something that is no JSON") from error
            return content.decode("utf-8", "replace")
        if path == "output" and isinstance(found, Mapping) and isinstance(found.get("output"), str):
            return found
        for step in path.split(".") if path else ():
            if isinstance(found, Mapping) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise TargetError(f"the application's answer has nothing at {path!r}; set `output`")
        return found
