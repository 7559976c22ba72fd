"""A judge that answers one question about an answer by choosing one of a few options."""

import dataclasses
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from evaluators.completion import Complete
from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, Scale, Source, parameter
from evaluators.judges import material, templates
from evaluators.judges.menu import Choice, menu_of, read
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric(Configured):
    """A model answers your question about the answer; the score is the mean of the options it weighed."""

    kind: ClassVar[str] = "rubric"
    source: ClassVar[Source] = "judge"
    needs: ClassVar[tuple[str, ...]] = ("complete",)
    bounds: ClassVar[tuple[float, float] | None] = None

    question: str = parameter("What to decide about the answer, as one question.", long=True)
    options: Mapping[str, float] = parameter(
        "The possible decisions and what each is worth.", default=lambda: {"yes": 1.0, "no": 0.0}
    )
    show_input: bool = parameter("Show the judge what was asked.", default=True)
    show_expected: bool = parameter("Show the judge the expected answer, when there is one.", default=True)
    show_context: bool = parameter("Show the judge the documents the answer should rest on.", default=True)

    layout: Literal["question_first", "material_first"] = parameter(
        "What stands first in the prompt, and so is read only once: the question, when it is put to many answers, "
        "or the material, when many questions are put about one.",
        default="question_first",
    )

    complete: Complete = field(repr=False)

    def check(self) -> None:
        """Refuse menus that cannot be told apart."""
        labels = [label.casefold().strip() for label in self.options]
        if not self.question.strip():
            raise ParameterError("rubric: the question is empty")
        if not 2 <= len(labels) <= len(string.ascii_uppercase):
            raise ParameterError(f"rubric: between 2 and 26 options are needed, not {len(labels)}")
        if len(set(labels)) != len(labels) or "" in labels:
            raise ParameterError("rubric: every option needs a label of its own, whatever its case")
        if len(set(self.options.values())) == 1:
            raise ParameterError("rubric: all options are worth the same, so nothing would be measured")

    @property
    def scale(self) -> Scale:
        """From the lowest option to the highest."""
        return Scale("higher", (min(self.options.values()), max(self.options.values())))

    def texts(self) -> tuple[str, ...]:
        """The prompt file decides scores too, and so does the model, when it says which one it is."""
        return (templates.load(self.layout), str(getattr(self.complete, "model", "")))

    async def score(self, sample: Sample) -> Outcome:
        """Ask the judge once and weigh its options."""
        menu = menu_of(tuple(self.options))
        completion = await self.complete(self.messages(sample), options=tuple(menu.marks))
        choice = read(completion, menu)
        if isinstance(choice, Unscored):
            return dataclasses.replace(choice, cost_usd=completion.cost_usd)
        return Score(
            value=self._value(choice),
            label=choice.label,
            reason=_reason(choice),
            distribution=choice.distribution,
            off_menu=choice.off_menu,
            cost_usd=completion.cost_usd,
            details={"judge": completion.model} if completion.model else {},
        )

    def messages(self, sample: Sample) -> list[dict[str, str]]:
        """Return the judge's prompt for a sample."""
        texts = self._material(sample)
        salt = self.version if self.layout == "question_first" else ""
        nonce = material.nonce_of([text for _, text in texts], salt)
        menu = menu_of(tuple(self.options))
        values = {
            "nonce": nonce,
            "question": self.question.strip(),
            "options": menu.lines(),
            "marks": ", ".join(menu.marks),
            "material": "\n\n".join(material.fenced(title, text, nonce) for title, text in texts),
        }
        return templates.rendered(templates.load(self.layout), values)

    def _material(self, sample: Sample) -> list[tuple[str, str]]:
        texts = []
        if self.show_input and sample.input:
            texts.append(("the request", sample.input))
        if self.show_context:
            texts.extend((f"document {number}", text) for number, text in enumerate(sample.context, start=1))
        if self.show_expected and sample.expected is not None:
            expected = sample.expected if isinstance(sample.expected, str) else repr(sample.expected)
            texts.append(("the expected answer", expected))
        texts.append(("the answer to examine", sample.output))
        return texts

    def _value(self, choice: Choice) -> float:
        if choice.distribution is None:
            return self.options[choice.label]
        return sum(share * self.options[label] for label, share in choice.distribution.items())


def _reason(choice: Choice) -> str:
    if choice.distribution is None:
        return f"the judge answered {choice.label}"
    shares = sorted(choice.distribution.items(), key=lambda item: -item[1])
    return "the judge leans to " + ", ".join(f"{label} {share:.0%}" for label, share in shares[:3])
