"""The questions a judge is asked about one sample, one by one, and what they cost together."""

import asyncio
import dataclasses
import json
from abc import abstractmethod
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from evaluators.completion import Complete, Completion, CompletionError
from evaluators.evaluator import Configured, Source
from evaluators.judges import material, templates
from evaluators.judges.menu import Choice, menu_of, read, read_all
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored
from evaluators.structured.parsing import parsed, unfenced

Texts = Sequence[tuple[str, str]]
"""Strangers' texts, each with the title of its fence."""

YES_OR_NO: Mapping[str, float] = {"yes": 1.0, "no": 0.0}
AT_ONCE = 8
"""Questions about one sample that are asked at the same time."""
LONGEST_ITEM = 2_000

Result = TypeVar("Result")


class NoVerdictError(Exception):
    """The judge's answer is none; the outcome says why."""

    def __init__(self, outcome: Unscored) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(slots=True)
class Examination:
    """Asks the judge about one sample, and adds up."""

    complete: Complete
    version: str
    questions: int = 0
    cost_usd: float | None = None
    off_menu: float | None = None
    model: str = ""
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), repr=False)

    async def choose(self, question: str, texts: Texts, options: Mapping[str, float]) -> "Weighed":
        """Ask one question with a few options, or raise NoVerdictError."""
        menu = menu_of(tuple(options))
        values = {"options": menu.lines(), "marks": ", ".join(menu.marks)}
        completion = await self._ask("material_first", question, texts, values, tuple(menu.marks))
        choice = read(completion, menu)
        if isinstance(choice, Unscored):
            raise NoVerdictError(choice)
        if choice.off_menu is not None:
            self.off_menu = max(self.off_menu or 0.0, choice.off_menu)
        return Weighed(choice, options)

    async def choose_together(
        self, questions: Sequence[str], texts: Texts, options: Mapping[str, float]
    ) -> list["Weighed"]:
        """Ask several questions in one prompt, or raise NoVerdictError if one of them has no verdict.

        They may sway each other, which is the price of asking once.
        """
        menu = menu_of(tuple(options))
        numbered = "\n".join(f"{number}: {question}" for number, question in enumerate(questions, start=1))
        values = {"options": menu.lines(), "marks": ", ".join(menu.marks)}
        completion = await self._ask(
            "together", numbered, texts, values, tuple(menu.marks), answers=len(questions)
        )
        weighed = []
        for choice in read_all(completion, menu, len(questions)):
            if isinstance(choice, Unscored):
                raise NoVerdictError(choice)
            if choice.off_menu is not None:
                self.off_menu = max(self.off_menu or 0.0, choice.off_menu)
            weighed.append(Weighed(choice, options))
        return weighed

    async def listed(self, question: str, texts: Texts, *, most: int) -> list[str]:
        """Ask for a list of texts; what is no such list raises NoVerdictError, and what is too long is cut."""
        completion = await self._ask("list", question, texts, {"most": str(most)}, ())
        return _items(completion.text)[:most]

    async def each(self, asked: Iterable[Awaitable[Result]]) -> list[Result]:
        """Wait for all; when one has no verdict there is none, but all are paid for."""
        results = await asyncio.gather(*asked, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]

    def closed(self, outcome: Outcome) -> Outcome:
        """Write what it cost under an outcome."""
        if isinstance(outcome, Score):
            more = {"questions": self.questions} | ({"judge": self.model} if self.model else {})
            outcome = dataclasses.replace(
                outcome, details={**outcome.details, **more}, off_menu=self.off_menu
            )
        return dataclasses.replace(outcome, cost_usd=self.cost_usd)

    async def _ask(
        self,
        template: str,
        question: str,
        texts: Texts,
        values: Mapping[str, str],
        options: Sequence[str],
        *,
        answers: int = 1,
    ) -> Completion:
        # Without the judge's version in it: all questions about one material begin with the same words.
        nonce = material.nonce_of([text for _, text in texts], "")
        fenced = "\n\n".join(material.fenced(title, text, nonce) for title, text in texts)
        messages = templates.rendered(
            templates.load(template),
            {**values, "nonce": nonce, "question": question.strip(), "material": fenced},
        )
        async with self._turns:
            self.questions += answers
            more = {"answers": answers} if answers > 1 else {}
            completion = await self.complete(messages, options=options, **more)
        if completion.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + completion.cost_usd
        self.model = completion.model or self.model
        return completion


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a judge chose, and what its options are worth."""

    choice: Choice
    options: Mapping[str, float]

    @property
    def value(self) -> float:
        """The mean of what the options are worth, by the judge's probabilities where it gave them."""
        return sum(share * self.options[label] for label, share in self.shares().items())

    def shares(self) -> Mapping[str, float]:
        """Return the probability of each option; all of it on one when the judge gave none."""
        return self.choice.distribution or {self.choice.label: 1.0}

    @property
    def is_yes(self) -> bool:
        """Whether the judge leans to the better half."""
        return self.value >= 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Configured):
    """The base of judges that ask several questions, or one with words of ours."""

    source: ClassVar[Source] = "judge"
    needs: ClassVar[tuple[str, ...]] = ("complete",)
    prompts: ClassVar[tuple[str, ...]] = ()
    """The files in `prompts/` that hold its questions; changing one changes the version."""

    complete: Complete = field(repr=False)

    def texts(self) -> tuple[str, ...]:
        """Return the frames, the questions and the model: all of them decide scores."""
        files = [templates.load(name) for name in ("material_first", "list", *self.prompts)]
        return (*files, str(getattr(self.complete, "model", "")))

    async def score(self, sample: Sample) -> Outcome:
        """Examine the sample; what was spent is reported even when no verdict came of it."""
        examination = Examination(self.complete, self.version)
        try:
            outcome = await self.examine(sample, examination)
        except NoVerdictError as error:
            outcome = error.outcome
        except CompletionError as error:
            outcome = Unscored(code="judge_error", reason=str(error) or "the judge's model gave no answer")
        return examination.closed(outcome)

    @abstractmethod
    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask what must be asked."""


def documents(sample: Sample) -> list[tuple[str, str]]:
    """Return a sample's documents as material."""
    return [(f"document {number}", text) for number, text in enumerate(sample.context, start=1)]


def as_text(value: object) -> str:
    """Return an expected value as a text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)


def _items(text: str) -> list[str]:
    """Read a JSON list of texts, strictly: prose around it is no list."""
    try:
        items = parsed(unfenced(text).strip())
    except ValueError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise NoVerdictError(
            Unscored(
                code="unparseable", reason=f"the judge's answer is no list of texts ({len(text)} characters)"
            )
        )
    if any(len(item) > LONGEST_ITEM for item in items):
        raise NoVerdictError(
            Unscored(code="unparseable", reason=f"the judge listed a text beyond {LONGEST_ITEM} characters")
        )
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))
