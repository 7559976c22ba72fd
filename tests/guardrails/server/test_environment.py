"""What the process with the workers is started in."""

import pytest

from guardrails.server.processes import environment


def test_workers_have_large_pages_and_libraries_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")

    assert environment()["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    assert environment()["OMP_NUM_THREADS"] == "1"


def test_tunables_that_somebody_has_set_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=2")

    assert environment()["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=2"
