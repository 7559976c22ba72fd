"""How near two readers of the same texts are to each other."""

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


def alike(one: Encoder, other: Encoder, texts: Sequence[str]) -> Mapping[str, float]:
    """Return how often two encoders find the very same spans, and how far their probabilities lie apart."""
    passages = [Passage(text) for text in texts]
    pairs = list(zip(one.read(passages), other.read(passages), strict=True))
    places = [
        tuple({(span.entity, span.start, span.end) for span in reading.spans} for reading in pair)
        for pair in pairs
    ]
    return {
        "texts": len(texts),
        "same_spans": round(float(np.mean([mine == theirs for mine, theirs in places])), 4),
        "mean_difference_of_injection": _apart([(a.injection, b.injection) for a, b in pairs]),
        "mean_difference_of_toxicity": _apart(
            [(a.toxicity["toxicity"], b.toxicity["toxicity"]) for a, b in pairs]
        ),
    }


def _apart(pairs: Sequence[tuple[float, float]]) -> float:
    return round(float(np.mean([abs(mine - theirs) for mine, theirs in pairs])), 4)
