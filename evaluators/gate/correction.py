"""Paired prediction-powered inference: people's labels of some cases correct a judge's differences of all."""

import math

import numpy as np

from evaluators.calibration.correction import ppi_plus_plus
from evaluators.stats.clustered import Array, Clusters, Mean

FEWEST_LABELS = 80
"""With fewer labelled cases errors are a little oftener than promised (0.07 at 50); the judge's word stands as it is."""


def corrected_mean(differences: Array, labelled: Array, clusters: Clusters) -> Mean | None:
    """Return the mean difference as people would have found it; None with too few labels.

    `differences` are the judge's, case by case, and `labelled` people's, NaN where nobody was asked. The labelled cases
    must be a random choice, whatever the judge said of them.
    """
    known = ~np.isnan(labelled)
    if known.sum() < FEWEST_LABELS:
        return None
    found = ppi_plus_plus(
        labelled[known],
        differences[known],
        differences[~known],
        clusters=_dense(clusters[known]),
        unlabelled_clusters=_dense(clusters[~known]),
    )
    if not math.isfinite(found.standard_error):
        return None
    return Mean(found.estimate.value, found.standard_error, found.degrees_of_freedom)


def _dense(clusters: Clusters) -> Clusters:
    return np.unique(clusters, return_inverse=True)[1].astype(np.int64)
