"""Datasets under test."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.accounts.models import Project, User
from console.datasets import actions
from console.datasets.content import content_of
from console.datasets.models import Dataset, Source, Version

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def dataset(project: Project, owner: User) -> Dataset:
    return actions.create_dataset(project=project, by=owner, name="questions")


def put(dataset: Dataset, owner: User, *items: dict[str, Any], **options: Any) -> Version:
    """Put items in, given as plain values."""
    new = [actions.NewItem(content=content_of(item), source=Source.PERSON) for item in items]
    return actions.save_version(dataset=dataset, author=owner.email, by=owner, now=NOW, put=new, **options)


def question(key: str, text: str = "", **fields: Any) -> dict[str, Any]:
    """One item's plain values."""
    return {"id": key, "inputs": {"question": text or f"What is {key}?"}} | fields


@pytest.fixture(autouse=True)
def policy_can_look(guarded: str) -> None:
    """What goes in passes the project's policy, whose guards ask the guard server."""
