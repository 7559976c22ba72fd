"""A judge's card: how it agrees with people, measured on labels it was not made with."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.calibration import agreement, probability
from evaluators.calibration.jackknife import Estimate, jackknife
from evaluators.calibration.labels import DEVELOPMENT, Labelled, clusters_of, ratings_of
from evaluators.errors import SuiteError
from evaluators.gate.trials import Trust
from evaluators.stats.clustered import Array, Clusters
from evaluators.stats.intervals import wilson

MINIMUM_LABELS = 50
MINIMUM_OF_EACH = 5
LOWEST_KAPPA = 0.4
BELOW_PEOPLE = 0.15
"""How far below the agreement of people with one another a judge may stay."""
MOST_UNSCORED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known about one build of one judge."""

    judge: str
    build: str
    """Changes with the judge's model, prompt and parameters."""
    made_on: str
    labels: int
    clusters: int
    unscored: int
    base_rate: float
    """The share of yes among people's labels."""
    judged_rate: float
    accuracy: float
    sensitivity: tuple[int, int]
    """Yeses the judge saw, and yeses there were."""
    specificity: tuple[int, int]
    kappa: Estimate
    ac1: float
    alpha: float
    """Krippendorff's, of people and judge, on the scale of the scores."""
    auroc: Estimate
    spearman: float
    ceiling: float | None
    """The agreement of people with one another; None when each answer has one label."""
    length_correlation: float | None
    """How much the judge's errors follow the length of the answer."""
    reliability: Mapping[str, Mapping[str, float]]
    """Calibration error, Brier score and log loss: of the scores as they are, and mapped by a held-out fit."""
    calibrator: Mapping[str, Any]
    """The map from score to probability, fitted to all labels."""
    bounds: tuple[float, float] = (0.0, 1.0)
    development: bool = False
    """Whether labels were counted that the judge was made with."""
    canaries: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the card as plain values; what is undefined is null."""
        plain: dict[str, Any] = _without_nan(asdict(self))
        return plain


def card_of(
    rows: Sequence[Labelled],
    scores: Array,
    *,
    judge: str,
    build: str,
    bounds: tuple[float, float],
    today: date,
    method: probability.Method | None = None,
) -> Card:
    """Compare a judge's scores with labels; NaN is a score that the judge could not give."""
    known = ~np.isnan(scores)
    kept = [row for row, is_known in zip(rows, known, strict=True) if is_known]
    if not kept:
        raise SuiteError(f"{judge}: the judge scored none of the {len(rows)} labelled answers")
    width = bounds[1] - bounds[0]
    shares = (scores[known] - bounds[0]) / width
    labels = (np.array([row.label for row in kept]) - bounds[0]) / width
    clusters = clusters_of(kept)
    says, truth = shares >= 0.5, labels >= 0.5
    binary = truth.astype(np.float64)
    fitted = probability.cross_fitted(shares, binary, clusters, method)
    ratings = ratings_of(kept)
    return Card(
        judge=judge,
        build=build,
        made_on=today.isoformat(),
        labels=len(kept),
        clusters=int(clusters.max()) + 1,
        unscored=int(np.count_nonzero(~known)),
        base_rate=float(truth.mean()),
        judged_rate=float(says.mean()),
        accuracy=float(np.mean(says == truth)),
        sensitivity=(int(np.sum(says & truth)), int(truth.sum())),
        specificity=(int(np.sum(~says & ~truth)), int(np.sum(~truth))),
        kappa=kappa(says.astype(np.float64), binary, clusters),
        ac1=agreement.gwet_ac1(says.astype(np.float64), binary),
        alpha=agreement.krippendorff_alpha(np.vstack([shares, labels]), scale="interval"),
        auroc=area_under_curve(truth, shares, clusters),
        spearman=agreement.spearman(shares, labels),
        ceiling=_ceiling(ratings, bounds),
        length_correlation=_length_correlation(kept, shares - labels),
        reliability={"raw": _reliability(shares, binary), "held_out": _reliability(fitted, binary)},
        calibrator=probability.as_json(probability.fit(shares, binary, method)),
        bounds=bounds,
        development=any(row.split in DEVELOPMENT for row in rows),
    )


