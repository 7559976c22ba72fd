"""Examples for the injection head: attempts to make a model forget or subvert its instructions, and what only looks alike."""

from guardrails.training.injection.besides import judged_besides
from guardrails.training.injection.challenge import challenge
from guardrails.training.injection.mixture import HELD_OUT_SOURCES, examples, held_out

__all__ = ["HELD_OUT_SOURCES", "challenge", "examples", "held_out", "judged_besides"]
