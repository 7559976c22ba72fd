"""Tiny models of other people's kinds, made anew for a test: what they say is fixed by the bias of their last layer."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

library: Any = transformers
DETOXIFY_CLASSES = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!'"


def tiny_folder(
    folder: Path, *, labels: Sequence[str], logits: Sequence[float], tokens: bool = False
) -> Path:
    """Write a classifier, for texts or for their tokens, that always says the same."""
    folder.mkdir(parents=True)
    _tokenizer(folder)
    network = _network(labels, logits, tokens=tokens)
    network.save_pretrained(folder, safe_serialization=True)
    return folder


def tiny_detoxify(folder: Path, *, logits: Sequence[float], **said: Any) -> tuple[Path, Path, str]:
    """Write a checkpoint as Detoxify does; return it, the folder of its configuration, and its hash."""
    config = folder / "config"
    config.mkdir(parents=True)
    _tokenizer(config)
    network = _network([str(number) for number in range(len(logits))], logits)
    network.config.save_pretrained(config)
    checkpoint = folder / "toxic.ckpt"
    # Checkpoints from the time of transformers 4 carry this buffer.
    tensors = {"bert.embeddings.position_ids": torch.arange(64)[None], **network.state_dict()}
    classes = {"config": {"dataset": {"args": {"classes": list(DETOXIFY_CLASSES)}}}, "state_dict": tensors}
    torch.save(classes | said, checkpoint)
    return checkpoint, config, hashlib.sha256(checkpoint.read_bytes()).hexdigest()


def _tokenizer(folder: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    (folder / "vocab.txt").write_text("\n".join(words))
    library.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)


def _network(labels: Sequence[str], logits: Sequence[float], *, tokens: bool = False) -> Any:
    config = library.BertConfig(
        vocab_size=5 + 2 * len(_LETTERS),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    torch.manual_seed(0)
    kind = library.BertForTokenClassification if tokens else library.BertForSequenceClassification
    network = kind(config)
    with torch.no_grad():
        network.classifier.weight.zero_()
        network.classifier.bias.copy_(torch.tensor(list(logits)))
    return network