def trust_of(card: Card | None, build: str) -> tuple[Trust, str]:
    """Return whether a judge may decide, and why not."""
    if card is None:
        return "uncalibrated", "nobody has compared it with people's labels"
    if card.build != build:
        return "stale", f"its model, prompt or parameters have changed since {card.made_on}"
    needed = max(LOWEST_KAPPA, (card.ceiling or 0.0) - BELOW_PEOPLE)
    fewest = min(card.sensitivity[1], card.specificity[1])
    if card.development:
        return "uncalibrated", "its labels include those it was made with"
    if card.labels < MINIMUM_LABELS:
        return "uncalibrated", f"{card.labels} labels are too few; {MINIMUM_LABELS} are needed"
    if fewest < MINIMUM_OF_EACH:
        return (
            "uncalibrated",
            f"only {fewest} of its labels are of the rarer kind; {MINIMUM_OF_EACH} are needed",
        )
    if card.unscored > MOST_UNSCORED * (card.labels + card.unscored):
        return (
            "uncalibrated",
            f"it could not judge {card.unscored} of {card.labels + card.unscored} labelled answers",
        )
    if not card.kappa.low >= needed:
        return (
            "uncalibrated",
            f"its agreement with people is too weak or too uncertain: κ {card.kappa.value:.2f}, at least {card.kappa.low:.2f}, "
            f"needed {needed:.2f}",
        )
    return "calibrated", f"κ {card.kappa.value:.2f} on {card.labels} labels"


def read(path: Path) -> Card | None:
    """Read a stored card; None when there is none."""
    try:
        content = json.loads(path.read_text("utf-8"))
        estimates = {name: _estimate(content[name]) for name in ("kappa", "auroc")}
        pairs = {name: tuple(content[name]) for name in ("sensitivity", "specificity", "bounds")}
        numbers = {name: _number(content[name]) for name in ("ac1", "alpha", "spearman")}
        return Card(**content | estimates | pairs | numbers)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuiteError(f"{path}: not a judge's card; calibrate the judge again") from error


def write(path: Path, card: Card) -> None:
    """Store a card, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps(card.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    unfinished.replace(path)


def kappa(says: Array, truth: Array, clusters: Clusters) -> Estimate:
    """Return kappa with its interval; few disagreements must not make it narrow, so Wilson bounds it from below."""
    found = jackknife(lambda chosen: agreement.cohen_kappa(says[chosen], truth[chosen]), clusters)
    agreed = float(np.mean(says == truth))
    chance = float(says.mean() * truth.mean() + (1.0 - says.mean()) * (1.0 - truth.mean()))
    if math.isnan(found.value) or chance >= 1.0:
        return found
    lowest = (wilson(agreed, float(clusters.max()) + 1.0)[0] - chance) / (1.0 - chance)
    return Estimate(found.value, max(-1.0, min(found.low, lowest)), found.high)


def area_under_curve(truth: npt.NDArray[np.bool_], shares: Array, clusters: Clusters) -> Estimate:
    """Return the area under the ROC curve with its interval; a perfect order of few answers is no certainty."""
    found = jackknife(
        lambda chosen: agreement.auroc(truth[chosen], shares[chosen]),
        clusters,
        limits=(0.0, 1.0),
        on_logits=True,
    )
    rarer = min(int(truth.sum()), int(np.sum(~truth)))
    if found.value in (0.0, 1.0):
        # Nothing out of n seen excludes a share of about 3/n.
        return Estimate(found.value, max(0.0, found.value - 3.0 / rarer), min(1.0, found.value + 3.0 / rarer))
    return found


def _ceiling(ratings: Array, bounds: tuple[float, float]) -> float | None:
    if ratings.shape[0] < 2:
        return None
    middle = (bounds[0] + bounds[1]) / 2.0
    said = np.where(np.isnan(ratings), np.nan, (ratings >= middle).astype(np.float64))
    found = agreement.krippendorff_alpha(said)
    return None if math.isnan(found) else found


def _length_correlation(rows: Sequence[Labelled], errors: Array) -> float | None:
    lengths = np.array([len(row.sample.output) if row.sample else math.nan for row in rows])
    if np.isnan(lengths).any():
        return None
    found = agreement.spearman(lengths, errors)
    return None if math.isnan(found) else found


def _reliability(probabilities: Array, labels: Array) -> dict[str, float]:
    if np.isnan(probabilities).any():
        return {}
    return {
        "calibration_error": probability.expected_calibration_error(probabilities, labels),
        "brier": probability.brier(probabilities, labels),
        "log_loss": probability.log_loss(probabilities, labels),
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _estimate(values: Mapping[str, float | None]) -> Estimate:
    return Estimate(_number(values["value"]), _number(values["low"]), _number(values["high"]))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
