"""Finds words and phrases of a list, however long the list, in one pass and in any case."""

from collections.abc import Mapping
from typing import Any

import ahocorasick

from guardrails.normalising import NormalisedScanner, as_read, is_mark
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding, made

PARAMETERS = (
    Parameter(
        name="words", type="texts", default=(), help="Words or phrases, one per line; case is ignored."
    ),
    Parameter(
        name="whole_words",
        type="boolean",
        default=True,
        help="Find `art` in `modern art` but not in `party`.",
    ),
    Parameter(name="label", type="text", default="WORD", help="What a finding is called in events."),
    Parameter(
        name="normalise",
        type="boolean",
        default=True,
        help="See through invisible characters, wide and decorated letters, and lookalikes of other alphabets.",
    ),
)
MAX_LENGTH = 1_000


def build(parameters: Mapping[str, Any]) -> "WordsGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="words")
    fold = (lambda word: as_read(word).text) if values["normalise"] else str.casefold
    words = {fold(word.strip()) for word in values["words"]} - {""}
    if not words:
        raise PolicyError("a words guard needs at least one word in 'words'")
    if max(map(len, words)) > MAX_LENGTH:
        raise PolicyError(f"words guard: a phrase is longer than {MAX_LENGTH} characters; shorten it")
    label = "".join(c if c.isalnum() else "_" for c in values["label"].upper()).strip("_")
    return WordsGuard(
        dict.fromkeys(words, label or "WORD"),
        whole_words=values["whole_words"],
        is_normalising=values["normalise"],
    )


class WordsGuard:
    """An automaton over words, folded or normalised as the texts will be, each with what a finding of it is called."""

    def __init__(self, words: Mapping[str, str], *, whole_words: bool, is_normalising: bool) -> None:
        self.is_normalising = is_normalising
        self.whole_words = whole_words
        self.longest = max(map(len, words))
        self.beginnings = frozenset(word[0] for word in words)
        """The letters that words begin with."""
        self.automaton = ahocorasick.Automaton()
        for word, entity in words.items():
            self.automaton.add_word(word, (len(word), entity))
        self.automaton.make_automaton()

    def scanner(self) -> "WordsScanner | NormalisedScanner":
        """Return what follows one text through this guard."""
        return NormalisedScanner(WordsScanner(self), as_read) if self.is_normalising else WordsScanner(self)

    def is_clear(self, text: str) -> bool:
        """Tell whether none of the words stands in a whole text, not even inside others."""
        folded = as_read(text).text if self.is_normalising else text.casefold()
        return next(self.automaton.iter(folded), None) is None


class WordsScanner:
    """Finds the words in a text that may still be growing; what could become one of them is not settled."""

    __slots__ = ("_guard", "settled")

    def __init__(self, guard: WordsGuard) -> None:
        self._guard = guard
        self.settled = 0
        """Every finding that begins before this is known."""

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`, one settled character early."""
        folded, origin = (text, _identity) if self._guard.is_normalising else _folded(text)
        first = max(self.settled - base, 0)
        open_at = len(folded) if is_final else self._open_at(folded, origin, first)
        findings = []
        whole_words = self._guard.whole_words
        for last, (length, entity) in self._guard.automaton.iter(folded):
            start, end = last - length + 1, last + 1
            # Most of what is no whole word goes on with a letter or a digit of ASCII, or follows one.
            if whole_words and (
                (folded[last] in _PLAIN and folded[end : end + 1] in _PLAIN)
                or (folded[start] in _PLAIN and folded[start - 1 : start] in _PLAIN)
            ):
                continue
            place = origin(start)
            if place < first or start >= open_at or not _ends_a_letter(folded, end):
                continue
            if whole_words and not (_is_boundary(folded, start) and _is_boundary(folded, end)):
                continue
            findings.append(made((entity, base + place, base + origin(last) + 1, 1.0)))
        self.settled = base + (len(text) if open_at == len(folded) else origin(open_at))
        return findings

    def _open_at(self, folded: str, origin: Any, first: int) -> int:
        """Where the first word begins that the text ends in the middle of, or right after."""
        guard, length = self._guard, len(folded)
        begun = max(0, length - guard.longest)
        for start, letter in enumerate(folded[begun:], begun):
            if letter not in guard.beginnings or (guard.whole_words and not _is_boundary(folded, start)):
                continue
            # What is settled stays settled, even where the text kept of it could begin a word.
            if origin(start) >= first and guard.automaton.match(folded[start:]):
                return start
        return length


def _folded(text: str) -> tuple[str, Any]:
    """Return the case-folded text and a function from its offsets to those of the text."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded, _identity
    # Some characters fold to several: ß becomes ss.
    origins = [index for index, character in enumerate(text) for _ in character.casefold()]
    return folded, [*origins, len(text)].__getitem__


def _identity(offset: int) -> int:
    return offset


def _ends_a_letter(text: str, end: int) -> bool:
    """An `e` whose accent follows is another letter."""
    return end >= len(text) or not is_mark(text[end])


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def _is_boundary(text: str, at: int) -> bool:
    if at == 0 or at >= len(text):
        return True
    return not (_is_of_word(text[at - 1]) and _is_of_word(text[at]))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_" or is_mark(character)
