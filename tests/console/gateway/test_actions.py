import pytest
from django.conf import settings as django_settings

from console.accounts.actions import create_project
from console.accounts.models import AuditEntry, Project, User
from console.gateway.actions import (
    GatewayError,
    add_upstream,
    change_upstream,
    remove_route,
    remove_upstream,
    save_route,
)
from console.gateway.addresses import AddressError, checked_base_url, checked_headers
from console.gateway.models import ModelRoute, Upstream
from inference_proxy.sealing import UnsealError, unseal, upstream_binding

KEY = "sk-provider-0123456789"


@pytest.fixture
def upstream(project: Project, owner: User) -> Upstream:
    return add_upstream(
        project=project, name="openai", base_url="https://api.openai.com/v1", api_key=KEY, by=owner
    )


def key_of(upstream: Upstream) -> str:
    return unseal(
        upstream.sealed_api_key,
        secret_key=django_settings.PARAPET_SECRET_KEY,
        bound_to=upstream_binding(upstream.id, upstream.base_url),
    )


def test_a_provider_key_is_sealed_for_its_row_and_address(upstream: Upstream) -> None:
    assert KEY not in upstream.sealed_api_key
    assert key_of(upstream) == KEY
    assert upstream.key_last4 == "6789"

    upstream.base_url = "https://evil.example/v1"
    with pytest.raises(UnsealError):
        key_of(upstream)


def test_a_new_address_voids_the_stored_key(upstream: Upstream, owner: User) -> None:
    changed = change_upstream(upstream=upstream, by=owner, base_url="https://evil.example/v1")

    assert (changed.sealed_api_key, changed.key_last4, changed.has_key) == ("", "", False)


def test_a_key_entered_with_a_new_address_is_sealed_for_it(upstream: Upstream, owner: User) -> None:
    changed = change_upstream(
        upstream=upstream, by=owner, base_url="https://eu.api.openai.com/v1", api_key="sk-new-key-987654"
    )

    assert key_of(changed) == "sk-new-key-987654"


def test_a_change_that_is_none_keeps_the_key_and_leaves_no_entry(upstream: Upstream, owner: User) -> None:
    entries = AuditEntry.objects.count()

    changed = change_upstream(
        upstream=upstream, by=owner, base_url="https://api.openai.com/v1/", name="openai"
    )

    assert key_of(changed) == KEY
    assert AuditEntry.objects.count() == entries


def test_a_key_can_be_removed(upstream: Upstream, owner: User) -> None:
    assert not change_upstream(upstream=upstream, by=owner, api_key="").has_key


def test_no_key_is_ever_in_the_audit_log(upstream: Upstream, owner: User) -> None:
    change_upstream(upstream=upstream, by=owner, api_key="sk-second-key-4321")

    told = repr(list(AuditEntry.objects.values()))
    assert "upstream.changed" in told
    assert not {KEY, "sk-second-key-4321", KEY[-4:], "4321"} & set(told.replace("'", " ").split())


@pytest.mark.parametrize("key", ["two words", "schlüssel", "line\nbreak", "x" * 2_001])
def test_what_is_no_key_is_refused_without_being_repeated(upstream: Upstream, owner: User, key: str) -> None:
    with pytest.raises(GatewayError) as refused:
        change_upstream(upstream=upstream, by=owner, api_key=key)

    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("  HTTPS://API.OpenAI.com/v1 ", "https://api.openai.com/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://vllm.models.svc:8000/v1", "http://vllm.models.svc:8000/v1"),
    ],
)
def test_an_address_is_rebuilt_from_its_parts(given: str, kept: str) -> None:
    assert checked_base_url(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://example.com",
        "javascript:alert(1)",
        "https://",
        "https:///v1",
        "https://user:pw@example.com",
        "https://user@example.com",
        "https://example.com/v1?key=1",
        "https://example.com/v1?",
        "https://example.com/#frag",
        "https://example.com/a b",
        "https://example.com\\@evil.example",
        "https://exämple.com",
        "https://example.com:99999",
        "https://example.com:x",
        "https://[::1",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://224.0.0.1/",
        "https://example.com/" + "x" * 500,
    ],
)
def test_an_address_no_upstream_may_have_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        checked_base_url(url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer x"},
        {"x-api-key": "x"},
        {"Host": "evil.example"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"bad name": "x"},
        {"": "x"},
        {"x-ok": "line\r\nx-evil: 1"},
        {"x-ok": "ü"},
        {f"x-{number}": "1" for number in range(21)},
    ],
)
def test_headers_that_are_ours_or_malformed_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AddressError):
        checked_headers(headers)


def test_two_upstreams_of_one_name_are_refused(upstream: Upstream, owner: User) -> None:
    with pytest.raises(GatewayError, match="already"):
        add_upstream(project=upstream.project, name="openai", base_url="https://x.example", by=owner)


def test_a_route_knows_its_upstreams_in_order(upstream: Upstream, project: Project, owner: User) -> None:
    second = add_upstream(project=project, name="spare", base_url="https://spare.example/v1", by=owner)

    route = save_route(
        project=project, pattern="gpt-*", targets=[(upstream, ""), (second, "llama")], by=owner
    )
    save_route(project=project, pattern="gpt-*", targets=[(second, "llama")], by=owner, route=route)

    assert [(one.upstream.name, one.model) for one in route.targets.all()] == [("spare", "llama")]


@pytest.mark.parametrize("pattern", ["", " ", "gpt-*-mini", "two words", "*x", "x" * 201])
def test_a_pattern_that_is_none_is_refused(upstream: Upstream, owner: User, pattern: str) -> None:
    with pytest.raises(GatewayError, match="prefix ending in"):
        save_route(project=upstream.project, pattern=pattern, targets=[(upstream, "")], by=owner)


def test_a_route_leads_only_to_upstreams_of_its_project(upstream: Upstream, owner: User) -> None:
    elsewhere = create_project(name="Elsewhere", by=owner, owner=owner)

    with pytest.raises(GatewayError, match="its own project"):
        save_route(project=elsewhere, pattern="gpt-*", targets=[(upstream, "")], by=owner)


def test_two_routes_of_one_pattern_are_refused(upstream: Upstream, owner: User) -> None:
    with pytest.raises(GatewayError, match="change that one"):
        save_route(project=upstream.project, pattern="parapet/demo", targets=[(upstream, "")], by=owner)


def test_with_an_upstream_go_the_routes_that_lead_nowhere_else(
    upstream: Upstream, project: Project, owner: User
) -> None:
    spare = add_upstream(project=project, name="spare", base_url="https://spare.example/v1", by=owner)
    save_route(project=project, pattern="only", targets=[(upstream, "")], by=owner)
    save_route(project=project, pattern="both", targets=[(upstream, ""), (spare, "")], by=owner)

    remove_upstream(upstream=upstream, by=owner)

    assert set(ModelRoute.objects.values_list("pattern", flat=True)) == {"parapet/demo", "both"}


def test_a_route_can_be_removed(project: Project, owner: User) -> None:
    remove_route(route=project.routes.get(), by=owner)

    assert not project.routes.exists()
