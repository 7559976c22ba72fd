"""A refusal is an answer that begins by declining; talking about one is not."""

import pytest

from ingest.refusals import is_refusal

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "Sorry, I cannot provide instructions for that.",
    "I can't help with that.",
    "I cannot assist with creating malware.",
    "As an AI language model, I cannot provide medical advice.",
    "I'm unable to provide personal information about private individuals.",
    "I am not able to assist with that.",
    "I won't write that.",
    "Unfortunately, I can't share that information.",
    "I must decline to answer.",
    "I have to respectfully decline this request.",
    "I'm not comfortable writing that story.",
    "I apologize, but I will not generate that content.",
    "I'm really sorry, but I'm unable to help with this.",
    "This request violates our usage policies.",
    "That's something I can't do.",
    "  \n**I can't help with that.**",
]
ANSWERS = [
    "",
    "Paris is the capital of France.",
    "I can't find any bug in this function; it looks right.",
    "I'm sorry to hear that you are ill. Here is what you can do.",
    "I cannot recommend this restaurant enough!",
    "I can't help but notice that the loop never ends.",
    "Sure! Here is an example of a refusal: I'm sorry, but I can't help with that.",
    "I am unable to see an index on this column, so the query scans the table.",
    "Unfortunately, the train at 8:05 is cancelled. The next one leaves at 8:35.",
    "I don't know the answer, but here is how to find out.",
    "Sorry for the delay! Your order has shipped.",
    "The user said: I cannot help with that.",
    "You can't provide a negative number to sqrt().",
    "As an AI, I find this question interesting. Here is my answer.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_an_answer_that_declines_is_a_refusal(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_that_answers_is_none(text: str) -> None:
    assert not is_refusal(text)
