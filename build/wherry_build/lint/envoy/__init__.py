"""Rules over Envoy's static configuration: ENV001 to ENV017."""

from wherry_build.lint.envoy import clusters, configuration, listeners, routes, workloads

__all__ = ["clusters", "configuration", "listeners", "routes", "workloads"]
