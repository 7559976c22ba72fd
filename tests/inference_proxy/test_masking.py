"""The project's policy on spans from elsewhere: no text is stored that the policy would not let pass."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest

from guardrails.policy import GuardConfig, Policy
from guardrails.session import Detector
from guardrails.verdict import Failure, Place
from inference_proxy import masking
from inference_proxy.masking import MaskingIntake
from inference_proxy.snapshot import ProjectConfig, ScopedPolicy, Snapshot
from ingest.receiver.intake import UnavailableError
from ingest.records import GuardEvent, Message, Record, Span, encode
from tests.fixtures.receiver import KEYS, PROJECT, running_receiver, traces

PEPPER = b"of the tests"
EMAIL = "ann.lee@example.com"
MASK_EMAIL = GuardConfig(name="emails", kind="pattern", action="mask", parameters={"patterns": ["email"]})
BLOCK_WORD = GuardConfig(name="secrets", kind="words", action="block", parameters={"words": ["launch code"]})


async def mask(
    project: ProjectConfig, spans: Sequence[Span], *, detector: Detector | None = None
) -> list[Record]:
    return await masking.mask(project, spans, pepper=PEPPER, detector=detector)


def policy(*guards: GuardConfig) -> Policy:
    return Policy(id=UUID(int=3), name="careful", version=2, guards=guards)


def project(*guards: GuardConfig, stores_messages: bool = True) -> ProjectConfig:
    return ProjectConfig(
        id=PROJECT, slug="lighthouse", policy=policy(*guards), stores_messages=stores_messages
    )


def span(**fields: Any) -> Span:
    values: dict[str, Any] = {
        "project_id": PROJECT,
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "name": "chat",
        "kind": "llm",
        "source": "otlp",
        "start_time_us": 1_790_000_000_000_000,
        "duration_us": 5,
    }
    return Span(**(values | fields))


def only_span(records: Sequence[Record]) -> Span:
    (found,) = [record for record in records if isinstance(record, Span)]
    return found


def events(records: Sequence[Record]) -> list[GuardEvent]:
    return [record for record in records if isinstance(record, GuardEvent)]


def user(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    "fields",
    [
        {"input_messages": user(f"I am {EMAIL}")},
        {"input_messages": [{"role": "system", "content": f"Write to {EMAIL}"}]},
        {"input_messages": [{"role": "user", "content": [{"type": "text", "text": f"I am {EMAIL}"}]}]},
        {"input_messages": [{"role": "document", "content": EMAIL, "metadata": {"by": EMAIL}}]},
        {"input_messages": [{"role": "tool", "tool_call_id": "c1", "content": f'{{"mail":"{EMAIL}"}}'}]},
        {
            "output_messages": [
                {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": EMAIL,
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "send", "arguments": f'{{"to":"{EMAIL}"}}'},
                        }
                    ],
                }
            ]
        },
        {"output_messages": [{"role": "assistant", "content": f"Done, {EMAIL}"}]},
        {"kind": "tool", "input_messages": [{"role": "input", "content": f'{{"to": "{EMAIL}"}}'}]},
        {"kind": "tool", "output_messages": [{"role": "output", "content": EMAIL}]},
        {"attributes": {"custom.note": EMAIL}},
        {"request": {"metadata": {"owner": EMAIL}, "tools": [{"function": {"description": EMAIL}}]}},
        {"status": "error", "status_message": f"no mailbox {EMAIL}"},
        {"name": f"mail to {EMAIL}"},
        {"tags": (EMAIL,)},
        {"user_id": EMAIL},
        {"session_id": f"chat with {EMAIL}"},
        {"feature": EMAIL},
        {"prompt_name": EMAIL},
        {"environment": EMAIL},
        {"service": f"of {EMAIL}"},
        {"release": f"by {EMAIL}"},
        {"model": EMAIL},
        {"model_requested": f"I am {EMAIL}"},
        {"error_type": f"NoSuchUser: {EMAIL}"},
        {"request": {"metadata": {"id": EMAIL, "detail": EMAIL, "role": [EMAIL]}}},
        {"input_messages": [{"role": "document", "content": "x", "id": EMAIL}]},
        {"input_messages": [{"role": EMAIL, "content": "x"}]},
        {"request": {"metadata": {EMAIL: {"seen": 1, f"by {EMAIL}": 2}}}},
        {"attributes": {f"custom.{EMAIL}": "1"}},
        {"input_messages": [{"role": "user", "content": [{"type": "data", "data": {EMAIL: 3}}]}]},
        {"output_messages": [{"role": "tool", "content": [{"type": "text", "detail": f"Ask {EMAIL}"}]}]},
    ],
)
async def test_an_address_is_masked_wherever_it_stands_in_a_span(fields: dict[str, Any]) -> None:
    records = await mask(project(MASK_EMAIL), [span(**fields)])

    assert EMAIL.encode() not in b"".join(map(encode, records))
    assert only_span(records).guard_action == "mask"
    assert [event.entities for event in events(records) if event.action == "mask"] != []


async def test_people_stay_apart_when_their_names_are_masked() -> None:
    people = [span(user_id=user, session_id="s-1") for user in (EMAIL, "bob@example.com", EMAIL, "u-17")]

    kept = [record for record in await mask(project(MASK_EMAIL), people) if isinstance(record, Span)]

    ann, bob, again, other = [each.user_id for each in kept]
    assert ann == again != bob
    assert ann.startswith("masked-")
    assert other == "u-17"
    assert {each.session_id for each in kept} == {"s-1"}


async def test_what_the_policy_does_not_mind_is_stored_as_it_came() -> None:
    before = span(input_messages=user("What is a parapet?"), attributes={"custom.a": "1"}, tags=("x",))

    records = await mask(project(MASK_EMAIL), [before])

    after = only_span(records)
    assert (after.input_messages, after.attributes, after.tags) == (
        before.input_messages,
        before.attributes,
        before.tags,
    )
    assert after.guard_action == "allow"


async def test_a_verdict_becomes_an_event_without_the_text() -> None:
    records = await mask(project(MASK_EMAIL), [span(input_messages=user(EMAIL), model="gpt-4o")])

    (event,) = [each for each in events(records) if each.action == "mask"]
    assert (event.policy_name, event.policy_version, event.guard, event.guard_kind) == (
        "careful",
        2,
        "emails",
        "pattern",
    )
    assert (event.place, event.model, event.span_id) == ("user", "gpt-4o", "b" * 16)
    assert sum(event.entities.values()) == 1


async def test_a_span_that_is_sent_again_gives_the_same_events() -> None:
    once = await mask(project(MASK_EMAIL), [span(input_messages=user(EMAIL))])
    again = await mask(project(MASK_EMAIL), [span(input_messages=user(EMAIL))])

    assert [event.id for event in events(once)] == [event.id for event in events(again)]


async def test_a_blocking_policy_withholds_what_was_said_and_keeps_the_rest() -> None:
    before = span(
        input_messages=user("what is the launch code?"),
        output_messages=[{"role": "assistant", "content": "It is 0000."}],
        model="gpt-4o",
        attributes={"custom.a": "kept"},
    )

    records = await mask(project(BLOCK_WORD), [before])

    after = only_span(records)
    assert after.input_messages == user("[withheld by policy careful]")
    assert after.output_messages == [{"role": "assistant", "content": "[withheld by policy careful]"}]
    assert (after.guard_action, after.model, after.attributes) == ("block", "gpt-4o", {"custom.a": "kept"})


async def test_a_guard_that_looks_at_answers_only_leaves_questions_alone_but_not_attributes() -> None:
    answers: frozenset[Place] = frozenset({"answer"})
    guard = GuardConfig(
        name="emails", kind="pattern", action="mask", places=answers, parameters={"patterns": ["email"]}
    )

    records = await mask(
        project(guard),
        [
            span(
                input_messages=user(EMAIL),
                output_messages=[{"role": "assistant", "content": EMAIL}],
                attributes={"custom.a": EMAIL},
            )
        ],
    )

    after = only_span(records)
    assert after.input_messages == user(EMAIL)
    assert EMAIL not in str(after.output_messages)
    assert EMAIL not in str(after.attributes)


async def test_a_shadow_guard_decides_and_changes_nothing() -> None:
    guard = GuardConfig(
        name="emails", kind="pattern", action="mask", is_shadow=True, parameters={"patterns": ["email"]}
    )

    records = await mask(project(guard), [span(input_messages=user(EMAIL))])

    assert only_span(records).input_messages == user(EMAIL)
    assert only_span(records).guard_action == ""
    assert [event.is_shadow for event in events(records)] == [True]


async def test_a_project_that_stores_no_messages_stores_none() -> None:
    quiet = project(MASK_EMAIL, stores_messages=False)

    records = await mask(quiet, [span(input_messages=user("hi"), output_messages=user("ho"), model="m")])

    after = only_span(records)
    assert (after.input_messages, after.output_messages, after.model) == ([], [], "m")


async def test_nor_does_it_store_them_as_something_else() -> None:
    quiet = project(stores_messages=False)
    said = "My father is ill"
    everywhere = span(
        request={"temperature": 0.5, "stop": [said], "tools": [{"function": {"description": said}}]},
        attributes={"app.draft": said, "app.step": "3"},
        status="error",
        status_message=f"cannot read {said!r}",
        error_type="BadRequest",
    )

    records = await mask(quiet, [everywhere])

    assert said.encode() not in encode(only_span(records))
    after = only_span(records)
    assert (after.request, after.attributes) == ({"temperature": 0.5}, {"app.step": "3"})
    assert (after.status, after.error_type) == ("error", "BadRequest")


async def test_events_repeat_nothing_that_was_masked() -> None:
    records = await mask(project(MASK_EMAIL), [span(environment=f"of {EMAIL}", model=f"for {EMAIL}")])

    assert events(records) != []
    assert EMAIL.encode() not in b"".join(map(encode, records))


async def test_images_are_not_read_as_text() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}

    records = await mask(project(MASK_EMAIL), [span(input_messages=[{"role": "user", "content": [picture]}])])

    assert only_span(records).input_messages == [{"role": "user", "content": [picture]}]


class SilentServer:
    """A guard server that gives no verdict."""

    async def detect(self, guard: Any, texts: Sequence[str], *, deadline_s: float) -> Failure:
        return Failure(error="unreachable", reason="nobody answers")


def personal_data(on_error: Literal["allow", "block"]) -> GuardConfig:
    return GuardConfig(
        name="people",
        kind="pii",
        action="mask",
        on_error=on_error,
        parameters={"entities": ["EMAIL_ADDRESS"]},
    )


@pytest.mark.parametrize("detector", [SilentServer(), None])
async def test_a_guard_that_must_not_fail_makes_the_sender_keep_its_spans(detector: Detector | None) -> None:
    with pytest.raises(UnavailableError, match="'people' could not look"):
        await mask(
            project(personal_data("block")), [span(input_messages=user("I am at a@b.co"))], detector=detector
        )


async def test_a_guard_that_may_fail_costs_the_text_it_could_not_look_at() -> None:
    records = await mask(
        project(personal_data("allow")),
        [span(input_messages=user("I am at a@b.co"))],
        detector=SilentServer(),
    )

    assert "a@b.co" not in str(only_span(records).input_messages)
    assert {event.error for event in events(records)} == {"unreachable"}


async def test_nothing_unmasked_reaches_the_disk_through_the_receiver(tmp_path: Path) -> None:
    snapshot = Snapshot(version="1", keys=KEYS, projects={PROJECT: project(MASK_EMAIL)}, upstreams={})
    body = traces(
        ("chat", {"gen_ai.request.model": "gpt-4o", "gen_ai.prompt": f"I am {EMAIL}", "note": EMAIL})
    )

    async with running_receiver(tmp_path, intake=MaskingIntake(snapshot, PEPPER)) as receiver:
        answer = await receiver.post(body)
        on_disk = receiver.on_disk()
        (stored,) = receiver.spans()
        verdicts = receiver.guard_events()

    assert answer.status_code == 200
    assert EMAIL.encode() not in on_disk
    assert stored.guard_action == "mask"
    assert {event.place for event in verdicts} == {"user", "attributes"}


async def test_a_guard_that_cannot_look_is_answered_with_503_and_nothing_is_stored(tmp_path: Path) -> None:
    snapshot = Snapshot(
        version="1", keys=KEYS, projects={PROJECT: project(personal_data("block"))}, upstreams={}
    )
    body = traces(("chat", {"gen_ai.request.model": "gpt-4o", "gen_ai.prompt": f"I am {EMAIL}"}))

    async with running_receiver(tmp_path, intake=MaskingIntake(snapshot, PEPPER, SilentServer())) as receiver:
        answer = await receiver.post(body)
        stored = receiver.stored()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert stored == []


async def test_keys_stay_apart_and_keep_their_values() -> None:
    metadata = {EMAIL: 1, "bob@example.com": 2, "plain": 3, "4111 1111 1111 1111": 4, "4111111111111111": 5}
    rules = project(guard_of("email", "credit_card"))

    kept = only_span(await mask(rules, [span(request={"metadata": metadata})])).request["metadata"]

    assert kept == {
        "<EMAIL_ADDRESS_1>": 1, "<EMAIL_ADDRESS_2>": 2, "plain": 3, "<CREDIT_CARD_1>": 4, "<CREDIT_CARD_1> 2": 5,
    }  # fmt: skip


async def test_a_key_of_a_narrower_scope_has_its_guards_before_anything_is_stored() -> None:
    key_id = UUID(int=77)
    narrow = ScopedPolicy(key_id=key_id, policy=policy(MASK_EMAIL, BLOCK_WORD))
    scoped = ProjectConfig(id=PROJECT, slug="lighthouse", policy=policy(BLOCK_WORD), scoped=(narrow,))

    with_key = await masking.mask(scoped, [span(status_message=EMAIL)], pepper=PEPPER, key_id=key_id)
    with_another = await masking.mask(
        scoped, [span(status_message=EMAIL)], pepper=PEPPER, key_id=UUID(int=78)
    )

    assert only_span(with_key).status_message == "<EMAIL_ADDRESS_1>"
    assert only_span(with_another).status_message == EMAIL


async def test_what_a_guard_escalates_is_withheld_and_noted() -> None:
    rules = project(
        GuardConfig(name="w", kind="words", action="escalate", parameters={"words": ["launch code"]})
    )

    records = await mask(rules, [span(input_messages=user("the launch code"))])

    assert b"launch code" not in b"".join(map(encode, records))
    assert only_span(records).guard_action == "escalate"
    assert [event.action for event in events(records) if event.entities] == ["escalate"]


def guard_of(*patterns: str) -> GuardConfig:
    return GuardConfig(
        name="patterns", kind="pattern", action="mask", parameters={"patterns": list(patterns)}
    )


@pytest.mark.parametrize(("percent", "is_masked", "version"), [(0, True, 1), (100, False, 2)])
async def test_a_version_that_is_rolled_out_to_a_share_leaves_the_others_guarded_as_before(
    percent: int, is_masked: bool, version: int
) -> None:
    before = replace(policy(replace(MASK_EMAIL, places=frozenset({"user"}))), version=1)
    after = replace(before, version=2, guards=(), rollout_percent=percent, before=before)
    fields = {"input_messages": user(EMAIL), "status_message": EMAIL}

    records = await mask(ProjectConfig(id=PROJECT, slug="lighthouse", policy=after), [span(**fields)])

    assert (EMAIL.encode() not in b"".join(map(encode, records))) is is_masked
    assert {event.policy_version for event in events(records)} <= {version}


async def test_a_guard_in_its_canary_is_enforced_for_the_same_conversations_everywhere() -> None:
    rules = project(replace(MASK_EMAIL, rollout_percent=50))
    spans = [
        span(session_id=f"talk {n}", input_messages=user(EMAIL), status_message=EMAIL) for n in range(40)
    ]

    kept = [only_span(await mask(rules, [each])) for each in spans]

    masked = [EMAIL not in str(each.input_messages) for each in kept]
    assert masked == [EMAIL not in each.status_message for each in kept]
    assert 5 < sum(masked) < 35
