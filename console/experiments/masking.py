"""An experiment's answers as they may be stored: as the traces of their calls keep them.

The proxy turns stand-ins back for whoever called it, and here that is us. So what the policy masked in the request is masked in
the answer again, by the same stand-ins, and the answer then passes the policy like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from console.accounts.models import Project
from console.leaves import texts_in, with_texts
from console.masking import patient, refuse_failures
from console.policies.in_force import InForce
from evaluators.score import Outcome, Score
from evaluators.trials import StoredAnswer
from guardrails.client import GuardServer
from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.redaction import Entry
from guardrails.scoping import together
from guardrails.session import GuardSession, PlacedText
from guardrails.verdict import Place
from ingest.keys import pepper_from
from ingest.messages import text_of

_PLACES: Mapping[str, Place] = {
    "system": "system",
    "developer": "system",
    "assistant": "history",
    "tool": "tool_results",
    "document": "context",
}


@dataclass(frozen=True, slots=True)
class AnswerMask:
    """The policies of one project, for answers of any model. Belongs to one event loop."""

    policies: InForce
    project: Project
    server: GuardServer
    keys: RedactionKeys = field(repr=False)

    @classmethod
    def of(cls, project: Project, server: GuardServer) -> "AnswerMask":
        """Read the policies that are in force for a project now."""
        keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)
        return cls(InForce.load(project), project, server, keys)

    async def answer(self, body: Mapping[str, Any], answer: StoredAnswer) -> StoredAnswer:
        """Return an answer as it may be stored. Raises UncheckedTextError when a guard that must not fail cannot look."""
        policy = self._policy(str(body.get("model", "")))
        if policy is None:
            return answer
        session = GuardSession(policy, self.server, keys=self.keys)
        await session.check_input([_placed(message) for message in body.get("messages", ())])
        stand_ins = sorted(map(_stand_in, session.entries), key=lambda pair: -len(pair[0]))
        placed = [
            PlacedText(place, _replaced(text, stand_ins))
            for place, text in (("answer", answer.output), *_texts_of_calls(answer.tool_calls))
        ]
        outcome = await session.check_output(placed)
        refuse_failures(session.decisions)
        kept = iter(outcome.stored)
        return replace(
            answer,
            output=next(kept),
            tool_calls=tuple(with_texts(list(answer.tool_calls), kept)),
        )

    async def judgement(self, model: str, outcome: Outcome) -> Outcome:
        """Return what a judge said as it may be stored: it may quote what a case holds as it was given."""
        policy, said = self._policy(model), [outcome.reason, getattr(outcome, "details", {})]
        texts = texts_in(said)
        if policy is None or not any(texts):
            return outcome
        session = GuardSession(policy, self.server, keys=self.keys)
        kept = await session.check_input([PlacedText("user", text) for text in texts])
        refuse_failures(session.decisions)
        reason, details = with_texts(said, kept.stored)
        if isinstance(outcome, Score):
            return replace(outcome, reason=reason, details=details)
        return replace(outcome, reason=reason)

    def _policy(self, model: str) -> Policy | None:
        """Return what is in force for calls of a model: the nearest route may add guards of its own."""
        routes = self.policies.routes.get(self.project.pk, {})
        matching = [
            pattern
            for pattern in routes
            if pattern == model or (pattern.endswith("*") and model.startswith(pattern[:-1]))
        ]
        nearest = max(matching, key=lambda pattern: (pattern == model, len(pattern)), default="")
        policy = together(
            {
                "organisation": self.policies.organisation,
                "project": self.policies.projects.get(self.project.pk),
                "route": routes.get(nearest),
            }
        )
        return None if policy is None else patient(policy)


def _placed(message: Mapping[str, Any]) -> PlacedText:
    return PlacedText(_PLACES.get(str(message.get("role")), "user"), text_of(dict(message)))


def _stand_in(entry: Entry) -> tuple[str, str]:
    is_placeholder = entry.style == "placeholder"
    return entry.value, f"<{entry.stand_in}>" if is_placeholder else entry.stand_in


def _replaced(text: str, stand_ins: Sequence[tuple[str, str]]) -> str:
    for value, stand_in in stand_ins:
        text = text.replace(value, stand_in)
    return text


def _texts_of_calls(calls: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Place, str]]:
    for text in texts_in(list(calls)):
        yield "tool_arguments", text
