"""The demo fills an installation through its front doors."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.journeys.instance import ROOT, Instance
from tests.journeys.test_first_call import api

MODELS = 8


def test_simulated_days_arrive_whole(instance: Instance) -> None:
    sent = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--calls", "300", "--days", "9", "--seed", "5"],
        env={**os.environ, "PARAPET_HOME": str(instance.home)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert sent.returncode == 0, sent.stderr
    assert len(models_seen(instance, "parapet/demo")) >= MODELS


def models_seen(instance: Instance, awaited: str) -> set[str]:
    """Wait until calls of many models and of the awaited one are in the store, and return their names."""
    since = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT00:00:00Z")
    seen: set[str] = set()
    for _ in range(60):
        seen = {row["name"] for row in api(instance, f"/api/v1/usage?since={since}&by=model")["data"]}
        if len(seen) >= MODELS and awaited in seen:
            return seen
        time.sleep(0.5)
    raise AssertionError(
        f"calls of {sorted(seen)} arrived; {MODELS} models were expected, {awaited} among them"
    )
