"""The durable queue: what was accepted, and every delivery that follows from it."""
