"""The few lines by which an app begins to use this installation, with its real addresses."""

from dataclasses import dataclass

from django.conf import settings

PLACEHOLDER = "pk_…"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to paste."""

    id: str
    title: str
    note: str
    code: str


OPENAI = """\
from openai import OpenAI

client = OpenAI(base_url="{proxy_url}", api_key="{api_key}")

answer = client.chat.completions.create(
    model="parapet/demo",
    messages=[{{"role": "user", "content": "What is a parapet?"}}],
)
print(answer.choices[0].message.content)"""

CURL = """\
curl {proxy_url}/chat/completions \\
  -H "Authorization: Bearer {api_key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "parapet/demo", "messages": [{{"role": "user", "content": "Hello"}}]}}'"""

OTEL = """\
export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="{otlp_url}/v1/traces"
export OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf"
export OTEL_EXPORTER_OTLP_TRACES_HEADERS="Authorization=Bearer%20{api_key}\""""

ANTHROPIC = """\
# pip install anthropic openinference-instrumentation-anthropic opentelemetry-exporter-otlp-proto-http
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

exporter = OTLPSpanExporter(
    "{otlp_url}/v1/traces", headers={{"Authorization": "Bearer {api_key}"}}
)
tracing = TracerProvider()
tracing.add_span_processor(BatchSpanProcessor(exporter))
AnthropicInstrumentor().instrument(tracer_provider=tracing)"""

_SNIPPETS = (
    ("openai", "OpenAI", "Only the base URL and the key change. Any model with a route answers.", OPENAI),
    ("curl", "curl", "The same from a shell.", CURL),
    ("otel", "OpenTelemetry", "For apps that are traced already, with GenAI or OpenInference names.", OTEL),
    (
        "anthropic",
        "Anthropic",
        "Calls go to Anthropic as before; their traces come here. The proxy itself does not route "
        "Anthropic's protocol yet.",
        ANTHROPIC,
    ),
)


def snippets(api_key: str = PLACEHOLDER) -> tuple[Snippet, ...]:
    """Return the snippets with this installation's addresses and a key, or a placeholder for one."""
    values = {
        "proxy_url": settings.PROXY_URL.rstrip("/"),
        "otlp_url": settings.OTLP_URL.rstrip("/"),
        "api_key": api_key,
    }
    return tuple(Snippet(id, title, note, code.format(**values)) for id, title, note, code in _SNIPPETS)
