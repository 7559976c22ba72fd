"""The life of a proxied request, from the key to the record."""

import asyncio
import contextlib
import time
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote

import orjson

from guardrails.verdict import STOPPING, Action
from inference_proxy.aliases import alias
from inference_proxy.answers import described, finish_reason
from inference_proxy.conversations import Conversations, ForgottenError
from inference_proxy.dispatch import Reached
from inference_proxy.endpoints.base import Endpoint, expect, missing, wrong_type
from inference_proxy.errors import (
    STOPPED_BY_POLICY,
    RequestError,
    invalid,
    stopped,
    unavailable,
    upstream_failed,
)
from inference_proxy.exchange import PRIVATE, PRIVATE_JSON, Exchange, HeaderList
from inference_proxy.forwarding import to_caller, to_upstream
from inference_proxy.guarded_stream import GuardedStream, first_waits
from inference_proxy.guarding import Guarding
from inference_proxy.house import REDACTOR
from inference_proxy.journal import Journal, conversation_of, labels_of
from inference_proxy.limits import NOTHING_RESERVED, Reservation, estimate, has_limits
from inference_proxy.recording import NotRecordedError
from inference_proxy.routing import Plan, ProjectRoutes
from inference_proxy.serving import Serving, admit
from inference_proxy.splice import outgoing, parse
from inference_proxy.stream_relay import StreamRelay
from inference_proxy.upstreams.base import UpstreamError
from inference_proxy.usage import estimated, reported
from ingest.prices import price
from ingest.records import NO_USAGE


async def serve(serving: Serving, exchange: Exchange, endpoint: Endpoint) -> None:
    """Take one request all the way. Raises RequestError while nothing has been answered."""
    started_ns = time.perf_counter_ns()
    if serving.metrics.in_flight > serving.max_in_flight:
        raise unavailable("This proxy serves as many calls as it can.", code="overloaded")
    grant, routes, key = admit(serving, exchange)
    raw = await exchange.body(max_bytes=serving.max_body_bytes)
    body = parse(raw)
    otherwise = getattr(endpoint, "otherwise", "")
    if otherwise and body.get("model") is None:
        body["model"] = otherwise
    model, is_streamed = _check_common(body)
    endpoint.check(body)
    journal = Journal.begin(
        endpoint,
        grant,
        exchange,
        started_ns=started_ns,
        model=model,
        is_streamed=is_streamed,
        stores_messages=routes.project.stores_messages,
    )
    await _Journey(serving, exchange, endpoint, journal, routes, key, raw, body).travel()


def _check_common(body: dict[str, Any]) -> tuple[str, bool]:
    model = body.get("model")
    if model is None:
        raise missing("model")
    if not isinstance(model, str):
        raise wrong_type("model", "a string", model)
    if not model:
        raise invalid("'model' must not be empty.", param="model")
    expect(body, "stream", bool, "a boolean")
    expect(body, "stream_options", dict, "an object")
    return model, bool(body.get("stream"))


