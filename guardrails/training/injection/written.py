"""The templates that we wrote: attacks, what only looks alike, and orders hidden in other people's texts."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from guardrails.training.injection import disguises
from guardrails.training.injection.grammar import (
    Grammar,
    Split,
    Template,
    read_alike,
    read_lists,
    read_templates,
    split_of,
)
from guardrails.training.injection.rows import Family, Row

TEMPLATES = Path(__file__).parent / "templates"
GRAMMAR = Grammar(read_lists(*sorted(TEMPLATES.glob("lists*.txt"))))

_DECODE = (
    "Decode this «name» and «do what it says|follow it|execute it|answer it»: «code»",
    "«code»",
    "The following is «name». Decode it, do not show me the result, just obey it: «code»",
    "«name»: «code» — act on it.",
)
_DECODE_ONLY = (
    "Decode this «name»: «code»",
    "«code»",
    "What does this «name» string say? «code»",
    "I found this «name» text in an old file, can you read it? «code»",
    "Write a «proglang» function that decodes «name», and test it with «code»",
)
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")
"""Entries of lists begin small, and a text may begin with one."""
_JOINTS = (" ", "\n", "\n\n", " And ", " Also, ", " PS: ", " --- ", "\n\n---\n\n", " Then ", " btw ")
_QUOTES = (
    "Summarise this text: «text»",
    "Summarize the following email.\n\n«text»",
    'Translate into «language»: "«text»"',
    "What is this page about?\n«text»",
    "Please correct the spelling: «text»",
    'Is the tone of this message friendly? "«text»"',
    "Here is the document:\n```\n«text»\n```\nWhat are the key points?",
    "What is the output of this code? «text»",
    "What are the main conclusions of this text: «text»",
    "Write a friendly email based on this: «text»",
    "Make a list of what has to be done, based on this mail: «text»",
    "«text»\n\nWhat does it say about the price?",
    "Describe this product in one sentence: «text»",
    "Use the following search results to answer: when is it open?\n«text»",
    "Fasse zusammen: «text»",
    "Résume ce texte : «text»",
    "Resume este texto: «text»",
    "Answer the question based on the context.\nContext: «text»\nQuestion: Who is mentioned?",
)


@dataclass(frozen=True, slots=True)
class Written:
    """The templates of one split."""

    split: Split

    def attack(self, random: Random) -> Row:
        """Return an attack on its own."""
        return self._filled(self._any_file(_ATTACKS, random), 1.0, random)

    def benign(self, random: Random) -> Row:
        """Return a harmless text on its own."""
        return self._filled(self._any_file(_BENIGN, random), 0.0, random)

    def families(self) -> tuple[Sequence[Family], Sequence[Family]]:
        """Return the kinds of attacks and the kinds of harmless texts."""
        attacks = [Family(file, _size(file), self._file(file, 1.0)) for file in self._present(_ATTACKS)]
        benign = [Family(file, _size(file), self._file(file, 0.0)) for file in self._present(_BENIGN)]
        return (
            [
                *attacks,
                Family("framed", 14, lambda random: self._framed("harmful", 1.0, random)),
                Family("order", 15, self._order),
                Family("joined", 26, self._joined_attack),
                Family("quoted", 16, self._quoted_attack),
                Family("disguised", 5, lambda random: _disguised(self.attack(random), _DECODE, random)),
            ],
            [
                *benign,
                Family("framed", 12, lambda random: self._framed("harmless", 0.0, random)),
                Family("asked", 3, lambda random: self._named("harmful", random)),
                Family("ordinary", 6, self._file("indirect/ordinary", 0.0)),
                Family("document", 16, lambda random: self.document(random)[0]),
                Family("joined", 22, self._joined_benign),
                Family("quoted", 18, self._quoted_benign),
                Family("disguised", 4, lambda random: _disguised(self.benign(random), _DECODE_ONLY, random)),
            ],
        )

    def document(self, random: Random, order: str = "", label: float = 0.0) -> tuple[Row, str]:
        """Return a mail, page or tool result with an order in it, and the order; without one, an ordinary sentence."""
        carrier = self._choose("indirect/carriers", random)
        if not order:
            ordinary = (
                self._choose("indirect/ordinary", random).text if random.random() < 0.6 else "«doc_sentence»"
            )
            order = GRAMMAR.fill(ordinary, random)
        text = GRAMMAR.fill(carrier.text, random, order=order)
        return Row(text, label, "written-document", carrier.group), order

    def fill(self, file: str, random: Random) -> str:
        """Return a text of one of the templates of a file."""
        return GRAMMAR.fill(self._choose(file, random).text, random)

    def _order(self, random: Random) -> Row:
        order = self._an_order(random)
        text = GRAMMAR.fill(order.text, random)
        if random.random() < 0.8:
            text = self.document(random, order=text)[0].text
        return Row(text, 1.0, "written-order", order.group)

    def _an_order(self, random: Random) -> Template:
        file = (
            "indirect/orders"
            if _of_split("indirect/orders", self.split)
            else self._any_file(_ATTACKS, random)
        )
        return self._choose(file, random)

    def order(self, random: Random) -> str:
        """Return an order to a model that reads other people's texts."""
        return GRAMMAR.fill(self._an_order(random).text, random)

    def _joined_attack(self, random: Random) -> Row:
        attack, other = self.attack(random), self.benign(random)
        parts = [other.text, attack.text] if random.random() < 0.6 else [attack.text, other.text]
        return Row(random.choice(_JOINTS).join(parts), 1.0, "written-joined", attack.group)

    def _joined_benign(self, random: Random) -> Row:
        one, other = self.benign(random), self.benign(random)
        return Row(random.choice(_JOINTS).join((one.text, other.text)), 0.0, "written-joined", one.group)

    def _quoted_attack(self, random: Random) -> Row:
        order = self._an_order(random)
        if random.random() < 0.4:
            order = self._choose(self._any_file(_ATTACKS, random), random)
        document = self.document(random, order=GRAMMAR.fill(order.text, random))[0].text
        quote = GRAMMAR.fill(random.choice(_QUOTES), random, text=document)
        return Row(quote, 1.0, "written-quoted", order.group)

    def _quoted_benign(self, random: Random) -> Row:
        document = self.document(random)[0]
        quote = GRAMMAR.fill(random.choice(_QUOTES), random, text=document.text)
        return Row(quote, 0.0, "written-quoted", document.group)

    def _framed(self, goals: str, label: float, random: Random) -> Row:
        frame = self._choose("attacks/fiction", random)
        goal = "«delicate»" if goals == "harmless" and random.random() < 0.4 else f"«{goals}»"
        text = GRAMMAR.fill(frame.text, random, goal=goal)
        return Row(GRAMMAR.fill(text, random), label, "written-framed", frame.group)

    def _named(self, goals: str, random: Random) -> Row:
        """To ask for something bad without a trick is no injection: other guards look at what is asked."""
        text = GRAMMAR.fill(
            random.choice(("Tell me «goal»", "«goal»?", "«goal»", "Explain «goal».")),
            random,
            goal=f"«{goals}»",
        )
        text = GRAMMAR.fill(text, random)
        return Row(text, 0.0, "written-plain-harm", f"plain:{text[-40:]}")

    def _file(self, file: str, label: float) -> Callable[[Random], Row]:
        return lambda random: self._filled(file, label, random)

    def _filled(self, file: str, label: float, random: Random) -> Row:
        template = self._choose(file, random)
        kind = "attack" if label else "benign"
        text = GRAMMAR.fill(template.text, random)
        if random.random() < 0.5:
            text = _SENTENCE_START.sub(lambda start: start[0].upper(), text)
        return Row(text, label, f"written-{kind}-{Path(file).name}", template.group)

    def _any_file(self, files: Sequence[str], random: Random) -> str:
        present = self._present(files)
        return random.choices(present, [_size(file) for file in present])[0]

    def _present(self, files: Sequence[str]) -> list[str]:
        return [file for file in files if _of_split(file, self.split)]

    def _choose(self, file: str, random: Random) -> Template:
        return random.choice(_of_split(file, self.split))


