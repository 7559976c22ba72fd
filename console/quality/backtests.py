"""What can be done to backtests, and the work on one: a few calls at a time, each few stored before the next."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from console.accounts import audit
from console.accounts.models import Project, User
from console.policies.guards import GuardError, checked_guards, config_from
from console.policies.models import Policy
from console.quality import totals
from console.quality.models import Backtest, BacktestState
from console.quality.replaying import GuardAwayError, Replayed, candidate, replay
from console.store import StoreUnavailableError, store
from guardrails.client import GuardServer
from ingest.clickhouse.client import Client
from ingest.queries.replay import PastCall, ReplayFilters, drawn_calls, matching_calls, verdicts_of
from ingest.queries.said import Place, Said, said_in

LEASE = timedelta(minutes=2)
"""Longer than a few calls may take, so that only a lost worker lets it run out."""
AT_ONCE = 50
"""Calls between two notes of how far it is."""
ONE_TURN_S = 20.0
"""How long a worker stays with one backtest before others get their turn."""
RETRY_AFTER = timedelta(seconds=20)
MOST_TROUBLES = 15
MOST_CALLS = 50_000
LONGEST = timedelta(days=90)
MOST_OPEN = 5
MOST_GUARDS = 100
_NOTHING_SAID = Said((), ())


class BacktestError(ValueError):
    """A backtest cannot be started as asked; the message says why."""


@transaction.atomic
def start_backtest(
    *,
    project: Project,
    by: User | None,
    guards: Sequence[Mapping[str, Any]],
    source: str,
    since: datetime,
    until: datetime,
    sample: int,
    environment: str = "",
    route: str = "",
    model: str = "",
    feature: str = "",
    api_key: UUID | None = None,
) -> Backtest:
    """Queue a policy to be tried over calls of the past. Raises BacktestError or GuardError."""
    if since >= until:
        raise BacktestError("the start must lie before the end")
    if until - since > LONGEST:
        raise BacktestError(f"at most {LONGEST.days} days, not {(until - since).days}")
    if not 1 <= sample <= MOST_CALLS:
        raise BacktestError(f"the sample has 1 to {MOST_CALLS:,} calls, not {sample:,}")
    if len(guards) > MOST_GUARDS:
        raise BacktestError(f"at most {MOST_GUARDS} guards, not {len(guards)}")
    checked = checked_guards(guards)
    if Backtest.objects.filter(project=project, state__in=_OPEN).count() >= MOST_OPEN:
        raise BacktestError(f"{MOST_OPEN} backtests are under way already; stop one, or wait for it")
    policy = Policy.objects.filter(project=project, route=None, key=None, is_active=True).first()
    backtest = Backtest.objects.create(
        project=project,
        source=source[:120],
        guards=checked,
        live_version=policy.version if policy else 0,
        since=since,
        until=until,
        sample=sample,
        environment=environment,
        route=route,
        model=model,
        feature=feature,
        api_key=api_key,
        totals=totals.empty(),
        created_by=by,
    )
    audit.record(
        project=project,
        by=by,
        action="backtest.started",
        target=source[:120],
        calls=sample,
        guards=len(checked),
    )
    _wake(backtest)
    return backtest


@transaction.atomic
def stop_backtest(*, backtest: Backtest, by: User | None) -> None:
    """Stop a backtest where it stands. What it has found so far stays."""
    stopped = Backtest.objects.filter(pk=backtest.pk, state__in=_OPEN).update(
        state=BacktestState.STOPPED, lease_until=None, reason="", attempts=F("attempts") + 1
    )
    if stopped:
        audit.record(project=backtest.project, by=by, action="backtest.stopped", target=backtest.source)


@transaction.atomic
def resume_backtest(*, backtest: Backtest, by: User | None) -> None:
    """Let a backtest that was stopped or failed go on where it stood."""
    resumed = Backtest.objects.filter(
        pk=backtest.pk, state__in=(BacktestState.STOPPED, BacktestState.FAILED)
    ).update(state=BacktestState.WAITING, lease_until=None, reason="", troubles=0)
    if resumed:
        audit.record(project=backtest.project, by=by, action="backtest.resumed", target=backtest.source)
        _wake(backtest)


@transaction.atomic
def remove_backtest(*, backtest: Backtest, by: User | None) -> None:
    """Take a backtest away with its result."""
    audit.record(project=backtest.project, by=by, action="backtest.removed", target=backtest.source)
    backtest.delete()


def take(backtest_id: UUID, *, now: datetime) -> Backtest | None:
    """Lease a backtest to this worker, or return None when another has it or it is not to go on."""
    due = Q(state=BacktestState.WAITING) & (Q(lease_until=None) | Q(lease_until__lte=now))
    lost = Q(state=BacktestState.RUNNING, lease_until__lte=now)
    taken = (
        Backtest.objects.filter(pk=backtest_id)
        .filter(due | lost)
        .update(state=BacktestState.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1)
    )
    return Backtest.objects.select_related("project").get(pk=backtest_id) if taken else None


def due_backtests(*, now: datetime) -> list[UUID]:
    """Return backtests whose wake-up was lost or whose worker is."""
    lost = Q(state=BacktestState.RUNNING, lease_until__lte=now)
    forgotten = Q(state=BacktestState.WAITING, lease_until=None, created_at__lte=now - timedelta(seconds=20))
    waiting = Q(state=BacktestState.WAITING, lease_until__lte=now)
    return list(
        Backtest.objects.filter(lost | forgotten | waiting)
        .order_by("created_at")
        .values_list("pk", flat=True)
    )


def work_on(backtest_id: UUID) -> Backtest | None:
    """Do a turn of work on a backtest if it is there to be taken. Doing it twice changes nothing.

    After each few calls the totals and how far they reach are stored in one statement; a worker that is killed loses
    at most the calls since, and whoever takes over looks at exactly those again.
    """
    backtest = take(backtest_id, now=timezone.now())
    if backtest is None:
        return None
    try:
        _turn(backtest)
    except StoreUnavailableError:
        _put_back(backtest, "the trace store does not answer")
    except GuardAwayError as error:
        _put_back(backtest, str(error))
    except GuardError as error:
        _end(backtest, BacktestState.FAILED, reason=str(error))
    backtest.refresh_from_db()
    return backtest


def _turn(backtest: Backtest) -> None:
    client, filters = store(), filters_of(backtest)
    guards = [config_from(guard) for guard in backtest.guards if guard.get("is_enabled", True)]
    if backtest.matching is None:
        backtest.matching = matching_calls(client, project_id=backtest.project_id, filters=filters)
    began = time.monotonic()
    while time.monotonic() - began < ONE_TURN_S:
        wanted = min(AT_ONCE, backtest.sample - backtest.done)
        calls = (
            drawn_calls(
                client,
                project_id=backtest.project_id,
                filters=filters,
                seed=str(backtest.pk),
                after=backtest.position,
                limit=wanted,
            )
            if wanted
            else []
        )
        replayed = asyncio.run(_replayed(client, backtest, calls, guards)) if calls else []
        for one in replayed:
            totals.add(backtest.totals, one)
        if replayed:
            backtest.done += len(replayed)
            backtest.position = replayed[-1].call.position
        is_whole = len(replayed) == len(calls) < wanted or backtest.done >= backtest.sample
        if not _note(backtest, is_whole=is_whole) or is_whole:
            return
    if _is_ours(backtest).update(state=BacktestState.WAITING, lease_until=None):
        _wake(backtest)


async def _replayed(
    client: Client, backtest: Backtest, calls: Sequence[PastCall], guards: Sequence[Any]
) -> list[Replayed]:
    said = said_in(
        client,
        project_id=backtest.project_id,
        places=[Place(call.trace_id, call.span_id, call.start_time) for call in calls],
    )
    then = verdicts_of(client, project_id=backtest.project_id, calls=calls)
    policy, server = candidate(guards), GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    replayed: list[Replayed] = []
    began = time.monotonic()
    try:
        for call in calls:
            key = call.trace_id, call.span_id
            replayed.append(
                await replay(policy, server, call, said.get(key, _NOTHING_SAID), then.get(key, []))
            )
            if time.monotonic() - began > ONE_TURN_S:
                break  # slow guards must not let the lease run out
        return replayed
    finally:
        await server.close()


def filters_of(backtest: Backtest) -> ReplayFilters:
    """Return which calls a backtest draws from."""
    return ReplayFilters(
        since=backtest.since,
        until=backtest.until,
        environment=backtest.environment,
        route=backtest.route,
        model=backtest.model,
        feature=backtest.feature,
        api_key_id=str(backtest.api_key or ""),
    )


def _note(backtest: Backtest, *, is_whole: bool) -> bool:
    """Store how far it is; False when the lease is no longer this worker's."""
    now = timezone.now()
    return bool(
        _is_ours(backtest).update(
            matching=backtest.matching,
            done=backtest.done,
            position=backtest.position,
            totals=backtest.totals,
            troubles=0,
            reason="",
            state=BacktestState.DONE if is_whole else BacktestState.RUNNING,
            finished_at=now if is_whole else None,
            lease_until=None if is_whole else now + LEASE,
        )
    )


def _put_back(backtest: Backtest, reason: str) -> None:
    if backtest.troubles + 1 >= MOST_TROUBLES:
        _end(backtest, BacktestState.FAILED, reason=f"given up after {MOST_TROUBLES} tries: {reason}")
        return
    _is_ours(backtest).update(
        state=BacktestState.WAITING,
        lease_until=timezone.now() + RETRY_AFTER,
        reason=reason[:300],
        troubles=F("troubles") + 1,
    )


def _end(backtest: Backtest, state: BacktestState, *, reason: str) -> None:
    _is_ours(backtest).update(state=state, lease_until=None, reason=reason[:300], finished_at=timezone.now())


def _is_ours(backtest: Backtest) -> Any:
    return Backtest.objects.filter(pk=backtest.pk, state=BacktestState.RUNNING, attempts=backtest.attempts)


def _wake(backtest: Backtest) -> None:
    # The task works on backtests and is woken by them.
    from console.quality.tasks import run_backtest  # noqa: PLC0415

    # Robust: a broker that is away is made up for by the sweep.
    key = str(backtest.pk)
    transaction.on_commit(lambda: run_backtest.delay(key), robust=True)


_OPEN = (BacktestState.WAITING, BacktestState.RUNNING)
