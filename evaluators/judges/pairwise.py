"""Is the answer better than another one?

The judge is asked twice, with the answers in both orders; the score is the mean probability that this answer is the
better one, a tie counting half. What the judge gives to the place and not to the answer is reported as
`position_bias`: the mean probability of the first answer minus that of the second, over both orders (Zheng et al.,
NeurIPS 2023; Wang et al., ACL 2024). From 0 to 1; 0.5 is a tie.

| answers | score |
|---|---|
| equal | 0.5, without asking |
| no other answer | not applicable |
| each order prefers another answer, `average` | their mean, near 0.5, labelled `contradiction` |
| each order prefers another answer, `strict` | unscored |
| one order without a verdict | unscored |
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import Examination, Judge, Weighed, as_text, documents
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

_FIRST, _SECOND, _TIE = "the first answer", "the second answer", "neither"
TIE = 0.05
"""Nearer than this to 0.5 is called a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairwise(Judge):
    """How likely the answer is better than another one, asked in both orders."""

    kind: ClassVar[str] = "pairwise"
    prompts: ClassVar[tuple[str, ...]] = ("pairwise",)

    other: str | None = parameter(
        "The answer to compare with; the case's expected one when left empty.", default=None, long=True
    )
    criterion: str = parameter("What better means; left empty, the judge decides.", default="", long=True)
    ties: bool = parameter("Let the judge say that neither is better.", default=True)
    orders: Literal["average", "strict"] = parameter(
        "When the orders contradict each other: average them, or give no score.", default="average"
    )

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask in both orders."""
        other = sample.expected if self.other is None else self.other
        if other in (None, ""):
            return NotApplicable(reason="there is no other answer to compare with")
        other = as_text(other)
        if other.strip() == sample.output.strip():
            return Score(value=0.5, label="tie", reason="both answers are the same")
        here, swapped = await examination.each(
            [
                self._asked(sample, sample.output, other, examination),
                self._asked(sample, other, sample.output, examination),
            ]
        )
        wins = (here.choice.label, swapped.choice.label)
        contradicts = wins in ((_FIRST, _FIRST), (_SECOND, _SECOND))
        bias = (
            sum(
                verdict.shares().get(_FIRST, 0.0) - verdict.shares().get(_SECOND, 0.0)
                for verdict in (here, swapped)
            )
            / 2
        )
        if contradicts and self.orders == "strict":
            place = "first" if wins[0] == _FIRST else "second"
            return Unscored(
                code="undecided",
                reason=f"the judge preferred the {place} answer in both orders",
                off_menu=examination.off_menu,
            )
        value = (here.value + 1.0 - swapped.value) / 2
        label = (
            "contradiction"
            if contradicts
            else "tie"
            if abs(value - 0.5) < TIE
            else "win"
            if value > 0.5
            else "loss"
        )
        return Score(
            value=value,
            label=label,
            reason=f"better with {here.value:.0%} in first place and {1.0 - swapped.value:.0%} in second",
            details={
                "as_first": here.value,
                "as_second": 1.0 - swapped.value,
                "position_bias": bias,
                "contradicts": contradicts,
            },
        )

    async def _asked(self, sample: Sample, first: str, second: str, examination: Examination) -> Weighed:
        texts = [("the request", sample.input)] if sample.input else []
        texts += [*documents(sample), ("the first answer", first), ("the second answer", second)]
        question = templates.load("pairwise").strip()
        if self.criterion.strip():
            question += f" What counts: {self.criterion.strip()}"
        options = {_FIRST: 1.0, _SECOND: 0.0} | ({_TIE: 0.5} if self.ties else {})
        return await examination.choose(question, texts, options)
