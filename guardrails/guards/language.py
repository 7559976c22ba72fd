"""Tells in which language a text is written, by its smallest words, and finds texts in one that is not expected."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.local import NOTHING_SAID, Conversation
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding

_SMALL_WORDS = {
    "en": "the of and to in is that it was for on are with as be at this have from or had by but not what were when your can said there an each which she how their if will up about out them then these so some her would make like him into has two more go no way could my than been who its now did get come may you we they he do does",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei wenn ich du wir ihr kann kein keine mein dein bitte was warum",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son comme mais nous vous je tu elle cette ces aux leur être avoir fait tout on si sa ses leurs été où même aussi donc quel quelle c'est d'un l'on j'ai qu'il mon ton votre notre",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro cuál cómo es son está",
    "it": "di che e la il un a per è una in del i non le si da con dei lo gli come al della ma nel alla sono delle ha più o questo anche se su ci ho mi ai dal tra suo sua loro essere questa dove quando ancora molto nella ed fra cui chi perché ne io tu lui lei noi voi quale cosa fare puoi",
    "nl": "de het een en van ik te dat die in is je niet zijn op aan met als voor had er maar om hem dan of wat mijn men dit zo door over ze zich bij ook tot uit kunnen daar naar heb hoe heeft hebben worden deze moet wordt nog zal mij zou wel jij wij jullie geen kan waar waarom welke onze",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você essa num nem suas meu às minha numa pelos qual são",
}  # fmt: skip
LANGUAGES = tuple(_SMALL_WORDS)
UNKNOWN = "unknown"
OTHER_SCRIPT = "other"

PARAMETERS = (
    Parameter(
        name="expected",
        type="choices",
        default=("en",),
        help="Languages in which texts may be written.",
        choices=LANGUAGES,
    ),
    Parameter(
        name="other_scripts",
        type="boolean",
        default=True,
        help="A text mostly in other letters than Latin ones is a finding, too.",
    ),
    Parameter(
        name="least_words",
        type="number",
        default=6,
        help="Shorter texts are of unknown language, and no finding.",
        least=1,
        most=1_000,
    ),
)

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_LATIN = re.compile(
    r"[\u0370-\u1dff\u1f00-\u1fff\u2e80-\ua6ff\ua840-\ud7ff\uf900-\ufaff\ufb1d-\ufeff\U00020000-\U0003ffff]"
)
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_LOOKED_AT = 8_000
"""Characters of a long text that are enough."""


def _weights() -> Mapping[str, Mapping[str, float]]:
    spread = Counter(word for words in _SMALL_WORDS.values() for word in set(words.split()))
    weights: dict[str, dict[str, float]] = {}
    for language, words in _SMALL_WORDS.items():
        for word in words.split():
            # A word of two languages says half as much for either.
            weights.setdefault(word, {})[language] = 1 / spread[word]
    return weights


_WEIGHTS = _weights()


def build(parameters: Mapping[str, Any]) -> "LanguageGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="language")
    known = {language: language for language in LANGUAGES}
    expected = frozenset(choices(values["expected"], known, parameter="expected", kind="language"))
    if not expected:
        raise PolicyError("a language guard needs at least one language in 'expected'")
    return LanguageGuard(expected, values["other_scripts"], int(values["least_words"]))


def language_of(text: str, *, least_words: int = 6) -> tuple[str, float]:
    """Return the language of a text, or `unknown` or `other`, and how sure that is from 0 to 1."""
    prose = _CODE.sub(" ", text[:_LOOKED_AT])
    others = 0 if prose.isascii() else len(_NOT_LATIN.findall(prose))
    letters = len(_LETTER.findall(prose)) if others else 0
    if others > letters / 2:
        return (OTHER_SCRIPT, round(others / letters, 3)) if letters > 3 else (UNKNOWN, 0.0)
    words = _WORD.findall(prose.lower().replace("’", "'"))
    if len(words) < least_words:
        return UNKNOWN, 0.0
    votes: dict[str, float] = dict.fromkeys(LANGUAGES, 0.0)
    for word in words:
        for language, weight in _WEIGHTS.get(word, {}).items():
            votes[language] += weight
    (best, most), (_, next_most) = sorted(votes.items(), key=lambda each: -each[1])[:2]
    is_clear = most >= max(1.5, 0.1 * len(words)) and most >= 1.4 * next_most
    return (best, round(most / (most + next_most), 3)) if is_clear else (UNKNOWN, 0.0)


@dataclass(frozen=True, slots=True)
class LanguageGuard:
    """The languages that are expected."""

    expected: frozenset[str]
    other_scripts: bool
    least_words: int
    reads_raw = False
    reads_text_alone = True

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the whole text if it is surely in a language that is not expected."""
        language, score = language_of(text, least_words=self.least_words)
        if language == UNKNOWN or language in self.expected:
            return ()
        if language == OTHER_SCRIPT and not self.other_scripts:
            return ()
        entity = "OTHER_SCRIPT" if language == OTHER_SCRIPT else f"LANGUAGE_{language.upper()}"
        return [Finding(entity=entity, start=0, end=len(text), score=score)]
