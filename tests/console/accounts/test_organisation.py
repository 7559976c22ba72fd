"""Who may change what holds in every project is said by the owners of the organisation, and by nobody else."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from console.accounts.access import may_organise
from console.accounts.actions import AccountError
from console.accounts.models import AuditEntry, Membership, Project, User
from console.accounts.organisation import appoint

PAGE = "/p/lighthouse/settings/organisation/"
GUARDS = "/p/lighthouse/guards/?scope=organisation"


def role_of(user: User) -> str:
    return User.objects.get(pk=user.pk).organisation_role


def test_who_owns_the_first_project_owns_the_organisation(owner: User, stranger: User) -> None:
    assert (role_of(owner), role_of(stranger)) == ("owner", "")
    assert not may_organise(stranger, to="edit")


def test_an_admin_changes_the_guards_of_all_and_appoints_nobody(
    teammate_client: Client, teammate: User, owner: User
) -> None:
    assert "Save version" not in teammate_client.get(GUARDS).content.decode()

    appoint(email="Teammate@example.com", role="admin", by=owner)

    assert "Save version" in teammate_client.get(GUARDS).content.decode()
    assert "Give role" not in teammate_client.get(PAGE).content.decode()
    assert teammate_client.post(PAGE, {"email": "teammate@example.com", "role": "owner"}).status_code == 404
    assert role_of(teammate) == "admin"


def test_a_role_is_given_changed_and_taken_away_on_the_page(
    owner_client: Client, stranger: User, project: Project
) -> None:
    roles = []
    for role in ("admin", "owner", ""):
        owner_client.post(PAGE, {"email": stranger.email, "role": role})
        roles.append(role_of(stranger))

    assert roles == ["admin", "owner", ""]
    entries = AuditEntry.objects.filter(action="organisation.changed", target=stranger.email)
    assert {entry.project.slug for entry in entries} == {"lighthouse", "elsewhere"}
    assert [entry.details["role"] for entry in entries.filter(project=project).order_by("number")] == [
        ["", "admin"], ["admin", "owner"], ["owner", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("nobody@example.com", "admin", "nobody here has the address &#x27;nobody@example.com&#x27;"),
        ("owner@example.com", "admin", "is the only owner of the organisation"),
        ("owner@example.com", "", "is the only owner of the organisation"),
        ("owner@example.com", "king", "king is not one of the available choices"),
    ],
)
def test_what_cannot_be_said_of_a_role_is_refused(
    owner_client: Client, owner: User, email: str, role: str, said: str
) -> None:
    page = owner_client.post(PAGE, {"email": email, "role": role})

    assert said in page.content.decode()
    assert role_of(owner) == "owner"


def test_a_role_nobody_knows_is_refused(owner: User) -> None:
    with pytest.raises(AccountError, match="one of admin, owner, not 'king'"):
        appoint(email=owner.email, role="king", by=owner)


def test_whoever_runs_the_installation_makes_an_owner(project: Project, teammate: User) -> None:
    call_command("organisation_owner", "teammate@example.com")

    assert role_of(teammate) == "owner"
    with pytest.raises(CommandError, match="nobody here has the address"):
        call_command("organisation_owner", "nobody@example.com")


def test_who_owned_every_project_before_there_were_roles_owns_the_organisation(
    owner: User, project: Project, stranger: User
) -> None:
    migration = import_module("console.accounts.migrations.0004_roles_in_the_organisation")
    Membership.objects.create(user=owner, project=stranger.projects.get(), role="owner")
    User.objects.update(organisation_role="")

    migration.name_owners(apps, None)

    assert (role_of(owner), role_of(stranger)) == ("owner", "")
