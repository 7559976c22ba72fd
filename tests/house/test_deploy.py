"""What the deployment files name is there. No container runs here: form is checked, not behaviour."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def test_the_image_copies_what_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)

    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []


def test_every_process_of_the_composition_can_be_started(compose: dict[str, Any]) -> None:
    commands = [service.get("command", []) for service in compose["services"].values()]
    modules = [command[2] for command in commands if command[:2] == ["python", "-m"]]

    assert {
        "uvicorn",
        "inference_proxy",
        "inference_proxy.receiver",
        "ingest.shipper",
        "guardrails.server",
    } <= set(modules)
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_every_variable_of_the_composition_is_known_and_explained(compose: dict[str, Any]) -> None:
    known = (ROOT / "docs/reference/settings.md").read_text()
    example = (DEPLOY / "env.example").read_text()
    text = (DEPLOY / "compose.yaml").read_text()
    from_outside = set(re.findall(r"\$\{([A-Z_]+)", text))

    assert [name for name in compose["x-parapet"]["environment"] if name not in known] == []
    assert [name for name in from_outside if f"{name}=" not in example] == []


def test_services_wait_for_those_that_exist(compose: dict[str, Any]) -> None:
    named = {name for service in compose["services"].values() for name in service.get("depends_on", {})}

    assert named <= set(compose["services"])
