"""One small encoder that reads a text once and says what personal data, toxicity and injection is in it."""

from pathlib import Path

from guardrails.encoder.encoder import Encoder
from guardrails.encoder.manifest import EncoderError
from guardrails.encoder.reading import EncoderSpan, Passage, Reading

WEIGHTS = Path(__file__).parent / "weights"
"""The weights that come with Parapet."""

__all__ = ["WEIGHTS", "Encoder", "EncoderError", "EncoderSpan", "Passage", "Reading"]
