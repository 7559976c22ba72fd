"""Finds answers in which a model declines to do what it was asked."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from guardrails.local import NOTHING_SAID, Conversation
from guardrails.normalising import as_skimmed
from guardrails.parameters import Parameter, read
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="within",
        type="number",
        default=300,
        help="How many characters from the start of an answer to look at: who refuses does so at once.",
        least=20,
        most=100_000,
    ),
)

_HELP = r"(?:help|assist|provide|do (?:that|this)|comply|fulfil\w*|create|generate|write|discuss|engage|answer|support|share|give|offer|participate|produce|continue|complete|process|recommend|encourage|condone|facilitate|carry out)"
_PHRASES = (
    # English
    r"\bi (?:m|am) (?:really |very |so |truly )?(?:sorry|afraid),? (?:but |that )?(?:i |we )?(?:can t|cannot|can not|won t|am (?:not able|unable)|m (?:not able|unable)|do not|don t|must decline)",
    rf"\b(?:i|we) (?:can t|cannot|can not|won t|will not|could not|couldn t|am not able to|m not able to|am unable to|m unable to|refuse to|must decline|have to decline|(?:am|m) not (?:comfortable|allowed|permitted|going to be able|going to)) ?(?:to |with )?(?:\w+ ){{0,2}}?{_HELP}\b",
    r"\bas an? (?:ai|artificial intelligence|language model|assistant|responsible)\b[^.!?]{0,60}\b(?:can t|cannot|unable|not able|don t|do not|won t)\b",
    r"\b(?:it (?:would be|is|s) (?:not appropriate|inappropriate|unethical|against my)|(?:that|this) (?:request )?(?:violates|goes against|is against)|against my (?:guidelines|programming|policies|principles))\b",
    # German
    r"\b(?:tut mir leid|entschuldig\w+|leider)\b[^.!?]{0,60}\b(?:kann|darf|konnen|mochte|werde)\b[^.!?]{0,60}\b(?:nicht|keine?n?)\b|\b(?:ich|wir|dabei|damit|das) (?:kann|konnen|darf|werde) (?:ich )?(?:\w+ ){0,5}?(?:nicht|keine?n?) (?:\w+ ){0,4}?(?:helfen|unterstutzen|beantworten|weiterhelfen|bereitstellen|erfullen|erstellen|schreiben|geben)\b",
    # French
    r"\b(?:desole\w*|navre\w*|regrette|malheureusement)\b[^.!?]{0,60}\b(?:ne (?:peux|puis|suis|pouvons)|impossible)\b|\bje ne (?:peux|puis|suis) pas (?:\w+ ){0,4}?(?:aider|fournir|repondre|assister|faire|ecrire|creer|en mesure|donner)\b",
    # Spanish
    r"\b(?:lo siento|lamento|lamentablemente|disculp\w+)\b[^.!?]{0,60}\bno (?:puedo|podemos|es posible)\b|\bno (?:puedo|podemos) (?:\w+ ){0,2}?(?:ayudar\w*|proporcionar\w*|responder\w*|asistir\w*|cumplir|hacer|escribir|dar\w*|crear)\b",
    # Italian
    r"\b(?:mi dispiace|spiacente|purtroppo)\b[^.!?]{0,60}\bnon (?:posso|possiamo|sono in grado|e possibile)\b|\bnon (?:posso|possiamo|sono in grado di) (?:\w+ ){0,2}?(?:aiutar\w*|fornir\w*|risponder\w*|assister\w*|far\w*|scriver\w*|creare|dar\w*)\b",
    # Dutch
    r"\b(?:het spijt me|sorry|helaas)\b[^.!?]{0,60}\b(?:kan|mag|kunnen) (?:ik |we |wij )?[^.!?]{0,40}\b(?:niet|geen)\b|\bik (?:kan|mag) (?:\w+ ){0,4}?(?:niet|geen) (?:\w+ ){0,4}?(?:helpen|geven|beantwoorden|verstrekken|schrijven|maken)\b",
    # Portuguese
    r"\b(?:desculp\w+|lamento|sinto muito|infelizmente)\b[^.!?]{0,60}\bnao (?:posso|podemos|consigo|e possivel)\b|\bnao (?:posso|podemos|consigo) (?:\w+ ){0,2}?(?:ajudar\w*|fornecer\w*|responder\w*|auxiliar\w*|fazer|escrever|dar\w*|criar)\b",
)  # fmt: skip


def build(parameters: Mapping[str, Any]) -> "RefusalGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="refusal")
    return RefusalGuard(within=int(values["within"]))


@dataclass(frozen=True, slots=True)
class RefusalGuard:
    """The phrases of refusal, and how far into an answer they count."""

    within: int
    reads_raw = False
    reads_text_alone = True

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return where the first phrase of refusal stands."""
        seen = as_skimmed(text[: self.within])
        # Every mark between words is one space, so that `can't` is the same with any apostrophe.
        data = seen.text.translate(_APOSTROPHES).encode()
        found = _expression().search(data)
        if found is None:
            return ()
        start, end = (len(data[:at].decode(errors="ignore")) for at in found.span())
        return [Finding(entity="REFUSAL", start=seen.start(start), end=seen.end(end))]


_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼ-\n\t\xa0"), " ")


@functools.cache
def _expression() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile("|".join(_PHRASES).encode(), options)
