"""What follows a finding may depend on what was found, and on how sure the guard is."""

import pytest

from guardrails.session import GuardSession
from guardrails.verdict import Action, Finding
from tests.guardrails.makers import ScriptedDetector, at, guard, policy, streamed

NUMBERS = {"patterns": ["email", "credit_card", "ipv4"]}
TEXT = "bob@example.com, 4111 1111 1111 1111, 203.0.113.77"
MASKED_CARD = "bob@example.com, <CREDIT_CARD_1>, <IP_ADDRESS_1>"


@pytest.mark.parametrize(
    ("actions", "outcome", "travels"),
    [
        ({"EMAIL_ADDRESS": "allow"}, "mask", MASKED_CARD),
        ({"EMAIL_ADDRESS": "flag"}, "mask", MASKED_CARD),
        ({"CREDIT_CARD": "block"}, "block", "<EMAIL_ADDRESS_1>, <CREDIT_CARD_1>, <IP_ADDRESS_1>"),
        ({"CREDIT_CARD": "escalate", "EMAIL_ADDRESS": "allow"}, "escalate", MASKED_CARD),
        ({"CREDIT_CARD": "escalate", "EMAIL_ADDRESS": "block"}, "block", "<EMAIL_ADDRESS_1>, <CREDIT_CARD_1>, <IP_ADDRESS_1>"),
    ],
)  # fmt: skip
async def test_the_strongest_action_of_what_was_found_is_taken(
    actions: dict[str, Action], outcome: Action, travels: str
) -> None:
    session = GuardSession(policy(guard(parameters=NUMBERS, actions=actions)))

    result = await session.check_input(at("user", TEXT))

    assert (result.action, result.texts) == (outcome, (travels,))
    assert session.decisions[0].entities == {"EMAIL_ADDRESS": 1, "CREDIT_CARD": 1, "IP_ADDRESS": 1}


async def test_what_is_only_allowed_is_noted_and_stays() -> None:
    session = GuardSession(
        policy(guard(action="block", parameters=NUMBERS, actions={"EMAIL_ADDRESS": "allow"}))
    )

    result = await session.check_input(at("user", "I am bob@example.com"))

    assert (result.action, result.texts, result.stored) == ("allow", ("I am bob@example.com",)) * 1 + (
        ("I am bob@example.com",),
    )
    assert session.decisions[0].entities == {"EMAIL_ADDRESS": 1}


@pytest.mark.parametrize(
    ("threshold", "thresholds", "masked"),
    [
        (0.0, {}, "<EMAIL_ADDRESS_1> and <PHONE_NUMBER_1>"),
        (0.7, {}, "Bob1 and <PHONE_NUMBER_1>"),
        (0.0, {"EMAIL_ADDRESS": 0.7}, "Bob1 and <PHONE_NUMBER_1>"),
        (0.95, {"EMAIL_ADDRESS": 0.5}, "<EMAIL_ADDRESS_1> and Rome2"),
    ],
)
async def test_findings_that_are_not_sure_enough_are_passed_over(
    threshold: float, thresholds: dict[str, float], masked: str
) -> None:
    detector = ScriptedDetector(
        lambda text: [
            Finding(entity="EMAIL_ADDRESS", start=0, end=4, score=0.6),
            Finding(entity="PHONE_NUMBER", start=9, end=14, score=0.9),
        ]
    )
    session = GuardSession(policy(guard("pii", threshold=threshold, thresholds=thresholds)), detector)

    result = await session.check_input(at("user", "Bob1 and Rome2"))

    assert result.texts == (masked,)


async def test_a_stream_is_stopped_by_what_is_escalated_and_by_nothing_else() -> None:
    rules = policy(guard(parameters=NUMBERS, actions={"CREDIT_CARD": "escalate", "EMAIL_ADDRESS": "allow"}))

    passed = await streamed(GuardSession(rules), ["I am bob@exam", "ple.com."])
    stopped = await streamed(GuardSession(rules), ["bob@example.com has 4111 11", "11 1111 1111."])

    assert passed == ("I am bob@example.com.", "I am bob@example.com.", "")
    assert stopped[2] == "pattern"
    assert "4111" not in stopped[0] + stopped[1]
