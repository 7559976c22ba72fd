"""The same judge through vLLM, which shares the beginnings of prompts by itself (automatic prefix caching).

vLLM needs a GPU. What it gives back are the likeliest tokens of one position, so an option that is not among them counts
as not chosen; their number is asked for as high as vLLM allows.
"""

from collections.abc import Sequence
from typing import Any

from vllm import LLM, SamplingParams

from evaluators.local.asked import Asked, LocalAnswer
from evaluators.local.settings import LocalSettings

_TOP = 20
_LONGEST_LIST = 768


class VllmJudge:
    """vLLM's engine on the GPUs of this process."""

    def __init__(self, settings: LocalSettings) -> None:
        self._engine: Any = LLM(
            model=settings.path,
            dtype=settings.dtype,
            enable_prefix_caching=True,
            max_logprobs=_TOP,
            max_model_len=settings.longest_prompt,
        )

    def answer(self, asked: Sequence[Asked]) -> list[LocalAnswer]:
        """Answer every prompt, in order."""
        outputs = self._engine.chat(
            [[dict(message) for message in one.messages] for one in asked],
            [_sampling(one) for one in asked],
            use_tqdm=False,
            chat_template_kwargs={"enable_thinking": False},
        )
        return [_answer(one, output) for one, output in zip(asked, outputs, strict=True)]


def _sampling(asked: Asked) -> Any:
    if asked.options:
        return SamplingParams(temperature=0.0, max_tokens=1, logprobs=_TOP)
    return SamplingParams(temperature=0.0, max_tokens=_LONGEST_LIST)


def _answer(asked: Asked, output: Any) -> LocalAnswer:
    written = output.outputs[0]
    first = written.logprobs[0] if asked.options and written.logprobs else {}
    return LocalAnswer(
        text=written.text,
        logprobs={choice.decoded_token: choice.logprob for choice in first.values()},
        input_tokens=len(output.prompt_token_ids),
        output_tokens=len(written.token_ids),
    )
