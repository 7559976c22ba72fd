"""Scores are read by trace and page by page, each judgement once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.queries.scores import ScoreFilters, newest_scores, scores_of_trace
from ingest.writer import write_scores
from tests.makers import HOUR, NOON, make_score

BOUNDS: dict[str, Any] = {"since": NOON - HOUR, "until": NOON + HOUR}


def test_another_project_sees_no_score(clickhouse: Client) -> None:
    score = make_score(uuid.uuid4())
    write_scores(clickhouse, [score])

    assert scores_of_trace(clickhouse, project_id=uuid.uuid4(), trace_id=score.trace_id) == []
    assert newest_scores(clickhouse, project_id=uuid.uuid4(), filters=ScoreFilters(**BOUNDS)) == []


def test_what_could_not_be_judged_has_no_value(clickhouse: Client) -> None:
    score = make_score(uuid.uuid4(), state="unscored", value=None, reason="the judge timed out")
    write_scores(clickhouse, [score])

    found = scores_of_trace(clickhouse, project_id=score.project_id, trace_id=score.trace_id)
    assert [(row.state, row.value, row.reason) for row in found] == [
        ("unscored", None, "the judge timed out")
    ]


def test_pages_meet_without_gap_or_overlap(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [make_score(project_id, at=NOON + timedelta(microseconds=n // 2)) for n in range(6)]
    write_scores(clickhouse, batch)

    seen: list[uuid.UUID] = []
    before = None
    for _ in range(3):
        page = newest_scores(
            clickhouse, project_id=project_id, filters=ScoreFilters(**BOUNDS), before=before, limit=2
        )
        seen += [score.id for score in page]
        before = (page[-1].trace_start, str(page[-1].id))

    assert sorted(seen) == sorted(score.id for score in batch)


@pytest.mark.parametrize(
    ("filters", "changes"),
    [
        ({"name": "toxicity"}, {"name": "toxicity"}),
        ({"state": "not_applicable"}, {"state": "not_applicable", "value": None}),
        ({"source": "human"}, {"source": "human"}),
        ({"session_id": "s"}, {"session_id": "s"}),
        ({"model": "m"}, {"model": "m"}),
        ({"prompt_name": "p"}, {"prompt_name": "p"}),
        ({"environment": "staging"}, {"environment": "staging"}),
        ({"at_most": 0.2}, {"value": 0.1}),
        ({"at_least": 0.8}, {"value": 0.9}),
    ],
)
def test_each_filter_keeps_what_it_asks_for(
    clickhouse: Client, filters: dict[str, Any], changes: dict[str, Any]
) -> None:
    project_id = uuid.uuid4()
    wanted = make_score(project_id, **changes)
    write_scores(clickhouse, [make_score(project_id, value=0.5), wanted])

    found = newest_scores(clickhouse, project_id=project_id, filters=ScoreFilters(**BOUNDS | filters))
    assert [score.id for score in found] == [wanted.id]
