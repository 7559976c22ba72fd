"""Notes about stretches of a text, by places in it: sources that an answer names, files it made.

Where a guard changed the length of the text, its places are elsewhere. What begins or ends within a replaced stretch takes in all of it;
where the new places cannot be known, because the text is JSON that was changed, the note is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrails.moves import Moves
from inference_proxy.texts import Slot

Note = dict[str, Any]
_TEXTS = frozenset({"text", "content", "refusal"})
_PLACED_BY_INDEX = frozenset({"file_citation", "file_path"})
"""Notes that have one place in the text, and no stretch of it."""


def moved_notes(notes: Sequence[Any], moves: Moves | None) -> list[Any]:
    """Return notes as they are after the moves."""
    return [note for each in notes if (note := moved_note(each, moves)) is not None]


def moved_note(note: Any, moves: Moves | None) -> Any:
    """Return a note as it is after the moves; None when it cannot be known where it belongs."""
    if not isinstance(note, dict) or last_place(note) is None:
        return note
    if moves is None:
        return None
    moved = _moved(note, moves)
    return moved | {key: _moved(value, moves) for key, value in note.items() if isinstance(value, dict)}


def last_place(note: Any) -> int | None:
    """Return the last place in the text that a note names; None when it names none."""
    if not isinstance(note, dict):
        return None
    holders = [note, *(value for value in note.values() if isinstance(value, dict))]
    places = [each[key] for each in holders for key in _keys(each)]
    return max(places, default=None)


def move_beside(slots: Sequence[Slot], moves: Sequence[Moves | None]) -> bool:
    """Move the notes that stand beside texts which were replaced; true when one did."""
    has_moved = False
    for slot, each in zip(slots, moves, strict=True):
        beside = slot.container.get("annotations") if isinstance(slot.container, dict) else None
        if isinstance(beside, list) and slot.key in _TEXTS and (each is None or each):
            slot.container["annotations"] = moved_notes(beside, each)
            has_moved = True
    return has_moved


def documents_of(body: Mapping[str, Any]) -> list[Any]:
    """Return the documents of a request in the order in which citations count them: where each one's text stands."""
    messages = body.get("messages")
    blocks = [
        block
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict)
        for block in _blocks(message.get("content"))
    ]
    return [block.get("source") for block in blocks if block.get("type") == "document"]


def with_cited_places(value: Any, documents: Sequence[Moves | None]) -> Any:
    """Return a block, a delta or blocks whose citations count places in documents as the caller sent them."""
    if isinstance(value, list):
        return [with_cited_places(each, documents) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("citations"), list):
        value = value | {"citations": [_cited(each, documents) for each in value["citations"]]}
    if isinstance(value.get("citation"), dict):
        value = value | {"citation": _cited(value["citation"], documents)}
    return value


def _cited(citation: Any, documents: Sequence[Moves | None]) -> Any:
    if not isinstance(citation, dict) or citation.get("type") != "char_location":
        return citation
    places: list[Any] = [
        citation.get(key) for key in ("document_index", "start_char_index", "end_char_index")
    ]
    if not all(type(each) is int for each in places) or not 0 <= places[0] < len(documents):
        return citation
    number, start, end = places
    moves = documents[number]
    if not moves:
        return citation
    return citation | {"start_char_index": moves.start(start), "end_char_index": moves.end(end)}


def _blocks(content: Any) -> Iterator[dict[str, Any]]:
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield block
            if block.get("type") == "tool_result":
                yield from _blocks(block.get("content"))


def _keys(holder: Mapping[str, Any]) -> list[str]:
    names = ["start_index", "end_index"]
    names += ["index"] if holder.get("type") in _PLACED_BY_INDEX else []
    return [name for name in names if type(holder.get(name)) is int]


def _moved(holder: Note, moves: Moves) -> Note:
    return holder | {
        key: (moves.end if key == "end_index" else moves.start)(holder[key]) for key in _keys(holder)
    }
