"""Rules over Knative's objects, KNA001 to KNA017; importing the package registers them."""

from wherry_build.lint.knative import (
    autoscaling,
    eventing,
    features,
    filters,
    kinds,
    mesh,
    pods,
    traffic,
)

__all__ = ["autoscaling", "eventing", "features", "filters", "kinds", "mesh", "pods", "traffic"]
