"""`parapet models`, as one types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guardrails.cli import models
from guardrails.cli.catalogue import CATALOGUE
from guardrails.encoder import Encoder
from guardrails.encoder.manifest import GRAPH
from tests.guardrails.encoder.small import small_model


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = small_model(tmp_path / "weights")
    for name in ("CARD.md", "ATTRIBUTIONS.md", "evaluation.json"):
        (folder / name).write_text("{}")
    return folder


def test_verify_says_that_a_folder_is_whole(folder: Path) -> None:
    result = run("verify", str(folder))

    assert result.exit_code == 0
    assert "whole; version random-0" in result.output


def test_verify_says_which_file_was_changed(folder: Path) -> None:
    (folder / GRAPH).write_bytes(b"something else")
    result = run("verify", str(folder))

    assert result.exit_code == 1
    assert f"{GRAPH} has the SHA-256" in result.output


def test_fetch_brings_weights_from_a_folder(folder: Path, tmp_path: Path) -> None:
    result = run("fetch", "encoder", "--from", str(folder), "--to", str(tmp_path / "copy"))

    assert result.exit_code == 0, result.output
    assert Encoder.load(tmp_path / "copy").manifest.version == "random-0"


def test_fetch_keeps_nothing_of_a_file_with_another_hash(folder: Path, tmp_path: Path) -> None:
    (folder / GRAPH).write_bytes(b"something else")
    result = run("fetch", "encoder", "--from", str(folder), "--to", str(tmp_path / "copy"))

    assert result.exit_code == 1
    assert "nothing was kept" in result.output
    assert not (tmp_path / "copy" / GRAPH).exists()


def test_fetch_says_where_it_looked(tmp_path: Path) -> None:
    result = run(
        "fetch", "all-minilm-l6-v2", "--from", str(tmp_path / "nowhere"), "--to", str(tmp_path / "copy")
    )

    assert result.exit_code == 1
    assert "nowhere" in result.output


def test_fetch_refuses_other_kinds_of_addresses(tmp_path: Path) -> None:
    result = run("fetch", "all-minilm-l6-v2", "--from", "ftp://example.org/x", "--to", str(tmp_path))

    assert result.exit_code == 1
    assert "neither a folder nor an http" in result.output


def test_the_encoder_is_only_brought_from_somewhere(tmp_path: Path) -> None:
    assert "--from" in run("fetch", "encoder", "--to", str(tmp_path)).output


def test_a_published_file_is_checked_by_what_is_known_of_its_hash(tmp_path: Path) -> None:
    (tmp_path / "toxic_original-c1212f89.ckpt").write_bytes(b"something else")
    result = run("fetch", "detoxify-original", "--from", str(tmp_path), "--to", str(tmp_path / "copy"))

    assert result.exit_code == 1
    assert "c1212f89 was expected" in result.output


def test_evaluate_says_what_a_folder_lacks(folder: Path, tmp_path: Path) -> None:
    (folder / "evaluation.json").unlink()
    result = run("evaluate", "--data", str(tmp_path), "--model", str(folder))

    assert result.exit_code == 1
    assert "evaluation.json" in result.output


def test_list_names_what_can_be_fetched() -> None:
    result = run("list", "--as-json")

    assert {each["name"] for each in json.loads(result.output)["to_fetch"]} == set(CATALOGUE)


def test_a_share_that_is_no_number_is_named(tmp_path: Path) -> None:
    folders = ("--data", str(tmp_path), "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"))
    result = run("blend", "runs/4=half", *folders)

    assert result.exit_code == 2
    assert "'runs/4=half' is not FOLDER=SHARE" in result.output
