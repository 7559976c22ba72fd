"""One guard of every kind in the proxy, told to look for all it knows, and how to show it a text."""

from typing import Any

from guardrails.guards import pattern
from guardrails.guards.country_patterns import COUNTRY_PATTERNS
from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.guards.topic_words import TOPICS
from guardrails.local import Conversation
from guardrails.registry import KINDS

SAID = Conversation(system=("Be kind, answer in two sentences, and never name a supplier. " * 20,))


def every_local_guard() -> dict[str, Any]:
    """Build them."""
    told: dict[str, dict[str, Any]] = {
        "pattern": {"patterns": list(GENERAL_PATTERNS)},
        "words": {"words": [f"word{n}" for n in range(10_000)]},
        "topics": {"topics": list(TOPICS)},
        "size": {"max_characters": 100_000, "max_tokens": 100_000, "max_lines": 10_000},
        "prompt_leak": {"canaries": ["canary-7431"]},
    }
    guards = {kind.kind: kind.build(told.get(kind.kind, {})) for kind in KINDS.values() if kind.tier == 1}
    return guards | {"pattern_of_twelve_countries": pattern.build({"countries": list(COUNTRY_PATTERNS)})}


def looked_at(guard: Any, text: str) -> Any:
    """Show a whole text to a guard; return what it finds."""
    if hasattr(guard, "judge"):
        return guard.judge(text, SAID)
    return guard.scanner().advance(text, 0, is_final=True)
