"""The local platform beside its peers: proxied requests, durable events, cold starts, memory."""
