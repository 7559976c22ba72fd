"""Does the assistant remember what the user has said?

Each turn of the assistant that follows an earlier message of the user is judged by itself: does it ask again for what
the user has told, or contradict it? The judge sees the user's earlier messages and that turn. The score is the mean
probability that it remembers. From 0 to 1. It measures remembering within one conversation, no more: it cannot know
what the user said elsewhere, nor whether what the user said is true.

| conversation | score |
|---|---|
| one message of the user, or none | not applicable: there was nothing to forget |
| a turn that calls tools only | left out: nothing was said to the user |
| more than 100 turns | unscored |
| one turn without a verdict | unscored |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.conversation.conversation import MOST_TURNS
from evaluators.conversation.transcript import Turn, as_material, turns_of
from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeRetention(Judge):
    """The share of the assistant's turns that neither ask again for what the user has said, nor contradict it."""

    kind: ClassVar[str] = "knowledge_retention"
    prompts: ClassVar[tuple[str, ...]] = ("knowledge_retention",)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask about every later turn."""
        turns = turns_of(sample)
        asked = [
            (_of_user(turns[:place]), turn)
            for place, turn in enumerate(turns)
            if turn.role == "assistant" and not turn.text.startswith("[calls ")
        ]
        later = [(earlier, turn) for earlier, turn in asked if len(earlier) > 1]
        if not later:
            return NotApplicable(reason="the user spoke once at most: there was nothing to forget")
        if len(later) > MOST_TURNS:
            return Unscored(code="too_large", reason=f"{len(later)} turns; at most {MOST_TURNS} are judged")
        verdicts = await examination.each(
            examination.choose(
                templates.load("knowledge_retention"),
                [*as_material(earlier), ("the assistant's message to examine", turn.text)],
                YES_OR_NO,
            )
            for earlier, turn in later
        )
        kept = sum(verdict.is_yes for verdict in verdicts)
        return Score(
            value=sum(verdict.value for verdict in verdicts) / len(verdicts),
            reason=f"{kept} of {len(verdicts)} turns remember what the user said",
            details={"remembering": kept, "turns": len(verdicts)},
        )


def _of_user(turns: list[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.role == "user"]
