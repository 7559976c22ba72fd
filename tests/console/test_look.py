"""The look keeps its promises: text that can be read, files that are what they say, error pages that stand alone."""

import hashlib
import re

import plotly
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import Settings

STATIC = settings.ROOT / "console" / "static"
VENDOR = settings.ROOT / "evaluators" / "reports" / "vendor"
TOKEN = re.compile(r"^\s*--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", re.MULTILINE)
COLOURS = {
    name: (light, dark) for name, light, dark in TOKEN.findall((STATIC / "css" / "tokens.css").read_text())
}


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "ink-2", "ink-3", "accent") for ground in ("canvas", "surface", "sunken", "raised", "hover")),
        *((tone, f"{tone}-soft") for tone in ("ok", "warn", "danger", "info", "guard")),
        *((tone, "surface") for tone in ("ok", "warn", "danger", "info", "guard")),
        *(("ink", f"{tone}-soft") for tone in ("ok", "warn", "danger", "info", "accent")),
        ("on-accent", "accent"),
        ("accent-strong", "accent-soft"),
        ("ink-3", "selected"),
    ],
)  # fmt: skip
def test_text_has_the_contrast_that_wcag_aa_asks_for(text: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["field-line", *(f"series-{n}" for n in range(1, 8))])
def test_lines_of_fields_and_series_stand_out_from_their_ground(mark: str, theme: int) -> None:
    assert contrast(COLOURS[mark][theme], COLOURS["surface"][theme]) >= 2.9


def test_the_vendored_plotly_is_the_file_that_its_note_describes() -> None:
    [bundle] = VENDOR.glob("plotly-basic-*.min.js")

    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert digest in (VENDOR / "README.md").read_text()
    release = re.search(
        rb"plotly\.js v([0-9.]+)|plotly\.js \(basic - minified\) v([0-9.]+)", bundle.read_bytes()[:500]
    )
    assert release
    assert (release[1] or release[2]).decode() in bundle.name


def test_the_wheel_that_checks_figures_speaks_for_the_same_plotly() -> None:
    [bundle] = VENDOR.glob("plotly-basic-*.min.js")

    assert plotly.offline.get_plotlyjs_version() in bundle.name


def test_static_files_can_be_collected_as_they_are_served(settings: Settings, tmp_path: object) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)

    manifest = StaticFilesStorage(location=str(tmp_path))
    assert manifest.exists("staticfiles.json")
    assert finders.find("css/tokens.css")
    assert finders.find("vendor/plotly-basic-4.1.1.min.js")


@pytest.mark.parametrize("name", ["403.html", "404.html", "500.html", "403_csrf.html", "store_away.html"])
def test_error_pages_need_no_context_and_no_script(name: str) -> None:
    page = render_to_string(name)

    assert "<h1>" in page
    assert 'style="' not in page


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_our_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a@b.c", "password": "x"})

    assert answer.status_code == 403
    assert b"This form has expired" in answer.content
