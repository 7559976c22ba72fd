"""Judge models on this machine: transformers on a GPU or CPU, asked in batches, without generating a word.

The process that judges holds a `LocalModel`, which is a `Complete`; the weights live in a worker process of their own,
spawned and never forked, one for each GPU.
"""

from evaluators.local.classifier import LocalClassifier
from evaluators.local.model import LocalModel
from evaluators.local.settings import LocalSettings

__all__ = ["LocalClassifier", "LocalModel", "LocalSettings"]
