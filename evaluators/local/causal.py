"""A causal language model as a judge: the probabilities of a few option tokens after a prompt, in one pass and no more.

What prompts begin with in common is read once and its keys and values are shared (`planning`). Only the last position is
multiplied with the vocabulary (`logits_to_keep`), and of that row only the options and its log-sum-exp are looked at:
the rest is what the judge spent beside the options.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, DynamicCache

from evaluators.completion import ChatMessage
from evaluators.local.asked import Asked, LocalAnswer
from evaluators.local.devices import device_of, dtype_of
from evaluators.local.planning import Node, Rest, batches, plan
from evaluators.local.settings import LocalSettings

_DECORATION = " \t\r\n*`\"'.():_#▁Ġ"
_LONGEST_LIST = 768
_LONGEST_SHARED = 4_096
"""Positions of a shared stretch that are read in one go; longer ones go piece by piece, which bounds the memory."""


class CausalJudge:
    """Weights on one device. `answer` is the only thing to call; it is not safe for threads."""

    def __init__(self, settings: LocalSettings) -> None:
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._device = device_of(settings.device)
        self._settings = settings
        self._tokenizer: Any = AutoTokenizer.from_pretrained(settings.path)
        config = AutoConfig.from_pretrained(settings.path)
        model: Any = AutoModelForCausalLM.from_pretrained(
            settings.path, config=config, dtype=dtype_of(settings.dtype, self._device), use_safetensors=True
        )
        self._model = model.to(self._device).eval()
        self._shares = _attends_to_everything(config)
        self._marks = _vocabulary(self._tokenizer)
        self._budget = settings.batch_tokens
        self._padding = self._tokenizer.pad_token_id or self._tokenizer.eos_token_id or 0
        self.read_tokens = 0
        """Tokens read so far; less than all prompts together where they share beginnings."""

    def answer(self, asked: Sequence[Asked], *, shares: bool = True) -> list[LocalAnswer]:
        """Answer every prompt, in order: with options by their probabilities, without by writing."""
        answers: dict[int, LocalAnswer] = {}
        tokens = [self._tokens(one.messages) for one in asked]
        for number, prompt in enumerate(tokens):
            if len(prompt) > self._settings.longest_prompt:
                answers[number] = LocalAnswer(
                    error=f"the prompt has {len(prompt)} tokens, more than the {self._settings.longest_prompt} allowed"
                )
        chosen = [n for n in range(len(asked)) if n not in answers and asked[n].options]
        written = [n for n in range(len(asked)) if n not in answers and not asked[n].options]
        rows = self._rows([tokens[n] for n in chosen], shares=shares)
        for place, number in enumerate(chosen):
            answers[number] = self._weighed(rows[place], asked[number].options, len(tokens[number]))
        for number in written:
            answers[number] = self._written(tokens[number])
        return [answers[number] for number in range(len(asked))]

    def _tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        turns = [dict(message) for message in messages]
        if self._tokenizer.chat_template is None:
            text = "\n\n".join(turn["content"] for turn in turns) + "\n\nAnswer:"
            return list(self._tokenizer(text)["input_ids"])
        try:
            return self._templated(turns)
        except Exception as error:
            # Some templates know no system's turn.
            if len(turns) < 2 or turns[0]["role"] != "system":
                raise
            merged = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
            try:
                return self._templated([merged, *turns[2:]])
            except Exception:  # noqa: BLE001
                raise error from None

    def _templated(self, turns: list[dict[str, str]]) -> list[int]:
        found = self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, enable_thinking=False, return_dict=True
        )
        return list(found["input_ids"])

    def _rows(self, prompts: Sequence[Sequence[int]], *, shares: bool) -> list[torch.Tensor]:
        """Return the last row of logits of every prompt; with too little memory try again in smaller batches."""
        while True:
            rows: dict[int, torch.Tensor] = {}
            try:
                with torch.inference_mode():
                    self._walk(plan(prompts, shares=shares and self._shares), None, 0, rows)
            except torch.OutOfMemoryError:
                if self._budget <= self._settings.longest_prompt // 16:
                    raise
                self._budget //= 2
                torch.cuda.empty_cache()
                continue
            return [rows[number] for number in range(len(prompts))]

    def _walk(
        self, node: Node, above: DynamicCache | None, depth: int, rows: dict[int, torch.Tensor]
    ) -> None:
        cache = self._extended(above, node.tokens, depth)
        depth += len(node.tokens)
        for batch in batches(node.rests, prefix=depth, budget=self._budget):
            for rest, row in zip(batch, self._read(batch, cache, depth), strict=True):
                rows[rest.number] = row
        for below in node.nodes:
            self._walk(below, cache, depth, rows)

    def _extended(self, above: DynamicCache | None, tokens: Sequence[int], depth: int) -> DynamicCache | None:
        """Return the keys and values of what stands above and of some more tokens; `above` stays as it is."""
        if not tokens:
            return above
        cache = _copied(above, 1)
        for start in range(0, len(tokens), _LONGEST_SHARED):
            piece = torch.tensor([tokens[start : start + _LONGEST_SHARED]], device=self._device)
            self._model(input_ids=piece, past_key_values=cache, use_cache=True, logits_to_keep=1)
        self.read_tokens += len(tokens)
        return cache

    def _read(self, batch: Sequence[Rest], cache: DynamicCache | None, depth: int) -> torch.Tensor:
        longest = max(len(rest.tokens) for rest in batch)
        inputs = torch.full((len(batch), longest), self._padding, device=self._device)
        mask = torch.zeros((len(batch), depth + longest), dtype=torch.long, device=self._device)
        mask[:, :depth] = 1
        for row, rest in enumerate(batch):
            inputs[row, longest - len(rest.tokens) :] = torch.tensor(rest.tokens, device=self._device)
            mask[row, depth + longest - len(rest.tokens) :] = 1
        self.read_tokens += sum(len(rest.tokens) for rest in batch)
        more: dict[str, Any] = {}
        if cache is not None:
            more = {"past_key_values": _copied(cache, len(batch)), "use_cache": True}
        output = self._model(
            input_ids=inputs,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0)[:, depth:],
            logits_to_keep=1,
            **{"use_cache": False, **more},
        )
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def _weighed(self, row: torch.Tensor, options: Sequence[str], length: int) -> LocalAnswer:
        numbers = sorted({number for mark in options for number in self._marks.get(_plain(mark), ())})
        if not numbers:
            return LocalAnswer(
                error=f"none of {', '.join(options)} is a token of this model", input_tokens=length
            )
        logprobs = (row[numbers] - row.logsumexp(-1)).tolist()
        best = int(row.argmax())
        spellings = self._tokenizer.convert_ids_to_tokens([*numbers, best])
        return LocalAnswer(
            text=self._tokenizer.decode([best]),
            logprobs=dict(zip(spellings, logprobs, strict=False)),
            input_tokens=length,
            output_tokens=1,
        )

    def _written(self, tokens: Sequence[int]) -> LocalAnswer:
        inputs = torch.tensor([tokens], device=self._device)
        with torch.inference_mode():
            whole = self._model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                do_sample=False,
                max_new_tokens=_LONGEST_LIST,
                pad_token_id=self._padding,
            )[0]
        new = whole[len(tokens) :]
        self.read_tokens += len(tokens)
        return LocalAnswer(
            text=self._tokenizer.decode(new, skip_special_tokens=True),
            input_tokens=len(tokens),
            output_tokens=len(new),
        )


def _copied(cache: DynamicCache | None, rows: int) -> DynamicCache:
    """Return a cache of its own with every row repeated; nothing is copied until something is added."""
    copy = DynamicCache()
    layers: list[Any] = list(cache.layers) if cache is not None else []
    for number, layer in enumerate(layers):
        shape = (rows, -1, -1, -1)
        copy.update(layer.keys.expand(*shape), layer.values.expand(*shape), number)
    return copy


def _attends_to_everything(config: Any) -> bool:
    """Whether keys and values can be shared: not with windows or states, whose caches forget."""
    kinds = getattr(config, "layer_types", None)
    if kinds:
        return set(kinds) == {"full_attention"}
    slides = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    return not slides and not getattr(config, "state_size", None)


def _vocabulary(tokenizer: Any) -> Mapping[str, tuple[int, ...]]:
    """Return the tokens that spell each short word, whatever stands around it."""
    spelled: dict[str, list[int]] = {}
    for number, token in enumerate(tokenizer.convert_ids_to_tokens(range(len(tokenizer)))):
        plain = _plain(token or "")
        if plain and len(plain) <= 16:
            spelled.setdefault(plain, []).append(number)
    return {word: tuple(numbers) for word, numbers in spelled.items()}


def _plain(token: str) -> str:
    return token.strip(_DECORATION).casefold()
