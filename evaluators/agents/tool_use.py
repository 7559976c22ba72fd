"""Was each tool call sensible when it was made?

Every call is judged by itself: given the conversation up to it, and the tools there are, is it the right tool with the
right arguments? The score is the mean probability of yes. From 0 to 1. Where the right calls are known, `tool_calls`
compares them without a judge.

| calls | score |
|---|---|
| none | not applicable |
| more than 50 | unscored |
| arguments that are no JSON object | 0 for that call, without asking |
| one without a verdict | unscored |
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evaluators.agents.calls import Call, called
from evaluators.conversation.transcript import Turn, as_material, said
from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

MOST_CALLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse(Judge):
    """The share of the agent's tool calls that were the right tool with the right arguments at that point."""

    kind: ClassVar[str] = "tool_use"
    prompts: ClassVar[tuple[str, ...]] = ("tool_use",)

    tools: Mapping[str, Any] = parameter(
        "The tools there are: name and what it is for, or its schema.", default=dict
    )

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask about every call."""
        calls = _in_their_place(sample)
        if not calls:
            return NotApplicable(reason="the agent called no tool")
        if len(calls) > MOST_CALLS:
            return Unscored(code="too_large", reason=f"{len(calls)} calls; at most {MOST_CALLS} are judged")
        tools = [
            (f"tool {number}", f"{name}: {_shown(about)}")
            for number, (name, about) in enumerate(self.tools.items(), 1)
        ]
        readable = [(before, call) for before, call in calls if call.arguments is not None]
        verdicts = await examination.each(
            examination.choose(
                templates.load("tool_use"),
                [
                    *tools,
                    *as_material(before),
                    ("the call to examine", f"{call.name} {_shown(call.arguments)}"),
                ],
                YES_OR_NO,
            )
            for before, call in readable
        )
        right = sum(verdict.is_yes for verdict in verdicts)
        return Score(
            value=sum(verdict.value for verdict in verdicts) / len(calls),
            reason=f"{right} of {len(calls)} calls are right",
            details={"right": right, "calls": len(calls), "unreadable": len(calls) - len(readable)},
        )


def _in_their_place(sample: Sample) -> list[tuple[list[Turn], Call]]:
    """Return every call with what was said before it."""
    found: list[tuple[list[Turn], Call]] = []
    before = [] if sample.messages or not sample.input else [Turn("user", sample.input)]
    answer = {"role": "assistant", "content": sample.output, "tool_calls": sample.tool_calls}
    for message in (*sample.messages, answer):
        if message.get("role") in ("system", "developer"):
            continue
        found += [(list(before), call) for call in called(Sample(output="", messages=(message,)))]
        before.append(Turn(str(message.get("role", "")), said(message)))
    return found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
