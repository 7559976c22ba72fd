"""Names of providers, as the dialects write them, in the one form prices are looked up by."""

_NAMES = {
    "amazon": "aws",
    "amazon_bedrock": "aws",
    "bedrock": "aws",
    "az": "azure",
    "gemini": "google",
    "gcp": "google",
    "google_genai": "google",
    "google_generative_ai": "google",
    "google_vertexai": "google",
    "vertex": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "togetherai": "together",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "voyage": "voyageai",
}


def provider_name(name: str) -> str:
    """Return a provider's name as prices know it; an unknown one in lower case."""
    name = name.strip().lower()
    # `azure.ai.openai`, `aws.bedrock`, `gcp.gemini` and `openai.chat` say more than a price list asks.
    root = name.partition(".")[0]
    return _NAMES.get(name) or _NAMES.get(root, root)
