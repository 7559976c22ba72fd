"""Did the agent do what it was asked to do?

One question about the whole conversation, tool calls and results included, and the expected outcome when there is one.
From 0 to 1. Where the state of the world can be checked by code, check that instead: a judge only reads what was said.

| conversation | score |
|---|---|
| nothing was asked | not applicable |
| the assistant said and called nothing | 0, without asking |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.conversation.transcript import as_material, turns_of
from evaluators.judges import templates
from evaluators.judges.examination import Examination, Judge, as_text
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score

_OPTIONS = {"completed": 1.0, "partly completed": 0.5, "not completed": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompletion(Judge):
    """The agent did what the user asked for, as far as the conversation shows."""

    kind: ClassVar[str] = "task_completion"
    prompts: ClassVar[tuple[str, ...]] = ("task_completion",)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask once about the whole conversation."""
        turns = turns_of(sample)
        if not any(turn.role == "user" for turn in turns):
            return NotApplicable(reason="the sample does not say what was asked")
        if not any(turn.role == "assistant" for turn in turns):
            return Score(value=0.0, label="not completed", reason="the assistant did nothing")
        texts = as_material(turns)
        if sample.expected is not None:
            texts.append(("the expected outcome", as_text(sample.expected)))
        verdict = await examination.choose(templates.load("task_completion"), texts, _OPTIONS)
        return Score(
            value=verdict.value,
            label=verdict.choice.label,
            reason=f"the judge leans to {verdict.choice.label}",
            distribution=verdict.choice.distribution,
        )
