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
from evaluators.suites.lookups import fill, fill_all
from evaluators.targets.base import TargetAnswer, TargetError

_SETTINGS = ("system", "prompt", "request", "model", "temperature", "max_tokens", "parameters")
_INSTRUCTING = ("system", "developer")


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
        return request_body(self.arms[arm], self.settings, case)


def request_body(given: Mapping[str, Any], settings: model.Endpoint, case: SuiteCase) -> dict[str, Any]:
    """Return what an arm sends for a case: its prompt filled in, or a recorded request with its changes."""
    values = case.values()
    replayed = _replayed(given, values)
    own = [
        {"role": role, "content": fill(str(given[key]), values)}
        for role, key in (("system", "system"), ("user", "prompt"))
        if given.get(key)
    ]
    recorded = [
        message
        for message in replayed.pop("messages", ())
        if not (own and message.get("role") in _INSTRUCTING)
    ]
    chosen = given.get("model") or replayed.pop("model", None) or settings.model
    body: dict[str, Any] = {"model": chosen, "messages": [*own, *recorded]}
    for name in ("temperature", "max_tokens"):
        value = given.get(name, replayed.pop(name, getattr(settings, name)))
        if value is not None:
            body[name] = value
    return replayed | body | settings.parameters | dict(given.get("parameters", {}))


def _replayed(given: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    if not given.get("request"):
        return {}
    found = fill_all(given["request"], values)
    messages = found.get("messages") if isinstance(found, Mapping) else None
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise SuiteError("`request` must come out as a request with a list of `messages`")
    return dict(found)


def check_arms(arms: Mapping[str, Mapping[str, Any]], cases: tuple[SuiteCase, ...]) -> None:
    """Raise SuiteError for an arm that cannot be sent, or a lookup that a case cannot fill."""
    for name, arm in arms.items():
        for key in arm:
            if key not in _SETTINGS:
                raise SuiteError(f"target.arms.{name}: unknown key {key!r}{did_you_mean(key, _SETTINGS)}")
        if bool(arm.get("prompt")) == bool(arm.get("request")):
            raise SuiteError(
                f"target.arms.{name}: either `prompt` is needed (a text, or file:path), or `request`, "
                "such as {{ inputs.request }}"
            )
        for case in cases:
            try:
                for key in ("system", "prompt"):
                    fill(str(arm.get(key, "")), case.values())
                key = "request"
                _replayed(arm, case.values())
            except SuiteError as error:
                raise SuiteError(f"target.arms.{name}.{key}, case {case.id}: {error}") from error


def asked(case: SuiteCase) -> str:
    """Return what a case asks as one text: its only text input, or all inputs as JSON; a request's own words last."""
    inputs = {name: value for name, value in case.inputs.items() if not _is_request(value)}
    texts = list(inputs.values())
    if len(texts) == 1 and isinstance(texts[0], str):
        return texts[0]
    if texts:
        return json.dumps(inputs, ensure_ascii=False)
    said = [
        message.get("content")
        for value in case.inputs.values()
        for message in value["messages"]
        if isinstance(message, Mapping) and message.get("role") == "user"
    ]
    if not said:
        return ""
    return said[-1] if isinstance(said[-1], str) else json.dumps(said[-1], ensure_ascii=False)


def _is_request(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("messages"), list)
