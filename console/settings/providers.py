"""Providers Parapet knows by name, and what the environment says about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a provider answers and which models are its own."""

    name: str
    """The name prices are looked up by; in capitals, the beginning of its variables."""
    label: str
    base_url: str
    protocol: Literal["openai", "anthropic"] = "openai"
    patterns: tuple[str, ...] = ()
    """Routes made for it when its key comes from the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """A provider for which the environment holds a key or an address."""

    provider: Provider
    base_url: str
    api_key: str = field(repr=False)


_OPENAI_MODELS = ("gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*", "omni-moderation-*")

PROVIDERS = (
    Provider(name="openai", label="OpenAI", base_url="https://api.openai.com/v1", patterns=_OPENAI_MODELS),
    Provider(
        name="anthropic",
        label="Anthropic",
        base_url="https://api.anthropic.com",
        protocol="anthropic",
        patterns=("claude-*",),
    ),
    Provider(
        name="mistral",
        label="Mistral",
        base_url="https://api.mistral.ai/v1",
        patterns=("mistral-*", "ministral-*", "magistral-*", "codestral-*", "pixtral-*"),
    ),
    Provider(
        name="deepseek",
        label="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        patterns=("deepseek-*",),
    ),
    Provider(name="x-ai", label="xAI", base_url="https://api.x.ai/v1", patterns=("grok-*",)),
    Provider(
        name="perplexity", label="Perplexity", base_url="https://api.perplexity.ai", patterns=("sonar*",)
    ),
    Provider(name="groq", label="Groq", base_url="https://api.groq.com/openai/v1"),
    Provider(name="cerebras", label="Cerebras", base_url="https://api.cerebras.ai/v1"),
    Provider(name="together", label="Together AI", base_url="https://api.together.xyz/v1"),
    Provider(name="fireworks", label="Fireworks", base_url="https://api.fireworks.ai/inference/v1"),
    Provider(name="openrouter", label="OpenRouter", base_url="https://openrouter.ai/api/v1"),
)


def variables_of(provider: Provider) -> tuple[str, str]:
    """Return the names of the variables that hold a provider's key and its base URL."""
    stem = provider.name.replace("-", "").upper()
    return f"{stem}_API_KEY", f"{stem}_BASE_URL"


def providers_in(environment: Mapping[str, str]) -> tuple[ProviderAccess, ...]:
    """Return the providers for which the environment names a key, a base URL, or both."""
    found = []
    for provider in PROVIDERS:
        key_name, url_name = variables_of(provider)
        api_key, base_url = environment.get(key_name, "").strip(), environment.get(url_name, "").strip()
        if api_key or base_url:
            found.append(
                ProviderAccess(provider=provider, base_url=base_url or provider.base_url, api_key=api_key)
            )
    return tuple(found)
