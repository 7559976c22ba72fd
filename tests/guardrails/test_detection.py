from guardrails.detection import PersonalData


async def test_personal_data_is_found_as_the_guard_finds_it() -> None:
    found = await PersonalData()("Write to ada@example.org about card 4111 1111 1111 1111.")

    assert {each.label for each in found} >= {"EMAIL_ADDRESS", "CREDIT_CARD"}
    assert all(0 < each.score <= 1 for each in found)


async def test_nothing_is_found_in_a_text_without_any() -> None:
    assert await PersonalData()("The kettle is on.") == []
