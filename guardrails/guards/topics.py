"""Finds talk of topics and of competitors, by words in any of their forms."""

from collections.abc import Mapping
from typing import Any

from guardrails.guards.topic_words import OF_NAMES, TOPICS, forms, words_of
from guardrails.guards.words import MAX_LENGTH, WordsGuard
from guardrails.normalising import as_read
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError

PARAMETERS = (
    Parameter(
        name="topics",
        type="choices",
        default=(),
        help="Topics that come with the house, each a list of words in seven languages.",
        choices=tuple(TOPICS),
    ),
    Parameter(
        name="competitors",
        type="texts",
        default=(),
        help="Names that should not come up, one per line; also found with an ending, as in `Acme's` and `Acmes`.",
    ),
)


def build(parameters: Mapping[str, Any]) -> WordsGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="topics")
    known = {topic: topic for topic in TOPICS}
    chosen = choices(values["topics"], known, parameter="topics", kind="topics")
    names = [name.strip() for name in values["competitors"] if name.strip()]
    if not chosen and not names:
        raise PolicyError("a topics guard needs something to look for: choose topics, or name competitors")
    if any(len(name) > MAX_LENGTH for name in names):
        raise PolicyError(f"topics guard: a name is longer than {MAX_LENGTH} characters; shorten it")
    words: dict[str, str] = {}
    for topic in reversed(chosen):
        words |= dict.fromkeys(map(_read, words_of(topic)), topic.upper())
    for name in names:
        words |= dict.fromkeys((_read(form) for form in forms(name, OF_NAMES)), "COMPETITOR")
    return WordsGuard(words, whole_words=True, is_normalising=True)


def _read(word: str) -> str:
    return as_read(word).text
