"""How fast the encoder reads in the environment of the guard server's workers, beside PyTorch's 32 bits and beside Presidio.

`python -m tests.benchmarks.encoder [FOLDER]` prints JSON; the folder holds weights, ours if none is named.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from guardrails.encoder import WEIGHTS, Encoder, Passage
from guardrails.encoder.manifest import read_manifest
from guardrails.encoder.tensors import load_network
from guardrails.encoder.windows import padded
from guardrails.server.processes import environment
from guardrails.training.peers import GuardServer, Presidio

SENTENCE = "Please tell Jane Miller (jane.miller@example.org, 212-555-0143) that the parcel for Leeds left on Monday. "
TOKENS = 128
BATCH = 16
ROUNDS = 40


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    one, two = Encoder.load(folder, threads=1), Encoder.load(folder, threads=2)
    text = of_length(one, TOKENS)
    passage = Passage(text)
    single_ms = fastest(lambda: one.read([passage])) * 1000
    alone_cpu_ms = fastest(lambda: one.read([passage]), clock=time.process_time) * 1000
    batch_s = fastest(lambda: two.read([passage] * BATCH))
    batch_cpu_s = fastest(lambda: two.read([passage] * BATCH), clock=time.process_time)
    plain_ms = fastest(in_32_bits(folder, one, text)) * 1000
    presidio, server = Presidio(), GuardServer()
    presidio_ms = fastest(lambda: presidio.spans(text)) * 1000
    with_rules_ms = fastest(lambda: server.spans(text, one.read([passage]))) * 1000
    result = {
        "text": {"tokens": TOKENS, "characters": len(text)},
        "one_text_all_heads_one_core_ms": round(single_ms, 2),
        "of_it_processor_time_ms": round(alone_cpu_ms, 2),
        "aim_ms": 12,
        "texts_per_s_on_two_cores": round(BATCH / batch_s, 1),
        "processor_time_per_text_of_these_ms": round(batch_cpu_s / BATCH * 1000, 2),
        "aim_texts_per_s": 150,
        "torch_32_bits_one_core_ms": round(plain_ms, 2),
        "times_faster_than_torch": round(plain_ms / single_ms, 2),
        "presidio_one_core_ms": round(presidio_ms, 2),
        "presidio": "all its recognizers on an empty spaCy pipeline; its default en_core_web_lg is not at hand, and costs more",
        "times_faster_than_presidio": round(presidio_ms / single_ms, 2),
        "guard_server_recognizers_and_encoder_one_core_ms": round(with_rules_ms, 2),
    }
    print(json.dumps(result, indent=2))


def fastest(call: Callable[[], Any], *, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median of the faster half of many rounds, in seconds: what else runs on the machine only slows."""
    call()
    times = []
    for _ in range(ROUNDS):
        begun = clock()
        call()
        times.append(clock() - begun)
    return statistics.median(sorted(times)[: ROUNDS // 2])


def of_length(encoder: Encoder, tokens: int) -> str:
    """Return a text of so many tokens, the two marks at its ends among them."""
    words = (SENTENCE * 20).split()
    parts = (words[:count] + ["and"] * more for more in range(tokens) for count in range(1, len(words)))
    return " ".join(next(part for part in parts if len(window(encoder, part).ids) == tokens))


def window(encoder: Encoder, words: list[str]) -> Any:
    """Return the one window that words make."""
    passages = [Passage(" ".join(words))]
    return next(iter(encoder.cutter.windows(passages, encoder.cutter.tokens([passages[0].text]))))


def in_32_bits(folder: Path, encoder: Encoder, text: str) -> Callable[[], Any]:
    """Return a call that computes the same network with PyTorch."""
    torch.set_num_threads(1)
    network = load_network(folder, read_manifest(folder)).float()
    tensors = [torch.from_numpy(each) for each in padded([window(encoder, text.split())])]

    def compute() -> Any:
        with torch.inference_mode():
            return network(*tensors)

    return compute


if __name__ == "__main__":
    # How memory is had is settled before the first line of Python runs.
    if dict(os.environ) != environment():
        os.execve(sys.executable, sys.orig_argv, environment())
    main()
