"""Where spans go: the function's own provider, or one that exports by OTLP over HTTP.

Endpoint, headers, sampling, batches and resource attributes are what OpenTelemetry's own variables
say (`OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_*`, `OTEL_RESOURCE_ATTRIBUTES`); its
SDK reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from wherry.telemetry.spans import Spans

if TYPE_CHECKING:
    from wherry.context import Identity


class Telemetry:
    """Spans of one process, and their way out.

    Args:
        identity: What this process serves.

    Attributes:
        spans: Makes the spans.
    """

    def __init__(self, identity: Identity) -> None:
        provider = trace.get_tracer_provider()
        self._own: TracerProvider | None = None
        if not isinstance(provider, TracerProvider):  # else the function has set one
            provider = self._own = TracerProvider(resource=_resource(identity))
            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            trace.set_tracer_provider(provider)
        self.spans = Spans(provider)

    def close(self) -> None:
        """Send what is left."""
        if self._own is not None:
            self._own.shutdown()


def _resource(identity: Identity) -> Resource:
    known = {
        "service.name": identity.function,
        "service.namespace": identity.namespace,
        "faas.name": identity.function,
        "faas.version": identity.revision,
    }
    told = {name: value for name, value in known.items() if value}
    return Resource.create(told).merge(OTELResourceDetector().detect())
