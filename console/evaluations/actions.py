"""What can be done to rules and to the judgements they owe."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from console.accounts import audit
from console.accounts.actions import internal_key
from console.accounts.models import Project, User
from console.evaluations import local_judges, provisions
from console.evaluations.judges import JudgeError, checked_line, members_of
from console.evaluations.models import Job, JobState, Rule
from console.evaluations.proxy_model import ENVIRONMENT
from console.store import store
from evaluators import registry
from evaluators.completion import ChatMessage, Completion, CompletionError
from evaluators.errors import EvaluatorError
from evaluators.evaluator import Configured
from evaluators.providers import handed_to
from ingest.queries.sampling import Call, calls_between

LEASE = timedelta(minutes=5)
"""Longer than a judgement may take, so that only a lost worker lets it run out."""
MOST_ATTEMPTS = 3
"""Tries of a judgement that fails."""
MOST_LOSSES = 8
"""Workers that may be lost over one job: enough that a bad night takes nobody's judgement, few enough for what kills."""
OVERLAP = timedelta(seconds=30)
"""Rows of one moment may reach the store a little apart; the stretch is read again and repeats are no news."""
SETTLING = timedelta(seconds=1)
PER_PAGE = 2_000
AWAKE = 2_000
"""Wake-ups that may wait for a worker at once; more would only fill Redis."""


class RuleError(ValueError):
    """A rule cannot be made as asked; the message says why."""


@transaction.atomic
def create_rule(
    *,
    project: Project,
    by: User | None,
    name: str,
    kind: str,
    parameters: Mapping[str, Any],
    now: datetime,
    judge_model: str = "",
    share: float = 1.0,
    environment: str = "",
    model: str = "",
    feature: str = "",
    prompt_name: str = "",
    most_per_day: int = 5_000,
) -> Rule:
    """Switch an evaluator on for the calls of a project that arrive from now on."""
    name = name.strip()
    if not 1 <= len(name) <= 64:
        raise RuleError(f"a name has 1 to 64 characters, not {len(name)}")
    if Rule.objects.filter(project=project, name=name).exists():
        raise RuleError(f"there is an evaluation named {name!r} already; choose another name")
    if not 0 < share <= 1:
        raise RuleError(f"the share lies above 0 and is at most 1, not {share:g}")
    if not 1 <= most_per_day <= 10_000_000:
        raise RuleError(f"judgements a day are between 1 and 10,000,000, not {most_per_day}")
    rule = Rule(
        project=project,
        name=name,
        kind=kind,
        parameters=dict(parameters),
        judge_model=_judge(kind, judge_model),
        share=share,
        environment=environment.strip(),
        model=model.strip(),
        feature=feature.strip(),
        prompt_name=prompt_name.strip(),
        most_per_day=most_per_day,
        seen_until=now,
        created_by=by,
    )
    check_evaluator(rule)
    if rule.judge_model:
        # Made now, so that the proxy knows it by the time the first call is judged.
        internal_key(project=project)
    rule.save(force_insert=True)
    audit.record(
        project=project, by=by, action="rule.created", target=name, kind=kind, share=share, judge=judge_model
    )
    return rule


@transaction.atomic
def switch_rule(*, rule: Rule, is_enabled: bool, by: User | None, now: datetime, because: str = "") -> Rule:
    """Pause a rule, or let it go on with the calls that arrive from now on."""
    rule = Rule.objects.select_for_update().select_related("project").get(pk=rule.pk)
    if is_enabled and not rule.is_enabled:
        rule.seen_until = now
    rule.is_enabled, rule.paused_because = is_enabled, because[:300]
    rule.save(update_fields=["is_enabled", "paused_because", "seen_until"])
    audit.record(
        project=rule.project,
        by=by,
        action="rule.resumed" if is_enabled else "rule.paused",
        target=rule.name,
        because=because[:300],
    )
    return rule


@transaction.atomic
def remove_rule(*, rule: Rule, by: User | None) -> None:
    """Take a rule away with the judgements it still owes. Scores that were given stay."""
    audit.record(project=rule.project, by=by, action="rule.removed", target=rule.name, kind=rule.kind)
    rule.delete()


def check_evaluator(rule: Rule) -> Configured:
    """Build the rule's evaluator without a model behind it. Raises RuleError."""
    try:
        return registry.build(
            rule.kind,
            rule.parameters,
            _no_model,
            name=rule.name,
            **handed_to(rule.kind, provisions.Provisions()),
        )
    except EvaluatorError as error:
        raise RuleError(provisions.problem_with(rule.kind) or str(error)) from error


def _judge(kind: str, line: str) -> str:
    """Return who judges as it is kept; nobody where no model is asked. Raises RuleError."""
    try:
        return checked_line(line) if registry.describe(kind).needs_model else ""
    except (JudgeError, EvaluatorError) as error:
        raise RuleError(str(error)) from error


def sample_rule(rule: Rule, *, now: datetime) -> list[int]:
    """Queue a judgement for each chosen call that arrived since the rule last looked; return the new jobs."""
    until = now - SETTLING
    if until <= rule.seen_until:
        return []
    jobs: list[int] = []
    page: list[Call] = []
    while True:
        page = calls_between(
            store(),
            project_id=rule.project_id,
            since=rule.seen_until - OVERLAP,
            until=until,
            excluded_environment=ENVIRONMENT,
            environment=rule.environment,
            model=rule.model,
            feature=rule.feature,
            prompt_name=rule.prompt_name,
            after=page[-1] if page else None,
            limit=PER_PAGE,
        )
        is_last = len(page) < PER_PAGE
        # Only after the last page is the stretch behind us: whoever fails before looks at all of it again.
        jobs += queue(rule, page, now=now, seen_until=until if is_last else None)
        if is_last:
            return jobs


