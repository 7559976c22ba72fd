"""A policy over calls of the past: what it would have done, exactly once per call, whoever is killed on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.accounts.models import AuditEntry, Project, User
from console.policies.guards import GuardError
from console.quality import backtests, totals
from console.quality.backtests import BacktestError, start_backtest, work_on
from console.quality.models import Backtest, BacktestState
from tests.console.quality.conftest import Week, guard, words


def begin(project: Project, owner: User, *guards: dict[str, Any], **changes: Any) -> Backtest:
    now = timezone.now()
    details: dict[str, Any] = {
        "guards": guards,
        "source": "draft",
        "since": now - timedelta(days=7),
        "until": now,
        "sample": 1_000,
    }
    return start_backtest(project=project, by=owner, **details | changes)


def finished(backtest: Backtest) -> Backtest:
    done = work_on(backtest.pk)
    assert done is not None
    assert (done.state, done.reason) == (BacktestState.DONE, "")
    return done


def shares(backtest: Backtest) -> dict[str, int]:
    return {one.change: one.calls for one in totals.shares(backtest.totals) if one.calls}


def test_what_would_be_stopped_is_counted_with_what_it_had_cost(week: Week, owner: User) -> None:
    week.call("the launch is at noon", cost="0.25")
    week.call("the launch is at night", cost=None)
    week.call("about something else")
    week.store()

    done = finished(begin(week.project, owner, words()))

    assert (done.done, done.matching) == (3, 3)
    assert shares(done) == {"newly_stopped": 2}
    assert done.totals["actions"] == {"allow>block": 2, "allow>allow": 1}
    assert done.totals["saved"] == {"calls": 2, "usd": "0.250000000", "unpriced": 1}
    assert done.totals["guards"]["words"]["now"] == {"block": 2}
    assert done.totals["places"] == {"user": {"block": 2}}
    assert {one["now"] for one in done.totals["examples"]["newly_stopped"]} == {"block"}


def test_no_text_of_a_call_is_kept_with_the_result(week: Week, owner: User) -> None:
    week.call("the launch is at noon, says zebra7")
    week.store()

    done = finished(begin(week.project, owner, words()))

    assert "zebra7" not in str(done.totals)


def test_what_was_masked_then_counts_as_found_by_who_looks_for_it(week: Week, owner: User) -> None:
    span = week.call("write to <EMAIL_ADDRESS_1>", guard_action="mask")
    week.verdict(span)
    week.store()

    done = finished(begin(week.project, owner, guard("renamed")))

    assert shares(done) == {}
    assert done.totals["placeholders"] == {"EMAIL_ADDRESS": 1}
    assert done.totals["guards"]["renamed"]["taken_over"] == {"EMAIL_ADDRESS": 1}
    assert done.totals["entities"]["EMAIL_ADDRESS"] == {"then": 1, "now": 1}


def test_what_nobody_looks_for_any_more_is_no_longer_masked(week: Week, owner: User) -> None:
    span = week.call("write to <EMAIL_ADDRESS_1>", guard_action="mask")
    week.verdict(span)
    week.store()

    done = finished(begin(week.project, owner, guard(parameters={"patterns": ["iban"]})))

    assert shares(done) == {"no_longer_masked": 1}
    assert done.totals["unsought"] == {"EMAIL_ADDRESS": 1}


def test_a_call_that_was_blocked_and_would_not_be_is_a_call_more(week: Week, owner: User) -> None:
    span = week.call("<WORD_1> at noon", guard_action="block", status="blocked", cost=None)
    week.verdict(span, guard="words", guard_kind="words", action="block", entities={"WORD": 1})
    week.store()

    done = finished(begin(week.project, owner, words(action="flag")))

    assert shares(done) == {"no_longer_stopped": 1, "newly_flagged": 1}
    assert done.totals["added"] == {"calls": 1}


def test_what_stands_in_an_answer_stops_it_but_saves_nothing(week: Week, owner: User) -> None:
    week.call("when?", "the launch is at noon")
    week.store()

    done = finished(begin(week.project, owner, words()))

    assert shares(done) == {"newly_stopped": 1}
    assert done.totals["saved"]["calls"] == 0


def test_a_guard_in_shadow_changes_nothing_and_is_counted(week: Week, owner: User) -> None:
    week.call("the launch is at noon")
    week.store()

    done = finished(begin(week.project, owner, words(is_shadow=True)))

    assert shares(done) == {}
    assert done.totals["guards"]["words"]["now"] == {"shadow": 1}


def test_a_policy_for_a_part_of_the_calls_is_tried_on_all(week: Week, owner: User) -> None:
    for _ in range(5):
        week.call("the launch is at noon")
    week.store()

    done = finished(begin(week.project, owner, words(rollout_percent=1)))

    assert shares(done) == {"newly_stopped": 5}


def test_only_the_calls_that_are_asked_for_are_looked_at(week: Week, owner: User) -> None:
    week.call("launch", environment="staging")
    week.call("launch", model="claude-sonnet-4-5")
    week.call("launch", route="fast")
    week.call("launch")
    week.store()

    counts = [
        finished(begin(week.project, owner, words(), **{name: value})).done
        for name, value in (("environment", "staging"), ("model", "claude-sonnet-4-5"), ("route", "fast"))
    ]

    assert counts == [1, 1, 1]


def test_a_sample_is_drawn_by_chance_and_is_no_larger_than_asked(week: Week, owner: User) -> None:
    for number in range(30):
        week.call("launch" if number % 2 else "other")
    week.store()

    done = finished(begin(week.project, owner, words(), sample=10))

    assert (done.done, done.matching) == (10, 30)
    assert 0 < shares(done)["newly_stopped"] < 10


def test_a_worker_that_is_lost_loses_nothing_and_counts_nothing_twice(
    week: Week, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(23):
        week.call("launch" if number % 2 else "other")
    week.store()
    backtest = begin(week.project, owner, words())
    monkeypatch.setattr(backtests, "AT_ONCE", 5)
    add, seen = totals.add, []

    def lost_in_the_third_lot(table: Any, one: Any) -> None:
        seen.append(one.call.span_id)
        if len(seen) == 13:
            raise KeyboardInterrupt
        add(table, one)

    monkeypatch.setattr(totals, "add", lost_in_the_third_lot)
    with pytest.raises(KeyboardInterrupt):
        work_on(backtest.pk)
    backtest.refresh_from_db()
    assert (backtest.state, backtest.done) == (BacktestState.RUNNING, 10)
    assert work_on(backtest.pk) is None

    Backtest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert backtests.due_backtests(now=timezone.now()) == [backtest.pk]
    done = finished(backtest)

    assert (done.done, done.totals["calls"]) == (23, 23)
    assert shares(done) == {"newly_stopped": 11}


def test_a_backtest_that_is_stopped_keeps_what_it_found_and_goes_on_from_there(
    week: Week, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        week.call("launch")
    week.store()
    backtest = begin(week.project, owner, words())
    monkeypatch.setattr(backtests, "AT_ONCE", 4)
    note = backtests._note

    def stopped_after_the_first_lot(one: Backtest, *, is_whole: bool) -> bool:
        is_ours = note(one, is_whole=is_whole)
        backtests.stop_backtest(backtest=one, by=owner)
        return is_ours

    monkeypatch.setattr(backtests, "_note", stopped_after_the_first_lot)
    stopped = work_on(backtest.pk)
    monkeypatch.setattr(backtests, "_note", note)

    assert stopped is not None
    assert (stopped.state, stopped.done) == (BacktestState.STOPPED, 4)
    assert work_on(backtest.pk) is None
    backtests.resume_backtest(backtest=stopped, by=owner)
    assert finished(backtest).totals["calls"] == 12
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"backtest.started", "backtest.stopped", "backtest.resumed"} <= actions


def test_while_the_guard_server_is_away_nothing_is_counted_and_it_is_tried_again(
    week: Week, owner: User, settings: Any
) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    week.call("call me at 212-555-0123")
    week.store()
    backtest = begin(week.project, owner, guard(kind="pii", parameters={}))

    waiting = work_on(backtest.pk)

    assert waiting is not None
    assert (waiting.state, waiting.done, waiting.troubles) == (BacktestState.WAITING, 0, 1)
    assert "could not look: unreachable" in waiting.reason


def test_a_guard_that_stays_away_ends_it_with_the_reason(week: Week, owner: User, settings: Any) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    week.call("call me at 212-555-0123")
    week.store()
    backtest = begin(week.project, owner, guard(kind="pii", parameters={}))
    for _ in range(backtests.MOST_TROUBLES):
        Backtest.objects.filter(state=BacktestState.WAITING).update(lease_until=None)
        work_on(backtest.pk)

    backtest.refresh_from_db()
    assert backtest.state == BacktestState.FAILED
    assert "given up after 15 tries" in backtest.reason


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sample": 0}, "1 to 50,000 calls, not 0"),
        ({"sample": 1_000_000}, "not 1,000,000"),
        ({"until": timezone.now() - timedelta(days=400)}, "the start must lie before the end"),
        ({"since": timezone.now() - timedelta(days=400)}, "at most 90 days"),
        ({"guards": [words()] * 101}, "at most 100 guards"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    project: Project, owner: User, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BacktestError, match=sentence):
        begin(project, owner, words(), **changes)


def test_guards_that_cannot_run_are_refused(project: Project, owner: User) -> None:
    with pytest.raises(GuardError, match="astrology"):
        begin(project, owner, guard(kind="astrology"))


def test_no_more_than_five_are_under_way(project: Project, owner: User) -> None:
    for _ in range(5):
        begin(project, owner, words())

    with pytest.raises(BacktestError, match="5 backtests are under way"):
        begin(project, owner, words())


def test_quantiles_of_binned_durations_are_a_little_above_the_true_ones() -> None:
    table = totals.empty()
    for duration_us in range(1, 1_001):
        totals._count(table["durations"], totals._bin(duration_us))

    found = totals.quantiles(table["durations"])

    assert found["p50"] == pytest.approx(500, rel=0.05)
    assert found["p99"] == pytest.approx(990, rel=0.05)
    assert totals.quantiles({}) == {"p50": None, "p95": None, "p99": None}
    assert totals.quantiles({"-1": 10})["p50"] == 0.0
