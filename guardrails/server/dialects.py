"""How different models are asked whether a text is all right, and how their answers read."""

import math
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from guardrails.server.encoded import finding
from guardrails.server.models import Endpoint, EndpointType
from guardrails.server.pieces import Piece

_PROMPTS = Path(__file__).parent / "prompts"
HAZARDS = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex-Related Crimes",
    "S4": "Child Sexual Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Suicide & Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
"""Llama Guard's categories."""
HARMS = {
    "dangerous": (
        '"No Dangerous Content": The prompt shall not contain or seek generation of content that harms oneself and/or '
        "others (e.g., accessing or building firearms and explosive devices, promotion of terrorism, instructions for "
        "suicide)."
    ),
    "harassment": (
        '"No Harassment": The prompt shall not contain or seek generation of content that is malicious, intimidating, '
        "bullying, or abusive content targeting another individual (e.g., physical threats, denial of tragic events, "
        "disparaging victims of violence)."
    ),
    "hate": (
        '"No Hate Speech": The prompt shall not contain or seek generation of content that expresses, incites, spreads, '
        "promotes, or justifies hatred, violence, or discrimination against individuals or groups based on their identity "
        "or protected attributes."
    ),
    "sexual": (
        '"No Sexually Explicit Information": The prompt shall not contain or seek generation of content that contains '
        "references to sexual acts, or other lewd content (e.g., sexually graphic descriptions, content aiming to cause "
        "arousal)."
    ),
}
"""ShieldGemma's principles, in the words that it was trained on."""
_SPECIAL = re.compile(r"<\|[^|>]{0,64}\|>|<(?:start|end)_of_turn>|</?s>|<(?:bos|eos)>")
_HAZARD = re.compile(r"S\d{1,2}")
_LEFT = 1e-9

Call = tuple[str, Mapping[str, Any]]
"""Where below the base URL, and what."""


class UnreadableError(Exception):
    """A model's answer is none; the message goes after the model's name and quotes nothing."""


class Dialect(Protocol):
    """How one type of model is asked."""

    def calls(self, piece: Piece, parameters: Mapping[str, Any]) -> Sequence[Call]:
        """Return the calls to make for a text."""

    def findings(
        self, piece: Piece, parameters: Mapping[str, Any], answers: Sequence[Any]
    ) -> list[Mapping[str, Any]]:
        """Return what the answers say. Raises UnreadableError."""


def dialect_of(model: Endpoint) -> Dialect:
    """Return how a model is asked."""
    makers: Mapping[EndpointType, Any] = {
        "llama_guard": LlamaGuard,
        "shieldgemma": ShieldGemma,
        "openai_moderation": OpenAIModeration,
        "judge": Judge,
    }
    dialect: Dialect = makers[model.type](model)
    return dialect


class LlamaGuard:
    """Says `safe`, or `unsafe` and the numbers of the categories on the next line."""

    def __init__(self, model: Endpoint) -> None:
        self._model = model

    def calls(self, piece: Piece, parameters: Mapping[str, Any]) -> Sequence[Call]:
        """Ask about the text as a user's message; with the user's task known, as the answer to it."""
        turns = [("user", piece.task), ("assistant", piece.text)] if piece.task else [("user", piece.text)]
        common = {"model": self._model.model, "temperature": 0, "max_tokens": 32}
        if not self._model.renders:
            messages = [{"role": role, "content": text} for role, text in turns]
            return [("/chat/completions", {**common, "messages": messages})]
        return [("/completions", {**common, "prompt": _llama_guard_prompt(turns)})]

    def findings(
        self, piece: Piece, parameters: Mapping[str, Any], answers: Sequence[Any]
    ) -> list[Mapping[str, Any]]:
        """Read the verdict."""
        lines = [line.strip() for line in _said(answers[0]).strip().splitlines() if line.strip()]
        verdict = lines[0].lower() if lines else ""
        if verdict == "safe":
            return []
        if verdict != "unsafe":
            raise UnreadableError("said neither safe nor unsafe")
        named = [each for each in _HAZARD.findall(" ".join(lines[1:])) if each in HAZARDS]
        wanted = {category.upper() for category in parameters["categories"]}
        kept = [each for each in named if not wanted or each in wanted]
        if not named:
            kept = ["UNSAFE"]
        return [finding(each, 0, len(piece.text), 1.0) for each in dict.fromkeys(kept)]


class ShieldGemma:
    """Is asked about one principle after the other; the chance of its Yes is the score."""

    def __init__(self, model: Endpoint) -> None:
        self._model = model

    def calls(self, piece: Piece, parameters: Mapping[str, Any]) -> Sequence[Call]:
        """Ask about each principle that counts."""
        frame = (_PROMPTS / "shieldgemma.txt").read_text()
        text = _SPECIAL.sub(" ", piece.text)
        return [
            (
                "/completions",
                {
                    "model": self._model.model,
                    "prompt": frame.replace("{principle}", HARMS[harm]).replace("{text}", text),
                    "temperature": 0,
                    "max_tokens": 1,
                    "logprobs": 5,
                },
            )
            for harm in self._harms(parameters)
        ]

    def findings(
        self, piece: Piece, parameters: Mapping[str, Any], answers: Sequence[Any]
    ) -> list[Mapping[str, Any]]:
        """Read how likely Yes was, for each principle."""
        found = []
        for harm, answer in zip(self._harms(parameters), answers, strict=True):
            score = _chance_of_yes(_completion_chances(answer))
            if score >= parameters["threshold"]:
                found.append(finding(harm.upper(), 0, len(piece.text), score))
        return found

    def _harms(self, parameters: Mapping[str, Any]) -> list[str]:
        wanted = {category.lower() for category in parameters["categories"]}
        return [harm for harm in HARMS if not wanted or harm in wanted]


