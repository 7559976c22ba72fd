"""The models the simulated companies call, with the speed and the habits of the real ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Llm:
    """A model as its callers experience it."""

    name: str
    served: str
    """The name in the answer."""
    provider: str
    first_token_ms: int
    tokens_per_s: int
    has_cache: bool = True
    writes_cache: bool = False
    """Says how much it put into its cache; others say only what they read."""
    reasons: bool = False


GPT_4O_MINI = Llm(
    name="gpt-4o-mini",
    served="gpt-4o-mini-2024-07-18",
    provider="openai",
    first_token_ms=420,
    tokens_per_s=85,
)
GPT_41 = Llm(
    name="gpt-4.1", served="gpt-4.1-2025-04-14", provider="openai", first_token_ms=560, tokens_per_s=70
)
GPT_5_MINI = Llm(
    name="gpt-5-mini",
    served="gpt-5-mini-2025-08-07",
    provider="openai",
    first_token_ms=1900,
    tokens_per_s=95,
    reasons=True,
)
SONNET = Llm(
    name="claude-sonnet-4-5",
    served="claude-sonnet-4-5-20250929",
    provider="anthropic",
    first_token_ms=980,
    tokens_per_s=62,
    writes_cache=True,
)
HAIKU = Llm(
    name="claude-haiku-4-5",
    served="claude-haiku-4-5-20251001",
    provider="anthropic",
    first_token_ms=510,
    tokens_per_s=120,
    writes_cache=True,
)
FLASH = Llm(
    name="gemini-2.5-flash",
    served="gemini-2.5-flash",
    provider="gcp.gemini",
    first_token_ms=460,
    tokens_per_s=150,
)
MISTRAL = Llm(
    name="mistral-small-latest",
    served="mistral-small-latest",
    provider="mistral_ai",
    first_token_ms=380,
    tokens_per_s=110,
    has_cache=False,
)

EMBEDDING = "text-embedding-3-small"
RERANKER = "rerank-v3.5"
DRIFTING = GPT_4O_MINI
"""On the last day this one answers slower and longer, and declines more often."""

CHOICES: dict[str, tuple[Llm, Llm]] = {
    "garden": (GPT_4O_MINI, HAIKU),
    "developer": (SONNET, GPT_41),
    "bank": (GPT_41, GPT_4O_MINI),
    "travel": (FLASH, GPT_4O_MINI),
    "people": (MISTRAL, FLASH),
    "insurance": (GPT_4O_MINI, SONNET),
    "clinic": (HAIKU, MISTRAL),
    "kitchen": (GPT_5_MINI, FLASH),
}
"""For each domain the model that answers most calls, and the one that is tried beside it."""