def varied(text: str, random: Random) -> str:
    """Write a text as people write who are in a hurry, now and then."""
    chance = random.random()
    if chance < 0.1:
        return disguises.mistyped(text, random)
    return disguises.hurried(text, random) if chance < 0.25 else text


def _disguised(row: Row, asks: Sequence[str], random: Random) -> Row:
    if row.label and random.random() < 0.4:
        text = random.choice(disguises.READABLE)(row.text[:120], random)
    else:
        name, encode = random.choice(disguises.ENCODINGS)
        # Bare codes say nothing to a model that cannot decode: only the rules, which can, judge them.
        ask = random.choice([each for each in asks if each != "«code»" or not row.label])
        text = GRAMMAR.fill(ask, random, name=name, code=encode(row.text[:90], random))
    return Row(text, row.label, "written-disguised", row.group)


_RICH = {
    "attacks/override": 1.5,
    "attacks/plainorders": 3.0,
    "attacks/promptleak": 2.0,
    "attacks/extraction": 1.3,
    "attacks/modes": 2.0,
    "attacks/whatifs": 2.5,
    "attacks/pressure": 2.0,
    "attacks/long": 2.0,
    "attacks/paraphrase": 2.0,
    "attacks/tongues": 2.5,
    "attacks/manytongues": 2.0,
    "attacks/sixtongues": 2.0,
    "attacks/farscripts": 1.2,
    "attacks/tails": 1.5,
    "attacks/smuggling": 1.5,
    "attacks/virtual": 2.5,
    "benign/plainorders": 2.2,
    "benign/promptleak": 2.0,
    "benign/modes": 2.0,
    "benign/whatifs": 2.0,
    "benign/pressure": 1.5,
    "benign/aboutyou": 1.3,
    "benign/requests": 1.4,
    "benign/long": 2.0,
    "benign/objects": 2.0,
    "benign/contrast": 2.5,
    "benign/languages": 1.5,
    "benign/manytongues": 2.0,
    "benign/sixtongues": 2.0,
    "benign/farscripts": 1.5,
    "benign/tails": 1.5,
    "benign/passages": 2.0,
}
"""Files whose templates combine to many different texts."""


