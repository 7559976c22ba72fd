"""Detoxify's checkpoints, without the package and without asking the hub: the file by its hash, its model by a folder.

The package loads its files as pickles and asks the hub for a configuration; here a checkpoint may hold nothing but tensors
and plain values, and everything it needs lies on the disk.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrails.encoder.labels import TOXICITY_LABELS
from guardrails.server.encoded import Chance
from guardrails.server.models import Detoxify

TEXTS_AT_ONCE = 16
SELF_TEST = "Thank you very much for your help."
_NAMES = {"toxic": "toxicity", "identity_hate": "identity_attack", "severe_toxic": "severe_toxicity"}
_BUFFERS = ("position_ids",)
"""Older versions of the library kept these in checkpoints; newer ones make them anew."""


class DetoxifyError(RuntimeError):
    """A checkpoint cannot be used; the sentence says why and what to do."""


class DetoxifyScorer:
    """The labels of `original`, `unbiased` or `multilingual`, under one set of names."""

    def __init__(self, tokenizer: Any, network: Any, names: Sequence[str], *, device: str) -> None:
        self._tokenizer = tokenizer
        self._network = network
        self._names = names
        self._device = device
        self.labels: Sequence[str] = tuple(name for name in names if name in TOXICITY_LABELS)

    @classmethod
    def load(cls, model: Detoxify, *, device: str = "cpu") -> "DetoxifyScorer":
        """Load a checkpoint whose hash is right, and see whether it answers. Raises DetoxifyError."""
        import torch  # noqa: PLC0415
        import transformers  # noqa: PLC0415

        _verify(model.checkpoint, model.sha256)
        said = torch.load(model.checkpoint, map_location="cpu", weights_only=True)
        names, tensors = _read(said, model.checkpoint)
        if not model.config.is_dir():
            raise DetoxifyError(
                f"{model.config} is no folder: it must hold config.json and the tokenizer of the model that the checkpoint "
                "was made from, such as bert-base-uncased, roberta-base or xlm-roberta-base"
            )
        library: Any = transformers
        library.logging.set_verbosity_error()
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        config = library.AutoConfig.from_pretrained(model.config, num_labels=len(names), **local)
        network = library.AutoModelForSequenceClassification.from_config(config)
        missing, unexpected = network.load_state_dict(tensors, strict=False)
        left = [name for name in (*missing, *unexpected) if not name.endswith(_BUFFERS)]
        if left:
            raise DetoxifyError(
                f"{model.checkpoint.name} does not fit the model in {model.config}: {len(left)} tensors such as {left[0]!r} "
                "are missing or left over; name the folder of the model it was made from"
            )
        tokenizer = library.AutoTokenizer.from_pretrained(model.config, **local)
        network.eval().to(device)
        torch.set_num_threads(1)
        scorer = cls(tokenizer, network, names, device=device)
        scorer.score([SELF_TEST])
        return scorer

    def score(self, texts: Sequence[str]) -> Sequence[Sequence[Chance]]:
        """Return the chance of each label for each text; of a long text, the worst of its windows."""
        import torch  # noqa: PLC0415

        scored: list[list[Chance]] = []
        longest = min(512, self._tokenizer.model_max_length)
        for first in range(0, len(texts), TEXTS_AT_ONCE):
            some = list(texts[first : first + TEXTS_AT_ONCE])
            windows = self._tokenizer(
                some,
                truncation=True,
                max_length=longest,
                stride=min(64, longest // 4),
                return_overflowing_tokens=True,
                padding=True,
                return_tensors="pt",
            )
            owners = windows.pop("overflow_to_sample_mapping").tolist()
            with torch.inference_mode():
                logits = self._network(**windows.to(self._device)).logits.float().cpu()
            chances = torch.sigmoid(logits)
            for place, text in enumerate(some):
                own = [row for row, owner in enumerate(owners) if owner == place]
                best = chances[own].max(dim=0).values.tolist()
                if not all(math.isfinite(chance) for chance in best):
                    raise DetoxifyError("the model came to something that is no probability")
                scored.append(
                    [
                        Chance(name, 0, len(text), chance)
                        for name, chance in zip(self._names, best, strict=True)
                        if name in TOXICITY_LABELS
                    ]
                )
        return scored


def _verify(checkpoint: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    try:
        with checkpoint.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise DetoxifyError(f"{checkpoint} cannot be read: {error.strerror}") from None
    if digest.hexdigest() != sha256:
        raise DetoxifyError(
            f"{checkpoint.name} has the hash {digest.hexdigest()[:16]}…, expected {sha256[:16]}…: it is another file than "
            "the one that was trusted; fetch it again or correct 'sha256'"
        )


def _read(said: Any, checkpoint: Path) -> tuple[list[str], Mapping[str, Any]]:
    """Return the names of the outputs and the tensors."""
    try:
        classes = said["config"]["dataset"]["args"]["classes"]
        tensors = said["state_dict"]
        names = [_NAMES.get(str(name), str(name)) for name in classes]
        width = tensors[next(name for name in reversed(tensors) if name.endswith(".bias"))].shape[0]
    except (KeyError, TypeError, StopIteration, AttributeError) as error:
        raise DetoxifyError(
            f"{checkpoint.name} is no checkpoint of Detoxify: it holds no 'config' with classes and no 'state_dict' ({error})"
        ) from None
    # `unbiased` and `multilingual` have further outputs, about identities, that are no toxicity.
    names += [f"output_{place}" for place in range(len(names), width)]
    return names, tensors
