"""One small encoder that reads a text once and says what personal data, toxicity and injection is in it."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardrails.encoder.reading import EncoderSpan, Passage, Reading

if TYPE_CHECKING:
    from guardrails.encoder.encoder import Encoder
    from guardrails.encoder.manifest import EncoderError

WEIGHTS = Path(__file__).parent / "weights"
"""The weights that come with Parapet."""

__all__ = ["WEIGHTS", "Encoder", "EncoderError", "EncoderSpan", "Passage", "Reading"]

_LATER = {"Encoder": "guardrails.encoder.encoder", "EncoderError": "guardrails.encoder.manifest"}


def __getattr__(name: str) -> Any:
    """Load what needs numpy only when it is asked for: the proxy knows the labels, and never the encoder."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
