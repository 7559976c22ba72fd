"""A call is guarded by the policy of its key and route; what is escalated names a reference."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from guardrails.policy import GuardConfig
from guardrails.scoping import together
from inference_proxy.routing import Opened, compile_routes
from inference_proxy.snapshot import ProjectConfig, Route, ScopedPolicy, Snapshot, Target, dump, parse
from ingest.keys import KeyGrant, KeyRing
from tests.fakes.proxy import DEMO, GRANT, POLICY, PROJECT, RunningProxy, policy_of, upstream_config
from tests.fakes.upstream import FakeUpstream

BLOCK = GuardConfig(name="taboo", kind="words", action="block", parameters={"words": ["launch code"]})
HOLD = GuardConfig(name="cards", kind="pattern", action="escalate", parameters={"patterns": ["credit_card"]})


def test_the_nearest_policy_is_looked_up_by_key_and_route() -> None:
    scoped = tuple(
        ScopedPolicy(key_id=key_id, route=route, policy=policy_of(BLOCK, HOLD))
        for key_id, route in ((GRANT, ""), (None, "gpt-*"), (GRANT, "gpt-*"))
    )
    target = (Target(upstream_id=DEMO.id, model=""),)
    config = ProjectConfig(
        id=PROJECT,
        slug="tests",
        routes=(Route(model="gpt-*", targets=target), Route(model="other", targets=target)),
        policy=policy_of(BLOCK),
        scoped=scoped,
    )
    snapshot = parse(
        dump(Snapshot(version="1", keys=KeyRing({}), projects={PROJECT: config}, upstreams={DEMO.id: DEMO}))
    )
    routes = compile_routes(snapshot, open_upstream=lambda config: Opened(upstream=None)).projects[PROJECT]
    grant = KeyGrant(id=GRANT, project_id=PROJECT, project="tests", name="k")
    another = KeyGrant(id=PROJECT, project_id=PROJECT, project="tests", name="k")

    read = snapshot.projects[PROJECT]
    assert read == config
    assert routes.policy("gpt-9", grant) is read.scoped[2].policy
    assert routes.policy("gpt-9", another) is read.scoped[1].policy
    assert routes.policy("other", grant) is read.scoped[0].policy
    assert routes.policy("other", another) is read.policy
    assert routes.policy("nothing", another) is read.policy


@pytest.mark.parametrize("is_streamed", [False, True])
def test_what_is_escalated_never_reaches_the_upstream_and_names_a_reference(
    tmp_path: Path, is_streamed: bool
) -> None:
    with FakeUpstream() as upstream, RunningProxy(tmp_path, upstream_config(1, upstream.url)) as proxy:
        proxy.publish(policy=policy_of(HOLD))
        body: dict[str, Any] = {
            "model": "fake-model",
            "stream": is_streamed,
            "messages": [{"role": "user", "content": "pay with 4111 1111 1111 1111"}],
        }

        status, headers, answer = proxy.post("/v1/chat/completions", body)

        [event] = [one for one in proxy.guard_events() if one.action == "escalate"]
        span = proxy.span()
        assert (status, upstream.requests) == (400, [])
        assert b'"code":"escalated_by_policy"' in answer
        assert f"Reference: {span.span_id}.".encode() in answer
        assert (headers["x-parapet-review"], headers["x-parapet-guards"]) == (span.span_id, "cards=escalate")
        assert (event.span_id, span.status, span.error_type) == (
            span.span_id,
            "blocked",
            "escalated_by_policy",
        )
        assert "4111" not in str(span)


def test_verdicts_name_the_policy_that_their_guard_came_from(tmp_path: Path) -> None:
    organisation = replace(policy_of(BLOCK), id=UUID(int=50), name="Organisation", version=7)
    merged = together({"organisation": organisation, "project": policy_of(HOLD)})
    with FakeUpstream() as upstream, RunningProxy(tmp_path, upstream_config(1, upstream.url)) as proxy:
        proxy.publish(policy=merged)
        proxy.post(
            "/v1/chat/completions",
            {"model": "fake-model", "messages": [{"role": "user", "content": "the launch code"}]},
        )

        found = {one.guard: one for one in proxy.guard_events(2)}

    assert [
        (one.scope, one.policy_id, one.policy_name, one.policy_version)
        for one in map(found.get, ("taboo", "cards"))
        if one
    ] == [("organisation", UUID(int=50), "Organisation", 7), ("project", POLICY, "tests", 1)]
