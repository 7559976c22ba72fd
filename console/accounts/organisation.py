"""Who may change what holds in every project of the installation."""

from django.db import transaction

from console.accounts import audit
from console.accounts.actions import AccountError
from console.accounts.models import OrganisationRole, Project, User


@transaction.atomic
def appoint(*, email: str, role: str, by: User | None) -> User:
    """Give a person a role in the organisation, or with an empty one take it away.

    Raises AccountError for somebody who has no account, and when nobody would be left to own the organisation.
    """
    if role not in ("", *OrganisationRole.values):
        raise AccountError(
            f"a role in the organisation is one of {', '.join(OrganisationRole.values)}, not {role[:40]!r}"
        )
    email = User.objects.normalize_email(email.strip()).lower()
    people = {user.email: user for user in User.objects.select_for_update().exclude(organisation_role="")}
    person = people.get(email) or User.objects.select_for_update().filter(email=email).first()
    if person is None:
        raise AccountError(f"nobody here has the address {email[:254]!r}; let them into a project first")
    before = person.organisation_role
    owners = {user.email for user in people.values() if user.organisation_role == OrganisationRole.OWNER}
    if role != OrganisationRole.OWNER and owners == {email}:
        raise AccountError(f"{email} is the only owner of the organisation; make someone else an owner first")
    if role == before:
        return person
    person.organisation_role = role
    person.save(update_fields=["organisation_role"])
    for project in Project.objects.order_by("created_at", "id"):
        audit.record(
            project=project, by=by, action="organisation.changed", target=email, role=[before, str(role)]
        )
    return person
