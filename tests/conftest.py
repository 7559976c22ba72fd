"""Fixtures every room shares; each lives in the file about its subject."""

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.people",
    "tests.fixtures.redis",
    "tests.fixtures.store",
]
