"""What the gate says, and the figures it rests on."""

from dataclasses import dataclass
from typing import Literal

from evaluators.stats.components import Components
from evaluators.stats.discordance import McNemar

State = Literal["PASS", "FAIL", "INCONCLUSIVE", "ERROR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule found at the look that decided it."""

    metric: str
    check: Literal["margin", "floor", "must_pass", "advisory"]
    state: State
    reason: str
    look: int
    """Trials per case."""
    is_final: bool = True
    """Whether more trials could not change the state."""
    cases: int = 0
    clusters: int = 0
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    """Candidate minus baseline, as it is; for a ratio, candidate over baseline."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval of the difference."""
    is_ratio: bool = False
    margin: float | None = None
    margin_source: str = ""
    p_noninferior: float | None = None
    p_regression: float | None = None
    p_holm: float | None = None
    q_value: float | None = None
    level: float | None = None
    """The p each test had to reach at this look."""
    method: str = ""
    labels: int = 0
    """Cases by whose labels the judge's difference was corrected."""
    detectable: float | None = None
    """The difference this experiment would have found four times in five."""
    cases_needed: int | None = None
    trials_needed: int | None = None
    """Trials of each case that would do instead of more cases; None when none would."""
    noise: Components | None = None
    """Where the uncertainty comes from, with two trials or more."""
    mcnemar: McNemar | None = None
    unscored_baseline: float = 0.0
    unscored_candidate: float = 0.0
    worst_case: tuple[float, float] | None = None
    """Between which limits the difference lies, whatever the missing scores would have been."""
    broken_cases: tuple[str, ...] = ()
    label: str = ""
    """Which quantile it is about, and the rule's tags when it concerns some cases only."""

    @property
    def name(self) -> str:
        """The metric with its label."""
        return f"{self.metric} [{self.label}]" if self.label else self.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A case that one arm answers rightly and the other does not, most of the time."""

    case: str
    metric: str
    baseline: float
    candidate: float
    probability: float
    """The chance that the case truly became worse (or better), given its trials."""
    q_value: float = 1.0
    """Among changes with a q of at most x, a share x is expected to be chance (Benjamini and Hochberg, 1995)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The gate's word on a run."""

    state: State
    reason: str
    is_final: bool
    """False while another look could still decide."""
    look: int
    """Trials per case at the last look."""
    findings: tuple[Finding, ...]
    advisory: tuple[Finding, ...] = ()
    slices: tuple[Finding, ...] = ()
    """Gated metrics on the cases of one tag alone; they advise."""
    newly_broken: tuple[Change, ...] = ()
    newly_fixed: tuple[Change, ...] = ()
