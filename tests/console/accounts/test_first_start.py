import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from console.accounts.models import ApiKey, AuditEntry, Project, User
from console.gateway.models import Upstream
from console.settings.providers import PROVIDERS, providers_in, variables_of
from inference_proxy.sealing import unseal, upstream_binding
from ingest.keys import hash_key, pepper_from

FIELDS = ["console_url", "proxy_url", "otlp_url", "email", "password", "api_key", "project"]
OPENAI = {"OPENAI_API_KEY": "sk-first-0123456789"}


@pytest.fixture
def home(db: None, settings: Settings, tmp_path: Path, redis_url: str) -> Path:
    settings.HOME, settings.REDIS_URL = tmp_path, redis_url
    settings.PROVIDERS_IN_ENVIRONMENT = ()
    return tmp_path


def credentials(home: Path) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((home / "credentials.json").read_text())
    return loaded


def key_of(upstream: Upstream, settings: Settings) -> str:
    binding = upstream_binding(upstream.id, upstream.base_url)
    return unseal(upstream.sealed_api_key, secret_key=settings.PARAPET_SECRET_KEY, bound_to=binding)


def test_the_first_start_leaves_credentials_that_work(home: Path, settings: Settings) -> None:
    call_command("bootstrap")

    found = credentials(home)
    assert list(found) == FIELDS
    assert (found["email"], found["project"]) == ("owner@parapet.local", "default")
    assert stat.S_IMODE((home / "credentials.json").stat().st_mode) == 0o600
    pepper = pepper_from(settings.PARAPET_SECRET_KEY)
    assert ApiKey.objects.get(hash=hash_key(found["api_key"], pepper=pepper)).project.slug == "default"
    answer = Client().post("/accounts/login/", {"login": found["email"], "password": found["password"]})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_later_starts_change_nothing_but_the_addresses(home: Path, settings: Settings) -> None:
    call_command("bootstrap")
    first, entries = credentials(home), AuditEntry.objects.count()

    settings.PROXY_URL = "http://127.0.0.1:9999/v1"
    call_command("bootstrap")

    assert credentials(home) == first | {"proxy_url": "http://127.0.0.1:9999/v1"}
    assert (User.objects.count(), Project.objects.count(), ApiKey.objects.count()) == (1, 1, 1)
    assert AuditEntry.objects.count() == entries


def test_what_no_longer_works_is_not_written_down(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bootstrap")
    owner = User.objects.get()
    owner.set_password("a password of their own")
    owner.save()
    ApiKey.objects.all().delete()

    call_command("bootstrap")

    assert (credentials(home)["password"], credentials(home)["api_key"]) == ("", "")
    assert "--renew" in capsys.readouterr().out
    assert User.objects.get().check_password("a password of their own")


def test_lost_credentials_are_renewed_only_when_asked(home: Path) -> None:
    call_command("bootstrap")
    first = credentials(home)
    (home / "credentials.json").unlink()

    call_command("bootstrap")
    assert credentials(home)["password"] == ""

    call_command("bootstrap", "--renew")
    assert credentials(home)["password"] not in ("", first["password"])
    assert credentials(home)["api_key"] not in ("", first["api_key"])


def test_damaged_credentials_are_written_anew(home: Path) -> None:
    (home / "credentials.json").write_text("{not json")

    call_command("bootstrap")

    assert credentials(home)["password"]


def test_an_openai_key_answers_for_every_model_and_is_sealed(home: Path, settings: Settings) -> None:
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in(OPENAI)

    call_command("bootstrap")

    upstream = Upstream.objects.get(name="openai")
    assert upstream.base_url == "https://api.openai.com/v1"
    assert key_of(upstream, settings) == OPENAI["OPENAI_API_KEY"]
    patterns = set(Project.objects.get().routes.values_list("pattern", flat=True))
    assert {"*", "gpt-*", "text-embedding-*", "parapet/demo"} <= patterns


def test_a_base_url_without_a_key_makes_an_upstream(home: Path, settings: Settings) -> None:
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/"})

    call_command("bootstrap")

    upstream = Upstream.objects.get(name="openai")
    assert (upstream.base_url, upstream.sealed_api_key) == ("http://127.0.0.1:11434/v1", "")


def test_anthropic_is_stored_with_its_own_protocol_and_answers_for_nothing_else(
    home: Path, settings: Settings
) -> None:
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in({"ANTHROPIC_API_KEY": "sk-ant-0123456789abcdef"})

    call_command("bootstrap")

    assert Upstream.objects.get(name="anthropic").protocol == "anthropic"
    assert set(Project.objects.get().routes.values_list("pattern", flat=True)) == {"parapet/demo", "claude-*"}


def test_a_changed_environment_changes_its_upstream_and_nothing_else(home: Path, settings: Settings) -> None:
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in(OPENAI)
    call_command("bootstrap")
    entries = AuditEntry.objects.count()

    call_command("bootstrap")
    assert AuditEntry.objects.count() == entries

    changed = {"OPENAI_API_KEY": "sk-second-987654321", "OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in(changed)
    call_command("bootstrap")

    upstream = Upstream.objects.get(name="openai")
    assert upstream.base_url == "https://eu.api.openai.com/v1"
    assert key_of(upstream, settings) == "sk-second-987654321"
    assert AuditEntry.objects.count() == entries + 1


def test_an_address_no_upstream_may_have_stops_the_start_with_a_sentence(
    home: Path, settings: Settings
) -> None:
    settings.PROVIDERS_IN_ENVIRONMENT = providers_in({"OPENAI_BASE_URL": "http://169.254.169.254/v1"})

    with pytest.raises(CommandError, match="never the address of a provider"):
        call_command("bootstrap")
    assert not User.objects.exists()


def test_every_provider_has_variables_of_its_own() -> None:
    names = [name for provider in PROVIDERS for name in variables_of(provider)]

    assert len(set(names)) == 2 * len(PROVIDERS)
    assert {"OPENAI_API_KEY", "ANTHROPIC_BASE_URL", "GROQ_API_KEY", "XAI_API_KEY"} <= set(names)
