"""Reads texts: cuts them into windows, computes these in batches, and puts the answers together again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.backends import Backend, Logits, on_cpu, on_device
from guardrails.encoder.calibration import Calibration
from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.encoder.manifest import TOKENIZER, EncoderError, Manifest, read_manifest, verify
from guardrails.encoder.reading import Passage, Reading
from guardrails.encoder.spans import spans_of
from guardrails.encoder.windows import Cutter, Tokens, Window, padded

CPU_BATCH = 512
DEVICE_BATCH = 65_536
"""So many tokens, padding included, are computed at once: on a CPU, what its nearest caches hold."""
_TOLERANCE = 0.1

Array = NDArray[np.float32]


class Encoder:
    """The encoder, ready to read."""

    def __init__(
        self, cutter: Cutter, backend: Backend, manifest: Manifest, *, batch: int, threads: int = 1
    ) -> None:
        self.manifest = manifest
        self.cutter = cutter
        self._backend = backend
        self._batch = batch
        self._threads = threads

    @classmethod
    def load(cls, directory: Path, *, threads: int = 1, device: str = "cpu") -> "Encoder":
        """Load the weights in a folder once every hash is right and a known sentence is read as it should be.

        The device `cpu` computes the eight-bit graph with ONNX Runtime, so many batches of windows at once as there are
        threads; any other is PyTorch's name of a device, such as `cuda`, or `torch` for PyTorch's own CPU.
        """
        manifest = read_manifest(directory)
        verify(directory, manifest)
        encoder = cls.unchecked(directory, manifest, threads=threads, device=device)
        encoder.check()
        return encoder

    @classmethod
    def unchecked(
        cls, directory: Path, manifest: Manifest, *, threads: int = 1, device: str = "cpu"
    ) -> "Encoder":
        """Load the weights as they are."""
        import tokenizers  # noqa: PLC0415

        tokenizer: Any = tokenizers.Tokenizer.from_file(str(directory / TOKENIZER))
        cutter = Cutter(tokenizer, positions=manifest.shape["positions"])
        if device == "cpu":
            backend = on_cpu(directory, threads=threads)
            return cls(cutter, backend, manifest, batch=CPU_BATCH, threads=threads)
        backend = on_device(directory, manifest, device="cpu" if device == "torch" else device)
        return cls(cutter, backend, manifest, batch=DEVICE_BATCH)

    @property
    def calibration(self) -> Calibration:
        """How its logits become probabilities, and from where on they count."""
        return self.manifest.calibration

    def calibrated(self, calibration: Calibration) -> "Encoder":
        """Return the same encoder, its logits understood in another way."""
        manifest = replace(self.manifest, calibration=calibration)
        return Encoder(self.cutter, self._backend, manifest, batch=self._batch, threads=self._threads)

    def check(self) -> None:
        """Read the sentence whose answers are known; raise if this machine comes to others."""
        test = self.manifest.self_test
        (reading,) = self.read([Passage(test.text)])
        entities = tuple(span.entity for span in reading.spans)
        is_near = (
            abs(reading.injection - test.injection) <= _TOLERANCE
            and abs(reading.toxicity["toxicity"] - test.toxicity) <= _TOLERANCE
            and entities == test.entities
        )
        if not is_near:
            raise EncoderError(
                f"the encoder's self-test found {entities}, injection {reading.injection:.3f} and toxicity "
                f"{reading.toxicity['toxicity']:.3f}; expected {test.entities}, {test.injection:.3f} and "
                f"{test.toxicity:.3f}: this machine does not compute the model as it was made"
            )

    def read(self, texts: Sequence[Passage]) -> list[Reading]:
        """Read passages, each in as many windows as it takes."""
        return [each.reading(self.calibration) for each in self.gather(texts)]

    def gather(self, texts: Sequence[Passage]) -> list["Gathered"]:
        """Compute passages, but leave it open how the logits are to be understood."""
        tokens = self.cutter.tokens([passage.text for passage in texts])
        gathered = [Gathered(each) for each in tokens]
        windows = list(self.cutter.windows(texts, tokens))
        # Every thread should have something to do.
        share = sum(len(window.ids) for window in windows) // self._threads
        batches = list(_batches(windows, min(self._batch, share)))
        for batch, logits in zip(batches, self._backend([padded(each) for each in batches]), strict=True):
            for row, window in enumerate(batch):
                gathered[window.passage].add(window, logits, row)
        return gathered


class Gathered:
    """What is known so far of one passage, window by window."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._logits: Array | None = None
        self._context = np.full(len(tokens.ids), -1, np.int64)
        self._toxicity: list[Array] = []
        self._injection: list[np.float32] = []
        self._embedding: list[Array] = []

    def add(self, window: Window, logits: Logits, row: int) -> None:
        """Take the answers to a window; a token in two of them is believed where more stands around it."""
        length = window.length
        own = logits.tokens[row, window.before : window.before + length]
        if self._logits is None:
            self._logits = np.zeros((len(self._tokens.ids), own.shape[-1]), np.float32)
        places = np.arange(length)
        context = np.minimum(places, length - 1 - places)
        if window.first == 0:
            context = length - 1 - places
        there = slice(window.first, window.first + length)
        better = context > self._context[there]
        self._logits[there][better] = own[better]
        self._context[there][better] = context[better]
        self._toxicity.append(logits.toxicity[row])
        self._injection.append(logits.injection[row])
        self._embedding.append(logits.embedding[row] * max(1, length))

    def reading(self, calibration: Calibration) -> Reading:
        """Put the windows together: the worst of them for toxicity and injection, the mean for the meaning."""
        toxicity = np.max(self._toxicity, axis=0).tolist()
        chances = {
            label: line.probability(logit)
            for label, line, logit in zip(
                TRAINED_TOXICITY_LABELS, calibration.toxicity, toxicity, strict=True
            )
        }
        embedding = np.sum(self._embedding, axis=0)
        embedding /= np.linalg.norm(embedding)
        return Reading(
            spans=self._spans(calibration),
            toxicity=chances,
            injection=calibration.injection.probability(float(max(self._injection))),
            embedding=embedding.tolist(),
        )

    def _spans(self, calibration: Calibration) -> tuple[Any, ...]:
        if self._logits is None or not len(self._tokens.ids):
            return ()
        logits = self._logits / np.float32(calibration.temperature)
        logits -= logits.max(axis=-1, keepdims=True)
        chances = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return spans_of(self._tokens, chances, readiness=calibration.readiness)


def _batches(windows: Sequence[Window], tokens: int) -> Iterator[Sequence[Window]]:
    """Put windows of about the same length together, so that little is computed for padding."""
    in_order = sorted(windows, key=lambda window: len(window.ids), reverse=True)
    first = 0
    while first < len(in_order):
        count = max(1, tokens // len(in_order[first].ids))
        yield in_order[first : first + count]
        first += count
