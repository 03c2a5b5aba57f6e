"""Rules over Istio's objects, IST001 to IST018; importing the package registers them."""

from wherry_build.lint.istio import authorization, hosts, injection, matches, routes, versions

__all__ = ["authorization", "hosts", "injection", "matches", "routes", "versions"]
