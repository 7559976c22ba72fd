"""Finds what is said to make a model forget its task: prompt injection and jailbreaks, by their phrases.

Rules see what has been seen before. They are cheap, they explain themselves, and alone they are weak: see the guide for how
much they find. So a new guard of this kind flags.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ahocorasick
import re2

from guardrails.decoding import unpacked
from guardrails.guards.injection_languages import RULES
from guardrails.guards.injection_rules import Rule
from guardrails.local import NOTHING_SAID, Conversation
from guardrails.normalising import Normalised, as_skimmed
from guardrails.parameters import Parameter, read
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="threshold",
        type="number",
        default=0.5,
        help="How sure the rules must be, from 0 to 1. A plain order to ignore all instructions has about 0.7.",
        least=0.05,
        most=1.0,
    ),
    Parameter(
        name="decode",
        type="boolean",
        default=True,
        help="Also read what is hidden in base64, hexadecimal, URL escapes, rot13, tag characters, spaced or swapped letters.",
    ),
)
_DISGUISED = 0.25
"""What it adds when a suspicious phrase was hidden."""


def build(parameters: Mapping[str, Any]) -> "InjectionGuard":
    """Build the guard that a policy describes."""
    return InjectionGuard(**read(PARAMETERS, parameters, kind="injection"))


@dataclass(frozen=True, slots=True)
class InjectionGuard:
    """Adds up what the phrases of a text weigh."""

    threshold: float
    decode: bool
    reads_raw = False
    reads_text_alone = True

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the phrases of a text that together weigh enough, each with the score of all; else nothing."""
        found: dict[Rule, tuple[int, int]] = {}
        seen = as_skimmed(text)
        said = _words_said(seen.text)
        for rule, start, end in _hits(seen, said):
            found[rule] = seen.start(start), seen.end(end)
        for hidden in unpacked(text) if self.decode else ():
            inside = as_skimmed(hidden.text)
            words = _words_said(inside.text)
            if hidden.is_in_place and not words & ~said:
                continue
            for rule, start, end in _hits(inside, words):
                place = hidden.start, hidden.end
                if hidden.is_in_place:
                    place = inside.start(start), inside.end(end)
                if found.setdefault(rule, place) is place:
                    found.setdefault(_HIDDEN, place)
        score = _together(rule.weight for rule in found)
        if score < self.threshold:
            return ()
        return [
            Finding(entity=rule.entity, start=start, end=end, score=round(score, 3))
            for rule, (start, end) in sorted(found.items(), key=lambda each: each[1])
        ]


_HIDDEN = Rule("HIDDEN_TEXT", _DISGUISED, "")


def _together(weights: Iterator[float]) -> float:
    doubt = 1.0
    for weight in weights:
        doubt *= 1 - weight
    return 1 - doubt


def _words_said(text: str) -> int:
    """Return which of the words that phrases need are in a text, one bit for each above the lowest."""
    said = 1
    for _, bit in _expressions()[0].iter(text):
        said |= bit
    return said


def _hits(seen: Normalised, said: int) -> Iterator[tuple[Rule, int, int]]:
    """Yield the rules whose phrase is in a normalised text, and where."""
    text, data = seen.text, b""
    for rule, needs, more, expression in _expressions()[1]:
        if said & needs and said & more:
            data = data or text.encode()
            found = expression.search(data)
            if found is not None:
                start, end = found.span()
                if len(data) != len(text):
                    start, end = (len(data[:at].decode(errors="ignore")) for at in (start, end))
                yield rule, start, end


@functools.cache
def _expressions() -> tuple[Any, Sequence[tuple[Rule, int, int, Any]]]:
    """Return what finds the words that phrases need, and for each rule those and its expression."""
    options = re2.Options()
    options.log_errors = False
    # Byte by byte: the phrases are ASCII, and what is not stands between words.
    options.encoding = re2.Options.Encoding.LATIN1
    lists = [[_usable(each) for each in rule.needs] for rule in RULES]
    stems = sorted({stem for needs in lists for stems in needs for stem in stems})
    bits = {stem: 2 << number for number, stem in enumerate(stems)}
    automaton = ahocorasick.Automaton()
    for stem, bit in bits.items():
        automaton.add_word(stem, bit)
    automaton.make_automaton()
    rules = []
    for rule, needs in zip(RULES, lists, strict=True):
        first, second, *_ = (*(sum(bits[stem] for stem in each) or -1 for each in needs), -1, -1)
        rules.append((rule, first, second, re2.compile(rule.regex.encode(), options)))
    return automaton, rules


def _usable(needs: str) -> frozenset[str]:
    """A list with words of one or two letters is in every text, and finding them all takes longer than the phrase."""
    stems = frozenset(needs.split())
    return stems if min(map(len, stems)) > 2 else frozenset()
