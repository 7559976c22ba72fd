"""Token counts as providers report them, in the terms of a span."""

from typing import Any

from ingest.records import NO_USAGE, Usage, new_usage

CHARACTERS_PER_TOKEN = 4
"""For estimates of what was never reported."""


def reported(raw: object) -> Usage:
    """Read OpenAI's `usage`, and the variants compatible servers send; NO_USAGE when there is none."""
    if not isinstance(raw, dict):
        return NO_USAGE
    input_tokens = _count(raw, "prompt_tokens", "input_tokens")
    output_tokens = _count(raw, "completion_tokens", "output_tokens")
    if input_tokens is None and output_tokens is None:
        return NO_USAGE
    read = _details(raw, "prompt_tokens_details", "input_tokens_details")
    written = _details(raw, "completion_tokens_details", "output_tokens_details")
    cached = _count(read, "cached_tokens")
    return new_usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        # DeepSeek reports its cache beside the prompt's tokens, not below them.
        cache_read_tokens=_count(raw, "prompt_cache_hit_tokens") if cached is None else cached,
        cache_write_tokens=_count(read, "cache_write_tokens", "cache_creation_tokens"),
        reasoning_tokens=_count(written, "reasoning_tokens"),
        source="reported",
        raw=_numbers(raw),
    )


def estimated(*, input_characters: int, output_characters: int) -> Usage:
    """Return counts for a call whose real ones never arrived, marked as estimates."""
    return new_usage(
        input_tokens=-(-input_characters // CHARACTERS_PER_TOKEN),
        output_tokens=-(-output_characters // CHARACTERS_PER_TOKEN),
        source="estimated",
    )


def _numbers(raw: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no count: what stands beside the counts may be text, which no guard has seen."""
    return {
        name: {inner: count for inner, count in value.items() if isinstance(count, int | float)}
        if isinstance(value, dict)
        else value
        for name, value in raw.items()
        if isinstance(value, dict | int | float)
    }


def _details(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = raw.get(name)
        if isinstance(value, dict):
            return value
    return {}


def _count(values: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = values.get(name)
        if type(value) is int and value >= 0:
            return value
    return None
