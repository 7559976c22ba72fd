"""Guards for what people and language models say to each other: text in, verdict out."""

from guardrails.documents import load_policy, policy_from
from guardrails.library import Guard
from guardrails.one_way import RedactionKeys, UnopenedError, opened, reveal
from guardrails.outcome import Blocked, Decision, Outcome, PlacedText
from guardrails.policy import GuardConfig, Policy, PolicyError, starter_guards
from guardrails.session import GuardSession
from guardrails.streaming import TextStream
from guardrails.verdict import ACTIONS, ALLOWED, PLACES, Action, Failure, Finding, Place, Verdict

__all__ = [
    "ACTIONS",
    "ALLOWED",
    "PLACES",
    "Action",
    "Blocked",
    "Decision",
    "Failure",
    "Finding",
    "Guard",
    "GuardConfig",
    "GuardSession",
    "Outcome",
    "Place",
    "PlacedText",
    "Policy",
    "PolicyError",
    "RedactionKeys",
    "TextStream",
    "UnopenedError",
    "Verdict",
    "load_policy",
    "opened",
    "policy_from",
    "reveal",
    "starter_guards",
]
