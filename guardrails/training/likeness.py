"""How near our embeddings are to those of the published encoder."""

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.stats

from guardrails.encoder.encoder import Encoder
from guardrails.encoder.network import Network
from guardrails.encoder.reading import Passage
from guardrails.training.examples import Example
from guardrails.training.features import Featurizer
from guardrails.training.teacher import meanings


def likeness(
    encoder: Encoder, published: Network, tokenizer: str, texts: Sequence[str]
) -> Mapping[str, float]:
    """Return the mean cosine of both embeddings of a text, and whether the two agree on which texts are alike."""
    examples = [Example(text=text, source="", group="") for text in texts]
    features = list(Featurizer(tokenizer, positions=published.shape.positions).features(examples, seed=0))
    theirs = meanings(published, features, range(len(features)))
    expected = np.stack([theirs[place] for place in range(len(features))])
    ours = np.array([reading.embedding for reading in encoder.read([Passage(text) for text in texts])])
    pairs = np.triu_indices(len(texts), 1)
    alike = scipy.stats.spearmanr((expected @ expected.T)[pairs], (ours @ ours.T)[pairs]).statistic
    return {
        "texts": len(texts),
        "mean_cosine": round(float((ours * expected).sum(-1).mean()), 4),
        "rank_agreement_of_pairs": round(float(alike), 4),
    }
