"""A question of yours about a conversation: about all of it, or about each of the assistant's turns.

A turn is shown with the messages before it. The score is the mean of the options; over turns, the mean or the worst.
From the lowest option to the highest.

| conversation | score |
|---|---|
| no turn of the assistant | not applicable |
| one turn without a verdict | unscored |
| a turn with tool calls alone | counts as a turn |
| more than 100 turns, by turn | unscored |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.conversation.transcript import Turn, as_material, turns_of
from evaluators.errors import ParameterError
from evaluators.evaluator import Scale, parameter
from evaluators.judges.examination import Examination, Judge, Weighed
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

MOST_TURNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(Judge):
    """A model answers your question about a whole conversation, or about each of the assistant's turns."""

    kind: ClassVar[str] = "conversation"
    bounds: ClassVar[tuple[float, float] | None] = None

    question: str = parameter(
        "What to decide about the conversation or the turn, as one question.", long=True
    )
    options: Mapping[str, float] = parameter(
        "The possible decisions and what each is worth.", default=lambda: {"yes": 1.0, "no": 0.0}
    )
    unit: Literal["session", "turn"] = parameter(
        "Ask about the whole conversation, or about each turn of the assistant.", default="session"
    )
    window: int = parameter("How many messages before a turn to show; 0 shows all.", default=0)
    combine: Literal["mean", "worst"] = parameter("Over turns: their mean, or the worst one.", default="mean")

    def check(self) -> None:
        """Refuse menus that cannot be told apart."""
        labels = {label.casefold().strip() for label in self.options}
        if not self.question.strip():
            raise ParameterError("conversation: the question is empty")
        if not 2 <= len(labels) <= 26 or len(labels) != len(self.options) or "" in labels:
            raise ParameterError("conversation: from 2 to 26 options that differ are needed")
        if len(set(self.options.values())) == 1:
            raise ParameterError("conversation: all options are worth the same, so nothing would be measured")
        if self.window < 0:
            raise ParameterError("conversation: `window` cannot be negative")

    @property
    def scale(self) -> Scale:
        """From the lowest option to the highest."""
        return Scale("higher", (min(self.options.values()), max(self.options.values())))

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask once, or turn by turn."""
        turns = turns_of(sample)
        places = [place for place, turn in enumerate(turns) if turn.role == "assistant"]
        if not places:
            return NotApplicable(reason="the assistant said nothing")
        if self.unit == "session":
            verdict = await examination.choose(self.question, as_material(turns), self.options)
            return Score(
                value=verdict.value,
                label=verdict.choice.label,
                reason=f"the judge leans to {verdict.choice.label}",
                distribution=verdict.choice.distribution,
            )
        if len(places) > MOST_TURNS:
            return Unscored(code="too_large", reason=f"{len(places)} turns; at most {MOST_TURNS} are judged")
        verdicts = await examination.each(self._turn(turns, place, examination) for place in places)
        values = [verdict.value for verdict in verdicts]
        worst = min(values)
        return Score(
            value=worst if self.combine == "worst" else sum(values) / len(values),
            reason=f"{len(values)} turns; the worst is message {places[values.index(worst)] + 1} with {worst:.2f}",
            details={"turns": values},
        )

    async def _turn(self, turns: list[Turn], place: int, examination: Examination) -> Weighed:
        start = max(0, place - self.window) if self.window else 0
        before = as_material(turns[start:place], first=start + 1)
        return await examination.choose(
            self.question, [*before, ("the turn to examine", turns[place].text)], self.options
        )
