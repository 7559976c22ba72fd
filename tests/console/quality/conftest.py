"""Calls of a week, with what the guards of that week said of them."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from console.accounts.models import Project
from console.store import store
from ingest.records import Price, PricedSpan
from ingest.writer import write
from tests.makers import make_event, make_span

pytestmark = pytest.mark.usefixtures("traced")


def guard(name: str = "patterns", **changes: Any) -> dict[str, Any]:
    """Return a guard as rows keep it: it masks e-mail addresses."""
    row: dict[str, Any] = {
        "name": name,
        "kind": "pattern",
        "action": "mask",
        "places": ["user", "history", "answer"],
        "on_error": "block",
        "deadline_ms": 2_000,
        "is_shadow": False,
        "is_enabled": True,
        "parameters": {"patterns": ["email"]},
    }
    return row | changes


def words(name: str = "words", **changes: Any) -> dict[str, Any]:
    """Return a guard that blocks the word launch."""
    return guard(name, kind="words", action="block", parameters={"words": ["launch"]}) | changes


class Week:
    """Puts calls into the store, and what was said of them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.now = datetime.now(UTC)
        self.records: list[Any] = []

    def call(
        self, text: str = "hello", answer: str = "hi", *, cost: str | None = "0.01", **changes: Any
    ) -> Any:
        """Note a call of yesterday."""
        at = self.now - timedelta(days=1) + timedelta(seconds=len(self.records))
        span = make_span(
            self.project.id,
            at=at,
            input_messages=[{"role": "user", "content": text}],
            output_messages=[{"role": "assistant", "content": answer}],
            **changes,
        )
        price = Price(cost_usd=Decimal(cost), source="reported") if cost is not None else None
        self.records.append(PricedSpan(span, price))
        return span

    def verdict(self, span: Any, **changes: Any) -> Any:
        """Note what a guard said of a call; that it masked an e-mail address, unless told otherwise."""
        details: dict[str, Any] = {
            "guard": "patterns",
            "guard_kind": "pattern",
            "policy_id": self.project.policies.get().pk,
            "policy_version": 1,
            "trace_id": span.trace_id,
            "span_id": span.span_id,
        }
        at = datetime.fromtimestamp(span.start_time_us / 1e6, UTC)
        event = make_event(self.project.id, at=at, **details | changes)
        self.records.append(event)
        return event

    def store(self) -> None:
        """Put all of it into the store."""
        write(store(), self.records, token=uuid.uuid4().hex)
        self.records = []


@pytest.fixture
def week(traced: None, project: Project) -> Week:
    """A week of the project without calls yet."""
    return Week(project)
