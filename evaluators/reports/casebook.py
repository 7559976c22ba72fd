"""The cases of a report as HTML: what was asked, both answers side by side, and every score with its reason.

Everything in here that a model or a user wrote is escaped; nothing of it becomes markup, a link or a script.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from evaluators.gate import Case, Decision, Trial
from evaluators.gate.decision import Change
from evaluators.reports.difference import side_by_side
from evaluators.reports.evidence import Evidence
from evaluators.score import NotApplicable, Score, Unscored
from evaluators.trials import StoredAnswer

MOST_CASES = 400
"""Cases with their texts; those that changed come first."""
_MOST_TRIALS = 3
_LONGEST = 4_000
_LONGEST_REASON = 300


@dataclass(slots=True)
class Entry:
    """One case with what became of it."""

    case: Case
    broken: list[Change] = field(default_factory=list)
    fixed: list[Change] = field(default_factory=list)
    is_missing: bool = False
    """Whether an answer or a score is missing."""

    @property
    def kinds(self) -> list[str]:
        """Return what a filter may ask for."""
        kinds = ["broken"] * bool(self.broken) + ["fixed"] * bool(self.fixed)
        return kinds + ["missing"] * self.is_missing

    @property
    def rank(self) -> tuple[int, float]:
        """Put what broke first, the surest at the top."""
        order = 0 if self.broken else 1 if self.fixed else 2 if self.is_missing else 3
        changes = self.broken or self.fixed
        return order, -max((change.probability for change in changes), default=0.0)


def entries_of(decision: Decision, evidence: Evidence) -> list[Entry]:
    """Return every case, what changed first."""
    entries = {case.id: Entry(case) for case in evidence.experiment.cases}
    for change in decision.newly_broken:
        entries[change.case].broken.append(change)
    for change in decision.newly_fixed:
        entries[change.case].fixed.append(change)
    for trial in evidence.experiment.trials:
        if trial.case in entries and any(
            isinstance(outcome, Unscored) for outcome in trial.outcomes.values()
        ):
            entries[trial.case].is_missing = True
    for (case, _, _), answer in evidence.answers.items():
        if answer.error and case in entries:
            entries[case].is_missing = True
    return sorted(entries.values(), key=lambda entry: entry.rank)


def casebook(entries: Sequence[Entry], evidence: Evidence) -> Iterator[str]:
    """Return the list of cases, each to be opened."""
    numbered: dict[str, list[Trial]] = {}
    for trial in evidence.experiment.trials:
        numbered.setdefault(trial.case, []).append(trial)
    yield "<div id=cases class=cases>"
    for entry in entries[:MOST_CASES]:
        yield _case(entry, evidence, numbered.get(entry.case.id, []))
    yield "</div>"
    if len(entries) > MOST_CASES:
        yield (
            f"<p class=quiet>{len(entries) - MOST_CASES:,} further cases are in the run itself: "
            "<code>parapet eval show RUN --case ID</code>.</p>"
        )


def _case(entry: Entry, evidence: Evidence, trials: Sequence[Trial]) -> str:
    changes = [*entry.broken, *entry.fixed]
    chips = [
        *(_chip("broken", change) for change in entry.broken),
        *(_chip("fixed", change) for change in entry.fixed),
    ]
    if entry.is_missing:
        chips.append("<span class='chip missing'>something is missing</span>")
    tags = sorted(entry.case.tags)
    metrics = sorted({change.metric for change in changes})
    summary = (
        f"<summary><span class=id>{escape(entry.case.id)}</span>{''.join(chips)}"
        f"{''.join(f'<span class=tag>{escape(tag)}</span>' for tag in tags)}</summary>"
    )
    # A list in an attribute is divided by line feeds, which no id, metric or tag has.
    return (
        f'<details class=case data-kinds="{" ".join(entry.kinds)}" data-metrics="{_listed(metrics)}" '
        f'data-tags="{_listed(tags)}">{summary}<div class=body>{_answers(entry.case, evidence)}'
        f"{_scores(trials, evidence)}</div></details>"
    )


def _listed(names: Sequence[str]) -> str:
    return escape("\n".join(name.replace("\n", " ") for name in names)).replace("\n", "&#10;")


def _chip(kind: str, change: Change) -> str:
    return (
        f"<span class='chip {kind}' title='sure to {change.probability:.0%}'>{kind}: {escape(change.metric)} "
        f"{change.baseline:.2f} → {change.candidate:.2f}</span>"
    )


def _answers(case: Case, evidence: Evidence) -> str:
    arms = evidence.arms
    numbers = _numbers(case, evidence)
    if not numbers:
        return ""
    parts = [_asked([evidence.answers.get((case.id, arm, numbers[0])) for arm in arms], arms)]
    for position, number in enumerate(numbers[:_MOST_TRIALS]):
        pair = _pair([evidence.answers.get((case.id, arm, number)) for arm in arms], arms)
        if position == 0:
            parts.append(pair)
        else:
            parts.append(f"<details class=more><summary>trial {number}</summary>{pair}</details>")
    if len(numbers) > _MOST_TRIALS:
        parts.append(f"<p class=quiet>{len(numbers) - _MOST_TRIALS} further trials are in the run.</p>")
    return "".join(parts)


def _numbers(case: Case, evidence: Evidence) -> list[int]:
    highest = max(evidence.experiment.gate.looks)
    return [
        number
        for number in range(1, highest + 1)
        if any((case.id, arm, number) in evidence.answers for arm in evidence.arms)
    ]


def _asked(answers: Sequence[StoredAnswer | None], arms: Sequence[str]) -> str:
    """Show what was asked: once when it is the same for both arms."""
    texts = [answer.input if answer is not None else "" for answer in answers]
    if not any(texts):
        return ""
    if len(set(texts)) == 1:
        shown = f"<pre>{escape(_cut(texts[0]))}</pre>"
    else:
        sides = side_by_side(_cut(texts[0]), _cut(texts[-1]))
        shown = _columns([(arm, f"<pre>{side}</pre>") for arm, side in zip(arms, sides, strict=True)])
    return f"<details class=more><summary>what was asked</summary>{shown}</details>"


def _pair(answers: Sequence[StoredAnswer | None], arms: Sequence[str]) -> str:
    texts = ["" if answer is None else _cut(answer.output) for answer in answers]
    sides = side_by_side(texts[0], texts[-1]) if len(texts) == 2 else (escape(texts[0]),)
    return _columns(
        [(arm, _answer(answer, side)) for arm, answer, side in zip(arms, answers, sides, strict=True)]
    )


def _answer(answer: StoredAnswer | None, text: str) -> str:
    if answer is None:
        return "<p class=quiet>not asked</p>"
    if answer.error:
        return f"<pre class=error>{escape(_cut(answer.error))}</pre>"
    facts = [
        *([f"{answer.latency_ms:,.0f} ms"] if answer.latency_ms is not None else []),
        *([f"${answer.cost_usd:.6f}"] if answer.cost_usd is not None else []),
        *([f"{answer.output_tokens:,} tokens"] if answer.output_tokens is not None else []),
        *([escape(answer.model)] if answer.model else []),
    ]
    return f"<pre>{text or ' '}</pre><p class=facts>{' · '.join(facts)}</p>"


def _columns(sides: Sequence[tuple[str, str]]) -> str:
    columns = "".join(f"<div><h4>{escape(arm)}</h4>{side}</div>" for arm, side in sides)
    return f"<div class=pair>{columns}</div>"


def _scores(trials: Sequence[Trial], evidence: Evidence) -> str:
    rows = []
    for name in evidence.experiment.metrics:
        cells = [_means(trials, name, arm) for arm in evidence.arms]
        if any(cells):
            reason = _reason(trials, name, evidence.experiment.gate.candidate)
            shown = "".join(f"<td class=number>{cell or '–'}</td>" for cell in cells)
            rows.append(f"<tr><th scope=row>{escape(name)}</th>{shown}<td>{escape(reason)}</td></tr>")
    if not rows:
        return ""
    head = "".join(f"<th scope=col class=number>{escape(arm)}</th>" for arm in evidence.arms)
    return (
        f"<div class=wide><table class=scores><thead><tr><th scope=col>score</th>{head}<th scope=col>reason</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _means(trials: Sequence[Trial], name: str, arm: str) -> str:
    """Return the mean of a metric's scores, or that there is none though there should be."""
    found = [trial.outcomes.get(name) for trial in trials if trial.arm == arm]
    values = [outcome.value for outcome in found if isinstance(outcome, Score)]
    if values:
        return f"{sum(values) / len(values):.3g}"
    return "unscored" if any(isinstance(outcome, Unscored) for outcome in found) else ""


def _reason(trials: Sequence[Trial], name: str, candidate: str) -> str:
    for trial in sorted(trials, key=lambda trial: (trial.arm != candidate, trial.number)):
        outcome = trial.outcomes.get(name)
        if outcome is not None and not isinstance(outcome, NotApplicable):
            return outcome.reason[:_LONGEST_REASON]
    return ""


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} characters more)"
