import re
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.test import Client

from console.accounts.models import Project
from console.policies.forms import Draft, GuardForm
from console.policies.models import Policy
from console.templatetags.parapet import is_optional
from guardrails.parameters import Parameter
from guardrails.registry import KINDS

GUARDS = "/p/lighthouse/guards/"
HTMX = {"HX-Request": "true"}
ALL = ["system", "user", "history", "context", "tool_arguments", "tool_results", "answer", "reasoning"]


def words(number: int, **fields: Any) -> dict[str, Any]:
    """The fields of a words guard as the page sends them."""
    own = {
        "kind": "words", "name": f"words {number}", "action": "block", "places": ALL, "on_error": "block",
        "deadline_ms": "100", "is_enabled": "on", "p_words": "launch code", "p_label": "WORD",
    }  # fmt: skip
    return {f"g{number}-{name}": value for name, value in {**own, **fields}.items()}


@pytest.fixture
def policy(project: Project) -> Policy:
    return project.policies.get()


def in_force(policy: Policy) -> list[dict[str, Any]]:
    policy.refresh_from_db()
    guards: list[dict[str, Any]] = policy.versions.get(number=policy.version).guards
    return guards


def test_what_is_shown_can_be_saved_again_without_a_change(owner_client: Client, policy: Policy) -> None:
    before = in_force(policy)

    draft = Draft.of(before)
    fields = QueryDict(mutable=True)
    for form in draft.forms:
        fields.appendlist("guard", str(form.number))
        fields[f"g{form.number}-kind"] = form.kind.kind
        for bound in form:
            value = bound.value()
            fields.setlist(
                bound.html_name, [str(one) for one in (value if isinstance(value, list) else [value])]
            )
            if value in (False, None):
                del fields[bound.html_name]
    again = Draft.posted(fields)

    assert again.is_valid(), [form.errors for form in again.forms]
    kept = [{**guard, "parameters": dict(guard["parameters"])} for guard in again.guards()]
    assert [(one["name"], one["kind"], one["action"], one["places"]) for one in kept] == [
        (one["name"], one["kind"], one["action"], one["places"]) for one in before
    ]
    assert kept[0]["parameters"]["patterns"] == before[0]["parameters"]["patterns"]


def test_a_draft_is_saved_as_a_version(owner_client: Client, policy: Policy) -> None:
    fields = {"guard": ["0"], "based_on": "1", "note": "ours", **words(0, p_whole_words="on", is_shadow="on")}

    answer = owner_client.post(GUARDS, fields)

    assert answer.status_code == 302
    assert in_force(policy) == [
        {
            "name": "words 0",
            "kind": "words",
            "action": "block",
            "places": ALL,
            "on_error": "block",
            "deadline_ms": 100,
            "is_shadow": True,
            "is_enabled": True,
            "parameters": {"words": ["launch code"], "whole_words": True, "normalise": False},
        }
    ]
    assert policy.versions.get(number=2).note == "ours"


def test_an_empty_draft_guards_nothing(owner_client: Client, policy: Policy) -> None:
    owner_client.post(GUARDS, {"based_on": "1"})

    assert in_force(policy) == []
    assert b"Nothing is guarded" in owner_client.get(GUARDS).content


def test_the_order_of_the_page_is_the_order_of_the_guards(owner_client: Client, policy: Policy) -> None:
    owner_client.post(GUARDS, {"guard": ["1", "0"], "based_on": "1", **words(0), **words(1)})

    assert [guard["name"] for guard in in_force(policy)] == ["words 1", "words 0"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"p_words": ""}, "at least one word"),
        ({"name": ""}, "Give the guard a name of 1 to 100 characters"),
        ({"places": []}, "Choose at least one place"),
        ({"action": "shout"}, "Select a valid choice"),
        ({"deadline_ms": "0"}, "Write a whole number from 1 to 60,000, not '0'."),
        ({"deadline_ms": "soon"}, "Write a whole number from 1 to 60,000, not 'soon'."),
        ({"deadline_ms": "1.5"}, "Write a whole number from 1 to 60,000, not '1.5'."),
        ({"deadline_ms": "nan"}, "Write a whole number from 1 to 60,000, not 'nan'."),
        ({"threshold": "7"}, "Write a number from 0 to 1, not '7'."),
    ],
)
def test_a_guard_that_cannot_run_says_so_beside_its_fields(
    owner_client: Client, policy: Policy, change: dict[str, Any], sentence: str
) -> None:
    page = owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **words(0, **change)}).content.decode()

    assert sentence in unescape(page)
    assert "Nothing is saved yet." in page
    assert policy.versions.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "words", "p_words": ""}, "Write at least one word or phrase."),
        ({"kind": "classifier"}, "Name a classifier of the guard server's configuration."),
        ({"kind": "moderation_model"}, "Name a moderation model of the guard server's configuration."),
        ({"kind": "judge"}, "Write a question that Yes answers when a text should be found."),
        ({"kind": "pattern"}, "name some in “Patterns”, a country in “Countries”, or add one to “Patterns of your own”."),
        ({"kind": "size"}, "A size guard needs a limit: set “Max characters”, “Max tokens” or “Max lines” above 0."),
    ],
)  # fmt: skip
def test_what_a_guard_cannot_do_without_is_said_in_the_words_of_its_form(
    owner_client: Client, change: dict[str, Any], sentence: str
) -> None:
    page = owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **words(0, **change)}).content.decode()

    assert sentence in unescape(page)


