"""Token counts under one meaning: input tokens include what a cache read or wrote."""

from typing import Any

from ingest.formats.values import count
from ingest.records import NO_USAGE, Usage, new_usage


def usage_from(
    raw: dict[str, Any],
    *,
    input_tokens: Any = None,
    output_tokens: Any = None,
    total_tokens: Any = None,
    cache_read_tokens: Any = None,
    cache_write_tokens: Any = None,
    reasoning_tokens: Any = None,
    excludes_cached: bool | None = None,
) -> Usage:
    """Build a Usage from counts as a sender reported them; `raw` is kept beside them.

    `excludes_cached` says whether the sender counts cached tokens outside of its input tokens.
    None asks the numbers: more cached than input tokens, or a total that only adds up with the
    cached ones, can mean nothing else.
    """
    tokens_in, tokens_out = count(input_tokens), count(output_tokens)
    read, written = count(cache_read_tokens), count(cache_write_tokens)
    if tokens_in is None and tokens_out is None:
        return NO_USAGE
    cached = (read or 0) + (written or 0)
    if tokens_in is not None and cached:
        if excludes_cached is None:
            total = count(total_tokens)
            excludes_cached = cached > tokens_in or total == tokens_in + (tokens_out or 0) + cached
        if excludes_cached:
            tokens_in += cached
    return new_usage(
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count(reasoning_tokens),
        source="reported",
        # Numbers only: what a sender writes beside its counts may be text, which belongs where guards look.
        raw={key: value for key, value in raw.items() if count(value) is not None},
    )