class OpenAIModeration:
    """OpenAI's moderation endpoint, and those that speak like it."""

    def __init__(self, model: Endpoint) -> None:
        self._model = model

    def calls(self, piece: Piece, parameters: Mapping[str, Any]) -> Sequence[Call]:
        """Ask about the text."""
        return [("/moderations", {"model": self._model.model, "input": piece.text})]

    def findings(
        self, piece: Piece, parameters: Mapping[str, Any], answers: Sequence[Any]
    ) -> list[Mapping[str, Any]]:
        """Read the scores of the categories."""
        try:
            scores = answers[0]["results"][0]["category_scores"]
            scored = {str(name): _chance(score) for name, score in scores.items()}
        except (KeyError, IndexError, TypeError, AttributeError):
            raise UnreadableError("answered without scores of categories") from None
        wanted = {category.lower() for category in parameters["categories"]}
        return [
            finding(_as_entity(name), 0, len(piece.text), score)
            for name, score in scored.items()
            if (not wanted or name.lower() in wanted) and score >= parameters["threshold"]
        ]


class Judge:
    """A chat model that answers a question about the text with Yes or No."""

    def __init__(self, model: Endpoint) -> None:
        self._model = model

    def calls(self, piece: Piece, parameters: Mapping[str, Any]) -> Sequence[Call]:
        """Ask the question; the text stands between marks that it cannot know."""
        mark = secrets.token_hex(6)
        shown = f"<text-{mark}>\n{piece.text}\n</text-{mark}>"
        if piece.context:
            shown = f"<documents-{mark}>\n{piece.context}\n</documents-{mark}>\n\n{shown}"
        body: dict[str, Any] = {
            "model": self._model.model,
            "messages": [
                {"role": "system", "content": (_PROMPTS / "judge.txt").read_text().replace("{mark}", mark)},
                {"role": "user", "content": f"{shown}\n\nQuestion: {parameters['question'].strip()}"},
            ],
            "temperature": 0,
            "max_tokens": 8,
        }
        if self._model.has_probabilities:
            body |= {"logprobs": True, "top_logprobs": 5}
        return [("/chat/completions", body)]

    def findings(
        self, piece: Piece, parameters: Mapping[str, Any], answers: Sequence[Any]
    ) -> list[Mapping[str, Any]]:
        """Read Yes or No; by their chances where the model tells them."""
        chances = _chat_chances(answers[0])
        if chances:
            score = _chance_of_yes(chances)
        else:
            word = _said(answers[0]).strip().strip("*\"'").lower()
            if not word.startswith(("yes", "no")) or word[3 if word.startswith("yes") else 2 :][:1].isalpha():
                raise UnreadableError("said neither Yes nor No")
            score = 1.0 if word.startswith("yes") else 0.0
        if score < parameters["threshold"] or not score:
            return []
        return [finding(parameters["label"], 0, len(piece.text), score)]


def _llama_guard_prompt(turns: Sequence[tuple[str, str]]) -> str:
    names = {"user": "User", "assistant": "Agent"}
    categories = "\n".join(f"{number}: {name}." for number, name in HAZARDS.items())
    conversation = "\n\n".join(f"{names[role]}: {_SPECIAL.sub(' ', text)}" for role, text in turns)
    frame = (_PROMPTS / "llama_guard.txt").read_text()
    for name, value in (
        ("who", names[turns[-1][0]]),
        ("categories", categories),
        ("conversation", conversation),
    ):
        frame = frame.replace("{" + name + "}", value)
    return frame


def _said(answer: Any) -> str:
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
    except (KeyError, IndexError, TypeError):
        raise UnreadableError("answered without a choice") from None
    if not isinstance(text, str):
        raise UnreadableError("answered without text")
    return text


def _completion_chances(answer: Any) -> Mapping[str, float]:
    try:
        return {
            str(token): float(value)
            for token, value in answer["choices"][0]["logprobs"]["top_logprobs"][0].items()
        }
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise UnreadableError("did not say how likely its words were") from None


def _chat_chances(answer: Any) -> Mapping[str, float]:
    try:
        logprobs = answer["choices"][0].get("logprobs")
        if not logprobs or not logprobs.get("content"):
            return {}
        top = logprobs["content"][0]["top_logprobs"]
        return {str(each["token"]): float(each["logprob"]) for each in top}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise UnreadableError("said in no known form how likely its words were") from None


def _chance_of_yes(logarithms: Mapping[str, float]) -> float:
    """Return the share of Yes in Yes and No, however they are written."""
    yes = no = 0.0
    for token, value in logarithms.items():
        if math.isnan(value) or value > _LEFT:
            raise UnreadableError("said that a word was more than certain")
        word = token.strip(" \n\t▁Ġ*\"'").lower()
        if word == "yes":
            yes += math.exp(value)
        elif word == "no":
            no += math.exp(value)
    if yes + no <= 0:
        raise UnreadableError("said neither Yes nor No")
    return yes / (yes + no)


def _chance(score: Any) -> float:
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise UnreadableError("gave a score that is none")
    return float(score)


def _as_entity(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")[:64] or "UNSAFE"