@pytest.mark.parametrize("kind", ["words", "judge", "pattern", "pii"])
def test_only_what_may_be_left_empty_is_called_optional(kind: str) -> None:
    draft = Draft([])
    draft.edit(f"add:{kind}")

    optional = {field.label for field in draft.forms[0] if is_optional(field)}

    assert not optional & {
        "Name",
        "Words",
        "Question",
        "Model",
        "Deadline (ms)",
        "Least score",
        "Language",
        "Entities",
    }


def test_a_deadline_stands_first_where_the_guard_server_is_asked_and_else_among_the_finer_things() -> None:
    draft = Draft([])
    draft.edit("add:words")
    draft.edit("add:pii")
    here, there = draft.forms

    assert [field.name for field in there.common] == ["name", "action", "on_error", "deadline_ms"]
    assert [field.name for field in here.common] == ["name", "action", "on_error"]
    assert (here.finer[-1].name, here.is_finer) == ("deadline_ms", False)


def test_patterns_of_a_country_are_folded_until_one_is_chosen(owner_client: Client) -> None:
    fields = words(0, kind="pattern", p_patterns=["de_vat"])

    page = owner_client.post(f"{GUARDS}draft/", {"guard": ["0"], **fields}, headers=HTMX).content.decode()

    assert re.search(r'<details class="box-group" open><summary>Germany', page)
    assert re.search(r'<details class="box-group"><summary>France', page)


def test_a_pattern_is_written_on_one_line(owner_client: Client, policy: Policy) -> None:
    lines = "ticket: TCK-[0-9]{6}\ncard (luhn): [0-9]{16}\n"
    fields = words(0, kind="pattern", name="ours", p_custom=lines)

    owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **fields})

    assert in_force(policy)[0]["parameters"] == {
        "custom": [
            {"name": "ticket", "regex": "TCK-[0-9]{6}"},
            {"name": "card", "regex": "[0-9]{16}", "check": "luhn"},
        ],
        "normalise": False,
    }
    shown = unescape(owner_client.get(GUARDS).content.decode())
    assert "card (luhn): [0-9]{16}" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_guard_has_a_form(owner_client: Client, kind: str) -> None:
    answer = owner_client.post(f"{GUARDS}draft/", {"do": f"add:{kind}"}, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert [one.name for one in KINDS[kind].parameters if f'name="g0-p_{one.name}"' not in page] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_says_what_it_is_for_and_where_it_stands(kind: str) -> None:
    form = GuardForm(kind, number=0)

    for parameter in KINDS[kind].parameters:
        field = form[f"p_{parameter.name}"]
        assert field.label
        assert field.help_text
        assert "Default:" in field.help_text or parameter.type == "boolean" or not parameter.default


NUMBERS = [(kind, one) for kind in KINDS for one in KINDS[kind].parameters if one.type == "number"]


@pytest.mark.parametrize(("kind", "parameter"), NUMBERS)
def test_a_number_that_is_none_or_lies_outside_is_named_with_the_range(
    kind: str, parameter: Parameter
) -> None:
    field = GuardForm(kind, number=0).fields[f"p_{parameter.name}"]

    for wrong in ("many", "-1", str((parameter.most or 0) + 1)):
        with pytest.raises(ValidationError, match=rf"number from .* to .*, not '{wrong}'\."):
            field.clean(wrong)
    assert field.clean("") == parameter.default


@pytest.mark.parametrize(
    ("text", "kept"),
    [('{"type": "object"}', {"schema": {"type": "object"}, "fenced": False}), ("", {"fenced": False})],
)
def test_an_object_is_written_as_json(
    owner_client: Client, policy: Policy, text: str, kept: dict[str, Any]
) -> None:
    fields = words(0, kind="json_schema", name="form", p_schema=text)

    owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **fields})

    assert in_force(policy)[0]["parameters"] == kept
    assert owner_client.get(GUARDS).status_code == 200


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("no colon", "is not of the form"),
        ("bad: (", "not a regular expression"),
        ("x (crc): a", "unknown check"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_explained(
    owner_client: Client, policy: Policy, lines: str, sentence: str
) -> None:
    fields = words(0, kind="pattern", p_custom=lines)

    page = owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **fields}).content.decode()

    assert sentence in unescape(page)


