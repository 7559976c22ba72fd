from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from console.accounts import actions
from console.accounts.actions import AccountError, IssuedKey
from console.accounts.keys import is_well_formed, new_secret
from console.accounts.models import ApiKey, AuditEntry, Membership, Project, Role, User
from ingest.keys import hash_key, pepper_from


def everything_stored() -> str:
    """Every value of every row of every table of ours, as one text."""
    with connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            if name.startswith(("accounts_", "gateway_", "policies_"))
        ]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            rows += cursor.fetchall()
    return repr(rows)


def test_of_a_key_only_the_hash_is_stored(issued_key: IssuedKey, settings: Settings) -> None:
    key = ApiKey.objects.get(pk=issued_key.key.pk)

    assert key.hash == hash_key(issued_key.secret, pepper=pepper_from(settings.PARAPET_SECRET_KEY))
    assert issued_key.secret not in everything_stored()
    assert issued_key.secret not in repr(issued_key)
    assert key.hint == f"{issued_key.secret[:7]}…{issued_key.secret[-4:]}"


def test_keys_are_random_and_carry_a_checksum() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(is_well_formed(secret) for secret in secrets)
    secret = secrets.pop()
    assert not is_well_formed(secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    assert not is_well_formed("sk_" + secret[3:])
    assert not is_well_formed("")


def test_a_rotated_key_is_replaced_at_once_or_after_a_grace(issued_key: IssuedKey, owner: User) -> None:
    second = actions.rotate_key(key=issued_key.key, by=owner)
    third = actions.rotate_key(key=second.key, by=owner, grace=timedelta(hours=1))

    first_row, second_row = (
        ApiKey.objects.get(pk=issued_key.key.pk),
        ApiKey.objects.get(pk=second.key.pk),
    )
    now = timezone.now()
    assert not first_row.is_in_force(now)
    assert second_row.is_in_force(now)
    assert not second_row.is_in_force(now + timedelta(hours=2))
    assert third.key.is_in_force(now + timedelta(days=900))
    assert len({issued_key.secret, second.secret, third.secret}) == 3


def test_a_rotated_key_keeps_its_rights(project: Project, owner: User) -> None:
    issued = actions.create_key(
        project=project, name="ci", by=owner, scopes=["api"], allowed_models=["gpt-4o"], environment="ci"
    )

    rotated = actions.rotate_key(key=issued.key, by=owner).key

    assert (rotated.scopes, rotated.allowed_models, rotated.environment) == (["api"], ["gpt-4o"], "ci")


def test_a_revoked_key_can_be_neither_revoked_nor_rotated_again(issued_key: IssuedKey, owner: User) -> None:
    actions.revoke_key(key=issued_key.key, by=owner)

    with pytest.raises(AccountError, match="no longer in force"):
        actions.revoke_key(key=issued_key.key, by=owner)
    with pytest.raises(AccountError, match="no longer in force"):
        actions.rotate_key(key=issued_key.key, by=owner)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": " "}, "1 to 100 characters"),
        ({"name": "x" * 101}, "1 to 100 characters"),
        ({"name": "x", "scopes": ["root"]}, "scopes are some of"),
        ({"name": "x", "scopes": []}, "scopes are some of"),
        ({"name": "x", "allowed_models": []}, "for all models or for 1 to"),
        ({"name": "x", "expires_at": timezone.now() - timedelta(days=1)}, "in the future"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    project: Project, owner: User, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(AccountError, match=message):
        actions.create_key(project=project, by=owner, **fields)  # type: ignore[arg-type]


def test_the_internal_key_is_made_once_and_sealed(project: Project) -> None:
    first, second = actions.internal_key(project=project), actions.internal_key(project=project)

    assert first == second
    assert is_well_formed(first)
    assert first not in everything_stored()
    key = ApiKey.objects.get(is_internal=True)
    assert key.scopes == ["proxy"]
    with pytest.raises(AccountError, match="own jobs"):
        actions.revoke_key(key=key, by=None)


def test_a_new_project_has_its_owner_the_starter_guards_and_the_demo_model(project: Project) -> None:
    assert project.memberships.get().role == Role.OWNER
    assert [route.pattern for route in project.routes.all()] == ["parapet/demo"]
    kinds = [guard["kind"] for guard in project.policies.get().versions.get().guards]
    assert kinds == ["pattern", "pii"]


def test_projects_of_one_name_get_addresses_of_their_own(owner: User) -> None:
    slugs = [actions.create_project(name="Shop & Söhne", by=owner, owner=owner).slug for _ in range(3)]

    assert slugs == ["shop-sohne", "shop-sohne-2", "shop-sohne-3"]
    assert actions.create_project(name="店", by=owner, owner=owner).slug == "project"


def test_an_unknown_time_zone_is_refused_with_an_example(project: Project, owner: User) -> None:
    with pytest.raises(AccountError, match="Europe/Berlin"):
        actions.change_project(
            project=project, by=owner, name="x", time_zone="Mars/Base", stores_messages=True
        )


def test_a_project_keeps_at_least_one_owner(project: Project, owner: User, teammate: User) -> None:
    mine = Membership.objects.get(project=project, user=owner)
    theirs = Membership.objects.get(project=project, user=teammate)

    with pytest.raises(AccountError, match="only owner"):
        actions.set_role(membership=mine, role="viewer", by=owner)
    with pytest.raises(AccountError, match="only owner"):
        actions.remove_member(membership=mine, by=owner)

    actions.set_role(membership=theirs, role="owner", by=owner)
    actions.remove_member(membership=mine, by=owner)
    assert [one.user for one in project.memberships.select_related("user")] == [teammate]


def test_nobody_is_a_member_twice(project: Project, teammate: User, owner: User) -> None:
    with pytest.raises(AccountError, match="member already"):
        actions.add_member(project=project, email="Teammate@Example.com ", role="owner", by=owner)


def test_every_action_leaves_an_entry_that_names_its_actor(issued_key: IssuedKey, owner: User) -> None:
    actions.revoke_key(key=issued_key.key, by=owner)

    entries = AuditEntry.objects.filter(project=issued_key.key.project).order_by("number")
    assert [entry.action for entry in entries] == [
        "project.created",
        "policy.saved",
        "upstream.added",
        "route.added",
        "key.created",
        "key.revoked",
    ]
    assert {entry.actor for entry in entries} == {owner.email}
