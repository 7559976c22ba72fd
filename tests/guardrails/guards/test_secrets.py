"""Keys of many providers and passwords by name are found; what only looks random is left alone."""

import base64
import hashlib
import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.secret_formats import SECRET_FORMATS
from guardrails.guards.secrets import build, entropy
from guardrails.policy import PolicyError
from tests.guardrails.makers import JWT, PEM

HEX = "0123456789abcdef" * 8
MIX = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA" * 6

# Written in two parts, so that scanners of repositories do not take them for real ones.
SAMPLES = {
    "age_key": "AGE-SECRET-KEY-1" + "Q9Z8X7W6" * 7 + "AB",
    "airtable_token": "pat" + MIX[:14] + "." + HEX[:64],
    "anthropic_key": "sk-" + "ant-" + MIX[:40],
    "atlassian_token": "ATAT" + "T3" + MIX[:80],
    "aws_key": "AKIA" + "IOSFODNN7EXAMPLE",
    "azure_key": "abc8" + "Q~" + MIX[:34],
    "cohere_key": "co_" + MIX[:40],
    "databricks_token": "da" + "pi" + HEX[:32],
    "digitalocean_token": "dop_" + "v1_" + HEX[:64],
    "discord_token": "M" + MIX[:23] + ".Gabc12." + MIX[:27],
    "docker_token": "dckr_" + "pat_" + MIX[:27],
    "doppler_token": "dp." + "pt." + MIX[:43],
    "figma_token": "fig" + "d_" + MIX[:40],
    "flyio_token": "fo1_" + MIX[:43],
    "github_token": "gh" + "p_" + MIX[:36],
    "gitlab_token": "gl" + "pat-" + MIX[:20],
    "google_key": "AI" + "za" + MIX[:35],
    "google_oauth": "GOC" + "SPX-" + MIX[:28],
    "grafana_token": "gl" + "sa_" + MIX[:32] + "_" + HEX[:8],
    "groq_key": "gs" + "k_" + MIX[:52],
    "heroku_key": "HR" + "KU-" + MIX[:36],
    "huggingface_token": "h" + "f_" + MIX[:34],
    "jwt": JWT,
    "langfuse_key": "sk-" + "lf-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "langsmith_key": "lsv2_" + "pt_" + HEX[:32] + "_" + HEX[:10],
    "linear_key": "lin_" + "api_" + MIX[:40],
    "mailchimp_key": HEX[:32] + "-us21",
    "mailgun_key": "key" + "-" + HEX[:32],
    "newrelic_key": "NR" + "AK-" + MIX[:27].upper(),
    "notion_token": "nt" + "n_" + MIX[:46],
    "npm_token": "np" + "m_" + MIX[:36],
    "nvidia_key": "nv" + "api-" + MIX[:64],
    "openai_key": "sk-" + "proj-" + MIX[:48],
    "parapet_key": "p" + "k_" + MIX[:43],
    "perplexity_key": "pp" + "lx-" + MIX[:48],
    "planetscale_token": "pscale_" + "tkn_" + MIX[:43],
    "postman_key": "PM" + "AK-" + HEX[:24] + "-" + HEX[:34],
    "private_key": PEM,
    "pulumi_token": "pu" + "l-" + HEX[:40],
    "pypi_token": "py" + "pi-AgEIcHlwaS5vcmc" + MIX[:60],
    "replicate_token": "r" + "8_" + MIX[:37],
    "rubygems_key": "ruby" + "gems_" + HEX[:48],
    "sendgrid_key": "S" + "G." + MIX[:22] + "." + MIX[:43],
    "sentry_token": "sntry" + "u_" + HEX[:64],
    "shopify_token": "shp" + "at_" + HEX[:32],
    "slack_token": "xo" + "xb-123456789012-" + MIX[:24],
    "slack_webhook": "hooks." + "slack.com/services/T0001/B0002/" + MIX[:24],
    "square_token": "sq0" + "csp-" + MIX[:43],
    "stripe_key": "sk_" + "live_" + MIX[:24],
    "stripe_webhook": "wh" + "sec_" + MIX[:32],
    "supabase_key": "sb" + "p_" + HEX[:40],
    "telegram_token": "123456789" + ":AA" + MIX[:33],
    "terraform_token": MIX[:14] + ".atlas" + "v1." + MIX[:67],
    "twilio_key": "S" + "K" + HEX[:32],
    "url_credentials": "postgres://admin:" + "hunter2@db.internal:5432/app",
    "vault_token": "hv" + "s." + MIX[:24],
    "xai_key": "x" + "ai-" + MIX[:80],
}
GENERIC = [
    ("my password is hunter2!", "hunter2"),
    ('api_key = "9f8a7c6b5d4e3f2a1b0c"', "9f8a7c6b5d4e3f2a1b0c"),
    ("DB_PASSWORD=s3cr3t-Val", "s3cr3t-Val"),
    ('{"client_secret": "Ab8q~xK2"}', "Ab8q~xK2"),
    ('{\\"client_secret\\": \\"Ab8q~xK2\\"}', "Ab8q~xK2"),
    ("Authorization: Bearer abc123def456ghi789", "abc123def456ghi789"),
    ("-H 'authorization: Basic dXNlcjpwYXNzd29yZDE='", "dXNlcjpwYXNzd29yZDE="),
    ("aws_secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYZ9", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYZ9"),
    ("Server=db;User Id=sa;Password=P4ss-w0rd;", "P4ss-w0rd"),
    ("Das Passwort ist Sommer2024!", "Sommer2024"),
    ("la contraseña es gato99negro", "gato99negro"),
    ("token: ya81k2-ooq91", "ya81k2-ooq91"),
]
IMAGE = base64.b64encode(random.Random(3).randbytes(900)).decode()
CLEAN = [
    "commit 9f8a7c6b5d4e3f2a1b0c9f8a7c6b5d4e3f2a1b0c fixes it",
    "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 and secret: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    f"sha256:{hashlib.sha256(b'x').hexdigest()} md5 {hashlib.sha256(b'y').hexdigest()[:32]}",
    f'<img src="data:image/png;base64,{IMAGE}">',
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
    "token: ${TOKEN} password=os.environ['X1'] api_key=process.env.KEY1 secret: <your-secret-1>",
    "The token is required for step 2. The password is wrong. Your secret is safe with me.",
    "max_tokens: 4096, token_count = 128000, api_key=YOUR_API_KEY_1, password: changeme1, secret=xxxxxxxx1",
    "password: Password: token token = None; passwords are hashed with bcrypt",
    "sk-short xoxb- ghp_short npm_install pk_test hf_model glpat-x SG.a.b",
    "api_key: https://example.org/keys/12345",
    "sort key: created_at2; primary key: id1",
]


def found(text: str, **parameters: object) -> list[tuple[str, str]]:
    findings = build(parameters).scanner().advance(text, 0, is_final=True)
    return [(each.entity, text[each.start : each.end]) for each in findings]


def test_there_is_a_sample_of_every_format() -> None:
    assert set(SAMPLES) == set(SECRET_FORMATS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_secret_is_found_whole_by_its_form(name: str) -> None:
    assert found(f'key="{SAMPLES[name]}", ok', formats=[name], generic=False) == [
        (SECRET_FORMATS[name].entity, SAMPLES[name])
    ]


@pytest.mark.parametrize(("text", "value"), GENERIC)
def test_a_secret_is_found_by_its_name(text: str, value: str) -> None:
    assert ("SECRET", value) in found(text)


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_what_is_allowed_is_left_alone() -> None:
    text = "use AKIAIOSFODNN7EXAMPLE with password=hunter22"

    assert found(text, allow=["AKIAIOSFODNN7EXAMPLE", "hunter22"]) == []


def test_how_random_a_value_must_look_is_for_the_policy_to_say() -> None:
    assert found("token=abcabc123123", min_entropy=3.4) == []
    assert found("token=abcabc123123", min_entropy=2.0) == [("SECRET", "abcabc123123")]


@pytest.mark.parametrize(("text", "bits"), [("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0)])
def test_entropy_counts_bits_per_character(text: str, bits: float) -> None:
    assert entropy(text) == bits


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"formats": [], "generic": False}, "needs something to look for"),
        ({"formats": ["nokia"]}, "unknown 'nokia'; known: "),
        ({"min_entropy": 9}, "must lie between 1.0 and 6.0"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)


@settings(max_examples=50)
@given(st.text("aB3dE5gH7é", min_size=1, max_size=700))
def test_entropy_is_what_each_share_of_the_characters_adds(text: str) -> None:
    shares = [count / len(text) for count in Counter(text).values()]

    assert math.isclose(entropy(text), -sum(each * math.log2(each) for each in shares), abs_tol=1e-9)


def test_of_nothing_there_is_no_entropy() -> None:
    assert entropy("") == 0.0
