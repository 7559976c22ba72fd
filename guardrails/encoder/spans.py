"""From the tags of tokens to personal data in characters."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.labels import OUTSIDE, PII_ENTITIES, TOKEN_LABELS, entity_of, goes_on
from guardrails.encoder.reading import EncoderSpan
from guardrails.encoder.windows import Tokens

Array = NDArray[np.float32]
_HARDLY = 0.1
_NEVER = np.float32(-1e9)
_ENDS_WITH_LINE = [goes_on(entity) for entity in PII_ENTITIES if entity != "STREET_ADDRESS"]
_IS_ENDED = np.isin(np.arange(len(TOKEN_LABELS)), _ENDS_WITH_LINE)

Booleans = NDArray[np.bool_]


def spans_of(tokens: Tokens, chances: Array, *, readiness: float) -> tuple[EncoderSpan, ...]:
    """Return what the likeliest path of tags says; `chances` are the logarithms of the tags' probabilities.

    An entity begins where a word does, every part of a word belongs to what the word does, and only an address goes on in the
    next line.
    """
    ready = chances.copy()
    ready[:, 1:] += readiness
    # Where nothing could be, nothing needs to be looked for.
    open_ = chances[:, OUTSIDE] < np.log1p(-_HARDLY * np.exp(-readiness))
    whole = _whole_words(open_, tokens.within)
    if not whole.any():
        return ()
    likeliest = np.where(whole, ready.argmax(axis=1), OUTSIDE)
    follows = _follows(likeliest, tokens.within, tokens.begins_line)
    path: list[int] = likeliest.tolist()
    # Where every likeliest tag follows from the one before, there is no likelier path.
    if not follows.all():
        for first, last in _runs(whole):
            run = slice(first, last)
            if not follows[run].all():
                path[run] = _best_path(ready[run], tokens.within[run], tokens.begins_line[run])
    starts, ends = tokens.starts.tolist(), tokens.ends.tolist()
    outside = [0.0, *np.exp(chances[:, OUTSIDE]).cumsum(dtype=np.float64).tolist()]
    return tuple(
        EncoderSpan(
            entity_of(path[begin]),
            starts[begin],
            ends[end - 1],
            round(max(1 - (outside[end] - outside[begin]) / (end - begin), 0.0), 4),
        )
        for begin, end in _entities(path)
    )


def _best_path(chances: Array, within: Booleans, begins_line: Booleans) -> list[int]:
    """Find the likeliest tags in which an entity only goes on after it has begun."""
    count = len(TOKEN_LABELS)
    begins = np.arange(1, count, 2)
    came_from = np.zeros((len(chances), count), np.int64)
    score = np.full(count, _NEVER)
    score[OUTSIDE] = chances[0, OUTSIDE]
    score[begins] = chances[0, begins]
    for place in range(1, len(chances)):
        best = int(score.argmax())
        before = np.where(score[begins] >= score[begins + 1], begins, begins + 1)
        after = np.full(count, _NEVER)
        after[begins + 1] = score[before]
        came_from[place, begins + 1] = before
        if begins_line[place]:
            after[_ENDS_WITH_LINE] = _NEVER
        if within[place]:
            after[OUTSIDE] = score[OUTSIDE]
            came_from[place, OUTSIDE] = OUTSIDE
        else:
            after[OUTSIDE] = after[begins] = score[best]
            came_from[place, OUTSIDE] = came_from[place, begins] = best
        score = after + chances[place]
    path = [int(score.argmax())]
    for place in range(len(chances) - 1, 0, -1):
        path.append(int(came_from[place, path[-1]]))
    return path[::-1]


def _follows(tags: NDArray[np.int64], within: Booleans, begins_line: Booleans) -> Booleans:
    """Say of every token whether its tag may stand after the one before."""
    before = np.concatenate([[OUTSIDE], tags[:-1]])
    is_further = (tags != OUTSIDE) & (tags % 2 == 0)
    goes_on_well = is_further & ((before == tags) | (before == tags - 1)) & ~(begins_line & _IS_ENDED[tags])
    starts_well = ~is_further & (~within | ((tags == OUTSIDE) & (before == OUTSIDE)))
    result: Booleans = goes_on_well | starts_well
    return result


def _entities(path: list[int]) -> Iterator[tuple[int, int]]:
    begin = None
    for place, tag in enumerate([*path, OUTSIDE]):
        is_further = tag != OUTSIDE and tag % 2 == 0
        if begin is not None and not is_further:
            yield begin, place
            begin = None
        if tag % 2 == 1:
            begin = place


def _whole_words(open_: Booleans, within: Booleans) -> Booleans:
    if not open_.any():
        return open_
    word = np.cumsum(~within)
    touched = np.zeros(int(word[-1]) + 1, bool)
    np.logical_or.at(touched, word, open_)
    result: Booleans = touched[word]
    return result


def _runs(open_: Booleans) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], open_, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
