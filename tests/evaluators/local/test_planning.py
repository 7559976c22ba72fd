from hypothesis import given
from hypothesis import strategies as st

from evaluators.local.planning import Node, Rest, batches, plan

PREFIX = list(range(100, 200))


def _spelled(node: Node, above: tuple[int, ...] = ()) -> dict[int, tuple[int, ...]]:
    here = (*above, *node.tokens)
    prompts = {rest.number: (*here, *rest.tokens) for rest in node.rests}
    for below in node.nodes:
        prompts |= _spelled(below, here)
    return prompts


def _rests(node: Node) -> list[Rest]:
    return [*node.rests, *(rest for below in node.nodes for rest in _rests(below))]


def test_what_all_prompts_begin_with_is_read_once() -> None:
    tree = plan([[*PREFIX, 1, 2], [*PREFIX, 3], [*PREFIX, 4, 5, 6]])

    assert tree.tokens == tuple(PREFIX)
    assert tree.read_tokens == len(PREFIX) + 6


def test_two_depths_are_shared() -> None:
    first, second = [1] * 40, [2] * 40
    prompts = [[*PREFIX, *material, question] for material in (first, second) for question in (7, 8, 9)]
    tree = plan(prompts)

    assert tree.read_tokens == len(PREFIX) + 2 * 40 + 6
    assert len(tree.nodes) == 2


def test_without_sharing_every_prompt_is_read_whole() -> None:
    prompts = [[*PREFIX, 1], [*PREFIX, 2]]

    assert plan(prompts, shares=False).read_tokens == sum(map(len, prompts))


def test_nothing_to_judge_is_a_plan_too() -> None:
    assert plan([]).read_tokens == 0


@given(
    st.lists(
        st.builds(
            lambda shared, middle, own: [*PREFIX[:shared], *[middle] * (middle * 20), *own],
            st.sampled_from((0, 5, 40, 100)),
            st.integers(0, 2),
            st.lists(st.integers(0, 3), min_size=1, max_size=4),
        ),
        max_size=12,
    )
)
def test_the_tree_spells_every_prompt_and_leaves_each_a_token_of_its_own(prompts: list[list[int]]) -> None:
    tree = plan(prompts)

    assert _spelled(tree) == {number: tuple(prompt) for number, prompt in enumerate(prompts)}
    assert all(rest.tokens for rest in _rests(tree))
    assert tree.read_tokens <= sum(map(len, prompts))


@given(st.lists(st.integers(1, 60), max_size=30), st.integers(0, 50), st.integers(1, 400))
def test_batches_stay_within_the_budget_unless_a_single_prompt_does_not(
    lengths: list[int], prefix: int, budget: int
) -> None:
    rests = [Rest(number, [0] * length) for number, length in enumerate(lengths)]
    cut = batches(rests, prefix=prefix, budget=budget)

    assert sorted(rest.number for batch in cut for rest in batch) == list(range(len(lengths)))
    assert all(
        len(batch) == 1 or len(batch) * (prefix + max(len(rest.tokens) for rest in batch)) <= budget
        for batch in cut
    )
