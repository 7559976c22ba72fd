"""Finds letters that make no words: keyboards that were hit, noise, what an attack by random suffix leaves behind.

How unlikely each letter is after the one before it was counted in seven languages, over Civil Comments (CC0) and the prompts of
CyberSecEval in other languages (MIT). Text in another script than the Latin one is not judged.
"""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import getitem
from typing import Any

import re2

from guardrails.local import NOTHING_SAID, Conversation
from guardrails.normalising import as_skimmed
from guardrails.parameters import Parameter, read
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="threshold",
        type="number",
        default=4.0,
        help="How unlikely the letters must be on average: texts have about 2.8, random letters about 5.",
        least=2.5,
        most=8.0,
    ),
    Parameter(
        name="least_letters",
        type="number",
        default=30,
        help="Fewer letters together are not judged.",
        least=8,
        most=1_000,
    ),
)

_LETTERS = " abcdefghijklmnopqrstuvwxyz"
_SURPRISE = (
    "934333444355344435433354954"
    "245338557475332446233447755"
    "433781999279298369355369947"
    "329393992294487299373499979"
    "229951977299666299459479969"
    "145444656476332667234546566"
    "238982399198596299364395979"
    "246991954399484399255399979"
    "328991898299565399473597959"
    "345343438935442337423849894"
    "429953999893991399979399999"
    "138992855395484389333678976"
    "237742658257266376744466949"
    "224961989399937239856499969"
    "137432537385775479742567965"
    "275445447586332455334345877"
    "329782896399289249262499969"
    "499999999999599999999099999"
    "226542567295655366544466956"
    "147372874375647346932487958"
    "239692892299669387344496956"
    "345443457395432649233976577"
    "629991999399599299289559989"
    "228971892298794399557696969"
    "149393897399899719983499779"
    "155674988499766259724896989"
    "428793999199799599998366973"
)
"""For each letter, the space included, how unlikely each letter is after it: 0 to 9, four for every three bits."""
_COSTS = tuple(
    bytes(map(int, _SURPRISE[row * len(_LETTERS) : (row + 1) * len(_LETTERS)]))
    for row in range(len(_LETTERS))
)
_PLACES = bytes.maketrans(_LETTERS.encode(), bytes(range(len(_LETTERS))))
_ACRONYM = re.compile(r"\b[A-Z]{2,5}s?\b")
_RARE = 7
_TOKEN = re.compile(r"\S+")
_NO_WORD = re.compile(r"https?:|www\.|[^@/\\=<>{}_]*[@/\\=<>{}_]")
"""Addresses, paths and code: what a token begins like that is not made of words."""
_MARKS_OF_NO_WORD = ("@", "/", "\\", "=", "<", ">", "{", "}", "_", "http", "www.")
"""Without one of these in it a text has no such token."""
_WORDS = re.compile(r"(?<![^\W_])([a-z]+)(?![^\W_])")


def build(parameters: Mapping[str, Any]) -> "GibberishGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="gibberish")
    return GibberishGuard(float(values["threshold"]), int(values["least_letters"]))


@dataclass(frozen=True, slots=True)
class GibberishGuard:
    """How unlikely, and how many letters it takes to say so."""

    threshold: float
    least_letters: int
    reads_raw = False
    reads_text_alone = True

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the stretches of a text that are made of unlikely letters; the score grows with how unlikely."""
        # Capitals that stand for words: no letters to judge, whatever they are.
        seen = as_skimmed(_ACRONYM.sub(lambda found: "0" * len(found.group()), text))
        if _several_rare_pairs().search(seen.text.encode()) is None:
            return ()
        plain = seen.text
        if any(map(plain.__contains__, _MARKS_OF_NO_WORD)):
            plain = _TOKEN.sub(_words_only, plain)
        stretches: list[tuple[int, int, float]] = []
        was_last = False
        for start, end, surprise in self._pieces(plain):
            is_unlikely = surprise >= self.threshold
            if is_unlikely and was_last:
                start, _, before = stretches.pop()
                surprise = max(surprise, before)
            if is_unlikely:
                stretches.append((start, end, surprise))
            was_last = is_unlikely
        return [
            Finding(
                entity="GIBBERISH", start=seen.start(start), end=seen.end(end), score=round(surprise / 9, 3)
            )
            for start, end, surprise in stretches
        ]

    def _pieces(self, text: str) -> Iterator[tuple[int, int, float]]:
        """Yield pieces of some words each, and how unlikely a pair of letters in them is on average."""
        # What is no word, a word, what is no word, and so on: all of it in one call.
        parts = _WORDS.split(text)
        words, places = parts[1::2], list(accumulate(map(len, parts)))
        letters = f" {' '.join(words)} ".encode().translate(_PLACES)
        costs = bytes(map(getitem, map(_COSTS.__getitem__, letters), letters[1:]))
        reached = list(accumulate(len(word) + 1 for word in words))
        first, before = 0, 0
        while (last := bisect_left(reached, before + self.least_letters, first)) < len(words):
            after = reached[last]
            yield places[2 * first], places[2 * last + 1], sum(costs[before:after]) / (after - before)
            first, before = last + 1, after


def _words_only(token: re.Match[str]) -> str:
    said = token.group()
    return " " * len(said) if _NO_WORD.match(said) else said


@functools.cache
def _several_rare_pairs() -> Any:
    """Return what finds a few rare pairs close together, as all gibberish has them and hardly any other text."""
    rare = "|".join(
        f"{before}[{after}]"
        for before, costs in zip(_LETTERS[1:], _COSTS[1:], strict=True)
        if (
            after := "".join(
                each for each, cost in zip(_LETTERS, costs, strict=True) if each != " " and cost >= _RARE
            )
        )
    )
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(f"(?s:(?:(?:{rare}).{{0,8}}?){{3}})".encode(), options)
