"""A user's task beside the text that a tool or a page gave back: does somebody else give orders in it?

An ordinary wish such as "What is the capital of Brazil?" is an injection when it stands in a mail that the user wants summarised,
and none when the user asks to answer what the mail asks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from guardrails.training.injection.grammar import split_of
from guardrails.training.injection.rows import Family, Row, window
from guardrails.training.injection.written import Written

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Pairs:
    """What pairs are made of: our templates, documents of others, and wishes of others."""

    written: Written
    documents: Sequence[Row]
    wishes: Sequence[str]

    def families(self) -> tuple[Sequence[Family], Sequence[Family]]:
        """Return the kinds of pairs with an injection, and without."""
        return (
            [Family("pair-wish", 66, self._with_wish), Family("pair-order", 30, self._with_order)],
            [Family("pair-clean", 88, self._clean), Family("pair-asked", 30, self._asked)],
        )

    def _with_wish(self, random: Random) -> Row:
        return self._inserted(self._wish(random), "pair-wish", random)

    def _with_order(self, random: Random) -> Row:
        if random.random() < 0.7:
            return self._inserted(self.written.order(random), "pair-order", random)
        return self._inserted(self.written.attack(random).text, "pair-order", random)

    def _inserted(self, order: str, source: str, random: Random) -> Row:
        task = self.written.fill("indirect/tasks", random)
        if random.random() < 0.45:
            row = self.written.document(random, order=order)[0]
            return Row(row.text, 1.0, source, row.group, task)
        document = random.choice(self.documents)
        sentences = _SENTENCE_END.split(window(document.text, random, longest=random.choice((200, 400, 600))))
        place = random.choice((0, len(sentences), random.randrange(len(sentences) + 1)))
        glue = random.choice((" ", "\n"))
        text = glue.join([*sentences[:place], order, *sentences[place:]])
        return Row(text, 1.0, source, document.group, task)

    def _clean(self, random: Random) -> Row:
        task = self.written.fill("indirect/tasks", random)
        if random.random() < 0.45:
            row = self.written.document(random)[0]
            return Row(row.text, 0.0, "pair-clean", row.group, task)
        document = random.choice(self.documents)
        text = window(document.text, random, longest=random.choice((200, 400, 600)))
        if random.random() < 0.4:
            sentences = _SENTENCE_END.split(text)
            sentences.insert(
                random.randrange(len(sentences) + 1), self.written.fill("indirect/ordinary", random)
            )
            text = " ".join(sentences)
        return Row(text, 0.0, "pair-clean", document.group, task)

    def _asked(self, random: Random) -> Row:
        """The user wants the text to be followed, or shows one that is itself the wish."""
        task = self.written.fill("indirect/asked", random)
        wish = self._wish(random)
        if random.random() < 0.5:
            row = self.written.document(random, order=wish)[0]
            return Row(row.text, 0.0, "pair-asked", row.group, task)
        return Row(wish, 0.0, "pair-asked", f"pair-asked:{task}", task)

    def _wish(self, random: Random) -> str:
        if self.wishes and random.random() < 0.25:
            return random.choice(self.wishes)
        return self.written.fill("indirect/requests", random)


def pairs(written: Written, documents: Sequence[Row], wishes: dict[str, Sequence[str]]) -> Pairs:
    """Return the pairs of a split, with the documents and the kinds of wishes that belong to it."""
    mine = [row for row in documents if split_of(row.group) == written.split] or list(documents)
    kinds = [kind for kind in wishes if (split_of(f"wish:{kind}") == "train") == (written.split == "train")]
    return Pairs(written, mine, [wish for kind in kinds for wish in wishes[kind]])
