"""Every kind of guard: how it is built, what it can be told, and what it is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from guardrails.guards import (
    classifier,
    code,
    gibberish,
    groundedness,
    injection,
    injection_model,
    invisible,
    json_schema,
    judge,
    language,
    moderation_model,
    pattern,
    pii,
    prompt_leak,
    refusal,
    secrets,
    size,
    topics,
    toxicity,
    urls,
    words,
)
from guardrails.parameters import Parameter
from guardrails.verdict import PLACES, Action, Place

SAID_BY_THE_MODEL: frozenset[Place] = frozenset(("answer", "reasoning", "tool_arguments"))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardKind:
    """A kind of guard, as the console shows it and a policy names it."""

    kind: str
    title: str
    help: str
    tier: Literal[1, 2]
    """1 runs in the proxy, 2 in the guard server."""
    parameters: tuple[Parameter, ...]
    build: Callable[[Mapping[str, Any]], Any]
    default_action: Action = "mask"
    """What a new guard of this kind does until it is told otherwise."""
    places: frozenset[Place] = frozenset(PLACES)
    """Where it has a meaning; it looks nowhere else, whatever a policy says."""


KINDS: Mapping[str, GuardKind] = {
    kind.kind: kind
    for kind in (
        GuardKind(
            kind="pattern",
            title="Patterns",
            help="Keys, addresses and numbers by their form and checksum, and regular expressions of your own.",
            tier=1,
            parameters=pattern.PARAMETERS,
            build=pattern.build,
        ),
        GuardKind(
            kind="secrets",
            title="Secrets",
            help="Keys and tokens of many providers, and whatever is called a password and looks like one.",
            tier=1,
            parameters=secrets.PARAMETERS,
            build=secrets.build,
        ),
        GuardKind(
            kind="words",
            title="Words",
            help="A list of words and phrases that should not be said.",
            tier=1,
            parameters=words.PARAMETERS,
            build=words.build,
            default_action="block",
        ),
        GuardKind(
            kind="injection",
            title="Prompt injection",
            help="Phrases that are meant to make a model forget its task, also when they are disguised. Rules alone are weak.",
            tier=1,
            parameters=injection.PARAMETERS,
            build=injection.build,
            default_action="flag",
        ),
        GuardKind(
            kind="invisible",
            title="Invisible text",
            help="Characters that people do not see and models do: hidden instructions, text turned round.",
            tier=1,
            parameters=invisible.PARAMETERS,
            build=invisible.build,
        ),
        GuardKind(
            kind="size",
            title="Size",
            help="Texts with too many characters, tokens or lines.",
            tier=1,
            parameters=size.PARAMETERS,
            build=size.build,
            default_action="block",
        ),
        GuardKind(
            kind="urls",
            title="Addresses",
            help="Web addresses that lead where they should not, or carry something away.",
            tier=1,
            parameters=urls.PARAMETERS,
            build=urls.build,
        ),
        GuardKind(
            kind="json_schema",
            title="JSON schema",
            help="Answers and arguments of tools that are not JSON of the promised form.",
            tier=1,
            parameters=json_schema.PARAMETERS,
            build=json_schema.build,
            default_action="flag",
            places=SAID_BY_THE_MODEL - {"reasoning"},
        ),
        GuardKind(
            kind="prompt_leak",
            title="Leaked system prompt",
            help="The system prompt of the same request, or a canary planted in it, in what the model says.",
            tier=1,
            parameters=prompt_leak.PARAMETERS,
            build=prompt_leak.build,
            default_action="flag",
            places=SAID_BY_THE_MODEL,
        ),
        GuardKind(
            kind="refusal",
            title="Refusals",
            help="Answers in which the model declines to do what it was asked.",
            tier=1,
            parameters=refusal.PARAMETERS,
            build=refusal.build,
            default_action="flag",
            places=SAID_BY_THE_MODEL - {"tool_arguments"},
        ),
        GuardKind(
            kind="topics",
            title="Topics and competitors",
            help="Talk of topics and of competitors, by words in any of their forms.",
            tier=1,
            parameters=topics.PARAMETERS,
            build=topics.build,
            default_action="flag",
        ),
        GuardKind(
            kind="code",
            title="Code",
            help="Program code and SQL, fenced or not.",
            tier=1,
            parameters=code.PARAMETERS,
            build=code.build,
            default_action="flag",
        ),
        GuardKind(
            kind="language",
            title="Language",
            help="Texts in a language that is not expected.",
            tier=1,
            parameters=language.PARAMETERS,
            build=language.build,
            default_action="flag",
        ),
        GuardKind(
            kind="gibberish",
            title="Gibberish",
            help="Letters that make no words: noise, and what an attack by random letters leaves behind.",
            tier=1,
            parameters=gibberish.PARAMETERS,
            build=gibberish.build,
            default_action="flag",
        ),
        GuardKind(
            kind="pii",
            title="Personal data",
            help="E-mail addresses, telephone, card, account and identity numbers, found with their context; names, places, organisations and addresses by the encoder.",
            tier=2,
            parameters=pii.PARAMETERS,
            build=pii.build,
        ),
        GuardKind(
            kind="toxicity",
            title="Toxicity",
            help="Insults, threats, obscenity and attacks on groups, by the encoder, Detoxify or a classifier.",
            tier=2,
            parameters=toxicity.PARAMETERS,
            build=toxicity.build,
            default_action="flag",
        ),
        GuardKind(
            kind="injection_model",
            title="Prompt injection by the encoder",
            help="Orders that make a model forget its task, also those that no rule foresees; what tools and documents say is read beside what the user asked.",
            tier=2,
            parameters=injection_model.PARAMETERS,
            build=injection_model.build,
            default_action="flag",
        ),
        GuardKind(
            kind="groundedness",
            title="Groundedness (weak)",
            help="Sentences and facts of an answer that the documents of the same request do not hold. A weak signal: it sees what is far off, not what is subtly wrong.",
            tier=2,
            parameters=groundedness.PARAMETERS,
            build=groundedness.build,
            default_action="flag",
            places=frozenset(("answer",)),
        ),
        GuardKind(
            kind="classifier",
            title="Classifier of your own",
            help="Any classifier of the Hugging Face kind that the guard server was given.",
            tier=2,
            parameters=classifier.PARAMETERS,
            build=classifier.build,
            default_action="flag",
        ),
        GuardKind(
            kind="moderation_model",
            title="Moderation model",
            help="Llama Guard, ShieldGemma or OpenAI's moderation, at an address that the guard server was given.",
            tier=2,
            parameters=moderation_model.PARAMETERS,
            build=moderation_model.build,
            default_action="flag",
        ),
        GuardKind(
            kind="judge",
            title="Judge",
            help="A question of your own that a chat model answers with yes or no about each text.",
            tier=2,
            parameters=judge.PARAMETERS,
            build=judge.build,
            default_action="flag",
        ),
    )
}
