"""A prompt sent to a model: the arms are two versions of it, or two models."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.completion import CompletionError
from evaluators.endpoint import Endpoint
from evaluators.errors import SuiteError
from evaluators.registry import did_you_mean
from evaluators.suites import model
from evaluators.suites.cases import SuiteCase
from evaluators.suites.lookups import fill
from evaluators.targets.base import TargetAnswer, TargetError

_SETTINGS = ("system", "prompt", "model", "temperature", "max_tokens", "parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTarget:
    """Fills each arm's prompt with a case's inputs and sends it."""

    endpoint: Endpoint
    settings: model.Endpoint
    arms: Mapping[str, Mapping[str, Any]]

    def fingerprint(self, arm: str, case: SuiteCase) -> str:
        """Hash the request as it will be sent, and to whom."""
        content = json.dumps([self.endpoint.base_url, self.body(arm, case)], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    async def answer(self, arm: str, case: SuiteCase) -> TargetAnswer:
        """Send the arm's prompt."""
        body = self.body(arm, case)
        try:
            answer = await self.endpoint.chat(body)
        except CompletionError as error:
            raise TargetError(str(error)) from error
        return TargetAnswer(
            output=answer.text,
            input=asked(case),
            context=case.context,
            finish_reason=answer.finish_reason,
            tool_calls=answer.tool_calls,
            model=answer.model,
            latency_ms=answer.latency_ms,
            cost_usd=answer.cost_usd,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
        )

    def body(self, arm: str, case: SuiteCase) -> dict[str, Any]:
        """Return the request for a case."""
        given = self.arms[arm]
        messages = [
            {"role": role, "content": fill(str(given[key]), case.values())}
            for role, key in (("system", "system"), ("user", "prompt"))
            if given.get(key)
        ]
        body: dict[str, Any] = {"model": given.get("model", self.settings.model), "messages": messages}
        for name in ("temperature", "max_tokens"):
            value = given.get(name, getattr(self.settings, name))
            if value is not None:
                body[name] = value
        return body | self.settings.parameters | dict(given.get("parameters", {}))


def check_arms(arms: Mapping[str, Mapping[str, Any]], cases: tuple[SuiteCase, ...]) -> None:
    """Raise SuiteError for an arm that cannot be sent, or a lookup that a case cannot fill."""
    for name, arm in arms.items():
        for key in arm:
            if key not in _SETTINGS:
                raise SuiteError(f"target.arms.{name}: unknown key {key!r}{did_you_mean(key, _SETTINGS)}")
        if not arm.get("prompt"):
            raise SuiteError(f"target.arms.{name}: `prompt` is needed: a text, or file:path")
        for case in cases:
            try:
                for key in ("system", "prompt"):
                    fill(str(arm.get(key, "")), case.values())
            except SuiteError as error:
                raise SuiteError(f"target.arms.{name}.{key}, case {case.id}: {error}") from error


def asked(case: SuiteCase) -> str:
    """Return what a case asks as one text: its only text input, or all inputs as JSON."""
    texts = list(case.inputs.values())
    if len(texts) == 1 and isinstance(texts[0], str):
        return texts[0]
    return json.dumps(dict(case.inputs), ensure_ascii=False) if texts else ""
