"""Classifiers of the Hugging Face kind, from a folder or the hub: whole texts or their words, as labels with chances."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrails.encoder.reading import Passage
from guardrails.policy import PolicyError
from guardrails.server.encoded import Chance, LabelScorer, finding
from guardrails.server.models import Classifier
from guardrails.server.pieces import Answer, Piece
from guardrails.server.reader import Reader

TEXTS_AT_ONCE = 16
STRIDE = 32
"""So many tokens two windows of a long text have in common."""
SELF_TEST = "A short text, to see whether the model answers."
_NOTHING = frozenset(
    ("O", "SAFE", "NEUTRAL", "NONE", "NORMAL", "BENIGN", "CLEAN", "NOT", "OK", "NON_TOXIC", "NOT_TOXIC")
    + ("NO_INJECTION", "LEGITIMATE", "NOT_HATE", "NOT_OFFENSIVE", "NON_HATE", "LABEL_0")
)
"""What models call a text with nothing wrong, unless the file of models says otherwise."""


class ClassifierDetector:
    """A classifier under the parameters of one guard."""

    def __init__(self, parameters: Mapping[str, Any], scorer: LabelScorer) -> None:
        self._scorer = scorer
        self._threshold: float = parameters["threshold"]
        known = {label.casefold(): label for label in scorer.labels}
        unknown = [label for label in parameters["labels"] if label.casefold() not in known]
        if unknown:
            raise PolicyError(
                f"the model {parameters['model']!r} has no label {unknown[0]!r}; it has {sorted(scorer.labels)}"
            )
        self._labels = frozenset(known[label.casefold()] for label in parameters["labels"]) or frozenset(
            label for label in scorer.labels if label not in _NOTHING
        )

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return nothing: the encoder is not asked."""
        return ()

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return the labels that are likely enough."""
        return [
            {
                "findings": [
                    finding(each.label, each.start, each.end, each.score)
                    for each in scored
                    if each.label in self._labels and each.score >= self._threshold and each.start < each.end
                ]
            }
            for scored in self._scorer.score([piece.text for piece in pieces])
        ]


def load_classifier(model: Classifier, *, device: str) -> LabelScorer:
    """Load a classifier; its weights must be safetensors, and no code of its own is run.

    Raises what the library raises: the file is not there, or is none of those. The hub is asked only for a name that is
    no folder, and never when HF_HUB_OFFLINE is set.
    """
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    options: dict[str, Any] = {"trust_remote_code": False}
    if Path(model.source).is_dir():
        options["local_files_only"] = True
    elif model.revision:
        options["revision"] = model.revision
    library: Any = transformers
    library.logging.set_verbosity_error()
    tokenizer = library.AutoTokenizer.from_pretrained(model.source, **options)
    kind = (
        library.AutoModelForTokenClassification
        if model.reads == "tokens"
        else transformers.AutoModelForSequenceClassification
    )
    network = kind.from_pretrained(model.source, use_safetensors=True, **options)
    network.eval().to(device)
    torch.set_num_threads(1)
    made: type[TokenScorer] | type[TextScorer] = TokenScorer if model.reads == "tokens" else TextScorer
    scorer = made(model, tokenizer, network)
    scorer.score([SELF_TEST])
    return scorer


class _Scorer:
    def __init__(self, model: Classifier, tokenizer: Any, network: Any) -> None:
        self._tokenizer = tokenizer
        self._network = network
        raw = [str(network.config.id2label[index]) for index in range(network.config.num_labels)]
        nothing = frozenset(model.nothing)
        self._names = ["O" if label in nothing else _called(label, model.labels) for label in raw]
        longest = getattr(network.config, "max_position_embeddings", 512)
        self._length = max(8, min(512, longest, tokenizer.model_max_length) - 2)
        self.labels: Sequence[str] = tuple(dict.fromkeys(name for name in self._names if name != "O"))

    def _logits(self, windows: Any) -> Any:
        import torch  # noqa: PLC0415

        inputs = {
            name: windows[name].to(self._network.device)
            for name in self._tokenizer.model_input_names
            if name in windows
        }
        with torch.inference_mode():
            return self._network(**inputs).logits.float().cpu()

    def _windows(self, texts: Sequence[str]) -> Any:
        return self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self._length,
            stride=min(STRIDE, self._length // 4),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=True,
            return_tensors="pt",
        )


class TextScorer(_Scorer):
    """Says something about whole texts; of a long one, the worst of its windows."""

    def score(self, texts: Sequence[str]) -> Sequence[Sequence[Chance]]:
        """Return the chance of each label for each text."""
        import torch  # noqa: PLC0415

        is_multiple = getattr(self._network.config, "problem_type", "") == "multi_label_classification"
        scored: list[list[Chance]] = []
        for first in range(0, len(texts), TEXTS_AT_ONCE):
            some = texts[first : first + TEXTS_AT_ONCE]
            windows = self._windows(some)
            logits = self._logits(windows)
            # One number alone is the chance of the one thing that the model knows.
            alone = is_multiple or logits.shape[-1] == 1
            chances = torch.sigmoid(logits) if alone else torch.softmax(logits, dim=-1)
            owners = windows["overflow_to_sample_mapping"].tolist()
            for place, text in enumerate(some):
                own = [row for row, owner in enumerate(owners) if owner == place]
                best = chances[own].max(dim=0).values.tolist()
                scored.append(
                    [
                        Chance(name, 0, len(text), _sane(chance))
                        for name, chance in zip(self._names, best, strict=True)
                        if name != "O"
                    ]
                )
        return scored


class TokenScorer(_Scorer):
    """Says something about words; neighbours with the same label are one stretch."""

    def score(self, texts: Sequence[str]) -> Sequence[Sequence[Chance]]:
        """Return the stretches of each text that carry a label."""
        return [self._score(text) for text in texts]

    def _score(self, text: str) -> list[Chance]:
        if not text.strip():
            return []
        windows = self._windows([text])
        chances = self._logits(windows).softmax(dim=-1)
        tokens: dict[tuple[int, int], tuple[str, float]] = {}
        for row, offsets in enumerate(windows["offset_mapping"].tolist()):
            for place, (start, end) in enumerate(offsets):
                if start < end:
                    score, label = chances[row, place].max(dim=-1)
                    said = self._names[int(label)], _sane(float(score))
                    if (start, end) not in tokens or said[1] > tokens[start, end][1]:
                        tokens[start, end] = said
        return _stretches(text, sorted(tokens.items()))


def _stretches(text: str, tokens: Sequence[tuple[tuple[int, int], tuple[str, float]]]) -> list[Chance]:
    found: list[Chance] = []
    for (start, end), (label, score) in tokens:
        if label == "O":
            continue
        before = found[-1] if found else None
        if before and before.label == label and not text[before.end : start].strip():
            found[-1] = Chance(label, before.start, end, max(before.score, score))
        else:
            found.append(Chance(label, start, end, score))
    return found


def _called(label: str, names: Mapping[str, str]) -> str:
    """Return what a label is called here: as the file of models says, or its own name in capitals, without B- and I-."""
    if label in names:
        return names[label]
    bare = re.sub(r"^[BIESLU]-", "", label)
    if bare in names:
        return names[bare]
    folded = re.sub(r"[^A-Z0-9]+", "_", bare.upper()).strip("_")[:64]
    return folded if folded[:1].isalpha() else f"LABEL_{folded}"[:64]


def _sane(chance: float) -> float:
    if not 0 <= chance <= 1:
        raise ValueError("the model came to something that is no probability")
    return chance
