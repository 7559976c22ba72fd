"""Two more sources that nothing is learned from, judged apart from the eight that give the card its headline.

Attacks of CyberSecEval in sixteen other languages show what becomes of tongues that the vocabulary hardly knows; wishes for
code in mails, beside what the user asked about the mail, show what becomes of pairs whose wishes and documents are both new.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from guardrails.training.examples import Example
from guardrails.training.injection import public
from guardrails.training.injection.rows import Row

TRANSLATED = "cyberseceval-translated"
PAIRS = "bipia-pairs"
_LONGEST = 750
_EACH = 3


def judged_besides(data: Path) -> Iterator[Example]:
    """Yield the texts of both sources, with the language or the kind of wish as their group."""
    for row in (*_translated(data), *_pairs(data)):
        yield row.as_example()


def _translated(data: Path) -> Iterator[Row]:
    """Yield attacks that a machine translated; of long ones the end, which attacks."""
    path = data / "injection/purplellama/prompt_injection_multilingual_machine_translated.json"
    for row in json.loads(path.read_text(encoding="utf-8")):
        if public.is_told_by_its_words(row, numbered=False):
            group = f"{TRANSLATED}:{row['speaking_language']}"
            yield Row(row["user_input"][-_LONGEST:], 1.0, TRANSLATED, group)


def _pairs(data: Path) -> Iterator[Row]:
    """Yield every mail beside its question: as it is, and with a few wishes at its beginning, in it and at its end."""
    kinds = json.loads((data / "injection/bipia/code_attack_train.json").read_text(encoding="utf-8"))
    wishes = [
        (kind, text)
        for number in range(_EACH)
        for kind, texts in kinds.items()
        for text in texts[number : number + 1]
    ]
    for place, (question, mail) in enumerate(public.mails(data)):
        yield Row(mail, 0.0, PAIRS, f"{PAIRS}:none", question)
        lines = mail.split("\n")
        for number, at in enumerate((0, len(lines) // 2, len(lines))):
            kind, wish = wishes[(place * _EACH + number) % len(wishes)]
            yield Row("\n".join([*lines[:at], wish, *lines[at:]]), 1.0, PAIRS, f"{PAIRS}:{kind}", question)
