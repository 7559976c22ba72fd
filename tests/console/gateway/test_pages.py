import pytest
from django.test import Client

from console.accounts.models import Project, User
from console.gateway.actions import add_upstream
from console.gateway.models import ModelRoute, Upstream

UPSTREAMS = "/p/lighthouse/settings/upstreams/"
ROUTES = "/p/lighthouse/settings/routes/"
KEY = "sk-provider-0123456789"
FIELDS = {
    "name": "openai",
    "provider": "openai",
    "base_url": "https://api.openai.com/v1",
    "protocol": "openai",
    "api_key": KEY,
    "headers": "x-team: search\n",
    "connect_timeout_s": "5",
    "idle_timeout_s": "60",
    "total_timeout_s": "900",
    "is_enabled": "on",
}


@pytest.fixture
def upstream(project: Project, owner: User) -> Upstream:
    return add_upstream(
        project=project, name="local", base_url="https://local.example/v1", api_key=KEY, by=owner
    )


def test_an_upstream_is_added_and_its_key_never_shown(owner_client: Client) -> None:
    assert owner_client.post(f"{UPSTREAMS}new/", FIELDS).status_code == 302

    upstream = Upstream.objects.get(name="openai")
    assert (upstream.headers, upstream.has_key) == ({"x-team": "search"}, True)
    pages = [owner_client.get(path).content.decode() for path in (UPSTREAMS, f"{UPSTREAMS}{upstream.id}/")]
    assert all("6789" in page for page in pages)
    assert not any(KEY in page or upstream.sealed_api_key in page for page in pages)


def test_a_form_that_failed_does_not_send_the_key_back(owner_client: Client) -> None:
    page = owner_client.post(f"{UPSTREAMS}new/", FIELDS | {"base_url": "ftp://x"}).content.decode()

    assert "a base URL begins with" in page
    assert KEY not in page


def test_an_empty_key_field_keeps_the_key_and_a_new_address_voids_it(
    owner_client: Client, upstream: Upstream
) -> None:
    path = f"{UPSTREAMS}{upstream.id}/"
    same = FIELDS | {"name": "local", "api_key": "", "base_url": "https://local.example/v1"}

    owner_client.post(path, same)
    assert Upstream.objects.get(pk=upstream.pk).has_key

    answer = owner_client.post(path, same | {"base_url": "https://evil.example/v1"}, follow=True)
    assert not Upstream.objects.get(pk=upstream.pk).has_key
    assert b"stored key is void" in answer.content


def test_a_key_is_removed_when_asked(owner_client: Client, upstream: Upstream) -> None:
    fields = FIELDS | {
        "name": "local",
        "api_key": "",
        "removes_key": "on",
        "base_url": "https://local.example/v1",
    }

    owner_client.post(f"{UPSTREAMS}{upstream.id}/", fields)

    assert not Upstream.objects.get(pk=upstream.pk).has_key


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "demo"},
        {"base_url": ""},
        {"base_url": "http://169.254.169.254/"},
        {"protocol": "demo"},
        {"protocol": "soap"},
        {"headers": "no colon"},
        {"headers": "authorization: Bearer x"},
        {"idle_timeout_s": "0"},
        {"total_timeout_s": "inf"},
        {"connect_timeout_s": "nan"},
        {"api_key": "two words"},
    ],
)
def test_what_makes_no_sense_is_explained_and_not_saved(owner_client: Client, change: dict[str, str]) -> None:
    answer = owner_client.post(f"{UPSTREAMS}new/", FIELDS | change)

    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode() or 'class="errorlist' in answer.content.decode()
    assert Upstream.objects.count() == 1


def test_a_known_provider_fills_in_its_address(owner_client: Client) -> None:
    page = owner_client.get(f"{UPSTREAMS}new/?provider=groq").content.decode()

    assert 'value="https://api.groq.com/openai/v1"' in page


def test_an_upstream_is_removed_with_its_routes(
    owner_client: Client, upstream: Upstream, project: Project
) -> None:
    owner_client.post(ROUTES, {"pattern": "llama-*", "max_retries": "1", "upstream_1": str(upstream.id)})
    assert ModelRoute.objects.filter(pattern="llama-*").exists()

    owner_client.post(f"{UPSTREAMS}{upstream.id}/remove/")

    assert not ModelRoute.objects.filter(pattern="llama-*").exists()


def test_a_route_is_added_changed_and_removed(owner_client: Client, upstream: Upstream) -> None:
    demo = Upstream.objects.get(protocol="demo")
    fields = {
        "pattern": "gpt-*", "max_retries": "2", "upstream_1": str(upstream.id), "model_1": "gpt-4o",
        "upstream_2": str(demo.id),
    }  # fmt: skip
    owner_client.post(ROUTES, fields)
    route = ModelRoute.objects.get(pattern="gpt-*")
    assert [target.upstream.name for target in route.targets.all()] == ["local", "demo"]

    shown = owner_client.get(f"{ROUTES}{route.id}/").content.decode()
    assert 'value="gpt-4o"' in shown
    owner_client.post(f"{ROUTES}{route.id}/", fields | {"pattern": "gpt-4*", "upstream_2": ""})
    assert [target.upstream.name for target in ModelRoute.objects.get(pattern="gpt-4*").targets.all()] == [
        "local"
    ]

    owner_client.post(f"{ROUTES}{route.id}/remove/")
    assert not ModelRoute.objects.filter(pk=route.pk).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "a*b"},
        {"pattern": "parapet/demo"},
        {"max_retries": "6"},
        {"upstream_1": ""},
        {"upstream_1": "x"},
    ],
)
def test_a_route_that_makes_no_sense_is_explained(
    owner_client: Client, upstream: Upstream, change: dict[str, str]
) -> None:
    fields = {"pattern": "gpt-*", "max_retries": "2", "upstream_1": str(upstream.id)} | change

    answer = owner_client.post(ROUTES, fields)

    assert answer.status_code == 200
    assert ModelRoute.objects.count() == 1


def test_ids_of_another_project_lead_nowhere(
    owner_client: Client, stranger_client: Client, upstream: Upstream
) -> None:
    assert stranger_client.get(f"/p/elsewhere/settings/upstreams/{upstream.id}/").status_code == 404
    assert stranger_client.post(f"/p/elsewhere/settings/upstreams/{upstream.id}/remove/").status_code == 404
    assert Upstream.objects.filter(pk=upstream.pk).exists()
