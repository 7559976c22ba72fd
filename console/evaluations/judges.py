"""Who judges: a model that the proxy routes, one on a machine of ours, or several asked as one.

A judge is written on one line: `gpt-4o-mini`, or `local/fast = 2, gpt-4o-mini` for a panel with weights.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from console.accounts.actions import internal_key
from console.accounts.models import Project
from console.evaluations import local_judges
from console.evaluations.proxy_model import ProxyModel
from evaluators.completion import Complete
from evaluators.local import LocalModel
from evaluators.panel import Panel

MOST_MEMBERS = 5


class JudgeError(ValueError):
    """Nobody can judge so; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What a judge's questions are put to."""

    complete: Complete
    members: tuple[ProxyModel | LocalModel, ...]

    @property
    def refusal(self) -> str:
        """Why the next question will be refused too; empty while there is hope."""
        refusals = (member.refusal for member in self.members if isinstance(member, ProxyModel))
        return next((refusal for refusal in refusals if refusal), "")


def members_of(line: str) -> Mapping[str, float]:
    """Return the models that a judge's line names, each with its weight. Raises JudgeError."""
    members: dict[str, float] = {}
    for part in line.split(","):
        model, _, weight = (piece.strip() for piece in part.partition("="))
        if not model and not weight:
            continue
        if not model or model in members:
            raise JudgeError(
                f"{part.strip()[:60]!r} names no model, or one a second time; write model, model = weight"
            )
        members[model] = _weight(model, weight)
    if not members:
        raise JudgeError("name the model that judges, or several separated by commas")
    if len(members) > MOST_MEMBERS:
        raise JudgeError(f"a panel has at most {MOST_MEMBERS} members, not {len(members)}")
    return members


def line_of(members: Mapping[str, float]) -> str:
    """Return the one way to write a judge: those on machines of ours first, a weight of one left out."""
    ordered = sorted(members, key=lambda model: not local_judges.is_local(model))
    if len(ordered) == 1:
        return ordered[0]
    return ", ".join(model if members[model] == 1 else f"{model} = {members[model]:g}" for model in ordered)


def checked_line(line: str) -> str:
    """Return a judge's line as it is kept. Raises JudgeError with what to change, or to set."""
    members = members_of(line)
    if problem := problem_with(members):
        raise JudgeError(problem)
    return line_of(members)


def problem_with(models: Iterable[str]) -> str:
    """Return which model of ours is none of this installation's; empty when all are there."""
    problems = (local_judges.problem_with(model) for model in models if local_judges.is_local(model))
    return next((problem for problem in problems if problem), "")


def judge_of(project: Project, line: str, *, feature: str) -> Judge:
    """Return who is asked. Raises JudgeError where a model of ours is missing from this worker's settings."""
    weights = members_of(line)
    if problem := problem_with(weights):
        raise JudgeError(problem)
    members: dict[str, ProxyModel | LocalModel] = {
        model: local_judges.model_of(model)
        if local_judges.is_local(model)
        else ProxyModel(
            proxy_url=settings.PROXY_URL,
            api_key=internal_key(project=project),
            model=model,
            feature=feature,
        )
        for model in weights
    }
    alone = next(iter(members.values()))
    complete: Complete = alone if len(members) == 1 else Panel(members, weights)
    return Judge(complete=complete, members=tuple(members.values()))


def _weight(model: str, weight: str) -> float:
    try:
        found = float(weight or "1")
    except ValueError:
        found = -1.0
    if not 0 < found <= 1_000:
        raise JudgeError(f"{model[:60]!r} weighs {weight!r}; a weight is a number above 0, at most 1,000")
    return found
