"""Two answers side by side, with the words marked that only one of them has. Everything that comes out is escaped."""

import re
from difflib import SequenceMatcher
from html import escape

_WORD = re.compile(r"\S+|\s")
_MOST_WORDS = 1200
_ALIKE = 0.4
"""Answers that share less than this are different texts: marks on nearly everything would show nothing."""


def side_by_side(first: str, second: str) -> tuple[str, str]:
    """Return both texts as HTML; what differs stands in `<mark>` where the texts are alike enough to compare."""
    if first == second:
        return escape(first), escape(second)
    words, others = _WORD.findall(first), _WORD.findall(second)
    if len(words) + len(others) > _MOST_WORDS:
        return escape(first), escape(second)
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    if matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return escape(first), escape(second)
    left, right = [], []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        left.append(_marked("".join(words[start:end]), kind != "equal"))
        right.append(_marked("".join(others[other_start:other_end]), kind != "equal"))
    return "".join(left), "".join(right)


def _marked(text: str, differs: bool) -> str:
    if not differs or not text:
        return escape(text)
    return f"<mark>{escape(text)}</mark>"
