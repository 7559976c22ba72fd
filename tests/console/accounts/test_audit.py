import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from console.accounts import audit
from console.accounts.models import AuditEntry, Project, User

DISARM = {
    "sqlite": "DROP TRIGGER audit_entries_stay",
    "postgresql": "SET LOCAL session_replication_role = replica",
}
"""What someone with every right on the database would do first."""


@pytest.fixture
def chain(project: Project, owner: User) -> Project:
    """A project with a dozen entries, in a database that no longer protects them."""
    for number in range(8):
        audit.record(project=project, by=owner, action="thing.done", target=f"thing {number}", count=number)
    execute(DISARM[connection.vendor])
    return project


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_chain_that_nobody_touched_is_whole(chain: Project) -> None:
    assert audit.first_broken(chain) is None


@pytest.mark.parametrize("number", [1, 6, 12])
@pytest.mark.parametrize(
    "change",
    [
        "actor = 'someone@example.com'",
        "action = 'thing.undone'",
        "target = 'another'",
        "details = '{\"count\": 99}'",
        "at = '2020-01-01 00:00:00'",
        "hash = 'ffff'",
        "previous_hash = 'ffff'",
    ],
)
def test_any_change_of_any_entry_is_found(chain: Project, number: int, change: str) -> None:
    execute(f"UPDATE accounts_auditentry SET {change} WHERE number = {number}")

    assert str(number) in (audit.first_broken(chain) or "")


@pytest.mark.parametrize("number", [1, 6, 11])
def test_a_missing_entry_is_found(chain: Project, number: int) -> None:
    execute(f"DELETE FROM accounts_auditentry WHERE number = {number}")

    assert audit.first_broken(chain) == f"entry {number} is missing; the next one there is {number + 1}"


def test_two_entries_that_changed_places_are_found(chain: Project) -> None:
    execute("UPDATE accounts_auditentry SET number = 99 WHERE number = 6")
    execute("UPDATE accounts_auditentry SET number = 6 WHERE number = 7")
    execute("UPDATE accounts_auditentry SET number = 7 WHERE number = 99")

    assert audit.first_broken(chain) == "entry 6 does not follow the entry before it"


def test_entries_cut_off_the_end_are_found_by_a_head_noted_elsewhere(chain: Project) -> None:
    head = AuditEntry.objects.filter(project=chain).latest("number").hash
    assert audit.first_broken(chain, head=head) is None

    execute("DELETE FROM accounts_auditentry WHERE number = 12")

    assert audit.first_broken(chain) is None
    assert "cut off" in (audit.first_broken(chain, head=head) or "")


def test_a_chain_resealed_under_another_secret_is_found(chain: Project, settings: Settings) -> None:
    settings.PARAPET_SECRET_KEY = "an attacker's guess"

    assert audit.first_broken(chain) == "entry 1 was changed after it was written"


def test_the_database_refuses_to_change_an_entry(project: Project) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        AuditEntry.objects.filter(project=project, number=1).update(actor="someone")

    assert audit.first_broken(project) is None


def test_the_command_fails_when_a_chain_is_broken(chain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit")
    assert "lighthouse: whole, 12 entries, head" in capsys.readouterr().out

    execute("UPDATE accounts_auditentry SET actor = 'x' WHERE number = 3")

    with pytest.raises(CommandError, match="1 of 1 audit chains"):
        call_command("verify_audit", "--project", "lighthouse")
    assert "BROKEN: entry 3" in capsys.readouterr().out
