"""Who talks when: days of simulated traffic, the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from console.demo.calls import Mood, mood_of
from console.demo.conversations import Conversation
from console.demo.domain import Domain
from console.demo.domains import DOMAINS
from console.demo.llms import CHOICES
from console.demo.steps import Message, Step, Trace

DAY_US = 24 * 3600 * 1_000_000
SETTLE_US = 5 * 60 * 1_000_000
"""Nothing ends later than this before the plan's present, so that no clock has to agree exactly."""

LAST_DAY_EXTRA = 0.07
_DOMAIN_WEIGHTS = (24, 18, 15, 13, 9, 10, 7, 8)
_BY_HOUR = (2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 18, 15, 16, 18, 17, 15, 12, 10, 9, 8, 7, 5, 3)
_BY_WEEKDAY = (1.0, 1.05, 1.1, 1.05, 0.95, 0.45, 0.4)
_USERS_PER_DOMAIN = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChat:
    """A conversation to be held through the proxy, now."""

    messages: tuple[Message, ...]
    session_id: str
    user_id: str
    feature: str
    prompt: str
    environment: str
    is_streamed: bool


def traces(*, seed: int, days: int, calls: int, now: datetime) -> list[Trace]:
    """Return traces with about this many model calls in all, from the oldest to the newest."""
    random = Random(seed)  # noqa: S311 - the same seed has to give the same traffic
    planned: list[Trace] = []
    made = 0
    while made < calls:
        for trace in _request(random, days=days, now=now):
            planned.append(trace)
            made += trace.root.calls
    planned.sort(key=lambda trace: trace.start_us)
    return planned


def live_chats(*, seed: int, count: int) -> Iterator[LiveChat]:
    """Return conversations for the proxy."""
    random = Random(seed + 1)  # noqa: S311 - the same seed has to give the same traffic
    for _ in range(count):
        domain = _domain(random)
        conversation = Conversation.begin(domain, CHOICES[domain.name][0], domain.instructions[1], random)
        yield LiveChat(
            messages=tuple(conversation.begun(conversation.question())),
            session_id=f"live-{random.getrandbits(40):010x}",
            user_id=_user(domain, random),
            feature=domain.feature_chat,
            prompt=f"{domain.name}-assistant@4",
            environment="production" if random.random() < 0.85 else "staging",
            is_streamed=random.random() < 0.5,
        )


def _request(random: Random, *, days: int, now: datetime) -> list[Trace]:
    """Return what one person does: a few turns of a chat, a search, or one piece of agent's work."""
    domain = _domain(random)
    usual, other = CHOICES[domain.name]
    llm = usual if random.random() < 0.82 else other
    now_us = int(now.timestamp() * 1_000_000)
    start_us = _moment(random, days=days, now=now)
    # Each product changes its prompt on a day of its own, in the second half of the time.
    changed_us = now_us - int(days * DAY_US * (0.2 + 0.04 * DOMAINS.index(domain)))
    is_new = start_us >= changed_us
    conversation = Conversation.begin(domain, llm, domain.instructions[1 if is_new else 0], random)

    def mood(turn: int = 0) -> Mood:
        return mood_of(llm, is_last_day=start_us > now_us - DAY_US)

    drawn = random.random()
    if drawn < 0.42:
        roots, feature, session = (
            conversation.turns(random.choice((1, 1, 2, 3, 4)), mood),
            domain.feature_chat,
            "chat",
        )
    elif drawn < 0.74:
        roots, feature, session = [conversation.search(mood())], domain.feature_search, "search"
    else:
        roots, feature, session = [conversation.agent(mood())], domain.feature_agent, "agent"
    session_id = f"{session}-{random.getrandbits(40):010x}"
    user_id = _user(domain, random)
    environment = "production" if random.random() < 0.88 else "staging"
    found: list[Trace] = []
    for root in roots:
        if start_us + root.duration_us > now_us - SETTLE_US:
            break
        found.append(
            Trace(
                root=root,
                start_us=start_us,
                domain=domain.name,
                service=domain.service,
                release="2026.11.2" if is_new else "2026.11.1",
                environment=environment,
                feature=feature,
                prompt=f"{domain.name}-assistant@{4 if is_new else 3}",
                session_id=session_id,
                user_id=user_id,
                tags=_tags(domain, root, random),
            )
        )
        start_us += root.duration_us + random.randrange(15, 180) * 1_000_000
    return found


def _moment(random: Random, *, days: int, now: datetime) -> int:
    """Draw a time: busy by day, quiet by night and on weekends, a little more from day to day."""
    latest = now - timedelta(microseconds=2 * SETTLE_US)
    # The last day is a busy one even on a Sunday, so that there is enough to compare with the days before.
    days = 1 if random.random() < LAST_DAY_EXTRA else days
    while True:
        share = 1 - abs(random.random() - random.random()) if random.random() < 0.4 else random.random()
        moment = latest - timedelta(days=days) * (1 - share)
        weight = _BY_HOUR[moment.hour] / max(_BY_HOUR) * _BY_WEEKDAY[moment.weekday()] / max(_BY_WEEKDAY)
        if random.random() < weight:
            return int(moment.timestamp() * 1_000_000)


def _domain(random: Random) -> Domain:
    return random.choices(DOMAINS, _DOMAIN_WEIGHTS)[0]


def _user(domain: Domain, random: Random) -> str:
    # A few people ask most of the questions.
    number = min(int(random.paretovariate(0.9)), _USERS_PER_DOMAIN)
    return f"{domain.name}-user-{number:03d}"


def _tags(domain: Domain, root: Step, random: Random) -> tuple[str, ...]:
    tags = [domain.name, root.kind]
    if random.random() < 0.1:
        tags.append("beta")
    return tuple(tags)
