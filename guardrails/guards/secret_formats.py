"""The forms in which providers give out keys and tokens."""

from collections.abc import Mapping

from guardrails.guards.known_patterns import KNOWN_PATTERNS
from guardrails.guards.named_pattern import NamedPattern


def _format(name: str, regex: str) -> NamedPattern:
    return NamedPattern(name=name, entity=name.upper(), regex=rf"\b(?:{regex})")


_OF_PATTERNS = (
    "aws_key",
    "anthropic_key",
    "openai_key",
    "github_token",
    "google_key",
    "slack_token",
    "stripe_key",
    "jwt",
    "private_key",
    "url_credentials",
)

_FORMATS = (
    _format("age_key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _format("airtable_token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _format("atlassian_token", r"ATATT3[A-Za-z0-9_=-]{60,}"),
    _format(
        "azure_key",
        r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}|(?i:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}",
    ),
    _format("cohere_key", r"co_[A-Za-z0-9]{40}"),
    _format("databricks_token", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _format("digitalocean_token", r"do[oprt]_v1_[0-9a-f]{64}"),
    _format("discord_token", r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"),
    _format("docker_token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
    _format("doppler_token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{1,40}\.)?[A-Za-z0-9]{40,44}"),
    _format("figma_token", r"fig[dopr]_[A-Za-z0-9_-]{40,}"),
    _format("flyio_token", r"FlyV1 fm[12][ar]?_[A-Za-z0-9+/=,_-]{80,}|fo1_[A-Za-z0-9_-]{43}"),
    _format("gitlab_token", r"gl(?:pat|dt|rt|ptt|cbt|imt|ft|soat|agent|oas|ffct)-[A-Za-z0-9_.-]{20,}"),
    _format("google_oauth", r"GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,}"),
    _format("grafana_token", r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_eyJ[A-Za-z0-9+/=]{40,}"),
    _format("groq_key", r"gsk_[A-Za-z0-9]{48,}"),
    _format("heroku_key", r"HRKU-[A-Za-z0-9_-]{36,}"),
    _format("huggingface_token", r"(?:hf_|api_org_)[A-Za-z0-9]{34,}"),
    _format("langfuse_key", r"sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    _format("langsmith_key", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    _format("linear_key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}"),
    _format("mailchimp_key", r"[0-9a-f]{32}-us\d{1,2}\b"),
    _format("mailgun_key", r"key-[0-9a-f]{32}\b"),
    _format("newrelic_key", r"NR(?:AK|JS|II|RA)-[A-Za-z0-9]{19,}"),
    _format("notion_token", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}\b"),
    _format("npm_token", r"npm_[A-Za-z0-9]{36}"),
    _format("nvidia_key", r"nvapi-[A-Za-z0-9_-]{60,}"),
    _format("parapet_key", r"pk_[A-Za-z0-9]{40,}"),
    _format("perplexity_key", r"pplx-[A-Za-z0-9]{40,}"),
    _format("planetscale_token", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,}"),
    _format("postman_key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _format("pulumi_token", r"pul-[0-9a-f]{40}"),
    _format("pypi_token", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _format("replicate_token", r"r8_[A-Za-z0-9]{37,}"),
    _format("rubygems_key", r"rubygems_[0-9a-f]{48}"),
    _format("sendgrid_key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _format("sentry_token", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    _format("shopify_token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _format("slack_webhook", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{20,}"),
    _format("square_token", r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{60}"),
    _format("stripe_webhook", r"whsec_[A-Za-z0-9+/=]{24,}"),
    _format("supabase_key", r"sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,}"),
    _format("telegram_token", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _format("terraform_token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    _format("twilio_key", r"SK[0-9a-f]{32}\b"),
    _format("vault_token", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    _format("xai_key", r"xai-[A-Za-z0-9]{70,}"),
)

SECRET_FORMATS: Mapping[str, NamedPattern] = {
    each.name: each for each in (*(KNOWN_PATTERNS[name] for name in _OF_PATTERNS), *_FORMATS)
}