def queue(
    rule: Rule, calls: Iterable[Call], *, now: datetime, seen_until: datetime | None = None
) -> list[int]:
    """Owe a judgement for each call the rule chooses, once, up to what it may do in a day."""
    version = check_evaluator(rule).version
    chosen = [call for call in calls if is_chosen(call.trace_id, share=rule.share)]
    with transaction.atomic():
        rule = Rule.objects.select_for_update().get(pk=rule.pk)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        left = rule.most_per_day - Job.objects.filter(rule=rule, created_at__gte=day).count()
        known = set(
            Job.objects.filter(rule=rule, version=version, span_id__in=[call.span_id for call in chosen])
            .values_list("span_id", flat=True)
        )  # fmt: skip
        jobs = Job.objects.bulk_create(
            Job(
                rule=rule,
                trace_id=call.trace_id,
                span_id=call.span_id,
                trace_start=call.start_time,
                probability=rule.share,
                version=version,
            )
            for call in [call for call in chosen if call.span_id not in known][: max(left, 0)]
        )
        if seen_until is not None:
            rule.seen_until = seen_until
            rule.save(update_fields=["seen_until"])
    return [job.pk for job in jobs]


def is_chosen(trace_id: str, *, share: float) -> bool:
    """Tell whether a trace falls into a share. The same trace does for every rule, so scores can be compared."""
    drawn = int.from_bytes(hashlib.blake2b(trace_id.encode(), digest_size=8).digest()) / 2**64
    return drawn < share


def take(job_id: int, *, now: datetime) -> Job | None:
    """Lease a job to this worker, or return None when another has it, it is finished, or its rule is paused."""
    due = Q(state=JobState.WAITING) & (Q(lease_until=None) | Q(lease_until__lte=now))
    lost = Q(state=JobState.RUNNING, lease_until__lte=now)
    job = Job.objects.filter(pk=job_id, rule__is_enabled=True)
    leased: dict[str, Any] = {
        "state": JobState.RUNNING,
        "lease_until": now + LEASE,
        "attempts": F("attempts") + 1,
    }
    taken = job.filter(due).update(**leased) or job.filter(lost, losses__lt=MOST_LOSSES - 1).update(
        **leased, losses=F("losses") + 1
    )
    return Job.objects.select_related("rule__project").get(pk=job_id) if taken else None


def finish(job: Job, state: JobState, *, now: datetime, error: str = "") -> None:
    """Note how a leased job ended, unless its lease ran out and another worker holds it."""
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts).update(
        state=state, lease_until=None, finished_at=now, last_error=error[:300]
    )


def put_back(job: Job, *, now: datetime, after: timedelta, error: str, counts: bool) -> None:
    """Let a leased job wait for another try. A try that could not even begin does not count."""
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts).update(
        state=JobState.WAITING,
        lease_until=now + after,
        last_error=error[:300],
        attempts=job.attempts if counts else job.attempts - 1,
    )


def due_jobs(*, now: datetime, limit: int = AWAKE, local: bool = False) -> list[int]:
    """Return jobs whose wake-up was lost or whose worker is: messages are hints, this is the queue.

    `local` asks for those of models on machines of ours, which other workers do. A job over which too many workers were
    lost is given up instead.
    """
    lost = Q(state=JobState.RUNNING, lease_until__lte=now)
    Job.objects.filter(lost, losses__gte=MOST_LOSSES - 1).update(
        state=JobState.DEAD,
        losses=F("losses") + 1,
        lease_until=None,
        finished_at=now,
        last_error=f"the worker was lost {MOST_LOSSES} times",
    )
    forgotten = Q(state=JobState.WAITING, lease_until=None, created_at__lte=now - timedelta(seconds=20))
    waiting = Q(state=JobState.WAITING, lease_until__lte=now)
    ours = Q(rule__judge_model__startswith=local_judges.PREFIX) | Q(rule__kind__in=provisions.gpu_kinds())
    enabled = Job.objects.filter(ours if local else ~ours, rule__is_enabled=True)
    return list(
        enabled.filter(lost | forgotten | waiting).order_by("pk").values_list("pk", flat=True)[:limit]
    )


def suspects(jobs: Iterable[int], *, now: datetime) -> set[int]:
    """Return the jobs over which a worker was lost: done alone, they bring nobody else's down with them."""
    lost = Q(losses__gt=0) | Q(state=JobState.RUNNING, lease_until__lte=now)
    return set(Job.objects.filter(lost, pk__in=list(jobs)).values_list("pk", flat=True))


def load_for(jobs: Iterable[int]) -> None:
    """Load the models of ours that some jobs wait for."""
    waiting = Job.objects.filter(pk__in=jobs, state__in=(JobState.WAITING, JobState.RUNNING))
    rules = set(waiting.values_list("rule__judge_model", "rule__kind"))
    models = {model for line, _ in rules if line for model in members_of(line)}
    asks_classifier = any(kind in provisions.gpu_kinds() for _, kind in rules)
    local_judges.load(sorted(models), with_classifier=asks_classifier)


async def _no_model(
    messages: Iterable[ChatMessage], /, *, options: Iterable[str] = (), answers: int = 1
) -> Completion:
    raise CompletionError("no model stands behind an evaluator that is only being checked")
