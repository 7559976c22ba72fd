"""Do the cited documents say what they are cited for?

Marks like [1] or [2, 3] name the sample's documents by their number. For each sentence with marks the judge decides
whether the documents it cites, together, support it; the score is the mean probability (citation precision and recall
of ALCE, Gao et al., EMNLP 2023, by sentence). From 0 to 1.

| sentence | score |
|---|---|
| cites a document that does not exist | 0, without asking |
| cites none | left out, or 0 when `uncited` is `wrong` |
| a mark after the full stop | belongs to the sentence before |
| none cites anything, `ignore` | not applicable |
| no documents | not applicable |
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

MOST_SENTENCES = 200
_MARK = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]")
# A sentence ends with the marks that follow its full stop.
_END = re.compile(r"(?:[.!?](?=\s|\[\d|\Z)|[。！？])(?:\s*\[\d[\d,; ]*\])*\s*|\n+")
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Judge):
    """The share of the sentences with citations that the documents they cite support."""

    kind: ClassVar[str] = "citation"
    prompts: ClassVar[tuple[str, ...]] = ("cited",)

    uncited: Literal["ignore", "wrong"] = parameter(
        "Whether a sentence that cites nothing is left out, or counts as 0.", default="ignore"
    )

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Check every sentence that cites."""
        if not sample.context:
            return NotApplicable(reason="the sample has no documents")
        sentences = [
            (text, marks) for text, marks in cited(sample.output) if marks or self.uncited == "wrong"
        ]
        if not sentences:
            return NotApplicable(reason="the answer cites nothing")
        if len(sentences) > MOST_SENTENCES:
            return Unscored(code="too_large", reason=f"{len(sentences)} sentences; at most {MOST_SENTENCES}")
        known = [
            (text, marks)
            for text, marks in sentences
            if marks and max(marks) <= len(sample.context) and min(marks)
        ]
        verdicts = await examination.each(
            examination.choose(
                templates.load("cited"),
                [
                    *((f"document {mark}", sample.context[mark - 1]) for mark in marks),
                    ("the statement", text),
                ],
                YES_OR_NO,
            )
            for text, marks in known
        )
        right = sum(verdict.is_yes for verdict in verdicts)
        return Score(
            value=sum(verdict.value for verdict in verdicts) / len(sentences),
            reason=f"{right} of {len(sentences)} sentences are supported by what they cite",
            details={
                "supported": right,
                "sentences": len(sentences),
                "without_document": len(sentences) - len(known),
            },
        )


def cited(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    """Cut an answer into sentences, each without its marks and with the numbers they hold."""
    ends = [match.end() for match in _END.finditer(answer)]
    found = []
    for start, end in pairwise([0, *ends, len(answer)]):
        sentence = answer[start:end]
        numbers = [int(number) for mark in _MARK.findall(sentence) for number in re.split(r"[,;]", mark)]
        text = " ".join(_MARK.sub("", sentence).split())
        if _LETTER.search(text):
            found.append((text, tuple(dict.fromkeys(numbers))))
    return found