def test_a_guard_is_added_to_the_draft_and_not_yet_in_force(owner_client: Client, policy: Policy) -> None:
    answer = owner_client.post(f"{GUARDS}draft/", {"guard": ["0"], "do": "add:pii", **words(0)}, headers=HTMX)

    page = answer.content.decode()
    assert "<html" not in page
    assert 'name="g1-kind" value="pii"' in page
    assert "launch code" in page
    assert policy.versions.count() == 1


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ("up:1", ["1", "0", "2"]),
        ("down:1", ["0", "2", "1"]),
        ("up:0", ["0", "1", "2"]),
        ("down:2", ["0", "1", "2"]),
        ("remove:1", ["0", "2"]),
        ("remove:9", ["0", "1", "2"]),
        ("add:nothing", ["0", "1", "2"]),
        ("", ["0", "1", "2"]),
        ("explode", ["0", "1", "2"]),
    ],
)
def test_a_draft_follows_its_orders(owner_client: Client, order: str, left: list[str]) -> None:
    fields = {"guard": ["0", "1", "2"], "do": order, **words(0), **words(1), **words(2)}

    page = owner_client.post(f"{GUARDS}draft/", fields, headers=HTMX).content.decode()

    assert re.findall(r'name="guard" value="(\d+)"', page) == left


def test_without_htmx_the_whole_page_comes_back_with_the_draft(owner_client: Client) -> None:
    page = owner_client.post(
        f"{GUARDS}draft/", {"guard": ["0"], "do": "add:pattern", **words(0)}
    ).content.decode()

    assert "<html" in page
    assert "draft, not saved" in page


@pytest.mark.parametrize("guard", ["x", "-1", "99999999", "٣", "0 "])
def test_made_up_guards_of_a_draft_are_passed_over(owner_client: Client, guard: str) -> None:
    answer = owner_client.post(f"{GUARDS}draft/", {"guard": [guard], f"g{guard}-kind": "words"}, headers=HTMX)

    assert (answer.status_code, b'name="guard"' in answer.content) == (200, False)


def test_a_draft_has_at_most_fifty_guards(owner_client: Client) -> None:
    fields: dict[str, Any] = {"guard": [str(number) for number in range(60)], "do": "add:words"}
    for number in range(60):
        fields |= {f"g{number}-kind": "words"}

    page = owner_client.post(f"{GUARDS}draft/", fields, headers=HTMX).content.decode()

    assert len(re.findall(r'name="guard"', page)) == 50


def test_saving_over_a_newer_version_is_refused(owner_client: Client, policy: Policy) -> None:
    owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", **words(0)})

    page = owner_client.post(GUARDS, {"based_on": "1"}).content.decode()

    assert "version 2 was saved while you edited version 1" in page
    assert len(in_force(policy)) == 1


def test_a_text_is_tried_with_the_draft(owner_client: Client) -> None:
    fields = {"guard": ["0"], "try-text": "what is the launch code?", "try-place": "user", **words(0)}

    blocked = owner_client.post(f"{GUARDS}try/", fields).content.decode()
    masked = owner_client.post(f"{GUARDS}try/", fields | words(0, action="mask")).content.decode()

    assert "words 0" in blocked
    assert "Nothing travels on" in blocked
    assert "what is the &lt;WORD_1&gt;?" in masked
    assert "characters 12 to 23, score 1.00: mask" in masked


def test_a_guard_that_is_switched_off_is_not_tried(owner_client: Client) -> None:
    fields = {"guard": ["0"], "try-text": "launch code", "try-place": "user", **words(0)}
    del fields["g0-is_enabled"]

    assert b"No guard in use looks there" in owner_client.post(f"{GUARDS}try/", fields).content


def test_a_guard_server_that_is_away_is_said(owner_client: Client) -> None:
    fields = words(0, kind="pii", p_entities=["EMAIL_ADDRESS"], p_language="en", p_score_threshold="0.4")

    page = owner_client.post(
        f"{GUARDS}try/", {"guard": ["0"], "try-text": "ada@example.com", "try-place": "user", **fields}
    ).content.decode()

    assert "unreachable" in page
    assert "ada@example.com" not in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"try-place": "attic"}, "Choose where"),
        ({"try-text": "x" * 20_001}, "at most 20,000 characters"),
        ({"g0-p_words": ""}, "Words: "),
        ({"try-text": ""}, "Write something"),
    ],
)
def test_what_cannot_be_tried_is_explained(
    owner_client: Client, change: dict[str, str], sentence: str
) -> None:
    fields = {"guard": ["0"], "try-text": "x", "try-place": "user", **words(0), **change}

    answer = owner_client.post(f"{GUARDS}try/", fields)

    assert (answer.status_code, sentence in answer.content.decode()) == (200, True)


def test_the_history_tells_what_changed_and_leads_back(owner_client: Client, policy: Policy) -> None:
    owner_client.post(GUARDS, {"guard": ["0"], "based_on": "1", "note": "ours", **words(0)})

    page = owner_client.get(f"{GUARDS}history/").content.decode()
    assert re.findall(r'class="badge (?:ok|danger|info)">(added|removed)<', page)[:3] == [
        "added",
        "removed",
        "removed",
    ]
    assert "ours" in page

    owner_client.post(f"{GUARDS}history/1/roll-back/")
    assert [guard["kind"] for guard in in_force(policy)] == ["pattern", "pii"]
    assert owner_client.post(f"{GUARDS}history/99/roll-back/").status_code == 404


def test_a_teammate_sees_the_guards_and_no_form(teammate_client: Client) -> None:
    page = teammate_client.get(GUARDS).content.decode()

    assert "personal-data" in page
    assert "Save version" not in page
