"""OpenTelemetry: a span for each call and each emitted event; imported only when asked for."""
