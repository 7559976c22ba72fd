"""From a suite's endpoints to open connections: the target under test and the judges."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from evaluators.completion import Complete
from evaluators.endpoint import Endpoint, JudgeModel
from evaluators.errors import SuiteError
from evaluators.local import LocalModel, LocalSettings
from evaluators.panel import Panel
from evaluators.providers import found_beside, provided
from evaluators.settings import Settings
from evaluators.suites import LoadedSuite, model
from evaluators.targets import Target
from evaluators.targets.checkout import CheckoutTarget, SideBySide
from evaluators.targets.http import HttpTarget
from evaluators.targets.prompt import PromptTarget, check_arms
from evaluators.targets.python import PythonTarget, load_function
from evaluators.targets.stored import StoredArm


def ready(suite: LoadedSuite, settings: Settings) -> LoadedSuite:
    """Return the suite with the detectors, embeddings and sandbox its evaluators need."""
    wanted = suite.suite.embeddings
    return provided(suite, None if wanted is None else endpoint_of(wanted, settings, "embeddings"))


@asynccontextmanager
async def connected(
    suite: LoadedSuite, settings: Settings
) -> AsyncIterator[tuple[Target, Mapping[str, Complete]]]:
    """Open what a suite needs; close it at the end."""
    async with connected_judges(suite, settings) as judges, AsyncExitStack() as stack:
        yield await _target(suite, settings, stack), judges


@asynccontextmanager
async def connected_judges(suite: LoadedSuite, settings: Settings) -> AsyncIterator[Mapping[str, Complete]]:
    """Open what a suite's judges need, and nothing of its target."""
    async with AsyncExitStack() as stack:
        wanted = suite.suite.judges
        judges: dict[str, Complete] = {}
        for name, judge in wanted.items():
            if isinstance(judge, model.LocalJudge):
                judges[name] = await stack.enter_async_context(_local(judge, suite.directory))
            elif isinstance(judge, model.Endpoint):
                judges[name] = await _remote(judge, f"judges.{name}", settings, stack)
        for name, judge in wanted.items():
            if isinstance(judge, model.JudgePanel):
                members = {member: judges[member] for member in judge.panel}
                judges[name] = Panel(members, {key: float(value) for key, value in judge.panel.items()})
        yield judges


async def _remote(judge: model.Endpoint, where: str, settings: Settings, stack: AsyncExitStack) -> JudgeModel:
    endpoint = await stack.enter_async_context(endpoint_of(judge, settings, where))
    parameters = dict(judge.parameters)
    if judge.temperature is not None:
        parameters["temperature"] = judge.temperature
    if judge.max_tokens is not None:
        parameters["max_tokens"] = judge.max_tokens
    return JudgeModel(endpoint, judge.model, parameters)


def _local(judge: model.LocalJudge, directory: Path) -> LocalModel:
    settings = LocalSettings(
        path=found_beside(directory, judge.local),
        device=judge.device,
        dtype=judge.dtype,
        engine=judge.engine,
        batch_tokens=judge.batch_tokens,
    )
    return LocalModel(settings, model=judge.local)


async def _target(suite: LoadedSuite, settings: Settings, stack: AsyncExitStack) -> Target:
    target = suite.suite.target
    if suite.stored_baseline:
        stored = StoredArm(suite.stored_baseline)
        asked = replace(
            suite, stored_baseline="", arms={suite.gate.candidate: suite.arms[suite.gate.candidate]}
        )
        here = await _target(asked, settings, stack)
        return SideBySide({suite.gate.baseline: stored, suite.gate.candidate: here})
    if target.tests:
        raise SuiteError("target.tests: this suite's answers come from tests; run them with pytest")
    if target.http is not None:
        key = _own_key(target.http.api_key_env, settings, "target.http")
        application = HttpTarget(settings=target.http, api_key=key, arms=suite.arms)
        application.check(suite.cases)
        return await stack.enter_async_context(application)
    if target.prompt is None:
        assert target.python is not None
        function = load_function(target.python, suite.directory)
        called = PythonTarget(place=target.python, function=function, arms=suite.arms)
        if suite.against is None:
            return called
        baseline, candidate = suite.arms
        there = CheckoutTarget(
            place=suite.against.python or target.python, checkout=suite.against, arms=suite.arms
        )
        return SideBySide({baseline: await stack.enter_async_context(there), candidate: called})
    check_arms(suite.arms, suite.cases)
    endpoint = await stack.enter_async_context(endpoint_of(target.prompt, settings, "target.prompt"))
    return PromptTarget(endpoint=endpoint, settings=target.prompt, arms=suite.arms)


def endpoint_of(wanted: model.Endpoint, settings: Settings, where: str) -> Endpoint:
    """Return the endpoint that a suite means; its key comes from the environment."""
    base_url = wanted.base_url or settings.base_url
    if base_url is None:
        raise SuiteError(
            f"{where}: no endpoint is known; set `base_url`, OPENAI_API_KEY or PARAPET_PROXY_URL, or start Parapet here"
        )
    if wanted.api_key_env is None:
        # A key belongs to its own endpoint: it never goes to one that only the suite names.
        is_ours = wanted.base_url is None or wanted.base_url.rstrip("/") == (settings.base_url or "").rstrip(
            "/"
        )
        return Endpoint(base_url, settings.api_key if is_ours else None, float(wanted.timeout_s))
    key = _own_key(wanted.api_key_env, settings, where)
    return Endpoint(base_url, key, float(wanted.timeout_s))


def _own_key(variable: str | None, settings: Settings, where: str) -> str | None:
    """Return the key that a suite asks for by the name of its variable."""
    if variable is None:
        return None
    key = settings.variables.get(variable)
    if not key:
        raise SuiteError(f"{where}: the environment variable {variable} is not set")
    return key