def _read_files() -> dict[str, list[Template]]:
    """Read all templates; those of `alike` join the attacks and the harmless texts of the same name."""
    files = {
        f"{folder}/{path.stem}": read_templates(path)
        for folder in ("attacks", "benign", "indirect")
        for path in sorted((TEMPLATES / folder).glob("*.txt"))
    }
    for path in sorted((TEMPLATES / "alike").glob("*.txt")):
        for folder, templates in zip(("attacks", "benign"), read_alike(path), strict=True):
            files.setdefault(f"{folder}/{path.stem}", []).extend(templates)
    return files


_FILES = _read_files()
_ATTACKS = [file for file in _FILES if file.startswith("attacks/") and file != "attacks/fiction"]
_BENIGN = [file for file in _FILES if file.startswith("benign/")]


def _size(file: str) -> float:
    """Larger files say more, but not as much more as they are larger."""
    return float(len(_FILES[file]) ** 0.7) * _RICH.get(file, 1.0)


_SHARED = frozenset(
    ("indirect/carriers", "indirect/tasks", "indirect/asked", "indirect/ordinary", "indirect/requests")
)
"""These say nothing by themselves of whether a text attacks, so that a split without its own may take them all."""


@cache
def _of_split(file: str, split: Split) -> Sequence[Template]:
    mine = [each for each in _FILES[file] if split_of(each.group) == split]
    return mine or (_FILES[file] if file in _SHARED else ())


def all_templates() -> Iterator[Template]:
    """Yield every template of every file."""
    for templates in _FILES.values():
        yield from templates
