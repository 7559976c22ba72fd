"""A guard whose detector runs in the guard server: what the server is told, and what it is shown beside a text."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

from guardrails.local import SAID_BY_OTHERS, Conversation
from guardrails.segments import SENTENCES, Windows
from guardrails.verdict import Place

Beside = Literal["", "task", "context"]
"""What of the conversation a detector needs to see: nothing, what the user wants, or what an answer should rest on."""
APART = replace(SENTENCES, overlap=0)
"""Sentences without those before them: what is said of all that is shown must not be about what was shown before."""
LONGEST_TASK = 8_000
LONGEST_CONTEXT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedGuard:
    """One guard of a policy as the guard server is asked for it."""

    kind: str
    parameters: Mapping[str, Any]
    fingerprint: str
    windows: Windows = APART
    """How a text is cut for it."""
    reads_whole: bool = False
    """True for one that can say something only about a whole text."""
    needs: Beside = ""
    lane: str = ""
    """Guards of one lane are asked together; one that may be slow has a lane of its own."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """What each text is shown with."""
    entities: frozenset[str] | None = None
    """What its findings can be called; None when only its model knows."""

    def may_find(self, text: str) -> bool:
        """Any text may be one."""
        return bool(text.strip())

    def about(self, place: Place, conversation: Conversation) -> "DetectedGuard":
        """Return the guard as it looks at texts of this conversation."""
        if self.needs == "task" and place in SAID_BY_OTHERS and conversation.task:
            return replace(self, beside={"task": conversation.task[-LONGEST_TASK:]})
        if self.needs == "context" and conversation.context:
            return replace(self, beside={"context": conversation.context[-LONGEST_CONTEXT:]})
        return self


def fingerprint_of(kind: str, parameters: Mapping[str, Any]) -> str:
    """Return what tells two guards apart whose verdicts may differ."""
    told = orjson.dumps([kind, dict(parameters)], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(told, digest_size=16).hexdigest()


def detected(kind: str, parameters: Mapping[str, Any], **fields: Any) -> DetectedGuard:
    """Make the guard of a kind from the values of its parameters."""
    fingerprint = fingerprint_of(kind, parameters)
    if fields.pop("is_slow", False):
        fields["lane"] = fingerprint
    return DetectedGuard(kind=kind, parameters=parameters, fingerprint=fingerprint, **fields)
