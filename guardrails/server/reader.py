"""The encoder as the detectors of one process use it: loaded once, and every text read once for all of them."""

import math
from collections.abc import Sequence
from pathlib import Path

from guardrails.encoder import Encoder, EncoderError
from guardrails.encoder.manifest import MANIFEST
from guardrails.encoder.reading import Passage, Reading

WARM_UP = (
    Passage("Hello."),
    Passage("Is this a longer text? " * 60),
    Passage("Done.", "What does the page say?"),
)


class NoModelError(RuntimeError):
    """A guard needs a model that is not here."""


class Reader:
    """Reads passages; what was read since `begin` is remembered."""

    def __init__(self, weights: Path, *, threads: int = 1, device: str = "cpu") -> None:
        self._weights = weights
        self._threads = threads
        self._device = device
        self._encoder: Encoder | None = None
        self._problem = ""
        self._readings: dict[Passage, Reading] = {}

    @property
    def is_there(self) -> bool:
        """True when there are weights to load."""
        return (self._weights / MANIFEST).is_file()

    @property
    def is_loaded(self) -> bool:
        """True once the encoder can read."""
        return self._encoder is not None

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded on the first call. Raises NoModelError."""
        if self._encoder is None:
            if not self.is_there:
                raise NoModelError(
                    f"the encoder's weights are not in {self._weights}: fetch them with `parapet models fetch`, or name "
                    "their folder in PARAPET_GUARD_WEIGHTS"
                )
            if self._problem:
                raise NoModelError(self._problem)
            try:
                self._encoder = Encoder.load(self._weights, threads=self._threads, device=self._device)
            except (EncoderError, ImportError) as error:
                self._problem = f"the encoder cannot be used: {error}"
                raise NoModelError(self._problem) from error
        return self._encoder

    def warm_up(self) -> None:
        """Load the encoder and read a little, so that the first text does not wait."""
        self.encoder.read(WARM_UP)

    def begin(self) -> None:
        """Forget what was read."""
        self._readings.clear()

    def read(self, passages: Sequence[Passage]) -> list[Reading]:
        """Return what the encoder makes of passages; those it has read since `begin` it does not read again."""
        unknown = [passage for passage in dict.fromkeys(passages) if passage not in self._readings]
        if unknown:
            for passage, reading in zip(unknown, self.encoder.read(unknown), strict=True):
                if not _is_sane(reading):
                    raise EncoderError("the encoder came to something that is no probability")
                self._readings[passage] = reading
        return [self._readings[passage] for passage in passages]


def _is_sane(reading: Reading) -> bool:
    chances = (reading.injection, *reading.toxicity.values(), *(span.score for span in reading.spans))
    return all(math.isfinite(chance) and 0 <= chance <= 1 for chance in chances)
