"""The gate's and the judges' statistics beside scipy, statsmodels, scikit-learn and PPI++'s authors."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import integrate, stats
from scipy.spatial import distance
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, cohen_kappa_score, log_loss, roc_auc_score

from evaluators.calibration import agreement, probability
from evaluators.calibration.correction import ppi_plus_plus
from evaluators.drift import distance as drift
from evaluators.stats.clustered import clustered_mean
from evaluators.stats.discordance import fisher_exact, mcnemar_exact
from evaluators.stats.intervals import wilson
from evaluators.stats.multiplicity import benjamini_hochberg, holm
from evaluators.stats.paired import evidence
from evaluators.stats.permutation import sign_flip_upper
from evaluators.stats.power import minimum_detectable_effect
from evaluators.stats.sequential import crossing_probability
from evaluators.stats.tails import normal_quantile
from tests.evaluators.conformance.comparisons import Comparison
from tests.evaluators.conformance.rules import SAID, recorded

Pairs = Iterator[tuple[float, float]]


def _asked(values: Callable[[], Pairs]) -> Callable[[], Any]:
    """Turn plain pairs into what a comparison is made of."""

    async def asked() -> Any:
        for pair in values():
            yield pair

    return asked


def _paired_t() -> Pairs:
    generator = np.random.default_rng(1)
    for _ in range(50):
        differences = generator.normal(-0.05, 1.0, 40)
        ours = evidence(differences, np.arange(40), margin=0.3, spread=None)
        interval = stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)
        yield ours.p_regression, stats.ttest_1samp(differences, 0.0, alternative="less").pvalue
        yield ours.p_noninferior, stats.ttest_1samp(differences, -0.3, alternative="greater").pvalue
        yield ours.low, interval.low
        yield ours.high, interval.high


def _clustered() -> Pairs:
    for values, clusters, error in SAID["statsmodels"]["values"]["clustered"]:
        groups = np.unique(clusters, return_inverse=True)[1].astype(np.int64)
        yield clustered_mean(np.array(values), groups).standard_error, error


def _sign_flips() -> Pairs:
    generator = np.random.default_rng(2)
    for _ in range(30):
        totals = generator.normal(0.4, 2.0, 9).round()
        theirs = stats.permutation_test(
            (totals,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
        )
        yield sign_flip_upper(totals), theirs.pvalue


def _mcnemar() -> Pairs:
    for worse, better, p in SAID["statsmodels"]["values"]["mcnemar"]:
        yield mcnemar_exact(worse=worse, better=better).p_two_sided, p


def _fisher() -> Pairs:
    generator = np.random.default_rng(3)
    for _ in range(60):
        n, m = (int(value) for value in generator.integers(1, 120, 2))
        a, b = int(generator.integers(0, n + 1)), int(generator.integers(0, m + 1))
        yield fisher_exact(a, n, b, m), stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue


def _wilson() -> Pairs:
    for hits, count, low, high in SAID["statsmodels"]["values"]["wilson"]:
        ours = wilson(hits / count, count)
        yield ours[0], low
        yield ours[1], high


def _multiplicity(name: str, ours: Callable[[list[float]], list[float]]) -> Callable[[], Pairs]:
    def values() -> Pairs:
        for p_values, adjusted in SAID["statsmodels"]["values"][name]:
            yield from zip(ours(p_values), adjusted, strict=True)

    return values


def _two_looks() -> Pairs:
    for first in (0.2, 0.4, 0.5, 0.8):
        for height in (0.5, 1.0, 1.645, 2.0, 2.5):

            def stays(x: float, first: float = first, height: float = height) -> float:
                return float(
                    stats.norm.pdf(x, scale=first**0.5) * stats.norm.cdf((height - x) / (1 - first) ** 0.5)
                )

            yield (
                crossing_probability((first, 1.0), height),
                1.0 - integrate.quad(stays, -12, height, epsabs=1e-13)[0],
            )


def _effects() -> Pairs:
    for margin, deviation, cases in SAID["statsmodels"]["values"]["cases"]:
        yield minimum_detectable_effect(deviation / math.sqrt(cases)), margin


def _ppi() -> Pairs:
    z = normal_quantile(0.975)
    for labels, here, there, weight, value, low, high in SAID["ppi-python"]["values"]:
        y, f, g = np.array(labels), np.array(here), np.array(there)
        found = ppi_plus_plus(y, f, g, weight=weight)
        yield found.estimate.value, value
        # Theirs divides by n, ours by n - 1: each part is taken back by its own.
        parts = [
            clustered_mean(part, np.arange(len(part))).standard_error for part in (y - weight * f, weight * g)
        ]
        back = [(len(part) - 1) / len(part) * error**2 for part, error in zip((y, g), parts, strict=True)]
        yield found.standard_error, math.hypot(*parts)
        yield math.sqrt(sum(back)), (high - low) / (2.0 * z)


def _kappa() -> Pairs:
    for counts, plain, weighted in SAID["statsmodels"]["values"]["kappa"]:
        rows, columns = np.indices((3, 3))
        repeats = np.array(counts).ravel()
        a, b = (np.repeat(side.ravel(), repeats).astype(float) for side in (rows, columns))
        yield agreement.cohen_kappa(a, b), plain
        yield agreement.cohen_kappa(a, b, weights="quadratic"), weighted
        yield agreement.cohen_kappa(a, b), cohen_kappa_score(a, b)


def _alpha() -> Pairs:
    for ratings, scales in SAID["raters"]["values"]["alpha"]:
        table = np.array([[math.nan if x is None else x for x in row] for row in ratings])
        yield agreement.krippendorff_alpha(table, scale="nominal"), scales["nominal"]
        yield agreement.krippendorff_alpha(table, scale="ordinal"), scales["ordinal"]
        yield agreement.krippendorff_alpha(table, scale="interval"), scales["interval"]


def _ac1() -> Pairs:
    for a, b, value in SAID["raters"]["values"]["ac1"]:
        yield agreement.gwet_ac1(np.array(a, dtype=float), np.array(b, dtype=float)), value


def _judged(count: int = 300) -> Iterator[tuple[Any, Any]]:
    generator = np.random.default_rng(4)
    for _ in range(10):
        scores = generator.random(count).round(2)
        yield scores, (generator.random(count) < 0.2 + 0.6 * scores).astype(float)


def _auroc() -> Pairs:
    for scores, labels in _judged():
        yield agreement.auroc(labels > 0.5, scores), roc_auc_score(labels, scores)


def _spearman() -> Pairs:
    for scores, labels in _judged():
        yield agreement.spearman(scores, labels), stats.spearmanr(scores, labels).statistic


def _isotonic() -> Pairs:
    for scores, labels in _judged(200):
        theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
        places = np.linspace(0, 1, 21)
        yield from zip(probability.fit_isotonic(scores, labels)(places), theirs.predict(places), strict=True)


def _platt() -> Pairs:
    for scores, labels in _judged():
        inner = np.clip(scores, 0.02, 0.98)
        slope, intercept = _sigmoid_calibration(np.log(inner / (1 - inner)), labels)
        ours = probability.fit_platt(inner, labels)
        yield ours.slope, -slope
        yield ours.intercept, -intercept


def _losses() -> Pairs:
    for scores, labels in _judged():
        inner = np.clip(scores, 0.02, 0.98)
        yield probability.brier(inner, labels), brier_score_loss(labels, inner)
        yield probability.log_loss(inner, labels), log_loss(labels, inner)


def _wasserstein() -> Pairs:
    generator = np.random.default_rng(7)
    for _ in range(50):
        values = np.sort(generator.random(12))
        before, after = (generator.integers(1, 50, 12).astype(float) for _ in range(2))
        theirs = stats.wasserstein_distance(values, values, before, after)
        yield drift.wasserstein(values, before, after), theirs


def _jensen_shannon() -> Pairs:
    generator = np.random.default_rng(8)
    for _ in range(50):
        p, q = generator.dirichlet(np.ones(10)), generator.dirichlet(np.ones(10))
        yield drift._jensen_shannon(p, q), distance.jensenshannon(p, q, base=2)


STATSMODELS = recorded("statsmodels")
COMPARISONS = [
    Comparison(metric="paired t test, both p and the interval", oracle="scipy, `ttest_1samp`", values=_asked(_paired_t)),
    Comparison(metric="clustered standard error", oracle=STATSMODELS, values=_asked(_clustered)),
    Comparison(metric="sign flips over clusters", oracle="scipy, `permutation_test`", values=_asked(_sign_flips)),
    Comparison(metric="McNemar, exact", oracle=STATSMODELS, values=_asked(_mcnemar)),
    Comparison(metric="Fisher, of what is missing", oracle="scipy, `fisher_exact`", values=_asked(_fisher)),
    Comparison(metric="Wilson's interval", oracle=STATSMODELS, values=_asked(_wilson)),
    Comparison(metric="Holm", oracle=STATSMODELS, values=_asked(_multiplicity("holm", holm))),
    Comparison(metric="Benjamini and Hochberg", oracle=STATSMODELS, values=_asked(_multiplicity("fdr_bh", benjamini_hochberg))),
    Comparison(metric="crossing a boundary, two looks", oracle="scipy, `quad`", values=_asked(_two_looks)),
    Comparison(metric="smallest effect seen", oracle=STATSMODELS, values=_asked(_effects)),
    Comparison(metric="PPI++, estimate and standard error", oracle=recorded("ppi-python"), values=_asked(_ppi)),
    Comparison(metric="Cohen's κ, plain and quadratic", oracle=f"{STATSMODELS}; scikit-learn 1.9.1", values=_asked(_kappa)),
    Comparison(metric="Krippendorff's α, three scales", oracle=f"krippendorff {SAID['raters']['version']}, recorded", values=_asked(_alpha)),
    Comparison(metric="Gwet's AC1", oracle=f"irrCAC {SAID['raters']['irrCAC']}, recorded", values=_asked(_ac1)),
    Comparison(metric="AUROC", oracle="scikit-learn 1.9.1", values=_asked(_auroc)),
    Comparison(metric="Spearman's ρ", oracle="scipy", values=_asked(_spearman)),
    Comparison(metric="isotonic calibration", oracle="scikit-learn 1.9.1", values=_asked(_isotonic)),
    Comparison(metric="Platt's calibration", oracle="scikit-learn 1.9.1", values=_asked(_platt), tolerance=1e-4),
    Comparison(metric="Brier score and log loss", oracle="scikit-learn 1.9.1", values=_asked(_losses)),
    Comparison(metric="drift: Wasserstein", oracle="scipy", values=_asked(_wasserstein)),
    Comparison(metric="drift: Jensen-Shannon", oracle="scipy", values=_asked(_jensen_shannon)),
]  # fmt: skip

DIVERGENCES = [
    ("PPI++", "the authors divide variances by n", "by n − 1, and t quantiles: with 40 labels the normal interval is too short; the estimate is theirs"),
    ("PPI++", "the authors' interval is symmetric", "Wilson's, for as many observations as have this standard error: near 0 and 1 a symmetric one covers too little"),
    ("Cohen's κ", "statsmodels' interval is normal", "a jackknife over clusters with t quantiles: never narrower where answers are independent, and right where they are not"),
    ("Platt's calibration", "scikit-learn stops its search at 1e-5 or so", "the two minima agree to that"),
    ("Rogan and Gladen", "the delta method, clipped to 0 and 1", "Fieller's way: everything, where the judge may be no better than chance"),
    ("paired test", "t at any size", "exact sign flips below ten clusters, or ten that changed"),
    ("drift: stability index", "the plain sum, whose mean grows as samples shrink", "less the mean it has when nothing changed"),
]  # fmt: skip
