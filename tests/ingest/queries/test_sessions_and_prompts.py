"""What sessions and prompts add up to."""

import uuid
from decimal import Decimal
from typing import Any

from ingest.clickhouse.client import Client
from ingest.queries.prompts import prompt_usage
from ingest.queries.sessions import newest_sessions
from ingest.writer import write
from tests.makers import HOUR, NOON, make_priced

BOUNDS: dict[str, Any] = {"since": NOON - HOUR, "until": NOON + 2 * HOUR}


def test_a_session_sums_its_traces_and_the_last_active_comes_first(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    question = [{"role": "user", "content": "first question"}]
    batch = [
        make_priced(project_id, session_id="old", cost="0.1", user_id="ann", input_messages=question),
        make_priced(project_id, session_id="old", cost="0.2", at=NOON + HOUR / 2, status="error"),
        make_priced(project_id, session_id="new", cost=None, at=NOON + HOUR),
        make_priced(project_id, session_id=""),
    ]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    new, old = newest_sessions(clickhouse, project_id=project_id, **BOUNDS)
    assert (new.session_id, new.traces, new.cost_usd) == ("new", 1, None)
    assert (old.traces, old.calls, old.errors, old.cost_usd) == (2, 2, 1, Decimal("0.3"))
    assert (old.first_at, old.last_at) == (NOON, NOON + HOUR / 2)
    assert (old.user_id, old.first_input) == ("ann", "first question")
    assert newest_sessions(clickhouse, project_id=uuid.uuid4(), **BOUNDS) == []


def test_prompt_versions_are_told_apart(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [
        make_priced(project_id, prompt_name="greet", prompt_version="1", cost="0.1"),
        make_priced(project_id, prompt_name="greet", prompt_version="1", cost=None),
        make_priced(project_id, prompt_name="greet", prompt_version="2", at=NOON + HOUR, status="error"),
        make_priced(project_id),
    ]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    second, first = prompt_usage(clickhouse, project_id=project_id, **BOUNDS)
    assert (first.name, first.version, first.calls, first.errors) == ("greet", "1", 2, 0)
    assert (first.cost_usd, first.unpriced, first.p50_us) == (Decimal("0.1"), 1, 1_500_000)
    assert (second.version, second.errors, second.last_hour) == ("2", 1, NOON + HOUR)
    assert prompt_usage(clickhouse, project_id=uuid.uuid4(), **BOUNDS) == []
