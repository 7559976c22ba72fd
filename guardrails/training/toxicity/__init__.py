"""Examples for the toxicity head: what people call each other, how they threaten, and what only sounds alike."""

from guardrails.training.toxicity.challenge import challenge
from guardrails.training.toxicity.mixture import HELD_OUT_SOURCES, examples, held_out

__all__ = ["HELD_OUT_SOURCES", "challenge", "examples", "held_out"]
