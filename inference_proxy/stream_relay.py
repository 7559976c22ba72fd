"""Passes one streamed answer on, event by event, and takes down what it said."""

import contextlib
import time
from collections.abc import Awaitable, Callable

from guardrails.session import Blocked
from guardrails.verdict import Action
from inference_proxy.answers import without_usage
from inference_proxy.dispatch import Reached
from inference_proxy.errors import RequestError, upstream_failed, upstream_too_slow
from inference_proxy.exchange import PRIVATE, Exchange, HeaderList
from inference_proxy.forwarding import to_caller
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.journal import Journal
from inference_proxy.keep_alive import KeepAlive
from inference_proxy.relay import DONE, EventCutter
from inference_proxy.transcript import Transcript
from inference_proxy.upstreams.base import Answer, UpstreamError
from inference_proxy.usage import estimated, reported
from inference_proxy.wires.events import Hearing
from ingest.records import NO_USAGE

SSE_HEADERS: HeaderList = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    PRIVATE,
    (b"x-accel-buffering", b"no"),
]


class StreamRelay:
    """One stream on its way from an upstream to its caller."""

    def __init__(
        self,
        exchange: Exchange,
        journal: Journal,
        guarded: GuardedStream | None,
        *,
        hides_usage: bool,
        input_characters: int,
        finish: Callable[[], Awaitable[None]],
        quoted: Callable[[str], Awaitable[str]],
        stopped: Callable[[Action, str, str], RequestError],
    ) -> None:
        self._exchange = exchange
        self._journal = journal
        self._guarded = guarded
        self._transcript: Hearing = guarded.hearing if guarded else Transcript()
        self._hides_usage = hides_usage
        self._input_characters = input_characters
        self._keep_alive: KeepAlive | None = None
        self._finish = finish
        self._quoted = quoted
        self._stopped = stopped
        """Returns what a caller would be told of a whole answer that a guard stops."""
        """What has to be done before the last of the answer leaves."""

    async def run(self, reached: Reached, headers: HeaderList) -> None:
        """Pass the stream on to its end, whichever that is."""
        exchange, journal, transcript = self._exchange, self._journal, self._transcript
        answer = reached.answer
        await exchange.begin(answer.status, SSE_HEADERS + headers + to_caller(answer.headers))
        journal.note_first_byte()
        if self._guarded is not None:
            guarded = self._guarded
            self._keep_alive = KeepAlive(exchange.write, guarded.keep_alive, lambda: guarded.is_holding)
        try:
            await self._pass_all(answer, reached.body)
            if not transcript.is_finished and transcript.error is None:
                raise UpstreamError("interrupted", "the upstream ended its answer before it was finished")
            if transcript.error is not None:
                journal.fail(
                    str(transcript.error.get("type") or "upstream_error"),
                    await self._quoted(str(transcript.error.get("message") or "")),
                    is_quoted=True,
                )
        except Blocked as block:
            answer.close()  # what it would still say is not wanted, and has its price
            self._stop_keeping_alive()
            await self._end_blocked(block)
            return
        except UpstreamError as error:
            self._stop_keeping_alive()
            await self._end_broken(error)
            return
        finally:
            self._stop_keeping_alive()
            self._hear_out()
        if exchange.was_seen_leaving and not transcript.is_done:
            journal.note_gone()
        try:
            await self._finish()
        except RequestError as refusal:
            await exchange.write(refusal.as_event())
        await exchange.end()

    async def _pass_all(self, answer: Answer, data: bytes) -> None:
        exchange, guarded, transcript, journal = (
            self._exchange, self._guarded, self._transcript, self._journal,
        )  # fmt: skip
        write = exchange.write if self._keep_alive is None else self._keep_alive.write
        cutter = EventCutter()
        while data:
            events = cutter.push(data)
            if events:
                if guarded is not None:
                    events = await guarded.push(events)
                else:
                    transcript.hear(events)
                    if self._hides_usage and (b'"choices":[]' in events or b'"choices": []' in events):
                        events = without_usage(events)
                if DONE in events[-20:] and exchange.is_gone:
                    journal.note_gone()
                if events and not exchange.was_seen_leaving:
                    await write(events)
            started_ns = time.perf_counter_ns()
            data = await answer.next_bytes()
            journal.waited_ns += time.perf_counter_ns() - started_ns
        rest = cutter.finish()
        if guarded is not None:
            rest = await guarded.push(rest + b"\n\n") if rest else b""
            rest += await guarded.finish()
        else:
            transcript.hear(rest)
            transcript.catch_up()
        if rest:
            await exchange.write(rest)

    def _stop_keeping_alive(self) -> None:
        if self._keep_alive is not None:
            self._keep_alive.stop()

    async def _end_blocked(self, block: Blocked) -> None:
        """End a stream that a guard stopped the way its protocol ends a filtered one, with a note that says why."""
        error = self._stopped(block.action, block.guard, block.reason)
        self._journal.fail(error.code, f"{block.guard}: {block.reason}", status="blocked")
        self._journal.finish_reason = "content_filter"
        assert self._guarded is not None
        self._hear_out()
        with contextlib.suppress(RequestError):
            await self._finish()
        await self._exchange.write(self._guarded.ending(error.note))
        await self._exchange.end()

    async def _end_broken(self, error: UpstreamError) -> None:
        """End a stream that its upstream broke off: an error event, and no [DONE]."""
        self._transcript.catch_up()
        self._journal.fail(f"upstream_{error.kind}", str(error))
        make = upstream_too_slow if error.kind == "timeout" else upstream_failed
        rest = b""
        if self._guarded is not None:
            with contextlib.suppress(Blocked):
                rest = await self._guarded.finish()
        self._hear_out()
        with contextlib.suppress(RequestError):
            await self._finish()
        await self._exchange.write(rest + make(f"{error}.").as_event())
        await self._exchange.end()

    def _hear_out(self) -> None:
        """Take down what the stream said."""
        journal, transcript = self._journal, self._transcript
        transcript.catch_up()
        if self._guarded is not None:
            self._guarded.close()
            guarded = self._guarded
            journal.output_messages = transcript.messages(guarded.stored, guarded.stored_moves)
        else:
            journal.output_messages = transcript.messages()
        journal.model = transcript.model or journal.model
        journal.service_tier = transcript.service_tier
        journal.finish_reason = journal.finish_reason or transcript.finish_reason
        journal.usage = reported(transcript.usage)
        if journal.usage is NO_USAGE:
            journal.usage = estimated(
                input_characters=self._input_characters, output_characters=transcript.characters
            )
