"""Did the agent follow its plan?

One question about the whole conversation beside the plan, which is a parameter or the case's expected text. From 0 to 1.

| plan | conversation | score |
|---|---|---|
| none | any | not applicable |
| any | the assistant said and called nothing | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.conversation.transcript import as_material, turns_of
from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import Examination, Judge
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score

_OPTIONS = {"followed": 1.0, "partly followed": 0.5, "not followed": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdherence(Judge):
    """The agent followed the plan it was given."""

    kind: ClassVar[str] = "plan_adherence"
    prompts: ClassVar[tuple[str, ...]] = ("plan_adherence",)

    plan: str | None = parameter(
        "The plan; the case's expected text when left empty.", default=None, long=True
    )

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask once about the whole conversation."""
        plan = sample.expected if self.plan is None else self.plan
        if not isinstance(plan, str) or not plan.strip():
            return NotApplicable(reason="there is no plan")
        turns = turns_of(sample)
        if not any(turn.role == "assistant" for turn in turns):
            return NotApplicable(reason="the assistant did nothing")
        texts = [("the plan", plan), *as_material(turns)]
        verdict = await examination.choose(templates.load("plan_adherence"), texts, _OPTIONS)
        return Score(
            value=verdict.value,
            label=verdict.choice.label,
            reason=f"the judge leans to {verdict.choice.label}",
            distribution=verdict.choice.distribution,
        )
