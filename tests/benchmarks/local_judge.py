"""Judgements a second by a model on this machine: beginnings shared and not shared, beside plain `generate`.

    python -m tests.benchmarks.local_judge                      # a small model on the CPU
    python -m tests.benchmarks.local_judge --size 1.5b --device cuda --judgements 2000

The weights are random, which says nothing about judging and everything about speed. Both layouts are measured: one
question put to many answers, and many questions about one material. `generate` is given the same prompts one by one and
in batches, and asked for one token: what a judge built on it would do at the least.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from evaluators import Sample, registry
from evaluators.local.asked import Asked
from evaluators.local.causal import CausalJudge
from evaluators.local.settings import LocalSettings
from tests.evaluators.local.small import small_tokenizer

SIZES = {
    # hidden, layers, heads, key and value heads, inner
    "small": (256, 4, 4, 2, 704),
    "0.5b": (896, 24, 14, 2, 4_864),
    "1.5b": (1_536, 28, 12, 2, 8_960),
    "7b": (3_584, 28, 28, 4, 18_944),
}
VOCABULARY = 151_936
"""As large as that of models in use: the last layer's product is a good part of the work."""
QUESTION = (
    "Does the answer follow the house rules? It greets nobody, promises nothing the documents do not promise, names "
    "the amount and the day where it speaks of money, and says plainly what the customer has to do next. "
)
MATERIAL = "The refund of order 4711 was sent on the third of May and takes five working days to arrive. " * 4


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--judgements", type=int, default=32)
    parser.add_argument("--batch-tokens", type=int, default=16_384)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, parameters = _save(Path(folder), options.size)
        judge = CausalJudge(
            LocalSettings(path=str(path), device=options.device, batch_tokens=options.batch_tokens)
        )
        layouts = {
            "one question, many answers": _question_first(options.judgements),
            "many questions, one material": _material_first(options.judgements),
        }
        report: dict[str, Any] = {
            "model": f"random weights, {parameters / 1e6:.0f} million parameters",
            "device": _name(options.device),
            "threads": torch.get_num_threads(),
            "judgements": options.judgements,
            "layouts": {name: _measured(judge, asked) for name, asked in layouts.items()},
            "peak_memory_mb": _peak(options.device),
        }
    print(json.dumps(report, indent=1))


def _measured(judge: CausalJudge, asked: Sequence[Asked]) -> dict[str, Any]:
    few = asked[: min(16, len(asked))]
    judge.answer(few)
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "shared": (lambda: judge.answer(asked), len(asked)),
        "not shared": (lambda: judge.answer(asked, shares=False), len(asked)),
        "generate, in batches of 8": (lambda: _generate(judge, asked, rows=8), len(asked)),
        "generate, one by one": (lambda: _generate(judge, few, rows=1), len(few)),
    }
    rates: dict[str, float] = {}
    read: dict[str, int] = {}
    for name, (way, count) in ways.items():
        judge.read_tokens, started = 0, time.perf_counter()
        way()
        rates[name] = round(count / (time.perf_counter() - started), 2)
        read[name] = judge.read_tokens
    shared, alone = judge.answer(few), judge.answer(few, shares=False)
    apart = max(
        abs(a.logprobs[token] - b.logprobs[token])
        for a, b in zip(shared, alone, strict=True)
        for token in a.logprobs
    )
    return {
        "tokens_per_prompt": round(sum(len(judge._tokens(one.messages)) for one in asked) / len(asked)),
        "judgements_per_s": rates,
        "times_generate": {
            name: round(rates[name] / rates["generate, in batches of 8"], 2)
            for name in ("shared", "not shared")
        },
        "tokens_read": {name: read[name] for name in ("shared", "not shared")},
        "largest_difference_of_log_probabilities": apart,
    }


def _generate(judge: CausalJudge, asked: Sequence[Asked], *, rows: int) -> None:
    tokenizer, model, device = judge._tokenizer, judge._model, judge._device
    tokenizer.padding_side = "left"
    for start in range(0, len(asked), rows):
        prompts = [{"input_ids": judge._tokens(one.messages)} for one in asked[start : start + rows]]
        inputs = tokenizer.pad(prompts, return_tensors="pt").to(device)
        with torch.inference_mode():
            model.generate(
                **inputs,
                max_new_tokens=1,
                do_sample=False,
                output_scores=True,
                return_dict_in_generate=True,
                pad_token_id=judge._padding,
            )


def _question_first(count: int) -> list[Asked]:
    rubric = _rubric(QUESTION, "question_first")
    return [
        _asked(rubric, Sample(output=f"Answer {number}: the money is on its way, ticket {number * 37}. "))
        for number in range(count)
    ]


def _material_first(count: int) -> list[Asked]:
    sample = Sample(output=MATERIAL * 2, input="Where is my refund?")
    return [
        _asked(_rubric(f"Does the answer keep rule {number}?", "material_first"), sample)
        for number in range(count)
    ]


def _rubric(question: str, layout: str) -> Any:
    async def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    return registry.build("rubric", {"question": question, "layout": layout}, never)


def _asked(rubric: Any, sample: Sample) -> Asked:
    return Asked(messages=rubric.messages(sample), options=("A", "B"))


def _save(folder: Path, size: str) -> tuple[Path, int]:
    torch.manual_seed(1)
    hidden, layers, heads, groups, inner = SIZES[size]
    tokenizer = small_tokenizer()
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=groups,
        intermediate_size=inner,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.convert_tokens_to_ids("<|end|>"),
        dtype=torch.bfloat16,
    )
    model: Any = LlamaForCausalLM(config)
    model.to(torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, sum(parameter.numel() for parameter in model.parameters())


def _name(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"


def _peak(device: str) -> int:
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated() // 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
