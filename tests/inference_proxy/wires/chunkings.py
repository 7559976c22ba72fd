"""Random answers with things planted in them, cut at random in every way a stream can be cut."""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from guardrails.outcome import Blocked, Detector
from guardrails.policy import Policy
from guardrails.registry import RemoteGuard
from guardrails.verdict import Failure, Finding
from inference_proxy.guarding import Guarding
from inference_proxy.relay import EventCutter
from tests.guardrails.makers import FILLER, SECRETS, guard, policy
from tests.inference_proxy.wires.speaking import Kind, Speech, Spoken

SEPARATORS = (" ", ", ", ". ", "\n", ' "', "; ", " (", " é ", " 日本 ", " 😀 ")
WORDS = ("launch code", "straße", "sesame")
NAMES = ("Ada Lovelace", "Jürgen Müller", "Zoë O'Hara", "Nguyễn Văn An")
PLANTED = (*SECRETS, *WORDS, *NAMES)
"""What the guards of these policies find whatever stands around it."""
_NUMBERED = re.compile(r"(<[A-Z_]+?_)\d+>")
_ESCAPED = re.compile(r"[^\x00-\x7f]")


class NamesDetector:
    """A detector of the second tier that knows four people, wherever the windows are cut that it is shown."""

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        """Return where the names stand."""
        return [
            [
                Finding(entity="PERSON", start=found.start(), end=found.end(), score=0.99)
                for name in NAMES
                for found in re.finditer(re.escape(name), text)
            ]
            for text in texts
        ]


MASKED = policy(
    guard(),
    guard("words", parameters={"words": list(WORDS)}),
    guard("pii", parameters={"deny": list(NAMES)}),
)
BLOCKED = policy(guard(action="block"), guard("words", "block", parameters={"words": list(WORDS)}))


@dataclass(frozen=True, slots=True)
class Chunking:
    """One answer, and the seed of the ways in which it is cut."""

    speech: Speech
    answer: tuple[Spoken, ...]
    planted: tuple[str, ...]
    seed: int
    policy: Policy = field(default=MASKED, repr=False)


def chunkings(seed: int, speech: Speech, *, rules: Policy = MASKED) -> Iterator[Chunking]:
    """Make one random answer after the other."""
    for number in itertools.count():
        chance = random.Random(f"{seed}/{speech.name}/{number}")
        planted: list[str] = []
        answer: list[Spoken] = []
        for choice in range(chance.choice((1, 1, 1, 1, 2, 3))):
            kinds: list[Kind] = ["answer"]
            if chance.random() < 0.25:
                kinds.insert(0, "reasoning")
            if chance.random() < 0.35:
                kinds.append("tool_arguments")
            for kind in kinds:
                text = _text(chance, planted)
                said = _arguments(chance, text) if kind == "tool_arguments" else text
                answer.append(Spoken(kind, said, choice if speech.name == "chat_completions" else 0))
        yield Chunking(speech, tuple(answer), tuple(planted), chance.getrandbits(32), rules)


async def guarded_stream(case: Chunking, detector: Detector | None) -> tuple[list[Spoken], str, bytes]:
    """Send the answer through the guards, cut at random; return what a client reads, who blocked it, and the bytes."""
    guarding = Guarding(case.policy, detector, alias=str)
    stream = guarding.open_stream(case.speech.endpoint, {}, hides_usage=False)
    cutter, out = EventCutter(), b""
    try:
        for piece in pieces(case):
            events = cutter.push(piece)
            if events:
                out += await stream.push(events)
        out += await stream.push(cutter.finish())
        out += await stream.finish()
    except Blocked as block:
        out += stream.ending()
        return case.speech.heard(out), block.guard, out
    finally:
        stream.close()
    return case.speech.heard(out), "", out


async def guarded_whole(case: Chunking, detector: Detector | None) -> tuple[list[Spoken], str]:
    """Send the answer through the guards as a whole."""
    guarding = Guarding(case.policy, detector, alias=str)
    answer = case.speech.whole(case.answer)
    checked = await guarding.check_answer(case.speech.endpoint, answer, orjson.dumps(answer))
    if checked.blocked_by:
        return [], checked.blocked_by
    return case.speech.read_whole(orjson.loads(checked.content)), ""


def pieces(case: Chunking) -> Iterator[bytes]:
    """Cut the answer's texts into deltas, and the stream of events into what the network delivers."""
    chance = random.Random(case.seed)
    (longest,) = chance.choices((1, 3, 6, 12, 60, 400), (1, 3, 5, 5, 5, 3))
    events = case.speech.events(
        case.answer, lambda text: _cut(text, longest, chance), escapes=chance.random() < 0.3
    )
    stream = b"".join(events)
    if chance.random() < 0.2:
        stream = stream.replace(b"\n", b"\r\n")
    if chance.random() < 0.5:
        yield from (event + b"\r\n\r\n" if b"\r" in stream else event + b"\n\n" for event in _split(stream))
        return
    # Byte by byte takes longest and finds no more than a few bytes at a time: it is the rarest.
    (size,) = chance.choices((1, 30, 300, 1_500, 60_000), (1, 8, 20, 20, 20))
    at = 0
    while at < len(stream):
        end = at + 1 + int(size * chance.random())
        yield stream[at:end]
        at = end


def without_numbers(answer: Sequence[Spoken]) -> list[tuple[Kind, int, str]]:
    """Return an answer with the numbers of placeholders left out: they follow the order in which texts are guarded."""
    return sorted((each.kind, each.choice, _NUMBERED.sub(r"\1#>", each.text)) for each in answer)


def leaks(case: Chunking, out: bytes, heard: Sequence[Spoken]) -> list[str]:
    """Return what went out of planted things: any eight characters in a row, or all of a shorter one."""
    said = "\n".join(each.text for each in heard)
    written = out.decode()
    found: list[str] = []
    for secret in set(case.planted):
        pieces_of_it = [secret[at : at + 8] for at in range(max(1, len(secret) - 7))]
        found += [piece for piece in pieces_of_it if piece in said]
        # In the bytes a client reads things a second time. There every eighth piece will do.
        for piece in pieces_of_it[::8]:
            escaped = _ESCAPED.sub(lambda each: f"\\u{ord(each.group()):04x}", piece)
            found += [piece] if piece in written or escaped in written else []
    return found


def _split(stream: bytes) -> list[bytes]:
    return [event for event in re.split(rb"\r\n\r\n|\n\n", stream) if event]


def _text(chance: random.Random, planted: list[str]) -> str:
    parts: list[str] = []
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.45:
            secret = chance.choice(PLANTED)
            planted.append(secret)
            parts.append(secret)
        else:
            parts.append(chance.choice(FILLER))
        parts.append(chance.choice(SEPARATORS))
    return "".join(parts)


def _arguments(chance: random.Random, text: str) -> str:
    """Write a text into JSON, sometimes with every letter beyond ASCII escaped."""
    value = chance.choice(({"text": text}, {"to": [text, 7], "now": True}, [text], {"a": {"b": text}}))
    written = orjson.dumps(value).decode()
    if chance.random() < 0.4:
        written = "".join(
            each if each < "\x80" else "".join(f"\\u{unit:04x}" for unit in _units(each)) for each in written
        )
    return written


def _units(character: str) -> tuple[int, ...]:
    encoded = character.encode("utf-16-be")
    return tuple(int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2))


def _cut(text: str, longest: int, chance: random.Random) -> list[str]:
    cuts: list[str] = []
    while text:
        size = chance.randint(1, longest)
        cuts.append(text[:size])
        text = text[size:]
    return cuts
