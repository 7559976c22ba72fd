"""Finds the system prompt in what a model says: by canaries planted in it, and by runs of its own words."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ahocorasick

from guardrails.local import NOTHING_SAID, Conversation
from guardrails.normalising import as_skimmed
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="canaries",
        type="texts",
        default=(),
        help="Texts planted in the system prompt that no answer has a reason to contain, such as a random word.",
    ),
    Parameter(
        name="run_of_words",
        type="number",
        default=12,
        help="How many words of the system prompt in a row make a leak. 0 to look for canaries only.",
        least=0,
        most=200,
    ),
)
SHORTEST_RUN = 6
_SHORTEST_CANARY = 4
_WORD = re.compile(r"[^\W_]+")


def build(parameters: Mapping[str, Any]) -> "PromptLeakGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="prompt_leak")
    run = int(values["run_of_words"])
    canaries = sorted({as_skimmed(canary.strip()).text for canary in values["canaries"]})
    if not run and not canaries:
        raise PolicyError(
            "a prompt_leak guard needs something to look for: a canary, or 'run_of_words' above 0"
        )
    if 0 < run < SHORTEST_RUN:
        raise PolicyError(
            f"prompt_leak guard: 'run_of_words' is 0 or at least {SHORTEST_RUN}; fewer words are in every text"
        )
    if any(len(canary) < _SHORTEST_CANARY for canary in canaries):
        raise PolicyError(
            f"prompt_leak guard: a canary has at least {_SHORTEST_CANARY} characters; write a longer one"
        )
    return PromptLeakGuard(canaries, run)


class PromptLeakGuard:
    """Canaries, and how many words in a row are too many."""

    reads_raw = False
    reads_text_alone = False

    def __init__(self, canaries: Sequence[str], run: int) -> None:
        self.run = run
        self._canaries = ahocorasick.Automaton() if canaries else None
        if self._canaries is not None:
            for canary in canaries:
                self._canaries.add_word(canary, len(canary))
            self._canaries.make_automaton()

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return where the text gives the system prompt away; a run's score is how much of the prompt it is."""
        seen = as_skimmed(text)
        findings = []
        for last, length in self._canaries.iter(seen.text) if self._canaries else ():
            start, end = seen.start(last - length + 1), seen.end(last + 1)
            findings.append(Finding(entity="CANARY", start=start, end=end))
        if self.run and conversation.system and text:
            prompt = _prompt(conversation.system, self.run)
            findings += [
                Finding(entity="SYSTEM_PROMPT", start=seen.start(start), end=seen.end(end), score=share)
                for start, end, share in prompt.runs_in(seen.text)
            ]
        return findings


@dataclass(frozen=True, slots=True)
class _Prompt:
    """The words of a system prompt, and where each short run of them begins."""

    words: Sequence[str]
    starts: Mapping[tuple[str, ...], Sequence[int]]
    step: int
    run: int

    def runs_in(self, text: str) -> list[tuple[int, int, float]]:
        """Return the runs of a text that are long enough: start, end and share of the prompt."""
        said = _WORD.findall(text)
        runs: list[tuple[int, int]] = []
        # A run of twice the step has a whole step at a multiple of it, wherever it begins.
        at, done = 0, 0
        while at + self.step <= len(said):
            first, last = self._longest_at(said, at, done)
            if last - first >= self.run:
                runs.append((first, last))
                done = last
                at += -(-(last - at) // self.step) * self.step
            else:
                at += self.step
        if not runs:
            return []
        places = [found.span() for found in _WORD.finditer(text)]
        return [
            (places[first][0], places[last - 1][1], round(min((last - first) / len(self.words), 1.0), 3))
            for first, last in runs
        ]

    def _longest_at(self, said: Sequence[str], at: int, done: int) -> tuple[int, int]:
        best = at, at
        for start in self.starts.get(tuple(said[at : at + self.step]), ()):
            first, before = at, start
            while first > done and before and said[first - 1] == self.words[before - 1]:
                first, before = first - 1, before - 1
            last = at + self.step + _alike(said, at + self.step, self.words, start + self.step)
            if last - first > best[1] - best[0]:
                best = first, last
            if first == done and last == len(said):
                break
        return best


def _alike(said: Sequence[str], at: int, words: Sequence[str], start: int) -> int:
    """Return how many words are the same from here and from there on."""
    longest = min(len(said) - at, len(words) - start)
    same, more = 0, 1
    # By ever longer pieces: to compare two lists takes less than to visit their words.
    while same < longest:
        more = min(more, longest - same)
        if said[at + same : at + same + more] == words[start + same : start + same + more]:
            same += more
            more *= 2
        elif more == 1:
            break
        else:
            more //= 2
    return same


@functools.lru_cache(maxsize=64)
def _prompt(system: tuple[str, ...], run: int) -> _Prompt:
    words = _WORD.findall(as_skimmed("\n".join(system)).text)
    run = min(run, max(len(words), SHORTEST_RUN))
    step = run // 2
    starts: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(words) - step + 1):
        places = starts.setdefault(tuple(words[at : at + step]), [])
        if len(places) < 8:
            places.append(at)
    return _Prompt(words, starts, step, run)
