"""Every cell of what guards promise: protocol, streamed or not, place, action, and every way in which a guard can fail.

`python -m tests.inference_proxy.wires.coverage` runs them all and writes docs/reference/coverage.md.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from guardrails.outcome import Blocked, Decision
from guardrails.policy import GuardConfig, Policy, PolicyError
from guardrails.registry import validate
from guardrails.verdict import ACTIONS, CHANGING, STOPPING, Action, Failure, Place
from inference_proxy.errors import RequestError
from inference_proxy.guarding import Guarding
from tests.guardrails.makers import ScriptedDetector, policy
from tests.inference_proxy.wires.speaking import SPEECHES, Body, Kind, Speech, Spoken

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "coverage.md"
WORD = "sesame"
TEXT = f"the word is {WORD}, and the number 212-555-0123 goes with it"
Way = Literal["whole", "streamed"]
Where = Literal[
    "system", "user", "history", "context", "tool_arguments", "tool_results",
    "answer", "reasoning", "tool_arguments of the answer",
]  # fmt: skip
Error = Literal["timeout", "unreachable", "overloaded", "bad_answer", "misconfigured", "crashed"]
WHERES: tuple[Where, ...] = get_args(Where)
ERRORS: tuple[Error, ...] = get_args(Error)
OF_ANSWERS: Mapping[Where, Kind] = {
    "answer": "answer",
    "reasoning": "reasoning",
    "tool_arguments of the answer": "tool_arguments",
}
Bodies = Mapping[Where, Callable[[str], Body]]


def arguments(text: str) -> str:
    """Write a text as arguments of a tool."""
    return orjson.dumps({"q": text}).decode()


def _chat(*messages: Body, **fields: Any) -> Body:
    return {"model": "m", "messages": [*messages, {"role": "user", "content": "go on"}]} | fields


def _responses(*items: Body, **fields: Any) -> Body:
    return {"model": "m", "input": [*items, {"role": "user", "content": "go on"}]} | fields


def _call_of_a_tool(text: str) -> Body:
    return {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments(text)}}


REQUESTS: Mapping[str, Bodies] = {
    "chat_completions": {
        "system": lambda text: _chat({"role": "system", "content": text}),
        "user": lambda text: _chat({"role": "user", "content": text}),
        "history": lambda text: _chat(
            {"role": "user", "content": text}, {"role": "assistant", "content": "ok"}
        ),
        "context": lambda text: _chat(documents=[{"passages": [text]}]),
        "tool_arguments": lambda text: _chat({"role": "assistant", "tool_calls": [_call_of_a_tool(text)]}),
        "tool_results": lambda text: _chat({"role": "tool", "tool_call_id": "call_1", "content": text}),
    },
    "responses": {
        "system": lambda text: _responses(instructions=text),
        "user": lambda text: {"model": "m", "input": text},
        "history": lambda text: _responses(
            {"role": "user", "content": [{"type": "input_text", "text": text}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
        ),
        "context": lambda text: _responses(
            {"type": "file_search_call", "id": "fs_1", "queries": ["x"], "results": [{"text": text}]}
        ),
        "tool_arguments": lambda text: _responses(
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": arguments(text)}
        ),
        "tool_results": lambda text: _responses(
            {"type": "function_call_output", "call_id": "call_1", "output": text}
        ),
    },
    "messages": {
        "system": lambda text: _chat(system=[{"type": "text", "text": text}]),
        "user": lambda text: _chat({"role": "user", "content": [{"type": "text", "text": text}]}),
        "history": lambda text: _chat(
            {"role": "user", "content": text}, {"role": "assistant", "content": "ok"}
        ),
        "context": lambda text: _chat(
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": text},
                    }
                ],
            }
        ),
        "tool_arguments": lambda text: _chat(
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"q": text}}],
            }
        ),
        "tool_results": lambda text: _chat(
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": text}]}
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that is promised."""

    wire: str
    way: Way
    where: Where
    action: Action
    mode: Literal["hold", "observe"] = "hold"
    error: Error | None = None
    on_error: Literal["allow", "block"] = "block"

    @property
    def place(self) -> Place:
        """The place as a policy names it."""
        name: Any = self.where.partition(" ")[0]
        return name  # type: ignore[no-any-return]

    @property
    def guard(self) -> GuardConfig:
        """The only guard of the cell's policy, which looks nowhere else."""
        is_found_here = self.error is None
        return GuardConfig(
            name="watchman",
            kind="words" if is_found_here else "pii",
            action=self.action,
            mode=self.mode,
            places=frozenset({self.place}),
            on_error=self.on_error,
            parameters={"words": [WORD]} if is_found_here else {},
        )


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a text."""

    travelled: bool
    """The text, or the part that was objected to, reached the other side."""
    kept: bool
    """It is on record."""
    stopped: str
    """`blocked_by_policy` or `escalated_by_policy`."""
    verdicts: tuple[tuple[Place, Action, str], ...]
    """Where guards spoke, what followed, and why one could not decide."""


REFUSED = "refused at start"


def cells() -> Iterator[Cell]:
    """Every cell there is."""
    ways: tuple[Way, ...] = get_args(Way)
    for wire, way, where in product(SPEECHES, ways, WHERES):
        for action in ACTIONS:
            yield Cell(wire, way, where, action)
            if where in OF_ANSWERS:
                yield Cell(wire, way, where, action, "observe")
            for error in ERRORS:
                yield Cell(wire, way, where, action, "hold", error, "allow")
                yield Cell(wire, way, where, action, "hold", error, "block")


async def run(cell: Cell) -> Happened | str:
    """Do what the cell says; return what happened, or that no policy may ask for it."""
    try:
        validate(cell.guard)
    except PolicyError:
        return REFUSED
    rules = policy(cell.guard)
    speech = SPEECHES[cell.wire]
    if cell.where in OF_ANSWERS:
        return await _answer(cell, speech, rules)
    return await _request(cell, speech, rules)


async def run_all() -> dict[Cell, Happened | str]:
    """Run every cell."""
    return {cell: await run(cell) for cell in cells()}


def promised(cell: Cell) -> Happened | str:
    """Return what has to happen, in the words of the policy and nothing else."""
    if cell.mode == "observe" and cell.action == "mask" and cell.place != "tool_arguments":
        return REFUSED
    if cell.error is None:
        stopped = {"block": "blocked_by_policy", "escalate": "escalated_by_policy"}.get(cell.action, "")
        passes = cell.action not in CHANGING
        return Happened(passes, passes, stopped, ((cell.place, cell.action, ""),))
    follows: Action = "block" if cell.on_error == "block" else "allow"
    stops = follows == "block"
    is_kept = cell.action not in CHANGING and not (stops and _lets_nothing_out(cell))
    return Happened(
        not stops, is_kept, "blocked_by_policy" if stops else "", ((cell.place, follows, cell.error),)
    )


def _lets_nothing_out(cell: Cell) -> bool:
    """True where what is kept is what went out: of a stream that was stopped."""
    return cell.way == "streamed" and cell.where in ("answer", "reasoning")


def _guarding(cell: Cell, rules: Policy) -> Guarding:
    failure = Failure(error=cell.error, reason="as told") if cell.error else None
    return Guarding(rules, ScriptedDetector(failure or (lambda text: ())), alias=str)


async def _request(cell: Cell, speech: Speech, rules: Policy) -> Happened:
    body = REQUESTS[cell.wire][cell.where](TEXT)
    body["stream"] = cell.way == "streamed"
    raw = orjson.dumps(body)
    guarding = _guarding(cell, rules)
    stopped = ""
    try:
        await guarding.check_request(speech.endpoint, raw, body, {})
    except RequestError as error:
        stopped, body = error.code, {}
    return _happened(orjson.dumps(body), orjson.dumps(guarding.kept), stopped, guarding.decisions)


async def _answer(cell: Cell, speech: Speech, rules: Policy) -> Happened:
    kind = OF_ANSWERS[cell.where]
    said = [Spoken(kind, arguments(TEXT) if kind == "tool_arguments" else TEXT)]
    guarding = _guarding(cell, rules)
    if cell.way == "whole":
        answer = speech.whole(said)
        checked = await guarding.check_answer(speech.endpoint, answer, orjson.dumps(answer))
        stopped = checked.action if checked.blocked_by else ""
        return _happened(checked.content, orjson.dumps(checked.messages), stopped, guarding.decisions)
    stream = guarding.open_stream(speech.endpoint, {}, hides_usage=False)
    out, stopped = b"", ""
    try:
        for event in speech.events(said, lambda text: [text[at : at + 5] for at in range(0, len(text), 5)]):
            out += await stream.push(event)
        out += await stream.finish()
    except Blocked as block:
        out += stream.ending()
        stopped = block.action
    stream.close()
    heard = "".join(each.text for each in speech.heard(out)).encode()
    kept = orjson.dumps(stream.hearing.messages(stream.stored))
    return _happened(heard, kept, stopped, guarding.decisions)


def _happened(travelled: bytes, kept: bytes, stopped: str, decisions: Sequence[Decision]) -> Happened:
    code = {"block": "blocked_by_policy", "escalate": "escalated_by_policy"}.get(stopped, stopped)
    word = WORD.encode()
    verdicts = {(each.place, each.action, each.error) for each in decisions}
    return Happened(word in travelled, word in kept, code, tuple(sorted(verdicts)))


def document(results: Mapping[Cell, Happened | str]) -> str:
    """Return the page that says what was enforced and what is refused."""
    lines = [
        "# What is enforced where",
        "",
        "Every cell below was run, streamed and whole, and did what the policy says; what cannot be enforced is refused when",
        "the policy is made, with a sentence that says why. `tests/inference_proxy/wires/test_coverage.py` holds this page to it;",
        "`python -m tests.inference_proxy.wires.coverage` writes it.",
        "",
        f"{len(results):,} cells: {len(SPEECHES)} protocols, streamed and whole, {len(WHERES)} places, {len(ACTIONS)} actions;",
        f"with `observe` on what a model says, and with {len(ERRORS)} ways in which a guard can fail under both values of `on_error`.",
        "Chat Completions are routed by the proxy; Responses and Messages are guarded as the recordings of the tests say.",
        "",
        "## Findings",
        "",
    ]
    for wire in SPEECHES:
        lines += [f"**{wire}**", "", f"| place | {' | '.join(ACTIONS)} | with `observe` |"]
        lines.append(f"|---|{'---|' * (len(ACTIONS) + 1)}")
        for where in WHERES:
            words = [_word(results, wire, where, action, "hold") for action in ACTIONS]
            observed = {action: _word(results, wire, where, action, "observe") for action in ACTIONS}
            refused = [action for action, word in observed.items() if word == REFUSED]
            others = "enforced" if where in OF_ANSWERS else "the same"
            last = f"enforced; {', '.join(refused)} {REFUSED}" if refused else others
            lines.append(f"| {where} | {' | '.join(words)} | {last} |")
        lines.append("")
    lines += [
        "## Failures",
        "",
        f"The same in all {len(SPEECHES)} protocols, streamed and whole, and at all {len(WHERES)} places. A text that passes although a guard",
        "failed is a bypass: in the header `x-parapet-guards`, in the metric `parapet_proxy_guard_bypasses_total` and in the",
        "verdicts, with the error. What a guard should have masked or stopped and could not look at is never kept. The columns",
        "are the guard's action and its `on_error`.",
        "",
        f"| failure | {' | '.join(f'{action}, {on_error}' for action, on_error in product(ACTIONS, ('allow', 'block')))} |",
        f"|---|{'---|' * (2 * len(ACTIONS))}",
    ]
    for error in ERRORS:
        words = [_failure(results, error, action, on) for action, on in product(ACTIONS, ("allow", "block"))]
        lines.append(f"| {error} | {' | '.join(words)} |")
    return "\n".join([*lines, ""])


def _word(results: Mapping[Cell, Happened | str], wire: str, where: Where, action: Action, mode: Any) -> str:
    found = {
        REFUSED if happened == REFUSED else "enforced" if happened == promised(cell) else "NOT ENFORCED"
        for cell, happened in results.items()
        if (cell.wire, cell.where, cell.action, cell.mode, cell.error) == (wire, where, action, mode, None)
    }
    return ", ".join(sorted(found))


def _failure(results: Mapping[Cell, Happened | str], error: Error, action: Action, on_error: Any) -> str:
    found = {
        "NOT ENFORCED"
        if happened != promised(cell)
        else "stopped"
        if on_error == "block"
        else "passes, not kept"
        if action in CHANGING
        else "passes"
        for cell, happened in results.items()
        if (cell.error, cell.action, cell.on_error) == (error, action, on_error)
    }
    return ", ".join(sorted(found))


if __name__ == "__main__":
    assert STOPPING <= CHANGING
    DOCUMENT.write_text(document(asyncio.run(run_all())))
