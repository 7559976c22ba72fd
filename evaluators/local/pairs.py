"""An encoder that reads two texts at once and says how likely the first supports the second.

Any sequence classifier of pairs: MiniCheck, FactCG, AlignScore, a model of natural language inference. A document longer
than the model can read is cut into windows that overlap; what any window supports is supported.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evaluators.local.devices import device_of, dtype_of
from evaluators.local.settings import LocalSettings

_SUPPORT = (
    "entailment",
    "supported",
    "support",
    "consistent",
    "faithful",
    "grounded",
    "attributable",
    "label_1",
)
_LONGEST = 512
_OVERLAP = 64


class PairClassifier:
    """Weights on one device; not safe for threads."""

    def __init__(self, settings: LocalSettings) -> None:
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._device = device_of(settings.device)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(settings.path)
        model: Any = AutoModelForSequenceClassification.from_pretrained(
            settings.path, dtype=dtype_of(settings.dtype, self._device), use_safetensors=True
        )
        self._model = model.to(self._device).eval()
        self._label = _supporting(model.config.id2label, settings.label)
        self._longest = min(_LONGEST, int(getattr(model.config, "max_position_embeddings", _LONGEST)))
        self._budget = settings.batch_tokens

    def classify(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the probability of support for each pair, in order."""
        best = [0.0] * len(pairs)
        windows = [(number, window) for number, pair in enumerate(pairs) for window in self._windows(*pair)]
        windows.sort(key=lambda each: len(each[1]["input_ids"]))
        start = 0
        while start < len(windows):
            stop = start + 1
            while (
                stop < len(windows)
                and (stop + 1 - start) * len(windows[stop][1]["input_ids"]) <= self._budget
            ):
                stop += 1
            batch = windows[start:stop]
            for (number, _), probability in zip(batch, self._read([each for _, each in batch]), strict=True):
                best[number] = max(best[number], probability)
            start = stop
        return best

    def _windows(self, document: str, sentence: str) -> list[dict[str, list[int]]]:
        """Cut the document, and the sentence only where it leaves no room for a document."""
        found = self._tokenizer(
            document,
            sentence,
            truncation="only_first",
            max_length=self._longest,
            stride=min(_OVERLAP, self._longest // 8),
            return_overflowing_tokens=True,
        ) if self._leaves_room(sentence) else self._tokenizer(
            [document], [sentence], truncation="longest_first", max_length=self._longest
        )  # fmt: skip
        names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in found]
        return [{name: found[name][row] for name in names} for row in range(len(found["input_ids"]))]

    def _leaves_room(self, sentence: str) -> bool:
        return len(self._tokenizer(sentence)["input_ids"]) < self._longest // 2

    def _read(self, batch: Sequence[dict[str, list[int]]]) -> list[float]:
        inputs = self._tokenizer.pad(list(batch), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            logits = self._model(**inputs).logits.float()
        if logits.shape[-1] == 1:
            return [float(value) for value in logits.sigmoid()[:, 0]]
        return [float(value) for value in logits.softmax(-1)[:, self._label]]


def _supporting(labels: dict[int, str], wanted: str) -> int:
    named = {str(name).casefold(): int(number) for number, name in labels.items()}
    for name in [wanted.casefold()] if wanted else _SUPPORT:
        if name in named:
            return named[name]
    if len(named) == 1:
        return 0
    raise ValueError(f"no label means support among {', '.join(sorted(named))}; name it as `label`")
