"""The answers a judge may give: what it writes for each, and what was meant by what it wrote."""

import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from evaluators.completion import Completion, TokenChoices
from evaluators.score import Unscored

MAX_OFF_MENU = 0.5
"""A judge that spends more probability than this beside the options has not understood the question."""

_NUMBERED = re.compile(r"(?:^|\n)\W*(\d{1,3})\W+$")
"""The end of what was said, where the answer to a numbered question comes next."""
_LINE = re.compile(r"^\W*(\d{1,3})\s*[:.)\-]\s*(.+)$", re.MULTILINE)
_DECORATION = " \t\r\n*`\"'.():_#\u2581\u0120"


@dataclass(frozen=True, slots=True)
class Menu:
    """Labels with the mark a judge writes for each, so that one token says it all."""

    marks: Mapping[str, str]
    """Label by mark."""

    def lines(self) -> str:
        """List the options as the prompt shows them."""
        if all(mark == label for mark, label in self.marks.items()):
            return "\n".join(f"- {mark}" for mark in self.marks)
        return "\n".join(f"{mark}: {label}" for mark, label in self.marks.items())

    def label(self, text: str) -> str | None:
        """Return the label that a whole answer names, or None: one option, strictly, and nothing beside it."""
        said = text.strip(_DECORATION).casefold()
        named = {label for mark, label in self.marks.items() if said in (mark.casefold(), label.casefold())}
        return named.pop() if len(named) == 1 else None


def menu_of(labels: tuple[str, ...]) -> Menu:
    """Give every label a mark: itself when it is one letter or digit, else the letters from A on."""
    if all(len(label) == 1 and label.isalnum() for label in labels):
        return Menu({label: label for label in labels})
    return Menu(dict(zip(string.ascii_uppercase, labels, strict=False)))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a judge chose: probabilities where it gave them, else one label."""

    label: str
    distribution: Mapping[str, float] | None
    off_menu: float | None


def read(completion: Completion, menu: Menu) -> Choice | Unscored:
    """Read a judge's answer, from its token probabilities when it gave them, else from its words."""
    position = _first_word(completion)
    if position is not None and len(position.logprobs) > 1:
        return _from_probabilities(position, menu)
    label = menu.label(completion.text)
    if label is None:
        return Unscored(
            code="unparseable",
            reason=f"the judge's answer is none of the options ({len(completion.text)} characters)",
        )
    return Choice(label, None, None)


def read_all(completion: Completion, menu: Menu, count: int) -> list[Choice | Unscored]:
    """Read the answers to several questions, one to a line: `1: A`. A question without a line has no verdict."""
    found: list[Choice | Unscored] = [
        Unscored(code="unparseable", reason=f"the judge's answer has no line for question {number}")
        for number in range(1, count + 1)
    ]
    if completion.tokens is not None and any(len(token.logprobs) > 1 for token in completion.tokens):
        said = ""
        for position in completion.tokens:
            number = _NUMBERED.search(said)
            if number and position.token.strip(_DECORATION) and 1 <= int(number[1]) <= count:
                found[int(number[1]) - 1] = _from_probabilities(position, menu)
            said += position.token.replace("\u2581", " ").replace("\u0120", " ").replace("\u010a", "\n")
        return found
    for line in _LINE.finditer(completion.text):
        label = menu.label(line[2])
        if 1 <= int(line[1]) <= count and label is not None:
            found[int(line[1]) - 1] = Choice(label, None, None)
    return found


def _first_word(completion: Completion) -> TokenChoices | None:
    """Return the first position whose token is more than space and decoration."""
    return next((token for token in completion.tokens or () if token.token.strip(_DECORATION)), None)


def _from_probabilities(position: TokenChoices, menu: Menu) -> Choice | Unscored:
    masses = dict.fromkeys(menu.marks.values(), 0.0)
    for token, logprob in position.logprobs.items():
        label = menu.label(token)
        if label is not None:
            masses[label] += math.exp(min(logprob, 0.0))
    on_menu = sum(masses.values())
    off_menu = min(1.0, max(0.0, 1.0 - on_menu))
    if not on_menu > 0 or off_menu > MAX_OFF_MENU:
        return Unscored(
            code="off_menu", reason=f"the judge spent {off_menu:.0%} beside the options", off_menu=off_menu
        )
    distribution = {label: mass / on_menu for label, mass in masses.items()}
    return Choice(max(distribution, key=distribution.__getitem__), distribution, off_menu)
