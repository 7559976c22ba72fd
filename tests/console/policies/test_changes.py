from console.policies.changes import Difference, differences

BASE = {
    "name": "a",
    "kind": "words",
    "action": "block",
    "places": ["user"],
    "is_shadow": False,
    "parameters": {"words": ["x"]},
}


def test_equal_versions_have_no_difference() -> None:
    assert differences([BASE], [BASE]) == []


def test_added_removed_and_changed_guards_are_told_apart() -> None:
    changed = {**BASE, "action": "mask", "is_shadow": True, "parameters": {"words": ["x", "y"]}}

    found = differences(
        [BASE, {**BASE, "name": "old"}], [changed, {**BASE, "name": "new", "is_shadow": True}]
    )

    assert found == [
        Difference(guard="a", what="changed", field="action", before="block", after="mask"),
        Difference(guard="a", what="changed", field="is_shadow", before="no", after="yes"),
        Difference(guard="a", what="changed", field="words", before="x", after="x, y"),
        Difference(guard="new", what="added", after="words, block, in shadow"),
        Difference(guard="old", what="removed", before="words, block"),
    ]


def test_saying_what_a_kind_does_anyhow_is_no_change_and_saying_otherwise_is() -> None:
    said = {**BASE, "parameters": {"words": ["x"], "normalise": True}}
    otherwise = {**BASE, "parameters": {"words": ["x"], "whole_words": False}}

    assert differences([BASE], [said]) == differences([said], [BASE]) == []
    assert differences([BASE], [otherwise]) == [
        Difference(guard="a", what="changed", field="whole_words", before="yes", after="no")
    ]


def test_guards_that_changed_places_are_told() -> None:
    second = {**BASE, "name": "b"}

    assert [
        (one.guard, one.what, one.before, one.after) for one in differences([BASE, second], [second, BASE])
    ] == [
        ("b", "moved", "2", "1"),
        ("a", "moved", "1", "2"),
    ]


def test_a_guard_taken_out_moves_no_other() -> None:
    second = {**BASE, "name": "b"}

    assert [one.what for one in differences([BASE, second], [second])] == ["removed"]
