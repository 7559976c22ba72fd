"""Texts of other kinds than the templates, marked by hand, to judge the tagger on and never to train it."""

import re
from functools import cache
from importlib import resources

from guardrails.training.examples import Example
from guardrails.training.pii.draft import Part, finish

MARK = re.compile(r"\[\[([A-Z_]+):(.*?)\]\]", re.DOTALL)


@cache
def challenge() -> tuple[Example, ...]:
    """Return all texts of the challenge."""
    whole = (resources.files("guardrails.training.pii") / "challenge.txt").read_text(encoding="utf-8")
    texts = [text for text in whole.split("\n\n") if text.strip()]
    return tuple(_marked(text, index) for index, text in enumerate(texts))


def _marked(text: str, index: int) -> Example:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("## ")).replace("\\n", "\n")
    parts: list[Part] = []
    end = 0
    for match in MARK.finditer(lines):
        parts += [Part(lines[end : match.start()]), Part(match[2], match[1])]
        end = match.end()
    plain, spans = finish([*parts, Part(lines[end:])])
    return Example(text=plain, spans=spans, source="pii-challenge", group=f"challenge:{index}")