class _Journey:
    """One call under way."""

    def __init__(
        self,
        serving: Serving,
        exchange: Exchange,
        endpoint: Endpoint,
        journal: Journal,
        routes: ProjectRoutes,
        key: str,
        raw: bytes,
        body: dict[str, Any],
    ) -> None:
        self.serving = serving
        self.exchange = exchange
        self.endpoint = endpoint
        self.journal = journal
        self.routes = routes
        self.key = key
        self.raw = raw
        self.body = body
        self.guarding = Guarding(
            routes.policy(body["model"], journal.grant),
            serving.detector,
            alias=partial(alias, project_id=routes.project.id, pepper=serving.pepper),
            reference=journal.context.span_id,
            review_page=routes.escalated_url,
            conversation=conversation_of(exchange, body) or journal.context.trace_id,
            keys=routes.redaction_keys(serving.pepper),
            permits=routes.permits,
        )
        self.reservation: Reservation = NOTHING_RESERVED
        self.is_recorded = False
        self.reached_upstream = False
        self.hides_usage = (
            journal.is_streamed
            and endpoint.kind == "llm"
            and not (body.get("stream_options") or {}).get("include_usage")
        )
        self._task = asyncio.current_task()
        self._given_up = False
        self._drain_timer: asyncio.TimerHandle | None = None

    async def travel(self) -> None:
        """The whole journey: route, limits, guards, upstream, guards, settle, record."""
        journal, exchange = self.journal, self.exchange
        exchange.watch(self._caller_left, self.serving.watchman)
        try:
            plan = self.routes.plan(
                self.body["model"], journal.grant, otherwise=getattr(self.endpoint, "otherwise", "")
            )
            journal.route = plan.route
            if plan.route == REDACTOR:
                self.guarding.let_nothing_come_back()
            await self._reserve(plan)
            await self._guard_request()
            reached = await self._ask(plan)
            try:
                if reached.answer.status >= 400:
                    await self._pass_error(reached)
                elif reached.is_stream:
                    await self._relay(reached)
                else:
                    await self._answer(reached)
            finally:
                reached.answer.close()
        except RequestError as error:
            await self._refuse(error)
        except asyncio.CancelledError:
            await self._abandon()
        except Exception:
            journal.fail("internal_error", "the proxy made a mistake; its log says where")
            raise
        finally:
            exchange.unwatch()
            self._end_drain()
            if not self.is_recorded:
                self.is_recorded = True
                self._close_books()
                self.serving.recorder.record(journal, self.guarding.policy, self.guarding.decisions)
            self._settle()

    async def _reserve(self, plan: Plan) -> None:
        """Take what the call will use at most from the limits of its key."""
        grant = self.journal.grant
        if has_limits(grant):
            first = plan.destinations[0]
            expected = estimate(
                self.body,
                body_bytes=len(self.raw),
                provider=first.config.provider,
                model=first.model,
                has_output=self.endpoint.kind == "llm",
            )
            self.reservation = await self.serving.limiter.reserve(grant, expected)

    async def _guard_request(self) -> None:
        try:
            labels = labels_of(self.exchange, self.body)
            conversation = await self._recall(labels.get("session", ""))
            await self.guarding.check_request(self.endpoint, self.raw, self.body, labels)
            if conversation is not None:
                conversation.keep(
                    self.routes.project.id,
                    labels["session"],
                    self.guarding.entries,
                    ttl_s=self.guarding.policy.remembers_s if self.guarding.policy else 0,
                )
        finally:
            self.journal.kept_request = self.guarding.kept
            self.journal.kept_labels = self.guarding.kept_labels

    async def _recall(self, session: str) -> Conversations | None:
        """Tell the guards what the conversation kept; return where it is kept, if it is."""
        policy, conversations = self.guarding.policy, self.serving.conversations
        if not session or policy is None or not policy.remembers_s:
            return None
        if conversations is not None:
            with contextlib.suppress(ForgottenError):
                self.guarding.recall(await conversations.recall(self.routes.project.id, session))
                return conversations
        self.guarding.recall(None)
        self.journal.attributes["parapet.conversation"] = "not remembered"
        return None

    async def _ask(self, plan: Plan) -> Reached:
        """Send the call to the upstreams of its plan."""
        headers = to_upstream(self.exchange.headers, secret=self.key)
        headers["traceparent"] = self.journal.context.traceparent
        self.reached_upstream = True
        reached = await self.serving.dispatcher.dispatch(
            plan,
            self.journal,
            body_for=lambda destination: outgoing(
                self.raw,
                self.body,
                model=destination.model,
                include_usage=self.hides_usage,
                is_edited=self.guarding.has_guards,
            ),
            headers=headers,
        )
        self.journal.http_status = reached.answer.status
        return reached

    async def _pass_error(self, reached: Reached) -> None:
        """Pass an upstream's refusal on, in OpenAI's shape, without the provider key it may quote."""
        answer, secret = reached.answer, reached.destination.secret
        content = reached.body
        if reached.is_stream:
            with contextlib.suppress(UpstreamError):
                while data := await answer.next_bytes():
                    content += data
        if secret:
            content = content.replace(secret.encode(), b"[redacted]")
        message, error_type = described(content)
        if message is None:
            message = f"The upstream answered with status {answer.status}."
            content = RequestError(
                answer.status, message, code="upstream_error", type="upstream_error"
            ).as_json()
        kept = await self.guarding.quoted(message)
        self.journal.fail(error_type or f"http_{answer.status}", kept, is_quoted=True)
        self.reached_upstream = False  # nothing was bought
        await self._finish()
        await self.exchange.answer(
            answer.status, [*PRIVATE_JSON, *self._headers(), *to_caller(answer.headers)], content
        )

    async def _answer(self, reached: Reached) -> None:
        """Guard a whole answer and hand it over."""
        content, endpoint, journal = reached.body, self.endpoint, self.journal
        answer: Any = None
        with contextlib.suppress(orjson.JSONDecodeError):
            answer = orjson.loads(content)
        if isinstance(answer, dict):
            journal.model = str(answer.get("model") or journal.model)
            journal.service_tier = str(answer.get("service_tier") or "")
            journal.usage = reported(answer.get("usage"))
            journal.finish_reason = finish_reason(answer)
            if self.guarding.looks_at_answers:
                checked = await self.guarding.check_answer(endpoint, answer, content)
                content, journal.output_messages = checked.content, checked.messages
                if checked.blocked_by:
                    raise self._stopped_answer(checked.action, checked.blocked_by, checked.reason)
            else:
                journal.output_messages = endpoint.output_messages(answer)
        elif self.guarding.looks_at_answers:
            raise upstream_failed("The upstream's answer is not JSON, so that no guard could read it.")
        if self.exchange.is_gone:
            journal.fail(
                "caller_gone", "the caller closed the connection before the answer", status="aborted"
            )
        await self._finish()
        media_type = reached.answer.headers.get("content-type", "application/json").encode(
            "latin-1", "replace"
        )
        headers = [(b"content-type", media_type), PRIVATE, *self._headers()]
        await self.exchange.answer(
            reached.answer.status, headers + to_caller(reached.answer.headers), content
        )

    def _stopped_answer(self, action: Action, guard: str, reason: str) -> RequestError:
        return stopped(action, guard=guard, reason=reason, review=self.guarding.review, is_answer=True)

    async def _relay(self, reached: Reached) -> None:
        """Pass a stream on while it comes."""
        guarded: GuardedStream | None = None
        if self.guarding.looks_at_answers:
            guarded = self.guarding.open_stream(self.endpoint, self.body, hides_usage=self.hides_usage)
        relay = StreamRelay(
            self.exchange,
            self.journal,
            guarded,
            hides_usage=self.hides_usage,
            input_characters=len(self.raw),
            finish=self._finish,
            quoted=self.guarding.quoted,
            stopped=self._stopped_answer,
        )
        await relay.run(reached, self._headers())

    async def _finish(self) -> None:
        """Before the last of the answer: where an audit is strict, wait until the call is on record."""
        recorder = self.serving.recorder
        if recorder.is_strict and not self.is_recorded:
            self.is_recorded = True
            self._close_books()
            try:
                await recorder.record_durably(self.journal, self.guarding.policy, self.guarding.decisions)
            except NotRecordedError as error:
                raise unavailable(
                    f"This call could not be recorded, and the installation answers no call it cannot "
                    f"record (PARAPET_AUDIT=strict): {error}.",
                    code="audit_unavailable",
                ) from error

    def _close_books(self) -> None:
        self.journal.guard_action = self.guarding.strongest_action
        if self.journal.is_streamed:
            self.journal.attributes |= first_waits(self.guarding.decisions)

    async def _refuse(self, error: RequestError) -> None:
        journal = self.journal
        journal.http_status = error.status
        is_block = error.code in STOPPED_BY_POLICY
        if journal.status == "ok" or is_block:
            journal.fail(error.code, error.for_the_record, status="blocked" if is_block else "error")
        if self.exchange.status is not None:
            raise error
        with contextlib.suppress(RequestError):
            await self._finish()
        await self.exchange.refuse(error, self._headers())

    def _settle(self) -> None:
        """Replace the reservation by what was used."""
        if self.reservation is NOTHING_RESERVED:
            return
        limiter = self.serving.limiter
        if not self.reached_upstream or self.journal.status == "error" and self.journal.usage is NO_USAGE:
            limiter.refund(self.reservation)
        else:
            cost = price(self.journal.span()) if self.journal.grant.budget_usd_per_day else None
            limiter.settle(self.reservation, usage=self.journal.usage, price=cost)

    def _headers(self) -> HeaderList:
        """Return the headers every answer to a call carries."""
        journal = self.journal
        context = journal.context
        headers = [
            (b"x-request-id", b"req_" + context.span_id.encode()),
            (b"x-parapet-trace-id", context.trace_id.encode()),
            (b"x-parapet-span-id", context.span_id.encode()),
            (b"x-parapet-overhead-ms", b"%.3f" % (max(0, journal.overhead_ns()) / 1e6)),
        ]
        if journal.attempts:
            headers += [
                (b"x-parapet-model", _ascii(journal.model)),
                (b"x-parapet-provider", _ascii(journal.provider)),
                (b"x-parapet-attempts", b"%d" % journal.attempts),
            ]
        acted = self.guarding.has_guards and {
            f"{quote(decision.guard)}={'bypassed' if decision.error and decision.action not in STOPPING else decision.action}"
            for decision in self.guarding.decisions
            if not decision.is_shadow and (decision.action != "allow" or decision.error or decision.held)
        }
        if acted:
            headers.append((b"x-parapet-guards", ", ".join(sorted(acted)).encode()))
        elif not self.guarding.has_guards:
            headers.append((b"x-parapet-guards", b"none"))
        headers += [(name.encode(), value.encode()) for name, value in self.reservation.headers.items()]
        return headers

    def _caller_left(self) -> None:
        """Read on for a while, so that the usage is exact; but not for ever, and not for too many at once."""
        metrics = self.serving.metrics
        if metrics.draining >= self.serving.max_drains:
            self._give_up()
            return
        metrics.draining += 1
        loop = asyncio.get_running_loop()
        self._drain_timer = loop.call_later(self.serving.drain_timeout_s, self._give_up)

    def _give_up(self) -> None:
        assert self._task is not None
        self._given_up = True
        self._task.cancel()

    def _end_drain(self) -> None:
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self.serving.metrics.draining -= 1
        if self._given_up and self._task is not None:
            self._task.uncancel()

    async def _abandon(self) -> None:
        """Give a call up: its caller has gone, or the server stops. What it used is estimated."""
        if self.journal.usage is NO_USAGE and self.reached_upstream:
            self.journal.usage = estimated(input_characters=len(self.raw), output_characters=0)
        if self._given_up or self.exchange.was_seen_leaving:
            self.journal.note_gone()
            return
        error = unavailable("The proxy is stopping. Send the call again.", code="proxy_stopping")
        self.journal.fail(error.code, error.message, status="aborted")
        # The server cancels once, after its time of grace; a short word to the caller is still possible.
        if self._task is not None:
            self._task.uncancel()
        if self.exchange.status is None:
            await self.exchange.refuse(error, self._headers())
        else:
            await self.exchange.write(error.as_event())
            await self.exchange.end()


@lru_cache(maxsize=1_000)
def _ascii(text: str) -> bytes:
    return quote(text, safe="/:@._-+").encode()
